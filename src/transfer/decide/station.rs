//! A station of a chunk.

use super::history::take_times;
use super::{Deciding, Step};
use crate::changes::write::Op;
use crate::error::Result;
use crate::names::StationName;
use crate::pb::import_records_response::result::Outcome;
use crate::pb::{Station, station};
use crate::record::{Record as _, etag};
use crate::rules::Check;
use crate::stations::station_references;
use crate::stations::write::check_ancestors;
use crate::transfer::chunk::Item;
use crate::transfer::proof::{self, Draft};

impl Deciding<'_> {
    pub(super) fn station(&mut self, item: &Item, given: &Station) -> Result<Step> {
        let field = item.path();
        StationName::parse(&format!("{field}.name"), &given.name)?;
        if self.is_left(item)? {
            return Ok(Step::Done(Outcome::Unchanged));
        }
        let current = self.view.record::<Station>(&given.name)?;
        let mut next = match item.draft(true)? {
            Some(Draft::Station(proven)) => proven.clone(),
            _ => proof::station(&field, given)?,
        };
        let mut check = Check::default();
        take_times(&mut check, &field, given, &mut next, current.as_ref());
        check.optional_enum::<station::State>(&format!("{field}.state"), given.state);
        check.finish()?;
        self.check_references(item, station_references(&next))?;
        if let Some(more) = check_ancestors(&self.view, &field, &next)? {
            return Ok(Step::Lacks(more));
        }
        next.set_state(state(given, current.as_ref()));
        let etag = etag(&next);
        let Some(current) = current else {
            self.write(Op::Created, next, Some(etag))?;
            return Ok(Step::Done(Outcome::Created));
        };
        if etag == current.etag && next.is_deleted() == current.is_deleted() {
            return Ok(Step::Done(Outcome::Unchanged));
        }
        let op = match (current.is_deleted(), next.is_deleted()) {
            (false, true) => {
                self.check_referrers(&next.name)?;
                Op::Deleted
            }
            (true, false) => Op::Undeleted,
            _ => Op::Updated,
        };
        self.write(op, next, Some(etag))?;
        Ok(Step::Done(Outcome::Updated))
    }
}

/// What is ACTIVE stays so: something published may name it.
fn state(given: &Station, current: Option<&Station>) -> station::State {
    match (given.state(), current.map(Station::state)) {
        (_, Some(station::State::Active)) => station::State::Active,
        (station::State::Unspecified, Some(kept)) => kept,
        (station::State::Unspecified, None) => station::State::Active,
        (given, _) => given,
    }
}

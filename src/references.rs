//! References from records to stations, checked under the lock.

use std::collections::BTreeSet;

use crate::changes::view::{Needs, View};
use crate::changes::write::{Op, Row, live};
use crate::error::{Reason, Result};
use crate::pb::{Station, station};
use crate::record::{Record as _, Stamp, seal};
use crate::rules::Check;

/// Refuses paths that name a station, or another record, that does not exist or is deleted.
pub fn check_references<'a>(
    view: &View,
    field: &str,
    references: impl IntoIterator<Item = (String, &'a str)>,
) -> Result<()> {
    check(field, references, |name| is_live(view, name))
}

/// The same of a deleted record, which may name others that are deleted.
pub fn check_references_of_deleted<'a>(
    view: &View,
    field: &str,
    references: impl IntoIterator<Item = (String, &'a str)>,
) -> Result<()> {
    check(field, references, |name| view.has(name))
}

fn check<'a>(
    field: &str,
    references: impl IntoIterator<Item = (String, &'a str)>,
    exists: impl Fn(&str) -> Result<bool>,
) -> Result<()> {
    let mut check = Check::default();
    for (path, name) in references {
        if !exists(name)? {
            let description = format!("{name:?} does not exist");
            check.refuse_for(
                Reason::ReferenceMissing,
                &format!("{field}.{path}"),
                description,
            );
        }
    }
    check.finish()
}

fn is_live(view: &View, name: &str) -> Result<bool> {
    let heading = view.heading(name)?;
    Ok(heading.is_some_and(|heading| heading.delete_time.is_none()))
}

/// Most records that one leads to by the same field, one after the other.
pub const CHAIN_MAX: usize = 32;

/// How a chain of records ends.
pub enum Walked {
    ToItsEnd,
    /// A record of it is not read yet.
    Lacks(Needs),
    /// At the record that it began with.
    ACircle,
    TooFar,
}

/// Goes from a record's first reference on by the same field; `next` is given names that are in the view.
pub fn walk(
    view: &View,
    of: &str,
    first: &str,
    next: impl Fn(&str) -> Result<Option<String>>,
) -> Result<Walked> {
    let mut at = first.to_owned();
    for _ in 0..CHAIN_MAX {
        if at.is_empty() {
            return Ok(Walked::ToItsEnd);
        }
        if at == of {
            return Ok(Walked::ACircle);
        }
        if let Some(more) = view.lacks(Needs::record(&at)) {
            return Ok(Walked::Lacks(more));
        }
        at = next(&at)?.unwrap_or_default();
    }
    Ok(Walked::TooFar)
}

/// Makes those of the named stations ACTIVE that were only PROPOSED: something published names them.
pub fn activate<'a>(
    view: &View,
    stamp: &Stamp,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Row>> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut rows = Vec::new();
    for name in names {
        let is_proposed = view.seen::<Station>(name)?.is_some_and(|station| {
            station.state() == station::State::Proposed && !station.is_deleted()
        });
        if !is_proposed {
            continue;
        }
        let mut station: Station = live(view, name)?;
        station.set_state(station::State::Active);
        seal(&mut station, stamp);
        rows.push(Row::of(Op::Updated, &station));
    }
    Ok(rows)
}

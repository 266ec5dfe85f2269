//! References from records to stations, checked under the lock.

use std::collections::BTreeSet;

use crate::changes::view::View;
use crate::changes::write::{Op, Row, live};
use crate::error::{Reason, Result};
use crate::names::Kind;
use crate::pb::{Station, station};
use crate::record::{Record, Stamp, seal};
use crate::rules::Check;

/// Refuses paths that name a station, or another record, that does not exist or is deleted.
pub fn check_references<'a>(
    view: &View,
    field: &str,
    references: impl IntoIterator<Item = (String, &'a str)>,
) -> Result<()> {
    let mut check = Check::default();
    for (path, name) in references {
        let exists = match Kind::of(name) {
            Kind::Statistic => is_live::<crate::pb::Statistic>(view, name)?,
            _ => is_live::<Station>(view, name)?,
        };
        if !exists {
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

fn is_live<R: Record>(view: &View, name: &str) -> Result<bool> {
    Ok(view
        .seen::<R>(name)?
        .is_some_and(|record| !record.is_deleted()))
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

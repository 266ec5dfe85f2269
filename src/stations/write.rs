//! What a write to a station comes to, decided under the lock.

use prost::Message as _;

use crate::changes::view::{Needs, View};
use crate::changes::write::{
    Decision, Op, ToDelete, Write, changed, check_free, deleted, to_delete,
};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::names::StationName;
use crate::pb::{Station, station};
use crate::record::{Record as _, Stamp, check_etag, seal};
use crate::references::{CHAIN_MAX, Walked, check_references, walk};
use crate::stations::draft::StationDraft;
use crate::stations::station_references;

const FIELD: &str = "station";

pub struct Create {
    name: StationName,
    station: Station,
}

impl Create {
    pub fn new(name: StationName, mut station: Station) -> Result<Self> {
        name.as_str().clone_into(&mut station.name);
        let station = StationDraft::prove(FIELD, station)?.into_station();
        Ok(Self { name, station })
    }
}

impl Write for Create {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        let references = station_references(&self.station);
        Needs::record(self.name.as_str()).and_records(references.iter().map(|(_, name)| *name))
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        check_free::<Station>(view, self.name.as_str())?;
        created(view, stamp, self.station.clone())
    }
}

fn created(view: &View, stamp: &Stamp, mut station: Station) -> Result<Decision> {
    check_references(view, FIELD, station_references(&station))?;
    if let Some(more) = check_ancestors(view, FIELD, &station)? {
        return Ok(Decision::Read(more));
    }
    station.set_state(station::State::Active);
    seal(&mut station, stamp);
    Ok(Decision::write(Op::Created, &station, Vec::new(), ""))
}

/// Refuses a parent that is the station itself or below it, and a successor that was merged into it; asks
/// for stations not read yet.
pub fn check_ancestors(view: &View, field: &str, station: &Station) -> Result<Option<Needs>> {
    for (link, next, circle, length) in [
        (
            "parent",
            (|station| station.parent.as_str()) as fn(&Station) -> &str,
            "must not be below the station",
            "stations above it",
        ),
        (
            "merged_into",
            |station| station.merged_into.as_str(),
            "must not be merged into the station",
            "stations that it was merged into one after the other",
        ),
    ] {
        let field = format!("{field}.{link}");
        let first = next(station);
        let walked = walk(view, &station.name, first, |name| {
            let found = view.seen::<Station>(name)?;
            Ok(found.map(|found| next(&found).to_owned()))
        })?;
        match walked {
            Walked::ToItsEnd => {}
            Walked::Lacks(more) => return Ok(Some(more)),
            Walked::ACircle => {
                return Err(Error::invalid(field, format!("{circle}, got {first:?}")));
            }
            Walked::TooFar => {
                let allowed = format!("must have at most {CHAIN_MAX} {length}");
                return Err(Error::invalid(field, allowed));
            }
        }
    }
    Ok(None)
}

pub struct Update {
    pub name: StationName,
    pub station: Station,
    pub mask: Mask,
    pub allow_missing: bool,
}

impl Write for Update {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        let references = station_references(&self.station);
        let references = references.iter().map(|(_, name)| *name);
        Needs::record(self.name.as_str())
            .and_records(references.filter(|name| name.starts_with("stations/")))
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let name = self.name.as_str();
        let current = match view.record::<Station>(name)? {
            None if self.allow_missing => {
                let station = StationDraft::prove(FIELD, self.station.clone())?.into_station();
                return created(view, stamp, station);
            }
            Some(current) if !current.is_deleted() => current,
            Some(_) if self.allow_missing => {
                return Err(Error::Exists {
                    name: name.to_owned(),
                    deleted: true,
                });
            }
            _ => return Err(Error::missing(name)),
        };
        check_etag(&self.station.etag, &current)?;
        let mut merged = self.mask.merge(Station::MESSAGE, &current, &self.station)?;
        name.clone_into(&mut merged.name);
        let mut next = StationDraft::prove(FIELD, merged)?.into_station();
        let references = station_references(&next);
        let needs = Needs::default().and_records(references.iter().map(|(_, name)| *name));
        if let Some(more) = view.lacks(needs) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, references)?;
        if let Some(more) = check_ancestors(view, FIELD, &next)? {
            return Ok(Decision::Read(more));
        }
        next.state = current.state;
        next.create_time = current.create_time;
        if !changed(&current, &next) {
            return Ok(Decision::Keep {
                answer: current.encode_to_vec(),
            });
        }
        seal(&mut next, stamp);
        Ok(Decision::write(Op::Updated, &next, Vec::new(), ""))
    }
}

pub struct Delete {
    pub name: StationName,
    pub etag: String,
    pub allow_missing: bool,
}

impl Write for Delete {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    /// It asks whether any record names the station, which others of a group could change.
    fn is_solitary(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        Needs::record(self.name.as_str()).and_referrers_of(self.name.as_str())
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let name = self.name.as_str();
        let mut station = match to_delete::<Station>(view, name, &self.etag, self.allow_missing)? {
            ToDelete::Live(station) => station,
            ToDelete::Gone(answer) => {
                return Ok(Decision::Keep {
                    answer: answer.encode_to_vec(),
                });
            }
        };
        if let Some(by) = view.referrer_of(name)? {
            return Err(Error::Referenced {
                name: name.to_owned(),
                by: by.to_owned(),
            });
        }
        station.delete_time = Some(stamp.time);
        seal(&mut station, stamp);
        Ok(Decision::write(Op::Deleted, &station, Vec::new(), ""))
    }
}

pub struct Undelete {
    pub name: StationName,
    pub etag: String,
}

impl Write for Undelete {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        Needs::record(self.name.as_str())
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let mut station: Station = deleted(view, self.name.as_str(), &self.etag)?;
        let references = station_references(&station);
        let needs = Needs::default().and_records(references.iter().map(|(_, name)| *name));
        if let Some(more) = view.lacks(needs) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, references)?;
        station.delete_time = None;
        seal(&mut station, stamp);
        Ok(Decision::write(Op::Undeleted, &station, Vec::new(), ""))
    }
}

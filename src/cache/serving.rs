//! Reads that memory answers: which freshness it satisfies, and at what revision.
//!
//! The newest revision is taken first and what is looked up afterwards, so that nothing found is older
//! than it; what is found to be newer is not of that revision, and is left to the database.

use std::sync::Arc;

use crate::cache::{Cache, Page, Version};
use crate::db::Db;
use crate::db::history::{Applied, History};
use crate::reading::{Read, Snapshot};
use crate::route::{BOUND, Bound, Freshness};
use crate::sight::Sight;

/// How often a record is looked up that is newer than the revision it is to be of.
const TRIES: usize = 3;

/// Memory as of the newest revision seen.
pub struct Kept<'a> {
    history: &'a History,
    applied: Applied,
    snapshot: Snapshot,
}

impl<'a> Kept<'a> {
    /// What is in memory, if that is as fresh as asked.
    pub fn of(db: &'a Db, freshness: &Freshness) -> Option<Self> {
        let history = db.history()?;
        if !history.cache().is_on() || history.is_doubted() || !is_fresh(history, freshness) {
            return None;
        }
        let applied = history.applied();
        let may_serve = |asked| history.holds(asked);
        if !freshness.asked.iter().all(may_serve) {
            return None;
        }
        let age = (freshness.bound == Bound::Any).then(|| history.age());
        let snapshot = Snapshot {
            age,
            ..applied.token.into()
        };
        Some(Self {
            history,
            applied,
            snapshot,
        })
    }

    pub fn snapshot(&self) -> Snapshot {
        self.snapshot
    }

    /// All of these records, none newer than the revision.
    pub fn versions(&self, names: &[&str]) -> Option<Vec<Version>> {
        let newest = self.applied.token.revision;
        let versions = names.iter().map(|name| {
            let version = self.cache().version(name);
            version.filter(|version| version.revision <= newest)
        });
        let versions: Vec<Version> = versions.collect::<Option<_>>()?;
        self.is_same_history().then_some(versions)
    }

    pub fn version(&self, name: &str) -> Option<Version> {
        let version = self.cache().version(name)?;
        let is_of_it = version.revision <= self.applied.token.revision;
        (is_of_it && self.is_same_history()).then_some(version)
    }

    pub fn page(&self, key: &str) -> Option<Arc<Page>> {
        let page = self.cache().page(key, &self.applied.token);
        page.filter(|_| self.is_same_history())
    }

    fn cache(&self) -> &Cache {
        self.history.cache()
    }

    fn count_records(&self, records: usize, were_found: bool) {
        let counts = self.cache().counts();
        let count = match were_found {
            true => &counts.record_hits,
            false => &counts.record_misses,
        };
        count.add(u64::try_from(records).unwrap_or(0));
    }

    fn count_page(&self, was_found: bool) {
        let counts = self.cache().counts();
        match was_found {
            true => counts.page_hits.raise(),
            false => counts.page_misses.raise(),
        }
    }

    /// Whether what was just found is of the history that the revision is of.
    fn is_same_history(&self) -> bool {
        self.history.applied().generation == self.applied.generation
    }
}

/// Whether the newest revision seen is as fresh as asked, but for the tokens.
fn is_fresh(history: &History, freshness: &Freshness) -> bool {
    match freshness.bound {
        // A token that was lost with its primary is known to be so by then.
        Bound::Recent | Bound::Tokens => history.age() <= BOUND,
        Bound::Any => true,
        Bound::Newest | Bound::Primary => false,
    }
}

/// A record, unless the database is to be asked: also about one that is not for the caller.
pub fn record(db: &Db, name: &str, sight: Sight, freshness: &Freshness) -> Option<Read<Version>> {
    let mut found = None;
    for _ in 0..TRIES {
        let kept = Kept::of(db, freshness)?;
        found = kept.version(name).map(|value| Read {
            snapshot: kept.snapshot(),
            value,
        });
        // A newer one is there: the revision moves on any moment.
        if found.is_some() || !kept.cache().has(name) {
            kept.count_records(1, found.is_some());
            break;
        }
    }
    found.filter(|found| found.value.is_shown(sight))
}

/// All of these records as of one revision, unless the database is to be asked: also when one of them is
/// not for the caller, which the primary must confirm.
pub fn records(
    db: &Db,
    names: &[&str],
    sight: Sight,
    freshness: &Freshness,
) -> Option<Read<Vec<Version>>> {
    let kept = Kept::of(db, freshness)?;
    let versions = kept.versions(names);
    kept.count_records(names.len(), versions.is_some());
    let versions = versions?;
    let are_shown = versions.iter().all(|version| version.is_shown(sight));
    are_shown.then(|| Read {
        snapshot: kept.snapshot(),
        value: versions,
    })
}

/// A page of a list, unless the database is to be asked.
pub fn page(db: &Db, key: &str, freshness: &Freshness) -> Option<Read<Arc<Page>>> {
    let kept = Kept::of(db, freshness)?;
    let page = kept.page(key);
    kept.count_page(page.is_some());
    Some(Read {
        snapshot: kept.snapshot(),
        value: page?,
    })
}

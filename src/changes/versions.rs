//! Old versions of records, from the log.

use prost::bytes::Bytes;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::changes::log::{Timestamped, Version};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::listing::PAGE_BYTES_MAX;
use crate::names::Kind;
use crate::reading::{Read, Snapshot, first, read, snapshot_sql};
use crate::route::{Bound, Freshness};
use crate::sight::Sight;
use crate::visibility::{Stage, is_shown, stage};

/// A record as it was after a revision; nothing when it did not exist yet. Readers are shown a version that
/// was public, of a record that still is.
pub async fn at(
    db: &Db,
    name: &str,
    revision: i64,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let sql = snapshot_sql!(
        "changes.version_at",
        "select tip.*, horizon.revision as horizon,
                version.revision as found_revision, version.record,
                case when $4 then (select record from changes where name = $2
                                   order by revision desc limit 1) end as newest
         from tip cross join horizon
         left join lateral (
           select revision, record from changes where name = $2 and revision <= $3
           order by revision desc limit 1) as version on true"
    );
    let statement = |asked: Vec<i64>| {
        let query = sqlx::query(sql).bind(asked).bind(name).bind(revision);
        Ok(query.bind(!sight.is_all()))
    };
    let mut found = read(db, freshness, statement).await?;
    // A replica may lack the revision, or the record: the primary alone says that there is none.
    let is_whole =
        revision <= found.snapshot.token.revision && was_shown(first(&found.value)?, name, sight)?;
    if !is_whole && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
    }
    let (snapshot, row) = (found.snapshot, first(&found.value)?);
    if revision > snapshot.token.revision {
        return Err(Error::RevisionAhead {
            revision,
            newest: snapshot.token.revision,
        });
    }
    // Whether a version is there yet must not decide: it would be told differently from batch to batch.
    let oldest: i64 = row.try_get("horizon")?;
    if revision < oldest {
        return Err(Error::RevisionCompacted { revision, oldest });
    }
    if !was_shown(row, name, sight)? {
        return Ok(Read {
            snapshot,
            value: None,
        });
    }
    let record: Option<Vec<u8>> = row.try_get("record")?;
    if record.is_none() {
        let gone = format!("the log is damaged: {name:?} is gone as of revision {revision}");
        return Err(Error::internal(gone));
    }
    Ok(Read {
        snapshot,
        value: record.map(Bytes::from),
    })
}

/// Whether there was a record then that the caller is shown.
fn was_shown(row: &PgRow, name: &str, sight: Sight) -> Result<bool> {
    if sight.is_all() {
        return Ok(row.try_get::<Option<i64>, _>("found_revision")?.is_some());
    }
    let is_public = |record: Option<&[u8]>| {
        record.is_some_and(|record| is_shown(sight, Kind::of(name), record))
    };
    Ok(is_public(row.try_get("newest")?) && is_public(row.try_get("record")?))
}

/// The newest revision, when it was committed, and the oldest one that can be read.
#[derive(Debug)]
pub struct Head {
    pub commit_time: prost_types::Timestamp,
    pub horizon: i64,
}

pub async fn head(db: &Db) -> Result<Read<Head>> {
    let sql = snapshot_sql!(
        "changes.head",
        "select tip.*, r.commit_time, h.revision as horizon
         from tip join revisions r on r.revision = tip_revision cross join horizon h"
    );
    let newest = Freshness::of(Bound::Newest);
    let found = read(db, &newest, |asked| Ok(sqlx::query(sql).bind(asked))).await?;
    let row = first(&found.value)?;
    let commit_time: Timestamped = row.try_get("commit_time")?;
    let head = Head {
        commit_time: commit_time.into(),
        horizon: row.try_get("horizon")?,
    };
    Ok(Read {
        snapshot: found.snapshot,
        value: head,
    })
}

/// A page of a record's versions, newest first.
#[derive(Debug)]
pub struct Versions {
    pub versions: Vec<Version>,
    /// The revision before which the next page begins; nothing on the last.
    pub next: Option<i64>,
}

/// Versions before a revision, newest first, that the caller is shown; nothing when there is no such record
/// for him.
pub async fn list(
    db: &Db,
    name: &str,
    before: i64,
    size: usize,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Versions>>> {
    if !sight.is_all() {
        return list_public(db, name, before, size, freshness).await;
    }
    let asked = Asked {
        name,
        before,
        size,
        with_newest: false,
    };
    let found = read_page(db, asked, |page| page.versions.is_empty(), freshness).await?;
    let versions = found.value.versions();
    let is_missing = versions.versions.is_empty() && before == i64::MAX;
    Ok(Read {
        snapshot: found.snapshot,
        value: (!is_missing).then_some(versions),
    })
}

/// How many versions are looked at together, at least, once the first were not all that was asked for: many
/// may have to be passed over.
const PASSED_AT_ONCE: usize = 100;

/// Those that were public, of a record that still is. What came before its first is not looked through: a
/// record that was published is never a draft again. Of one that was compacted nobody can tell.
async fn list_public(
    db: &Db,
    name: &str,
    mut before: i64,
    size: usize,
    freshness: &Freshness,
) -> Result<Read<Option<Versions>>> {
    let kind = Kind::of(name);
    let mut freshness = freshness.clone();
    let mut snapshot: Option<Snapshot> = None;
    let mut listed = Listed::of_size(size);
    loop {
        let is_first = snapshot.is_none();
        let at_least = if is_first { 1 } else { PASSED_AT_ONCE };
        // One more tells whether there is a next page.
        let asked = Asked {
            name,
            before,
            size: at_least.max(size + 1),
            with_newest: is_first,
        };
        let is_hidden = |page: &Page| is_first && !page.is_public(kind);
        let found = read_page(db, asked, is_hidden, &freshness).await?;
        let snapshot = *snapshot.get_or_insert(found.snapshot);
        let answer = |value| Read { snapshot, value };
        if is_hidden(&found.value) {
            return Ok(answer(None));
        }
        let Versions { versions, next } = found.value.versions();
        for version in versions {
            let is_last = match version.record.as_deref() {
                None => false,
                Some(record) => match stage(kind, record) {
                    Stage::Deleted => false,
                    Stage::Unpublished => return Ok(answer(Some(listed.whole()))),
                    Stage::Public => !listed.take(version),
                },
            };
            if is_last {
                return Ok(answer(Some(listed.cut())));
            }
        }
        let Some(next) = next else {
            return Ok(answer(Some(listed.whole())));
        };
        before = next;
        freshness = Freshness::after(&snapshot, freshness.deadline);
    }
}

/// A page that is being filled.
struct Listed {
    versions: Vec<Version>,
    size: usize,
    bytes: i64,
}

impl Listed {
    fn of_size(size: usize) -> Self {
        Self {
            versions: Vec::new(),
            size,
            bytes: 0,
        }
    }

    /// Whether there was room for one more.
    fn take(&mut self, version: Version) -> bool {
        let length = version.record.as_ref().map_or(0, Vec::len);
        self.bytes += i64::try_from(length).unwrap_or(i64::MAX / 2);
        let fits = self.versions.len() < self.size && self.bytes <= PAGE_BYTES_MAX;
        let has_room = fits || self.versions.is_empty();
        if has_room {
            self.versions.push(version);
        }
        has_room
    }

    fn cut(&mut self) -> Versions {
        let next = self.versions.last().map(|last| last.token.revision);
        Versions {
            versions: std::mem::take(&mut self.versions),
            next,
        }
    }

    fn whole(&mut self) -> Versions {
        Versions {
            next: None,
            ..self.cut()
        }
    }
}

/// Which versions are read.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a str,
    before: i64,
    size: usize,
    /// Whether the record's newest version is read too.
    with_newest: bool,
}

/// A page as it was read.
struct Page {
    versions: Vec<Version>,
    next: Option<i64>,
    /// The record's newest version, if it was asked for.
    newest: Option<Vec<u8>>,
}

impl Page {
    fn is_public(&self, kind: Kind) -> bool {
        let newest = self.newest.as_deref();
        newest.is_some_and(|newest| is_shown(Sight::Public, kind, newest))
    }

    fn versions(self) -> Versions {
        Versions {
            versions: self.versions,
            next: self.next,
        }
    }
}

/// Reads a page, from the primary if it is one that only the primary may tell of.
async fn read_page(
    db: &Db,
    asked: Asked<'_>,
    is_doubtful: impl Fn(&Page) -> bool,
    freshness: &Freshness,
) -> Result<Read<Page>> {
    let sql = snapshot_sql!(
        "changes.list_versions",
        ", page as (
           select c.revision, r.chain, r.commit_time, r.actor, r.reason, c.op, c.record,
                  row_number() over newest as place,
                  sum(coalesce(octet_length(c.record), 0)) over newest as size
           from changes c join revisions r using (revision)
           where c.name = $2 and c.revision < $3
           window newest as (order by c.revision desc rows unbounded preceding)
           order by c.revision desc limit $4 + 1)
         select tip.*, page.revision, page.chain, commit_time, actor, reason, op,
                place = 1 or size <= $5 as fits,
                case when place = 1 or size <= $5 then record end as record,
                case when $6 and coalesce(place, 1) = 1 then (
                  select c.record from changes c where c.name = $2
                  order by c.revision desc limit 1) end as newest
         from tip left join page on true
         order by page.revision desc"
    );
    let Asked {
        name,
        before,
        size,
        with_newest,
    } = asked;
    let size_asked = i64::try_from(size).map_err(Error::internal)?;
    let statement = |asked: Vec<i64>| {
        Ok(sqlx::query(sql)
            .bind(asked)
            .bind(name)
            .bind(before)
            .bind(size_asked)
            .bind(PAGE_BYTES_MAX)
            .bind(with_newest))
    };
    let mut found = read(db, freshness, statement).await?;
    if is_doubtful(&page_of(&found.value, size)?) && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: page_of(&found.value, size)?,
    })
}

fn page_of(rows: &[PgRow], size: usize) -> Result<Page> {
    let mut page = Page {
        versions: Vec::new(),
        next: None,
        newest: first(rows)?.try_get("newest")?,
    };
    for row in rows {
        let Some(fits) = row.try_get::<Option<bool>, _>("fits")? else {
            continue;
        };
        if !fits || page.versions.len() == size {
            page.next = page.versions.last().map(|version| version.token.revision);
            break;
        }
        page.versions.push(Version::of(row)?);
    }
    Ok(page)
}

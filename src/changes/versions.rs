//! Old versions of records, from the log.

use prost::bytes::Bytes;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::changes::log::{Timestamped, Version};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::listing::PAGE_BYTES_MAX;
use crate::reading::{Read, first, read, snapshot_sql};
use crate::route::{Bound, Freshness};

/// A record as it was after a revision; nothing when it did not exist yet.
pub async fn at(
    db: &Db,
    name: &str,
    revision: i64,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let sql = snapshot_sql!(
        "changes.version_at",
        "select tip.*, horizon.revision as horizon,
                version.revision as found_revision, version.record
         from tip cross join horizon
         left join lateral (
           select revision, record from changes where name = $2 and revision <= $3
           order by revision desc limit 1) as version on true"
    );
    let statement = |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(name).bind(revision));
    let mut found = read(db, freshness, statement).await?;
    // A replica may lack the revision, or the record: the primary alone says that there is none.
    let is_there = first(&found.value)?.try_get::<Option<i64>, _>("found_revision")?;
    let is_whole = revision <= found.snapshot.token.revision && is_there.is_some();
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
    let record: Option<Vec<u8>> = row.try_get("record")?;
    if record.is_none() && row.try_get::<Option<i64>, _>("found_revision")?.is_some() {
        let gone = format!("the log is damaged: {name:?} is gone as of revision {revision}");
        return Err(Error::internal(gone));
    }
    Ok(Read {
        snapshot,
        value: record.map(Bytes::from),
    })
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

/// Versions before a revision, newest first.
pub async fn list(
    db: &Db,
    name: &str,
    before: i64,
    size: usize,
    freshness: &Freshness,
) -> Result<Read<Versions>> {
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
                case when place = 1 or size <= $5 then record end as record
         from tip left join page on true
         order by page.revision desc"
    );
    let size_asked = i64::try_from(size).map_err(Error::internal)?;
    let statement = |asked: Vec<i64>| {
        Ok(sqlx::query(sql)
            .bind(asked)
            .bind(name)
            .bind(before)
            .bind(size_asked)
            .bind(PAGE_BYTES_MAX))
    };
    let mut found = read(db, freshness, statement).await?;
    let is_empty = page_of(&found.value, size)?.versions.is_empty();
    if is_empty && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: page_of(&found.value, size)?,
    })
}

fn page_of(rows: &[PgRow], size: usize) -> Result<Versions> {
    let mut versions: Vec<Version> = Vec::new();
    for row in rows {
        let Some(fits) = row.try_get::<Option<bool>, _>("fits")? else {
            continue;
        };
        if !fits || versions.len() == size {
            let next = versions.last().map(|version| version.token.revision);
            return Ok(Versions { versions, next });
        }
        versions.push(Version::of(row)?);
    }
    Ok(Versions {
        versions,
        next: None,
    })
}

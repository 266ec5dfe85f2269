//! All records as they were after one revision, batch by batch in order of their names, without a
//! transaction that would last: each batch is one short statement, in which a row that is newer than
//! the revision is replaced by the version that the log has of it.

mod sql;

use std::borrow::Cow;

use prost::Message as _;
use prost::bytes::Bytes;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use self::sql::{HORIZON, IS_OLD, LONG_LENGTH, NAME, RECORD, SCANNED_MAX, start, statement, table};
use crate::changes::write::source_name;
use crate::db::Db;
use crate::db::forks::forked;
use crate::db::rows::{bytes_of, give_way};
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::names::Kind;
use crate::record::{Heading, first_text, name_and_etag};
use crate::sight::Sight;
use crate::token::{AskedToken, Chain};
use crate::visibility::is_public;

/// Most records of a batch, and how many are asked for when it is not known how long they are.
const ROWS_MAX: usize = 4_096;
const ROWS_FIRST: usize = 64;

/// How many times its bytes a batch may read, so that records which are longer than those before them do
/// not cut it short. One that is longer than its share of that ends the batch before it.
const BYTES_FACTOR: usize = 16;

/// What a batch is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The revision. Whether the log still has it, with this chain, is checked with every batch.
    pub at: &'a AskedToken,
    pub kind: Kind,
    /// The name after which it begins; empty for the first.
    pub after: &'a str,
    /// The last name it may have, if not the kind's last: one of those that `ends` gives.
    pub until: Option<&'a str>,
    pub show_deleted: bool,
    pub sight: Sight,
    /// Only records that match. Those that were changed since are given whether they match or not, for
    /// the caller to look at: see `Snapped::is_old`.
    pub filter: Option<&'a Condition>,
    /// Most records; `Batch::rows_of` says how many fill the bytes, 0 that this is not known.
    pub rows: usize,
    /// Most bytes of records, but for a first record that is longer by itself.
    pub bytes_max: usize,
}

/// Some records of one kind.
#[derive(Debug, Default)]
pub struct Batch {
    /// In order of their names.
    pub records: Vec<Snapped>,
    /// The name after which the next batch begins; nothing when this was the last.
    pub next: Option<String>,
}

/// A record as it was.
#[derive(Clone, Debug)]
pub struct Snapped {
    pub kind: Kind,
    /// Of a source, a `SourceText`.
    pub record: Bytes,
    /// Whether it was changed since, so that the filter was not asked about it.
    pub is_old: bool,
}

impl Snapped {
    /// Its name and its etag, read where they are; a page's etag is its hash.
    pub fn name_and_etag(&self) -> Result<(Cow<'_, str>, &str)> {
        let begins = match self.kind {
            Kind::Source => first_text(&self.record).map(|hash| (source_name(hash).into(), hash)),
            _ => name_and_etag(&self.record).map(|(name, etag)| (name.into(), etag)),
        };
        begins.ok_or_else(|| Error::internal("a record does not begin as each does"))
    }
}

impl Batch {
    /// About how many records like these fill so many bytes.
    pub fn rows_of(&self, bytes: usize) -> usize {
        let sizes = self.records.iter().map(|snapped| snapped.record.len());
        let average = sizes.sum::<usize>() / self.records.len().max(1);
        bytes / average.max(1)
    }
}

/// Reads a batch, on a connection that reads do not wait for.
pub async fn batch(db: &Db, asked: &Asked<'_>) -> Result<Batch> {
    let limit = match asked.rows {
        0 => ROWS_FIRST,
        rows => rows.min(ROWS_MAX),
    };
    let length_max = BYTES_FACTOR * asked.bytes_max / limit;
    if let Some(batch) = read(db, asked, limit, length_max).await? {
        return Ok(batch);
    }
    // The first record is a long one.
    let batch = read(db, asked, 1, usize::MAX).await?;
    batch.ok_or_else(|| Error::internal("a record is longer than any may be"))
}

/// Reads up to so many records, each up to so long; nothing when the first is longer.
async fn read(
    db: &Db,
    asked: &Asked<'_>,
    limit: usize,
    length_max: usize,
) -> Result<Option<Batch>> {
    let rows = fetch_all(db, || statement(asked, limit, length_max)).await?;
    let named = rows.iter().map(|row| Ok((row.try_get(NAME)?, row)));
    let mut rows: Vec<(Option<&str>, &PgRow)> = named.collect::<Result<_, sqlx::Error>>()?;
    // They come in order, but nothing says that they must.
    rows.sort_by_key(|(name, _)| *name);
    let Some(((None, log), rows)) = rows.split_first() else {
        return Err(Error::internal("the statement says nothing of the log"));
    };
    check(db, asked.at, log).await?;
    let mut batch = Batch {
        records: Vec::with_capacity(rows.len()),
        next: None,
    };
    let mut last = None;
    let mut is_cut = false;
    let (mut seen, mut bytes) = (0, 0);
    for (place, (name, row)) in rows.iter().enumerate() {
        give_way(place).await;
        let Some(name) = *name else { continue };
        let record: Option<&[u8]> = row.try_get(RECORD)?;
        let length = record.map(<[u8]>::len);
        bytes += length.unwrap_or_default();
        is_cut = length == Some(LONG_LENGTH) || (bytes > asked.bytes_max && seen > 0);
        if is_cut {
            break;
        }
        seen += 1;
        let is_old = row.try_get(IS_OLD)?;
        if let Some(record) = record
            && is_asked_for(asked, record, is_old)?
        {
            let record = bytes_of(row, RECORD)?;
            batch.records.push(Snapped {
                kind: asked.kind,
                record,
                is_old,
            });
        }
        last = Some(name);
    }
    batch.next = last.map(str::to_owned);
    if is_cut && seen == 0 {
        return Ok(None);
    }
    // A range was looked at to its end.
    if !is_cut && seen < limit && asked.until.is_none() {
        let scanned = scanned(db, asked).await?;
        batch.next = scanned.map(|scanned| scanned.max(batch.next.take().unwrap_or_default()));
    }
    batch.next = batch
        .next
        .filter(|next| asked.until.is_none_or(|until| next.as_str() < until));
    Ok(Some(batch))
}

/// Whether a record that was shown then: was not deleted, or is asked for all the same. Of those that are as
/// they were the statement has found out.
fn is_asked_for(asked: &Asked<'_>, record: &[u8], is_old: bool) -> Result<bool> {
    match (asked.sight, asked.show_deleted) {
        _ if !is_old => Ok(true),
        (Sight::Public, _) => Ok(is_public(asked.kind, record)),
        (Sight::All, true) => Ok(true),
        (Sight::All, false) => {
            let heading = Heading::decode(record).map_err(Error::internal)?;
            Ok(heading.delete_time.is_none())
        }
    }
}

/// Refuses a revision that the log has no longer, as the batch's own snapshot shows it.
async fn check(db: &Db, at: &AskedToken, log: &PgRow) -> Result<()> {
    let chain = log.try_get::<Option<&[u8]>, _>(RECORD)?;
    let chain = chain.and_then(Chain::from_slice);
    if !chain.is_some_and(|chain| at.names(&chain)) {
        if chain.is_none() && log.try_get(IS_OLD)? {
            return Err(Error::standby());
        }
        return Err(forked(db, at, None).await);
    }
    let horizon: i64 = log.try_get(HORIZON)?;
    if horizon > at.revision {
        return Err(Error::RevisionCompacted {
            revision: at.revision,
            oldest: horizon,
        });
    }
    Ok(())
}

/// The last name that a batch looked at when it found less than it may give; nothing when there was
/// none after it. What was added meanwhile is newer than the revision, and hence of no matter.
async fn scanned(db: &Db, asked: &Asked<'_>) -> Result<Option<String>> {
    if asked.kind == Kind::Source {
        return Ok(None);
    }
    let table = table(asked.kind)?;
    let last = SCANNED_MAX - 1;
    let sql = format!(
        "-- changes.snapshot_scanned
        select name from {table} where name > $1 order by name offset {last} limit 1"
    );
    let query = || Ok(sqlx::query(AssertSqlSafe(sql.clone())).bind(start(asked.kind, asked.after)));
    let found = fetch_all(db, query).await?;
    Ok(found.first().map(|row| row.try_get(0)).transpose()?)
}

/// The ends of up to so many ranges, each of so many rows, of the names that follow one. Names stay, and
/// those that are added are newer than the revision: ranges hold whatever comes between them and their reading.
pub async fn ends(
    db: &Db,
    kind: Kind,
    after: &str,
    rows: usize,
    ranges: usize,
) -> Result<Vec<String>> {
    let table = table(kind)?;
    let of_kind = match kind {
        Kind::Source => "and name < 'sources0'",
        _ => "",
    };
    let last = rows.clamp(1, ROWS_MAX) - 1;
    // Rows that are numbered, to take each so manieth of them, would cost five times as much.
    let sql = format!(
        "-- changes.snapshot_ends
        with recursive ends (name, number) as (
          (select name, 1 from {table} where name > $1 {of_kind} order by name offset {last} limit 1)
          union all
          select (select name from {table} where name > ends.name {of_kind}
                  order by name offset {last} limit 1), number + 1
          from ends where name is not null and number < {ranges})
        select name from ends where name is not null order by number"
    );
    let query = || {
        let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(start(kind, after));
        // How many rows fill a batch differs from one time to the next.
        Ok(query.persistent(false))
    };
    let found = fetch_all(db, query).await?;
    let ends: Result<_, sqlx::Error> = found.iter().map(|row| row.try_get(0)).collect();
    Ok(ends?)
}

/// Which of some records that are given by their columns match a filter, in their order.
pub async fn matching(
    db: &Db,
    kind: Kind,
    filter: &Condition,
    columns: &[Value],
) -> Result<Vec<bool>> {
    let table = table(kind)?;
    let filter = lower(Some(filter), 1);
    let sql = format!(
        "-- changes.snapshot_matching
        select coalesce({}, false) as matches
        from unnest($1::text[]) with ordinality as given (given_columns, given_place),
             jsonb_populate_record(null::{table}, given_columns::jsonb)
        order by given_place",
        filter.sql
    );
    let columns: Vec<String> = columns.iter().map(Value::to_string).collect();
    let query = || {
        let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(columns.clone());
        Ok(filter.clone().bind(query.persistent(false)))
    };
    let found = fetch_all(db, query).await?;
    let matches: Result<_, sqlx::Error> = found.iter().map(|row| row.try_get(0)).collect();
    Ok(matches?)
}

async fn fetch_all<'q>(
    db: &Db,
    query: impl Fn() -> Result<Query<'q, Postgres, PgArguments>>,
) -> Result<Vec<PgRow>> {
    loop {
        let mut reader = db.bulk().reader().await?;
        let rows = db.read_in_time(reader.rows(query()?)).await;
        if let Some(rows) = db.bulk().ended(reader, rows) {
            return rows;
        }
    }
}

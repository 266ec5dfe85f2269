//! All records as they were after one revision, batch by batch in order of their names, without a
//! transaction that would last: each batch is one short statement, in which a row that is newer than
//! the revision is replaced by the version that the log has of it.

use prost::Message as _;
use prost::bytes::Bytes;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use crate::db::Db;
use crate::db::rows::{bytes_of, give_way};
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::names::Kind;
use crate::reading::public_sql;
use crate::record::Heading;
use crate::sight::Sight;
use crate::token::{AskedToken, Chain};
use crate::visibility::is_public;

/// Most records of a batch, and how many are asked for when it is not known how long they are.
const ROWS_MAX: usize = 4_096;
const ROWS_FIRST: usize = 64;

/// How many times its bytes a batch may read, so that records which are longer than those before them do
/// not cut it short. One that is longer than its share of that ends the batch before it.
const BYTES_FACTOR: usize = 16;

/// Most rows that one batch looks at, however few of them it gives.
const SCANNED_MAX: usize = 20_000;

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 4;

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
    /// Of a source, `sources/{sha256}`.
    pub name: String,
    /// Of a source, a `SourceText`.
    pub record: Bytes,
    /// Whether it was changed since, so that the filter was not asked about it.
    pub is_old: bool,
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
    check(db, asked.at, log)?;
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
        bytes += record.map_or(0, <[u8]>::len);
        is_cut = row.try_get(IS_LONG)? || (bytes > asked.bytes_max && seen > 0);
        if is_cut {
            break;
        }
        seen += 1;
        let is_old = row.try_get(IS_OLD)?;
        if let Some(record) = record
            && is_asked_for(asked, record, is_old)?
        {
            batch.records.push(Snapped {
                name: name.to_owned(),
                record: bytes_of(row, RECORD)?,
                is_old,
            });
        }
        last = Some(name);
    }
    batch.next = last.map(str::to_owned);
    if is_cut && seen == 0 {
        return Ok(None);
    }
    if !is_cut && seen < limit {
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
fn check(db: &Db, at: &AskedToken, log: &PgRow) -> Result<()> {
    let chain = log.try_get::<Option<&[u8]>, _>(RECORD)?;
    let chain = chain.and_then(Chain::from_slice);
    if !chain.is_some_and(|chain| at.names(&chain)) {
        if chain.is_none() && log.try_get(IS_OLD)? {
            return Err(Error::NoPrimary("its address leads to a standby".into()));
        }
        let last_common = db.history().and_then(|history| history.last_common(at));
        return Err(Error::HistoryForked {
            token: at.to_string(),
            revision: at.revision,
            last_common: last_common.map(|token| token.to_string()),
        });
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

/// Places of a row's columns.
const NAME: usize = 0;
const IS_OLD: usize = 1;
const IS_LONG: usize = 2;
const RECORD: usize = 3;
const HORIZON: usize = 4;

/// The first row has no name and is about the log: the revision's chain, the horizon, and whether it is a
/// standby that answers.
fn statement<'q>(
    asked: &Asked<'q>,
    limit: usize,
    length_max: usize,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(
        asked.filter,
        PARAMETERS + usize::from(asked.until.is_some()),
    );
    let until = until_sql(asked, PARAMETERS + 1);
    let found = match table(asked.kind)? {
        "changes" => found_sources_sql(&until),
        table => {
            // Every column that is named is taken out of every row.
            let columns = match asked.filter {
                None => "name, revision, is_deleted, state, record",
                Some(_) => "*",
            };
            found_sql(table, columns, &until, shown_sql(asked), &filter.sql)
        }
    };
    let kind = asked.kind.noun();
    let sql = format!(
        "-- changes.snapshot_{kind}
        select null::text as name, pg_is_in_recovery() as is_old, false as is_long,
               (select chain from revisions where revision = $1) as record,
               (select revision from horizon) as horizon
        union all
        select name, is_old, coalesce(octet_length(record) > $3, false),
               case when octet_length(record) <= $3 then record end, null
        from ({found}) as found"
    );
    let to_i64 = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked.at.revision)
        .bind(start(asked.kind, asked.after))
        .bind(to_i64(length_max))
        .bind(to_i64(limit))
        // How common a filter's values are is not asked: rows are taken by their names.
        .persistent(asked.filter.is_none());
    Ok(filter.bind(bind_until(query, asked)))
}

/// The range's end, as a value that no plan looks at: else none would be kept. Where there is no end nothing
/// is said of it, since a range is taken for small.
fn until_sql(asked: &Asked<'_>, place: usize) -> String {
    match asked.until {
        Some(_) => format!("and name <= (select ${place}::text)"),
        None => String::new(),
    }
}

fn bind_until<'q>(
    query: Query<'q, Postgres, PgArguments>,
    asked: &Asked<'q>,
) -> Query<'q, Postgres, PgArguments> {
    match asked.until {
        Some(until) => query.bind(until),
        None => query,
    }
}

/// Pages are kept in the log, whole and under their name, and are never changed.
///
/// The number of rows is a parameter outside, where nothing is left to plan by it.
fn found_sources_sql(until: &str) -> String {
    format!(
        "select name, false as is_old, record from (
           select name, record from changes
           where name > $2 and name < 'sources0' {until} and revision <= $1
           order by name limit {SCANNED_MAX}) as scanned
         limit $4"
    )
}

/// What is asked for of the records that are as they were.
fn shown_sql(asked: &Asked<'_>) -> &'static str {
    match (asked.sight, asked.show_deleted) {
        (Sight::Public, _) => public_sql!(),
        (Sight::All, true) => "true",
        (Sight::All, false) => "not is_deleted",
    }
}

fn found_sql(table: &str, columns: &str, until: &str, shown: &str, filter: &str) -> String {
    format!(
        "select name, revision > $1 as is_old,
                case when revision <= $1 then record else (
                  select c.record from changes c
                  where c.name = scanned.name and c.revision <= $1
                  order by c.revision desc limit 1) end as record
         from (select {columns} from {table} where name > $2 {until}
               order by name limit {SCANNED_MAX}) as scanned
         where revision > $1 or ({shown} and {filter})
         order by name limit $4"
    )
}

/// The last name that a batch looked at when it found less than it may give; nothing when there was
/// none after it. What was added meanwhile is newer than the revision, and hence of no matter.
async fn scanned(db: &Db, asked: &Asked<'_>) -> Result<Option<String>> {
    if asked.kind == Kind::Source {
        return Ok(None);
    }
    let table = table(asked.kind)?;
    let last = SCANNED_MAX - 1;
    let until = until_sql(asked, 2);
    let sql = format!(
        "-- changes.snapshot_scanned
        select name from {table} where name > $1 {until} order by name offset {last} limit 1"
    );
    let query = || {
        let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(start(asked.kind, asked.after));
        Ok(bind_until(query, asked))
    };
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
    let rows = rows.clamp(1, ROWS_MAX);
    let looked_at = rows * ranges;
    let sql = format!(
        "-- changes.snapshot_ends
        select name from (
          select name, row_number() over (order by name) as place from (
            select name from {table} where name > $1 {of_kind} order by name limit {looked_at}) as following
        ) as counted
        where place % {rows} = 0
        order by name"
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

fn start(kind: Kind, after: &str) -> &str {
    match kind {
        Kind::Source if after.is_empty() => "sources/",
        _ => after,
    }
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

/// Where the records of a kind are read.
fn table(kind: Kind) -> Result<&'static str> {
    match kind {
        Kind::Source => Ok("changes"),
        Kind::Station => Ok("stations"),
        Kind::Article => Ok("articles"),
        Kind::Statistic => Ok("statistics"),
        Kind::Log => Err(Error::internal("the log's own kind has no records")),
    }
}

async fn fetch_all<'q>(
    db: &Db,
    query: impl Fn() -> Result<Query<'q, Postgres, PgArguments>>,
) -> Result<Vec<PgRow>> {
    loop {
        let mut reader = db.bulk().reader().await?;
        match reader.rows(query()?).await {
            Ok(rows) => {
                reader.done();
                return Ok(rows);
            }
            Err(error) if db.bulk().gives_up(&reader, &error) => {}
            Err(error) => return Err(error),
        }
    }
}

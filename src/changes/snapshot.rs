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
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::names::Kind;
use crate::record::Heading;
use crate::token::{AskedToken, Chain};

/// Fewest and most records of a batch.
const ROWS_MIN: usize = 64;
const ROWS_MAX: usize = 4_096;

/// Most rows that one batch looks at, however few of them it gives.
const SCANNED_MAX: usize = 20_000;

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 3;

/// What a batch is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The revision. Whether the log still has it, with this chain, is checked with every batch.
    pub at: &'a AskedToken,
    pub kind: Kind,
    /// The name after which it begins; empty for the first.
    pub after: &'a str,
    pub show_deleted: bool,
    /// Only records that match. Those that were changed since are given whether they match or not, for
    /// the caller to look at: see `Snapped::is_old`.
    pub filter: Option<&'a Condition>,
    /// About how many records; `Batch::rows_of` says how many fill the bytes.
    pub rows: usize,
    /// Most bytes of records, but for a first record that is longer by itself.
    pub bytes_max: usize,
}

/// Some records of one kind.
#[derive(Debug, Default)]
pub struct Batch {
    /// In order of their names.
    pub records: Vec<Snapped>,
    /// The name after which the next batch begins; nothing when this was the kind's last.
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
    // Few different statements, since each is planned.
    let limit = asked
        .rows
        .clamp(ROWS_MIN, ROWS_MAX)
        .next_power_of_two()
        .min(ROWS_MAX);
    let rows = fetch_all(db, || statement(asked, limit)).await?;
    check(db, asked.at, &rows)?;
    let mut batch = Batch::default();
    let mut is_cut = false;
    let mut seen = 0;
    for row in &rows {
        // There is one row without a name when nothing was found.
        let Some(name) = row.try_get::<Option<String>, _>("name")? else {
            break;
        };
        if row.try_get("is_cut")? {
            is_cut = true;
            continue;
        }
        seen += 1;
        if batch.next.as_ref().is_none_or(|next| *next < name) {
            batch.next = Some(name.clone());
        }
        batch.records.extend(snapped(asked, row, name)?);
    }
    batch.records.sort_by(|a, b| a.name.cmp(&b.name));
    if !is_cut && seen < limit {
        let scanned = scanned(db, asked).await?;
        batch.next = scanned.map(|scanned| scanned.max(batch.next.take().unwrap_or_default()));
    }
    Ok(batch)
}

/// Nothing when the record did not exist yet, or was deleted then and is not asked for.
fn snapped(asked: &Asked<'_>, row: &PgRow, name: String) -> Result<Option<Snapped>> {
    let Some(record) = row.try_get::<Option<&[u8]>, _>("record")? else {
        return Ok(None);
    };
    let is_old = row.try_get("is_old")?;
    if is_old && !asked.show_deleted {
        let heading = Heading::decode(record).map_err(Error::internal)?;
        if heading.delete_time.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(Snapped {
        name,
        record: Bytes::copy_from_slice(record),
        is_old,
    }))
}

/// Refuses a revision that the log has no longer, as the batch's own snapshot shows it.
fn check(db: &Db, at: &AskedToken, rows: &[PgRow]) -> Result<()> {
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("the log has no horizon"))?;
    let chain: Option<&[u8]> = row.try_get("chain")?;
    if !chain
        .and_then(Chain::from_slice)
        .is_some_and(|chain| at.names(&chain))
    {
        if chain.is_none() && row.try_get("is_standby")? {
            return Err(Error::NoPrimary("its address leads to a standby".into()));
        }
        let last_common = db.history().and_then(|history| history.last_common(at));
        return Err(Error::HistoryForked {
            token: at.to_string(),
            revision: at.revision,
            last_common: last_common.map(|token| token.to_string()),
        });
    }
    let horizon: i64 = row.try_get("horizon")?;
    if horizon > at.revision {
        return Err(Error::RevisionCompacted {
            revision: at.revision,
            oldest: horizon,
        });
    }
    Ok(())
}

fn statement<'q>(asked: &Asked<'q>, limit: usize) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(asked.filter, PARAMETERS);
    let found = match table(asked.kind)? {
        "changes" => found_sources_sql(limit),
        table => found_sql(table, asked.show_deleted, &filter.sql, limit),
    };
    let kind = asked.kind.noun();
    let sql = format!(
        "-- changes.snapshot_{kind}
        with found as ({found})
        select (select chain from revisions where revision = $1) as chain,
               (select revision from horizon) as horizon,
               pg_is_in_recovery() as is_standby, page.*
        from (select) as one left join (
          select name, is_old, place > 1 and coalesce(size > $3, false) as is_cut,
                 case when place = 1 or size <= $3 then record end as record
          from (select name, is_old, record, row_number() over ordered as place,
                       sum(octet_length(record)) over ordered as size
                from found
                window ordered as (order by name rows unbounded preceding)) as sized
        ) as page on true"
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked.at.revision)
        .bind(start(asked))
        .bind(i64::try_from(asked.bytes_max).unwrap_or(i64::MAX))
        // How common a filter's values are is not asked: rows are taken by their names.
        .persistent(asked.filter.is_none());
    Ok(filter.bind(query))
}

/// Pages are kept in the log, whole and under their name, and are never changed.
fn found_sources_sql(limit: usize) -> String {
    format!(
        "select name, false as is_old, record from changes
         where name > $2 and name < 'sources0' and revision <= $1 order by name limit {limit}"
    )
}

fn found_sql(table: &str, show_deleted: bool, filter: &str, limit: usize) -> String {
    let shown = if show_deleted {
        "true"
    } else {
        "not is_deleted"
    };
    format!(
        "select name, revision > $1 as is_old,
                case when revision <= $1 then record else (
                  select c.record from changes c
                  where c.name = scanned.name and c.revision <= $1
                  order by c.revision desc limit 1) end as record
         from (select * from {table} where name > $2 order by name limit {SCANNED_MAX}) as scanned
         where revision > $1 or ({shown} and {filter})
         order by name limit {limit}"
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
    let sql = format!(
        "-- changes.snapshot_scanned
        select name from {table} where name > $1 order by name offset {last} limit 1"
    );
    let query = || Ok(sqlx::query(AssertSqlSafe(sql.clone())).bind(start(asked)));
    let found = fetch_all(db, query).await?;
    Ok(found.first().map(|row| row.try_get(0)).transpose()?)
}

fn start<'a>(asked: &Asked<'a>) -> &'a str {
    match asked.kind {
        Kind::Source if asked.after.is_empty() => "sources/",
        _ => asked.after,
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

//! The statement of one batch.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use crate::changes::snapshot::Asked;
use crate::error::{Error, Result};
use crate::filter::sql::lower;
use crate::names::Kind;
use crate::reading::public_sql;
use crate::sight::Sight;

/// Most rows that one batch looks at, however few of them it gives.
pub const SCANNED_MAX: usize = 20_000;

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 4;

/// Places of a row's columns.
pub const NAME: usize = 0;
pub const IS_OLD: usize = 1;
pub const RECORD: usize = 2;
pub const HORIZON: usize = 3;

/// Of what is given for a record that is longer than it may be: none has no bytes.
pub const LONG_LENGTH: usize = 0;

/// The first row has no name and is about the log: the revision's chain, the horizon, and whether it is a
/// standby that answers.
pub fn statement<'q>(
    asked: &Asked<'q>,
    limit: usize,
    length_max: usize,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(
        asked.filter,
        PARAMETERS + usize::from(asked.until.is_some()),
    );
    let found = match table(asked.kind)? {
        "changes" => found_sources_sql(asked),
        table => found_sql(table, asked, &filter.sql),
    };
    let kind = asked.kind.noun();
    let sql = format!(
        "-- changes.snapshot_{kind}
        select null::text as name, pg_is_in_recovery() as is_old,
               (select chain from revisions where revision = $1) as record,
               (select revision from horizon) as horizon
        union all
        ({found})"
    );
    let to_i64 = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked.at.revision)
        .bind(start(asked.kind, asked.after))
        .bind(to_i64(length_max))
        .bind(to_i64(limit))
        // How common a filter's values are is not asked: rows are taken by their names.
        .persistent(asked.filter.is_none());
    if let Some(until) = asked.until {
        query = query.bind(until);
    }
    Ok(filter.bind(query))
}

/// The range's end, as a value that no plan looks at: else none would be kept. Where there is no end nothing
/// is said of it, since a range is taken for small.
fn until_sql(asked: &Asked<'_>) -> String {
    match asked.until {
        Some(_) => format!("and name <= (select ${}::text)", PARAMETERS + 1),
        None => String::new(),
    }
}

/// A record's bytes, unless there are too many.
fn bounded(record: &str) -> String {
    format!("case when octet_length({record}) > $3 then '' else {record} end")
}

/// Pages are kept in the log, whole and under their name, and are never changed.
///
/// The number of rows is a parameter outside, where nothing is left to plan by it.
fn found_sources_sql(asked: &Asked<'_>) -> String {
    let (record, until) = (bounded("record"), until_sql(asked));
    format!(
        "select name, false, {record}, null from (
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

/// A range has a bounded number of rows that are as they were, so that it is read straight from its table:
/// the fewer steps of a plan each row passes through, the better.
fn found_sql(table: &str, asked: &Asked<'_>, filter: &str) -> String {
    let until = until_sql(asked);
    let scanned = match (asked.until, asked.filter) {
        (Some(_), _) => format!("{table} as scanned where name > $2 {until} and"),
        (None, filter) => {
            // Every column that is named is taken out of every row.
            let columns = match filter {
                None => "name, revision, is_deleted, state, record",
                Some(_) => "*",
            };
            format!(
                "(select {columns} from {table} where name > $2
                  order by name limit {SCANNED_MAX}) as scanned where"
            )
        }
    };
    let (now, then) = (bounded("record"), bounded("c.record"));
    let shown = shown_sql(asked);
    format!(
        "select name, revision > $1,
                case when revision <= $1 then {now} else (
                  select {then} from changes c
                  where c.name = scanned.name and c.revision <= $1
                  order by c.revision desc limit 1) end,
                null
         from {scanned} (revision > $1 or ({shown} and {filter}))
         order by name limit $4"
    )
}

/// After which name it begins.
pub fn start(kind: Kind, after: &str) -> &str {
    match kind {
        Kind::Source if after.is_empty() => "sources/",
        _ => after,
    }
}

/// Where the records of a kind are read.
pub fn table(kind: Kind) -> Result<&'static str> {
    match kind {
        Kind::Source => Ok("changes"),
        Kind::Station => Ok("stations"),
        Kind::Article => Ok("articles"),
        Kind::Statistic => Ok("statistics"),
        Kind::Log => Err(Error::internal("the log's own kind has no records")),
    }
}

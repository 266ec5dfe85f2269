//! What every read shares: which snapshot it saw, and the shape of its statements.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use crate::db::Db;
use crate::error::{Error, Result};
use crate::route::{Freshness, Route};
use crate::token::Token;

/// Most bytes of records in one batch; with its names and token it stays under 4 MiB.
pub const BATCH_BYTES_MAX: i64 = 4 * 1024 * 1024 - 64 * 1024;

/// The newest revision, the chains of those the read asks about, `$1`, and whether it is a standby
/// that answers: every read begins with it, so that tokens and rows are of one snapshot.
///
/// Looked up one by one, since the planner takes a list of unknown length for a long one, and would
/// plan each call anew to know better.
macro_rules! tip_sql {
    () => {
        "with tip as (
           select revision as tip_revision, chain as tip_chain,
                  array[(select r.chain from revisions r where r.revision = ($1::bigint[])[1]),
                        (select r.chain from revisions r where r.revision = ($1::bigint[])[2]),
                        (select r.chain from revisions r where r.revision = ($1::bigint[])[3])]
                    as asked_chains,
                  pg_is_in_recovery() as is_standby
           from revisions order by revision desc limit 1)"
    };
}
pub(crate) use tip_sql;

/// A statement that begins with the tip.
macro_rules! snapshot_sql {
    ($name:literal, $($sql:tt)*) => {
        concat!("-- ", $name, "\n", $crate::reading::tip_sql!(), "\n", $($sql)*)
    };
}
pub(crate) use snapshot_sql;

/// One record by name, `$2`.
macro_rules! get_sql {
    ($name:literal, $from:literal, $record:literal, $text:literal) => {
        $crate::reading::snapshot_sql!(
            $name,
            "select tip.*, found.record, found.text
             from tip left join (
               select ",
            $record,
            " as record, ",
            $text,
            " as text from ",
            $from,
            " where name = $2
             ) as found on true"
        )
    };
}
pub(crate) use get_sql;

/// Records by names, `$2`, in their order; `size` is of all of them, `$3` the most there may be.
macro_rules! batch_sql {
    ($name:literal, $from:literal, $record:literal, $text:literal) => {
        $crate::reading::snapshot_sql!(
            $name,
            ", batch as (
               select asked.name as asked, asked.place, found.record, found.text,
                      (sum(octet_length(found.record) + coalesce(octet_length(found.text), 0))
                        over ())::bigint as size
               from unnest($2::text[]) with ordinality as asked (name, place)
               left join lateral (
                 select ",
            $record,
            " as record, ",
            $text,
            " as text from ",
            $from,
            " where name = asked.name
               ) as found on true)
             select tip.*, asked, record is not null as is_there, size,
                    case when size <= $3 then record end as record,
                    case when size <= $3 then text end as text
             from tip, batch order by place"
        )
    };
}
pub(crate) use batch_sql;

/// The snapshot of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its newest revision: at least as new as every record in it.
    pub token: Token,
    /// How old it may be, when any age was allowed.
    pub age: Option<Duration>,
    /// Whether the primary answered: it alone can say that something is not there.
    pub is_of_primary: bool,
}

impl From<Token> for Snapshot {
    fn from(token: Token) -> Self {
        Self {
            token,
            age: None,
            is_of_primary: true,
        }
    }
}

/// What was read, and the snapshot it was read from.
#[derive(Debug)]
pub struct Read<T> {
    pub snapshot: Snapshot,
    pub value: T,
}

/// A statement that begins with the tip.
pub type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Runs a statement that begins with the tip where the freshness allows it. It is given the revisions
/// to ask about, `$1`.
pub(crate) async fn read<'q>(
    db: &Db,
    freshness: &Freshness,
    statement: impl Fn(Vec<i64>) -> Result<Statement<'q>>,
) -> Result<Read<Vec<PgRow>>> {
    routed(db, freshness, statement, |route, rows| {
        let snapshot = route.check(first(&rows)?)?;
        Ok(Read {
            snapshot,
            value: rows,
        })
    })
    .await
}

/// Runs a statement that tells of no snapshot, such as an estimate, where a read of that freshness
/// would begin.
pub(crate) async fn ask<'q>(
    db: &Db,
    freshness: &Freshness,
    statement: impl Fn(Vec<i64>) -> Result<Statement<'q>>,
) -> Result<Vec<PgRow>> {
    routed(db, freshness, statement, |_, rows| Ok(rows)).await
}

/// Asks server after server.
async fn routed<'q, T>(
    db: &Db,
    freshness: &Freshness,
    statement: impl Fn(Vec<i64>) -> Result<Statement<'q>>,
    judge: impl Fn(&Route<'_>, Vec<PgRow>) -> Result<T>,
) -> Result<T> {
    let mut route = Route::of(db, freshness);
    loop {
        let found = match route.reader().await {
            Ok(mut reader) => {
                let asked = route.asked_revisions();
                let fetched = route.answer(reader.rows(statement(asked)?)).await;
                let found = fetched.and_then(|rows| judge(&route, rows));
                route.end(Some(reader), found).await?
            }
            Err(error) => route.end(None, Err(error)).await?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
}

/// Runs a `get_sql!` statement. That there is no record is answered by the primary alone.
pub async fn get(
    db: &Db,
    sql: &'static str,
    name: &str,
    freshness: &Freshness,
) -> Result<Read<Option<Vec<u8>>>> {
    let statement = |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(name));
    let mut found = read(db, freshness, statement).await?;
    if record_of(first(&found.value)?)?.is_none() && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: record_of(first(&found.value)?)?,
    })
}

/// Runs a `batch_sql!` statement: every record, or the names of those that are missing.
pub async fn batch_get(
    db: &Db,
    sql: &'static str,
    names: &[&str],
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let statement = |asked: Vec<i64>| {
        Ok(sqlx::query(sql)
            .bind(asked)
            .bind(names)
            .bind(BATCH_BYTES_MAX))
    };
    let mut found = read(db, freshness, statement).await?;
    let mut missing = missing(&found.value)?;
    if !missing.is_empty() && !found.snapshot.is_of_primary {
        found = read(db, &freshness.confirmed(), statement).await?;
        missing = self::missing(&found.value)?;
    }
    if !missing.is_empty() {
        return Err(Error::Missing(missing));
    }
    let mut records = Vec::with_capacity(found.value.len());
    for row in &found.value {
        records.push(record_of(row)?.ok_or_else(|| too_large(row))?);
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: records,
    })
}

/// The names of a batch that have no record, each once.
fn missing(rows: &[PgRow]) -> Result<Vec<String>> {
    let mut missing: Vec<String> = Vec::new();
    for row in rows {
        let name = row.try_get("asked")?;
        if !row.try_get::<bool, _>("is_there")? && !missing.contains(&name) {
            missing.push(name);
        }
    }
    Ok(missing)
}

fn too_large(row: &PgRow) -> Error {
    let to_size = |bytes: i64| usize::try_from(bytes).unwrap_or(usize::MAX);
    match row.try_get::<i64, _>("size") {
        Ok(size) => Error::TooLarge {
            what: "a batch",
            size: to_size(size),
            limit: to_size(BATCH_BYTES_MAX),
        },
        Err(error) => error.into(),
    }
}

/// The snapshot that a read begun now would see.
pub async fn snapshot(db: &Db, freshness: &Freshness) -> Result<Snapshot> {
    let sql = snapshot_sql!("changes.snapshot", "select tip.* from tip");
    let found = read(db, freshness, |asked| Ok(sqlx::query(sql).bind(asked))).await?;
    Ok(found.snapshot)
}

/// The first row of a `snapshot_sql!` statement; there always is one.
pub(crate) fn first(rows: &[PgRow]) -> Result<&PgRow> {
    rows.first()
        .ok_or_else(|| Error::internal("the log has no revision 0"))
}

/// A row's record, with its page's text appended where the statement has it.
pub(crate) fn record_of(row: &PgRow) -> Result<Option<Vec<u8>>> {
    let Some(mut record) = row.try_get::<Option<Vec<u8>>, _>("record")? else {
        return Ok(None);
    };
    if let Some(text) = row.try_get::<Option<String>, _>("text")? {
        append_source_text(&mut record, &text);
    }
    Ok(Some(record))
}

/// Makes the FULL view of an article its SOURCE view: `source_text` has the greatest number, so its
/// field comes last.
pub fn append_source_text(record: &mut Vec<u8>, text: &str) {
    const SOURCE_TEXT: u32 = 1000;
    prost::encoding::string::encode(SOURCE_TEXT, &text.to_owned(), record);
}

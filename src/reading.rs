//! What every read shares: which snapshot it saw, and the shape of its statements.

use std::time::Duration;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use crate::db::Db;
use crate::error::{Error, Result};
use crate::route::{Freshness, Route};
use crate::token::Token;

/// The newest revision, the chains of those the read asks about, `$1`, and whether it is a standby
/// that answers: every read begins with it, so that tokens and rows are of one snapshot.
///
/// Looked up one by one, since the planner takes a list of unknown length for a long one, and would
/// plan each call anew to know better; and only those there are, since a small table is read through.
macro_rules! tip_sql {
    () => {
        "with tip as (
           select revision as tip_revision, chain as tip_chain,
                  array[case when ($1::bigint[])[1] is not null then
                          (select r.chain from revisions r where r.revision = ($1::bigint[])[1]) end,
                        case when ($1::bigint[])[2] is not null then
                          (select r.chain from revisions r where r.revision = ($1::bigint[])[2]) end,
                        case when ($1::bigint[])[3] is not null then
                          (select r.chain from revisions r where r.revision = ($1::bigint[])[3]) end]
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

/// The tip's columns of a statement's rows after the first, which alone tells of it.
macro_rules! no_tip_sql {
    () => {
        "null::bigint, null::bytea, null::bytea[], null::boolean"
    };
}
pub(crate) use no_tip_sql;

/// What readers are shown of articles, stations and statistics: `visibility.rs` says the same of a record's
/// bytes. No two kinds share a state's word.
macro_rules! public_sql {
    () => {
        "(not is_deleted and state in ('PUBLISHED', 'RETRACTED', 'ACTIVE'))"
    };
}
pub(crate) use public_sql;

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

const SOURCE_TEXT: u32 = 1000;

/// Makes the FULL view of an article its SOURCE view: `source_text` has the greatest number, so its
/// field comes last.
pub fn append_source_text(record: &mut Vec<u8>, text: &str) {
    encode_key(SOURCE_TEXT, WireType::LengthDelimited, record);
    encode_varint(text.len() as u64, record);
    record.extend_from_slice(text.as_bytes());
}

/// How many bytes it takes.
pub fn source_text_len(text: &str) -> usize {
    key_len(SOURCE_TEXT) + encoded_len_varint(text.len() as u64) + text.len()
}

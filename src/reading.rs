//! What every read shares: which snapshot it saw, whether that is the one the caller asked for, and
//! the shape of its statements.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::changes::log::token_of;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::token::{AskedToken, Chain, Token};

/// Most bytes of records in one batch; with its names and token it stays under 4 MiB.
pub const BATCH_BYTES_MAX: i64 = 4 * 1024 * 1024 - 64 * 1024;

/// The newest revision and the chains of those the caller asked about, `$1`: every read begins with
/// it, so that tokens and rows are of one snapshot.
///
/// Looked up one by one, since the planner takes a list of unknown length for a long one, and would
/// plan each call anew to know better.
macro_rules! tip_sql {
    () => {
        "with tip as (
           select revision, chain,
                  array[(select r.chain from revisions r where r.revision = ($1::bigint[])[1]),
                        (select r.chain from revisions r where r.revision = ($1::bigint[])[2])]
                    as asked_chains
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

/// What was read, and the snapshot it was read from.
#[derive(Debug)]
pub struct Read<T> {
    pub token: Token,
    pub value: T,
}

/// How fresh a read must be. Every read goes to the primary, hence is as fresh as can be; what is left
/// to check is that the history asked about is this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// Tokens the call names, and the one of the first page: two at most.
    pub asked: Vec<AskedToken>,
}

impl Freshness {
    /// The revisions to look up in the same snapshot, bound as `$1`.
    pub fn asked_revisions(&self) -> Vec<i64> {
        self.asked.iter().map(|asked| asked.revision).collect()
    }

    /// The snapshot of a row of a `snapshot_sql!` statement, if its history is the one asked about.
    pub(crate) fn check(&self, row: &PgRow) -> Result<Token> {
        self.check_history(token_of(row)?, row)
    }

    /// The same, for a statement whose rows have revisions of their own.
    pub fn check_tip(&self, row: &PgRow) -> Result<Token> {
        let chain = Chain::from_slice(row.try_get("tip_chain")?);
        let chain = chain.ok_or_else(|| Error::internal("a chain has 32 bytes"))?;
        self.check_history(
            Token {
                revision: row.try_get("tip_revision")?,
                chain,
            },
            row,
        )
    }

    fn check_history(&self, token: Token, row: &PgRow) -> Result<Token> {
        let chains: Vec<Option<Vec<u8>>> = row.try_get("asked_chains")?;
        if self.asked.len() > chains.len() {
            return Err(Error::internal(
                "more tokens are asked about than looked up",
            ));
        }
        for (asked, chain) in self.asked.iter().zip(chains) {
            let chain = chain.as_deref().and_then(Chain::from_slice);
            // Tokens are given after commit, so on the primary an absent revision was lost.
            if !chain.is_some_and(|chain| asked.names(&chain)) {
                let revision = asked.revision;
                let token = asked.to_string();
                return Err(Error::HistoryForked {
                    token,
                    revision,
                    last_common: None,
                });
            }
        }
        Ok(token)
    }
}

/// Runs a `get_sql!` statement.
pub async fn get(
    db: &Db,
    sql: &'static str,
    name: &str,
    freshness: &Freshness,
) -> Result<Read<Option<Vec<u8>>>> {
    let query = || {
        let asked = freshness.asked_revisions();
        Ok(sqlx::query(sql).bind(asked).bind(name))
    };
    let row = db.fetch_one(query).await?;
    Ok(Read {
        token: freshness.check(&row)?,
        value: record_of(&row)?,
    })
}

/// Runs a `batch_sql!` statement: every record, or the names of those that are missing.
pub async fn batch_get(
    db: &Db,
    sql: &'static str,
    names: &[&str],
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let query = || {
        Ok(sqlx::query(sql)
            .bind(freshness.asked_revisions())
            .bind(names)
            .bind(BATCH_BYTES_MAX))
    };
    let rows = db.fetch_all(query).await?;
    let token = freshness.check(first(&rows)?)?;
    let mut missing: Vec<String> = Vec::new();
    for row in &rows {
        let name = row.try_get("asked")?;
        if !row.try_get::<bool, _>("is_there")? && !missing.contains(&name) {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        return Err(Error::Missing(missing));
    }
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        records.push(record_of(row)?.ok_or_else(|| too_large(row))?);
    }
    Ok(Read {
        token,
        value: records,
    })
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

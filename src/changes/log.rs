//! Appends to and reads the change log. Knows resource kinds and bytes, never a resource type.

use prost_types::Timestamp;
use sqlx::PgConnection;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use time::OffsetDateTime;

use crate::changes::chain::{Entry, EntryRow, link, record_digest};
use crate::changes::write::Row;
use crate::db::Beginning;
use crate::error::{Error, Result};
use crate::token::{CHAIN_LENGTH, Chain, Token};

/// The newest revision, read under the lock, and the time the next ones are given.
#[derive(Clone, Copy, Debug)]
pub struct Tip {
    pub token: Token,
    pub now: OffsetDateTime,
}

/// A decided request: one revision.
#[derive(Debug)]
pub struct Revision<'a> {
    pub actor: &'a str,
    pub reason: &'a str,
    pub rows: &'a [Row],
}

/// How a write transaction begins: bounded in every wait. A pooler would drop or refuse these as
/// start-up parameters.
pub const BEGIN_WRITE: &str = "begin; set local lock_timeout = '3s'; \
     set local idle_in_transaction_session_timeout = '2s'; \
     set local statement_timeout = '10s'; \
     set local tcp_user_timeout = '5s'";

/// What holds on a connection that only writes. Writes look everything up by key; a plan that reads a
/// whole table would be one made while the table was empty, and kept. One that is made without the values is
/// as good, and is not made again for every call, which Postgres takes to for lists of unknown length once it
/// knows the tables to be large.
const SET_TO_WRITE: &str = "set lock_timeout = '3s'; \
     set idle_in_transaction_session_timeout = '2s'; \
     set statement_timeout = '10s'; \
     set tcp_user_timeout = '5s'; \
     set plan_cache_mode = force_generic_plan; \
     set enable_seqscan = off";

/// How a group's transaction begins, in one message: each of its statements has a snapshot of its own, and
/// the lock is the last, so that what is read is read after it was waited for.
pub const BEGIN_GROUP: Beginning = Beginning {
    at_connect: SET_TO_WRITE,
    begin: "-- changes.lock_head
     begin; select 1 from head for update",
    begin_pooled: "-- changes.lock_head
     begin; set local lock_timeout = '3s'; \
     set local idle_in_transaction_session_timeout = '2s'; \
     set local statement_timeout = '10s'; \
     set local tcp_user_timeout = '5s'; \
     set local enable_seqscan = off; \
     select 1 from head for update",
};

/// Orders this transaction after every other write.
///
/// It must be the first statement, and reads nothing else: what it returned beside the lock would be
/// of a snapshot from before the lock was waited for.
pub async fn lock_head(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "-- changes.lock_head
        select 1 from head for update";
    sqlx::query(sql).fetch_one(connection).await.map(drop)
}

/// The newest revision; `now` never runs behind it, whatever the clock does.
pub async fn read_tip(connection: &mut PgConnection) -> Result<Tip, sqlx::Error> {
    let sql = "-- changes.read_tip
        select revision, chain,
               greatest(date_trunc('microseconds', clock_timestamp()), commit_time) as now
        from revisions order by revision desc limit 1";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    Ok(Tip {
        token: token_of(&row)?,
        now: row.try_get("now")?,
    })
}

/// A row's `revision` and `chain`.
pub fn token_of(row: &PgRow) -> Result<Token, sqlx::Error> {
    token(row.try_get("revision")?, row.try_get("chain")?)
}

pub fn token(revision: i64, chain: &[u8]) -> Result<Token, sqlx::Error> {
    let chain = Chain::from_slice(chain);
    let chain = chain.ok_or_else(|| sqlx::Error::Decode("a chain has 32 bytes".into()))?;
    Ok(Token { revision, chain })
}

/// Appends consecutive revisions, and returns the token of each.
pub async fn append(
    connection: &mut PgConnection,
    tip: &Tip,
    revisions: &[Revision<'_>],
) -> Result<Vec<Token>, sqlx::Error> {
    let commit_time_us = microseconds(tip.now);
    let mut token = tip.token;
    let mut tokens = Vec::with_capacity(revisions.len());
    let mut heads = RevisionColumns::default();
    let mut columns = ChangeColumns::default();
    for revision in revisions {
        let digests: Vec<_> = revision
            .rows
            .iter()
            .map(|row| record_digest(&row.record))
            .collect();
        let entry = Entry {
            revision: token.revision + 1,
            commit_time_us,
            actor: revision.actor,
            reason: revision.reason,
        };
        let rows = revision.rows.iter().zip(&digests);
        let rows = rows.map(|(row, digest)| EntryRow {
            kind: row.kind.as_str(),
            name: &row.name,
            op: row.op.as_str(),
            digest,
        });
        let chain = link(&token.chain, entry, rows);
        token = Token {
            revision: entry.revision,
            chain,
        };
        tokens.push(token);
        heads.push(&token, revision);
        columns.push(token.revision, revision.rows, &digests);
    }
    insert(connection, tip.now, heads, columns).await?;
    Ok(tokens)
}

#[derive(Default)]
struct RevisionColumns<'a> {
    revisions: Vec<i64>,
    chains: Vec<Vec<u8>>,
    actors: Vec<&'a str>,
    reasons: Vec<&'a str>,
    row_counts: Vec<i32>,
}

impl<'a> RevisionColumns<'a> {
    fn push(&mut self, token: &Token, revision: &Revision<'a>) {
        self.revisions.push(token.revision);
        self.chains.push(token.chain.0.to_vec());
        self.actors.push(revision.actor);
        self.reasons.push(revision.reason);
        self.row_counts
            .push(i32::try_from(revision.rows.len()).unwrap_or(i32::MAX));
    }
}

#[derive(Default)]
struct ChangeColumns<'a> {
    revisions: Vec<i64>,
    ordinals: Vec<i32>,
    kinds: Vec<&'static str>,
    names: Vec<&'a str>,
    ops: Vec<&'static str>,
    records: Vec<&'a [u8]>,
    digests: Vec<Vec<u8>>,
}

impl<'a> ChangeColumns<'a> {
    fn push(&mut self, revision: i64, rows: &'a [Row], digests: &[[u8; CHAIN_LENGTH]]) {
        for (ordinal, (row, digest)) in (0..).zip(rows.iter().zip(digests)) {
            self.revisions.push(revision);
            self.ordinals.push(ordinal);
            self.kinds.push(row.kind.as_str());
            self.names.push(&row.name);
            self.ops.push(row.op.as_str());
            self.records.push(&row.record);
            self.digests.push(digest.to_vec());
        }
    }
}

async fn insert(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    heads: RevisionColumns<'_>,
    columns: ChangeColumns<'_>,
) -> Result<(), sqlx::Error> {
    let sql = "-- changes.append
        with appended as (
          insert into revisions (revision, chain, commit_time, actor, reason, row_count)
          select revision, chain, $6, actor, reason, row_count
          from unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::integer[])
              as r (revision, chain, actor, reason, row_count))
        insert into changes (revision, ordinal, kind, name, op, record, digest)
        select * from unnest($7::bigint[], $8::integer[], $9::text[], $10::text[], $11::text[],
                             $12::bytea[], $13::bytea[])";
    sqlx::query(sql)
        .bind(heads.revisions)
        .bind(heads.chains)
        .bind(heads.actors)
        .bind(heads.reasons)
        .bind(heads.row_counts)
        .bind(now)
        .bind(columns.revisions)
        .bind(columns.ordinals)
        .bind(columns.kinds)
        .bind(columns.names)
        .bind(columns.ops)
        .bind(columns.records)
        .bind(columns.digests)
        .execute(connection)
        .await
        .map(drop)
}

/// The link the log has at a revision, if it has that revision.
///
/// The head is locked first, so that a transaction that is still committing is waited for.
pub async fn settled_chain(
    connection: &mut PgConnection,
    revision: i64,
) -> Result<Option<Chain>, sqlx::Error> {
    lock_head(connection).await?;
    let sql = "-- changes.settled_chain
        select chain from revisions where revision = $1";
    let chain: Option<Vec<u8>> = sqlx::query_scalar(sql)
        .bind(revision)
        .fetch_optional(connection)
        .await?;
    Ok(chain.as_deref().and_then(Chain::from_slice))
}

/// Microseconds since 1970; Postgres keeps no finer time.
pub fn microseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).expect("Postgres times fit 64 bits")
}

pub fn timestamp(time: OffsetDateTime) -> Timestamp {
    let nanos = i32::try_from(time.nanosecond()).expect("a second has less than 2^31 ns");
    Timestamp {
        seconds: time.unix_timestamp(),
        nanos,
    }
}

impl From<Timestamped> for Timestamp {
    fn from(time: Timestamped) -> Self {
        timestamp(time.0)
    }
}

/// A time as the database gives it.
#[derive(Clone, Copy, Debug, sqlx::Type)]
#[sqlx(transparent)]
pub struct Timestamped(pub OffsetDateTime);

/// One version of one record, as logged.
#[derive(Debug)]
pub struct Version {
    pub token: Token,
    pub commit_time: Timestamp,
    pub op: String,
    pub reason: String,
    pub actor: String,
    /// Nothing once compacted.
    pub record: Option<Vec<u8>>,
}

impl Version {
    pub fn of(row: &PgRow) -> Result<Self> {
        let commit_time: Timestamped = row.try_get("commit_time")?;
        Ok(Self {
            token: token_of(row)?,
            commit_time: commit_time.into(),
            op: row.try_get("op")?,
            reason: row.try_get("reason")?,
            actor: row.try_get("actor")?,
            record: row.try_get("record").map_err(Error::from)?,
        })
    }
}

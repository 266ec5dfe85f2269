//! Revisions as they are followed: read in order from the log, and held to its chain.

use std::sync::OnceLock;

use prost::bytes::Bytes;
use prost_types::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use time::OffsetDateTime;

use crate::cache::{Change, Step};
use crate::changes::chain::{Entry, EntryRow, link};
use crate::changes::log::{microseconds, timestamp, token_of};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb::change::Type;
use crate::token::{Chain, Token};

/// What one revision did.
#[derive(Debug)]
pub struct Delta {
    pub token: Token,
    /// The chain of the revision before.
    pub previous: Chain,
    pub commit_time: Timestamp,
    pub reason: String,
    pub changes: Vec<Changed>,
}

/// What a revision did to one record.
#[derive(Debug)]
pub struct Changed {
    pub kind: Kind,
    pub name: String,
    /// Nothing of what the log does to itself.
    pub op: Option<Type>,
    /// The record after; nothing when it was not asked for, or was compacted.
    pub record: Option<Bytes>,
    /// The record before, when there was one and it was asked for; empty when it was compacted.
    pub old: Option<Bytes>,
    /// The stations that the record names now and before, once somebody has asked.
    pub stations: OnceLock<[Vec<String>; 2]>,
}

impl Delta {
    /// Whether all records are there, and those before them that were asked for.
    pub fn is_whole(&self) -> bool {
        self.changes.iter().all(Changed::is_whole)
    }

    /// What the cache takes of it.
    pub fn step(&self) -> Step {
        let changes = self.changes.iter().map(|changed| Change {
            kind: changed.kind,
            name: changed.name.clone(),
            record: changed.record.clone(),
        });
        Step {
            token: self.token,
            changes: changes.collect(),
        }
    }

    /// About what it takes of memory, in bytes.
    pub fn size(&self) -> usize {
        let sizes = self.changes.iter().map(Changed::size);
        sizes.sum::<usize>() + size_of::<Self>() + self.reason.len()
    }
}

impl Changed {
    /// What was before is gone when it was compacted meanwhile, which must not pass for there being nothing.
    fn is_whole(&self) -> bool {
        let is_gone = |old: &Bytes| old.is_empty() && self.kind != Kind::Log;
        self.record.is_some() && !self.old.as_ref().is_some_and(is_gone)
    }

    fn size(&self) -> usize {
        let records = [&self.record, &self.old].into_iter().flatten();
        records.map(Bytes::len).sum::<usize>() + size_of::<Self>() + self.name.len()
    }
}

/// What is read of records beside their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    pub records: bool,
    pub old: bool,
}

/// What is read of revisions at once.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub bodies: Bodies,
    /// Records of other kinds are empty.
    pub kinds: &'a [Kind],
    /// Most bytes of records, but for a first revision that has more by itself.
    pub bytes_max: i64,
}

/// A revision without its rows.
#[derive(Debug)]
pub struct Head {
    pub token: Token,
    commit_time: OffsetDateTime,
    actor: String,
    reason: String,
    pub row_count: i32,
}

impl Head {
    pub fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            token: token_of(row)?,
            commit_time: row.try_get("commit_time")?,
            actor: row.try_get("actor")?,
            reason: row.try_get("reason")?,
            row_count: row.try_get("row_count")?,
        })
    }
}

/// As many of the revisions, at least one, as have no more rows than this together.
pub fn within(mut heads: Vec<Head>, rows_max: i64) -> Vec<Head> {
    let mut sum = 0;
    let fitting = heads.iter().take_while(|head| {
        sum += i64::from(head.row_count);
        sum <= rows_max
    });
    let count = fitting.count().max(1);
    heads.truncate(count);
    heads
}

/// Reads what these revisions did, which follow `before` without a gap, and checks that they are all
/// of what the chain binds; as many of them as have no more bytes than are wanted.
pub async fn read(
    connection: &mut PgConnection,
    before: &Token,
    heads: Vec<Head>,
    wanted: Wanted<'_>,
) -> Result<Vec<Delta>> {
    let Some(last) = heads.last() else {
        return Ok(Vec::new());
    };
    // The sum is the same for all rows of a revision: each is read whole or not at all.
    let sql = "-- changes.deltas
        with asked as (
          select c.revision, c.ordinal, c.kind, c.name, c.op, c.digest,
                 case when $3 then case when c.kind = any($5) then c.record else '' end end
                   as record, before.old
          from changes c left join lateral (
            select coalesce(p.record, '') as old from changes p
            where $4 and c.kind = any($5) and p.name = c.name and p.revision < c.revision
            order by p.revision desc limit 1) as before on true
          where c.revision > $1 and c.revision <= $2),
        sized as (
          select *, revision = $1 + 1 or sum(coalesce(octet_length(record), 0)
                      + coalesce(octet_length(old), 0)) over (order by revision) <= $6 as fits
          from asked)
        select revision, kind, name, op, digest, fits, case when fits then record end as record,
               case when fits then old end as old
        from sized order by revision, ordinal";
    let kinds: Vec<&str> = wanted.kinds.iter().map(|kind| kind.as_str()).collect();
    let rows = sqlx::query(sql)
        .bind(before.revision)
        .bind(last.token.revision)
        .bind(wanted.bodies.records)
        .bind(wanted.bodies.old)
        .bind(kinds)
        .bind(wanted.bytes_max)
        .fetch_all(connection)
        .await?;
    let mut rows = rows.iter().peekable();
    let mut previous = *before;
    let mut deltas = Vec::with_capacity(heads.len());
    for head in heads {
        let mut own = Vec::new();
        while let Some(row) = rows.peek() {
            if row.try_get::<i64, _>("revision")? != head.token.revision {
                break;
            }
            if !row.try_get::<bool, _>("fits")? {
                return Ok(deltas);
            }
            own.extend(rows.next());
        }
        deltas.push(delta_of(&previous, head, &own)?);
        previous = deltas.last().map_or(previous, |delta| delta.token);
    }
    Ok(deltas)
}

/// Reads the records of these revisions that somebody keeps, as many as have no more bytes than this: the
/// others are kept no longer.
pub async fn read_bodies(
    connection: &mut PgConnection,
    deltas: &mut [Delta],
    bytes_max: i64,
    is_kept: impl Fn(&str) -> bool,
) -> Result<()> {
    let mut wanted: Vec<(i64, &mut Changed)> = Vec::new();
    for delta in deltas {
        let revision = delta.token.revision;
        let kept = delta.changes.iter_mut();
        let kept = kept.filter(|changed| is_kept(&changed.name));
        wanted.extend(kept.map(|changed| (revision, changed)));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = wanted.iter().map(|(_, changed)| &*changed.name).collect();
    let revisions: Vec<i64> = wanted.iter().map(|(revision, _)| *revision).collect();
    let sql = "-- changes.bodies
        select case when place = 1 or size <= $3 then record end as record
        from (
          select asked.place, c.record, sum(coalesce(octet_length(c.record), 0))
                   over (order by asked.place rows unbounded preceding) as size
          from unnest($1::text[], $2::bigint[]) with ordinality as asked (name, revision, place)
          left join changes c on c.name = asked.name and c.revision = asked.revision) as sized
        order by place";
    let rows = sqlx::query(sql)
        .bind(names)
        .bind(revisions)
        .bind(bytes_max)
        .fetch_all(connection)
        .await?;
    for ((_, changed), row) in wanted.iter_mut().zip(&rows) {
        let record: Option<Vec<u8>> = row.try_get("record")?;
        changed.record = record.map(Bytes::from);
    }
    Ok(())
}

fn delta_of(previous: &Token, head: Head, rows: &[&PgRow]) -> Result<Delta> {
    let revision = head.token.revision;
    let broken =
        |what: &str| Error::internal(format!("the log is damaged: revision {revision} {what}"));
    if revision != previous.revision + 1 {
        return Err(broken("does not follow the one before"));
    }
    if usize::try_from(head.row_count).ok() != Some(rows.len()) {
        return Err(broken("lacks rows"));
    }
    let entry = Entry {
        revision,
        commit_time_us: microseconds(head.commit_time),
        actor: &head.actor,
        reason: &head.reason,
    };
    let bound: Result<Vec<EntryRow<'_>>, sqlx::Error> =
        rows.iter().map(|row| entry_row(row)).collect();
    if link(&previous.chain, entry, bound?) != head.token.chain {
        return Err(broken("is not what the chain says"));
    }
    let changes: Result<_> = rows.iter().map(|row| changed(row)).collect();
    Ok(Delta {
        token: head.token,
        previous: previous.chain,
        commit_time: timestamp(head.commit_time),
        reason: head.reason,
        changes: changes?,
    })
}

fn entry_row(row: &PgRow) -> Result<EntryRow<'_>, sqlx::Error> {
    Ok(EntryRow {
        kind: row.try_get("kind")?,
        name: row.try_get("name")?,
        op: row.try_get("op")?,
        digest: row.try_get("digest")?,
    })
}

fn changed(row: &PgRow) -> Result<Changed> {
    let kind = Kind::parse(row.try_get("kind")?)
        .ok_or_else(|| Error::internal("a kind that is not known"))?;
    let record: Option<Vec<u8>> = row.try_get("record")?;
    let old: Option<Vec<u8>> = row.try_get("old")?;
    Ok(Changed {
        kind,
        name: row.try_get("name")?,
        op: Type::from_str_name(row.try_get("op")?),
        record: record.map(Bytes::from),
        old: old.map(Bytes::from),
        stations: OnceLock::new(),
    })
}

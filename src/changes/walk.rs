//! Walks the whole log and checks that it hangs together: no gap, no missing row, every digest and
//! every link of the chain.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use time::OffsetDateTime;
use tokio_stream::{Stream, StreamExt as _};

use crate::changes::chain::{Entry, EntryRow, link, record_digest};
use crate::changes::compact;
use crate::changes::log::{microseconds, token_of};
use crate::changes::write::Op;
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::token::{AskedToken, Token};

/// Revisions read at a time; their rows come as they are walked, since they may be long.
const REVISIONS_AT_ONCE: i64 = 500;

/// The log as far as it was walked.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The newest revision.
    pub token: Token,
    pub revisions: u64,
    pub changes: u64,
    /// The first thing wrong, in words.
    pub fault: Option<String>,
}

struct Head {
    token: Token,
    commit_time: OffsetDateTime,
    actor: String,
    reason: String,
    row_count: i32,
}

struct Change {
    revision: i64,
    ordinal: i32,
    kind: String,
    name: String,
    op: String,
    record: Option<Vec<u8>>,
    /// Whether compaction may have emptied it; of a record that is there, nothing.
    is_superseded: Option<bool>,
    digest: Vec<u8>,
}

/// Walks the log in the connection's snapshot; `expected` must be one of its revisions.
pub async fn walk(connection: &mut PgConnection, expected: Option<&AskedToken>) -> Result<Walked> {
    let horizon = compact::horizon(connection).await?;
    let mut logged_horizon = 0;
    let Some(start) = heads(connection, -1, 1).await?.pop() else {
        return Err(Error::internal("the log has no revision 0"));
    };
    let mut walked = Walked {
        token: start.token,
        revisions: 0,
        changes: 0,
        fault: None,
    };
    let mut is_expected_seen = expected.is_none_or(|token| is_named(token, &start.token));
    walked.fault = fault_of_start(&start);
    if walked.fault.is_none() {
        walked.fault = stray_change(connection).await?;
    }
    while walked.fault.is_none() {
        let heads = heads(connection, walked.token.revision, REVISIONS_AT_ONCE).await?;
        let Some(last) = heads.last() else { break };
        let range = (walked.token.revision, last.token.revision);
        let mut rows = changes(connection, range, horizon);
        let mut next = rows.try_next().await?;
        for head in heads {
            let mut own = Vec::new();
            while let Some(row) = next.take_if(|row| row.revision <= head.token.revision) {
                own.push(row);
                next = rows.try_next().await?;
            }
            walked.fault = fault_of(&walked.token, &head, &own, horizon);
            if walked.fault.is_some() {
                break;
            }
            logged_horizon = own
                .iter()
                .filter_map(horizon_of)
                .fold(logged_horizon, i64::max);
            walked.token = head.token;
            walked.revisions += 1;
            walked.changes += own.len() as u64;
            is_expected_seen |= expected.is_some_and(|token| is_named(token, &head.token));
        }
    }
    if walked.fault.is_none() && horizon != logged_horizon {
        walked.fault = Some(format!(
            "horizon: it is {horizon}, but the log says {logged_horizon}"
        ));
    }
    if let (None, Some(token), false) = (&walked.fault, expected, is_expected_seen) {
        walked.fault = Some(format!(
            "revisions: {token} is not a revision of this history"
        ));
    }
    Ok(walked)
}

/// What is wrong with the newest revision, or with how it follows from the one before.
pub async fn fault_of_tip(connection: &mut PgConnection) -> Result<Option<String>> {
    let sql = "-- changes.newest_revision
        select max(revision) as revision from revisions";
    let row = sqlx::query(sql).fetch_one(&mut *connection).await?;
    let Some(newest) = row.try_get::<Option<i64>, _>("revision")? else {
        return Ok(Some("revisions: revision 0 is missing".to_owned()));
    };
    if let Some(fault) = stray_change(connection).await? {
        return Ok(Some(fault));
    }
    let last = heads(connection, newest - 2, 2).await?;
    match &last[..] {
        [start] if newest == 0 => Ok(fault_of_start(start)),
        [before, head] => {
            let horizon = compact::horizon(connection).await?;
            let rows = changes(connection, (before.token.revision, newest), horizon);
            let rows = rows.collect::<Result<Vec<_>>>().await?;
            Ok(fault_of(&before.token, head, &rows, horizon))
        }
        _ => Ok(Some(format!(
            "revisions: revision {} is missing",
            newest - 1
        ))),
    }
}

fn is_named(asked: &AskedToken, token: &Token) -> bool {
    asked.revision == token.revision && asked.names(&token.chain)
}

/// What is wrong with the first revision, whose chain is random and so binds nothing: it has no rows.
fn fault_of_start(start: &Head) -> Option<String> {
    if start.token.revision != 0 {
        return Some("revisions: revision 0 is missing".to_owned());
    }
    let is_empty = start.actor.is_empty() && start.reason.is_empty() && start.row_count == 0;
    (!is_empty).then(|| "revisions: revision 0 is not empty".to_owned())
}

/// A change outside of the revisions that are walked, which no link of the chain would miss.
async fn stray_change(connection: &mut PgConnection) -> Result<Option<String>> {
    let sql = "-- changes.stray_change
        select revision, name from changes
        where revision <= 0 or revision > (select max(revision) from revisions)
        order by revision, ordinal limit 1";
    let stray = sqlx::query(sql).fetch_optional(connection).await?;
    let Some(row) = stray else { return Ok(None) };
    let (revision, name): (i64, String) = (row.try_get("revision")?, row.try_get("name")?);
    Ok(Some(format!(
        "changes: revision {revision} {name:?} is of no revision that has rows"
    )))
}

/// The first thing wrong with a revision that follows `before`.
fn fault_of(before: &Token, head: &Head, rows: &[Change], horizon: i64) -> Option<String> {
    let revision = head.token.revision;
    let next = before.revision + 1;
    if revision != next {
        return Some(format!("revisions: revision {next} is missing"));
    }
    for (ordinal, row) in (0..).zip(rows) {
        if row.revision != revision || row.ordinal != ordinal {
            return Some(format!("changes: revision {revision} lacks row {ordinal}"));
        }
        let at = format!("changes: revision {revision} row {ordinal} {:?}", row.name);
        match &row.record {
            Some(record) if record_digest(record)[..] != row.digest[..] => {
                return Some(format!("{at}: the digest is not the record's"));
            }
            None if revision > horizon => {
                return Some(format!("{at}: the record is gone, and was not compacted"));
            }
            None if row.is_superseded != Some(true) => {
                return Some(format!(
                    "{at}: the record is gone, and compaction would have kept it"
                ));
            }
            _ => {}
        }
    }
    if usize::try_from(head.row_count).ok() != Some(rows.len()) {
        let (expected, found) = (head.row_count, rows.len());
        return Some(format!(
            "changes: revision {revision} has {found} rows, not {expected}"
        ));
    }
    let entry = Entry {
        revision,
        commit_time_us: microseconds(head.commit_time),
        actor: &head.actor,
        reason: &head.reason,
    };
    let entry_rows = rows.iter().map(|row| EntryRow {
        kind: &row.kind,
        name: &row.name,
        op: &row.op,
        digest: &row.digest,
    });
    if link(&before.chain, entry, entry_rows) == head.token.chain {
        return None;
    }
    let names: Vec<_> = rows.iter().map(|row| format!("{:?}", row.name)).collect();
    let names = names.join(", ");
    Some(format!(
        "revisions: revision {revision} ({names}): the chain does not follow from its parts"
    ))
}

async fn heads(connection: &mut PgConnection, after: i64, count: i64) -> Result<Vec<Head>> {
    let sql = "-- changes.walk_revisions
        select revision, chain, commit_time, actor, reason, row_count
        from revisions where revision > $1 order by revision limit $2";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(count)
        .fetch_all(connection)
        .await?;
    let head = |row: &PgRow| -> Result<Head, sqlx::Error> {
        Ok(Head {
            token: token_of(row)?,
            commit_time: row.try_get("commit_time")?,
            actor: row.try_get("actor")?,
            reason: row.try_get("reason")?,
            row_count: row.try_get("row_count")?,
        })
    };
    Ok(rows.iter().map(head).collect::<Result<_, _>>()?)
}

/// The horizon that a change says the log was given.
fn horizon_of(row: &Change) -> Option<i64> {
    let is_compacted = row.kind == Kind::Log.as_str() && row.op == Op::Compacted.as_str();
    row.record
        .as_deref()
        .filter(|_| is_compacted)
        .and_then(compact::logged_horizon)
}

/// Changes after one revision, up to another.
fn changes(
    connection: &mut PgConnection,
    (after, last): (i64, i64),
    horizon: i64,
) -> impl Stream<Item = Result<Change>> + Unpin {
    let sql = "-- changes.walk_rows
        select revision, ordinal, kind, name, op, record, digest,
               case when record is null then kind not in ('SOURCE', 'LOG') and (
                 select true from changes newer
                 where newer.name = c.name and newer.revision > c.revision and newer.revision <= $3
                 limit 1) is true end as is_superseded
        from changes c where revision > $1 and revision <= $2 order by revision, ordinal";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(last)
        .bind(horizon)
        .fetch(connection);
    rows.map(|row| {
        let row = row?;
        Ok(Change {
            revision: row.try_get("revision")?,
            ordinal: row.try_get("ordinal")?,
            kind: row.try_get("kind")?,
            name: row.try_get("name")?,
            op: row.try_get("op")?,
            record: row.try_get("record")?,
            is_superseded: row.try_get("is_superseded")?,
            digest: row.try_get("digest")?,
        })
    })
}

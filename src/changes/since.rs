//! The log from a position on, for watchers that the feed does not serve: who resumes, who is slow.

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::changes::delta::{self, Delta, Head, Wanted, within};
use crate::db::forks::fork;
use crate::db::{BEGIN_READ, Db};
use crate::error::{Error, Result};
use crate::reading::{first, read, snapshot_sql};
use crate::route::{Bound, Freshness};
use crate::token::{AskedToken, Chain, Token};

/// Most revisions, and most rows, of one read.
const REVISIONS_MAX: i64 = 200;
const ROWS_MAX: i64 = 500;

/// The revision that a caller's token names, if the log still has all that follows it.
pub async fn position(db: &Db, asked: &AskedToken) -> Result<Token> {
    let sql = snapshot_sql!(
        "changes.position",
        "select tip.*, h.revision as horizon from tip cross join horizon h"
    );
    let freshness = Freshness {
        asked: vec![asked.clone()],
        ..Freshness::of(Bound::Primary)
    };
    let found = read(db, &freshness, |asked| Ok(sqlx::query(sql).bind(asked))).await?;
    let row = first(&found.value)?;
    check_horizon(asked.revision, row.try_get("horizon")?)?;
    let chains: Vec<Option<Vec<u8>>> = row.try_get("asked_chains")?;
    let chain = chains.first().and_then(Option::as_deref);
    Ok(Token {
        revision: asked.revision,
        chain: chain
            .and_then(Chain::from_slice)
            .ok_or_else(|| Error::internal("a revision that was checked is not there"))?,
    })
}

/// What follows the position, up to a revision that is known, as much as one read takes.
pub async fn since(db: &Db, position: &Token, last: i64, wanted: Wanted<'_>) -> Result<Vec<Delta>> {
    let mut reader = db.bulk().reader().await?;
    let begin = db.pooler().begin(BEGIN_READ);
    let read = async {
        let mut tx = reader.connection().begin_with(begin).await?;
        let heads = heads(&mut tx, position, last).await?;
        let deltas = delta::read(&mut tx, position, within(heads, ROWS_MAX), wanted).await?;
        tx.commit().await?;
        Ok(deltas)
    };
    let deltas = db.read_in_time(read).await?;
    reader.done();
    if deltas.iter().all(Delta::is_whole) {
        Ok(deltas)
    } else {
        Err(Error::internal(
            "the log is damaged: a record after the horizon is gone",
        ))
    }
}

/// The revisions after the position, if they are of its history and none was compacted.
async fn heads(connection: &mut PgConnection, position: &Token, last: i64) -> Result<Vec<Head>> {
    let sql = "-- changes.since
        select h.revision as horizon, pg_is_in_recovery() as is_standby, r.*
        from horizon h left join lateral (
          select revision, chain, commit_time, actor, reason, row_count from revisions
          where revision >= $1 and revision <= $2 order by revision limit $3) as r on true
        order by r.revision";
    let rows = sqlx::query(sql)
        .bind(position.revision)
        .bind(last)
        .bind(REVISIONS_MAX)
        .fetch_all(connection)
        .await?;
    // What it lacks may only not have come yet.
    if first(&rows)?.try_get("is_standby")? {
        return Err(Error::standby());
    }
    check_horizon(position.revision, first(&rows)?.try_get("horizon")?)?;
    let mut heads = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<i64>, _>("revision")?.is_some() {
            heads.push(Head::of(row)?);
        }
    }
    if heads.first().map(|head| head.token) != Some(*position) {
        let asked = AskedToken::from(*position);
        return Err(fork(&asked, None));
    }
    heads.remove(0);
    Ok(heads)
}

/// What was done up to the horizon may be compacted.
fn check_horizon(position: i64, horizon: i64) -> Result<()> {
    if position < horizon {
        return Err(Error::RevisionCompacted {
            revision: position,
            oldest: horizon,
        });
    }
    Ok(())
}

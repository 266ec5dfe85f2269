//! Where a server stands: its newest revision, its clock, and whether it is a standby.

use sqlx::Row as _;
use time::OffsetDateTime;

use crate::changes::log::token_of;
use crate::db::Db;
use crate::error::Result;
use crate::token::Token;

#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub token: Token,
    pub is_standby: bool,
    pub clock: OffsetDateTime,
}

impl Standing {
    pub async fn of(db: &Db) -> Result<Self> {
        let sql = "-- changes.standing
            select revision, chain, pg_is_in_recovery() as is_standby, clock_timestamp() as clock
            from revisions order by revision desc limit 1";
        let row = db.fetch_one(|| Ok(sqlx::query(sql))).await?;
        Ok(Self {
            token: token_of(&row)?,
            is_standby: row.try_get("is_standby")?,
            clock: row.try_get("clock")?,
        })
    }
}

/// Whether a revision with this chain is in a server's log.
pub async fn has(db: &Db, token: &Token) -> Result<bool> {
    let sql = "-- changes.has
        select exists (select from revisions where revision = $1 and chain = $2) as has";
    let query = || {
        Ok(sqlx::query(sql)
            .bind(token.revision)
            .bind(&token.chain.0[..]))
    };
    Ok(db.fetch_one(query).await?.try_get("has")?)
}

//! `bulletin reindex`: makes the tables again from the log.

use sqlx::Row as _;

use crate::changes::log::{self, Revision};
use crate::changes::write::{Op, Row};
use crate::changes::{replay, walk};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::tables::Tables;
use crate::token::Token;

/// What was done.
#[derive(Debug)]
pub struct Report {
    pub token: Token,
    pub records: u64,
    /// Rows that differed, and were written.
    pub rows_written: u64,
    /// Why nothing was done: the log itself is damaged.
    pub fault: Option<String>,
}

/// The version of the columns that records give; a database with an older one is filled anew.
pub const PROJECTION_VERSION: i32 = 3;

/// Brings the schema to this release's version, and the tables' columns with it.
pub async fn migrate(db: &Db, tables: &Tables) -> Result<()> {
    db.migrate().await?;
    if projection_version(db).await? < PROJECTION_VERSION {
        let report = reindex(db, tables).await?;
        if let Some(fault) = report.fault {
            return Err(Error::internal(format!("the log is damaged: {fault}")));
        }
    }
    Ok(())
}

/// The version of the columns in the tables.
pub async fn projection_version(db: &Db) -> Result<i32> {
    let sql = "-- projection.version
        select version from projection";
    Ok(db.fetch_one(|| Ok(sqlx::query(sql))).await?.try_get(0)?)
}

/// Holds the head lock throughout: nobody writes meanwhile. A damaged log is left alone.
pub async fn reindex(db: &Db, tables: &Tables) -> Result<Report> {
    let mut connection = db.dedicated().await?;
    let mut tx = sqlx::Connection::begin(&mut connection).await?;
    log::lock_head(&mut tx).await?;
    let walked = walk::walk(&mut tx, None).await?;
    let mut report = Report {
        token: walked.token,
        records: 0,
        rows_written: 0,
        fault: walked.fault,
    };
    if report.fault.is_some() {
        tx.rollback().await?;
        return Ok(report);
    }
    let schema = replay::create_twins(&mut tx).await?;
    report.records = replay::fill_twins(&mut tx, tables).await?;
    report.rows_written = replay::copy_twins(&mut tx, &schema).await?;
    if report.rows_written > 0 {
        // Every process drops its cache on this revision.
        let tip = log::read_tip(&mut tx).await?;
        let row = Row::of_log(Op::Reindexed, Vec::new());
        let revision = Revision {
            actor: "",
            reason: "reindex",
            rows: &[row],
        };
        let tokens = log::append(&mut tx, &tip, &[revision]).await?;
        report.token = tokens.last().copied().unwrap_or(report.token);
    }
    let sql = "-- projection.set
        update projection set version = $1 where version <> $1";
    sqlx::query(sql)
        .bind(PROJECTION_VERSION)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(report)
}

//! `bulletin verify`: is everything that was ever written still there, and nothing else?
//!
//! Without a key this finds accidents, and edits by anyone who did not recompute the chain. Against an
//! owner of the database only a token kept elsewhere proves something.

use crate::changes::{replay, walk};
use crate::db::Db;
use crate::error::Result;
use crate::tables::Tables;
use crate::token::{AskedToken, Token};

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// The newest revision that was reached.
    pub token: Token,
    pub revisions: u64,
    pub changes: u64,
    pub records: u64,
    /// The first difference, in words; nothing when all is well.
    pub fault: Option<String>,
}

/// Walks the chain, then compares every table with what the log says it should hold.
pub async fn verify(db: &Db, tables: &Tables, expected: Option<&AskedToken>) -> Result<Report> {
    let mut connection = db.dedicated().await?;
    let mut tx = replay::begin_snapshot(&mut connection).await?;
    let walked = walk::walk(&mut tx, expected).await?;
    let mut report = Report {
        token: walked.token,
        revisions: walked.revisions,
        changes: walked.changes,
        records: 0,
        fault: walked.fault,
    };
    if report.fault.is_none() {
        let schema = replay::create_twins(&mut tx).await?;
        report.records = replay::fill_twins(&mut tx, tables).await?;
        report.fault = replay::first_difference(&mut tx, &schema).await?;
    }
    tx.rollback().await?;
    Ok(report)
}

/// What is wrong with the end of the log; nothing when the next revision can follow it.
pub async fn fault_of_tip(db: &Db) -> Result<Option<String>> {
    let mut connection = db.dedicated().await?;
    db.pooler().begin_read(&mut connection).await?;
    let fault = walk::fault_of_tip(&mut connection).await?;
    db.pooler().end_read(&mut connection).await?;
    Ok(fault)
}

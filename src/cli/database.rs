//! Commands on the database itself: migrate, seed, verify, reindex, compact.

use anyhow::{Context as _, bail};

use crate::changes::committer::Committer;
use crate::changes::compact::Compaction;
use crate::changes::reindex::{
    PROJECTION_VERSION, migrate as bring_up, projection_version, reindex as reindex_tables,
};
use crate::changes::verify::{fault_of_tip, verify as verify_log};
use crate::cli::count::counted;
use crate::config::{CompactOptions, DatabaseOptions, MigrateOptions, SeedOptions, VerifyOptions};
use crate::db::privileges::grant;
use crate::db::{Db, Unfit};
use crate::seed as seeds;
use crate::server::TABLES;

pub async fn migrate(options: &MigrateOptions) -> anyhow::Result<()> {
    let db = connected(&options.database).await?;
    bring_up(&db, &TABLES)
        .await
        .map_err(Unfit::from)
        .context("the migration failed")?;
    check(&db).await?;
    if let Some(role) = &options.grant_to {
        grant(&db, role).await?;
    }
    println!("the schema is up to date");
    Ok(())
}

pub async fn seed(options: &SeedOptions) -> anyhow::Result<()> {
    let lines = match &options.file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?,
        None => seeds::PAGE.to_owned(),
    };
    let records = seeds::parse(&lines)?;
    let count = records.len();
    let db = checked(&options.database).await?;
    let (committer, task) = Committer::start(db, &TABLES);
    let token = seeds::load(&committer, records).await?;
    drop(committer);
    task.await?;
    let verb = if count == 1 { "is" } else { "are" };
    println!("{} {verb} there as of {token}", counted(count, "record"));
    Ok(())
}

pub async fn verify(options: &VerifyOptions) -> anyhow::Result<()> {
    let db = checked(&options.database).await?;
    let report = verify_log(&db, &TABLES, options.expect.as_ref()).await?;
    if let Some(fault) = report.fault {
        bail!("{fault} (verified up to {})", report.token);
    }
    let revisions = counted(report.revisions, "revision");
    let (changes, records) = (
        counted(report.changes, "change"),
        counted(report.records, "record"),
    );
    println!(
        "{revisions}, {changes} and {records} are sound as of {}",
        report.token
    );
    Ok(())
}

pub async fn reindex(options: &DatabaseOptions) -> anyhow::Result<()> {
    let db = checked(options).await?;
    let report = reindex_tables(&db, &TABLES).await?;
    if let Some(fault) = report.fault {
        bail!("the log itself is damaged, so nothing was changed: {fault}");
    }
    let (rows, written) = (counted(report.records, "row"), report.rows_written);
    println!("{written} of {rows} were written as of {}", report.token);
    Ok(())
}

pub async fn compact(options: &CompactOptions) -> anyhow::Result<()> {
    let db = checked(&options.database).await?;
    let mut compaction = Compaction::begin(&db, &options.before).await?;
    compaction
        .finish()
        .await
        .context("some superseded records may be left; run it again to go on")?;
    let report = compaction.report();
    let (records, bytes) = (report.records, counted(report.bytes, "byte"));
    let records = counted(records, "superseded record");
    let were = if report.records == 1 { "was" } else { "were" };
    let verb = if report.is_moved {
        "moved to"
    } else {
        "stays at"
    };
    println!(
        "{records} of {bytes} {were} emptied; the horizon {verb} {}",
        report.horizon
    );
    Ok(())
}

async fn checked(options: &DatabaseOptions) -> anyhow::Result<Db> {
    let db = connected(options).await?;
    check(&db).await?;
    Ok(db)
}

async fn connected(options: &DatabaseOptions) -> anyhow::Result<Db> {
    let connected = Db::connect(&options.settings()).await;
    let db = connected.context("the database cannot be used")?;
    db.check_direct().await?;
    Ok(db)
}

/// Checks that this release can serve the database.
pub async fn check(db: &Db) -> anyhow::Result<()> {
    db.check().await?;
    let (found, known) = (projection_version(db).await?, PROJECTION_VERSION);
    if found < known {
        bail!(
            "the tables' columns are version {found}, this release needs {known}; run `bulletin migrate`"
        );
    }
    Ok(())
}

/// Checks that the log ends in a sound revision: nothing may be added to a broken one.
pub async fn check_tip(db: &Db) -> anyhow::Result<()> {
    match fault_of_tip(db).await? {
        None => Ok(()),
        Some(fault) => bail!(
            "the newest revision of the log is damaged, so nothing may follow it ({fault}); `bulletin \
             verify` tells more; restore a backup"
        ),
    }
}

//! What Postgres does by itself: one insert a transaction into one table, by as many clients.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

use crate::CLIENTS;
use crate::database::Database;

const TABLE: &str = "create table plain (id bigint generated always as identity primary key, record bytea not null)";

pub enum Plain {
    /// Path of the program and of its script.
    Pgbench(PathBuf, PathBuf),
    /// As many connections of our own, where pgbench is not installed.
    Connections { insert: String },
}

impl Plain {
    pub async fn prepare(database: &Database, record_bytes: i64) -> Result<Self> {
        database.execute(TABLE).await?;
        let record = format!("repeat('r', {record_bytes})::bytea");
        let insert = format!("insert into plain (record) values ({record})");
        let pgbench = database.programs.join("pgbench");
        if !pgbench.is_file() {
            return Ok(Self::Connections { insert });
        }
        let script = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plain.sql");
        fs::write(&script, format!("{insert};\n"))?;
        Ok(Self::Pgbench(pgbench, script))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Pgbench(..) => "pgbench -M prepared",
            Self::Connections { .. } => "32 connections (no pgbench here)",
        }
    }

    /// Commits for this long; returns how many a second.
    pub async fn run(&self, database: &Database, time: Duration) -> Result<f64> {
        match self {
            Self::Connections { insert } => connections(database, insert, time).await,
            Self::Pgbench(program, script) => {
                let mut command = Command::new(program);
                command
                    .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
                    .arg(format!("--client={CLIENTS}"))
                    .arg(format!("--time={}", time.as_secs().max(1)))
                    .arg(format!("--file={}", script.display()))
                    .arg(&database.url);
                let output = tokio::task::spawn_blocking(move || command.output()).await??;
                let said = String::from_utf8_lossy(&output.stdout);
                ensure!(
                    output.status.success(),
                    "pgbench failed: {said}{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
                let tps = tps.and_then(|rest| rest.split(' ').next()?.parse().ok());
                tps.with_context(|| format!("pgbench does not say its rate: {said}"))
            }
        }
    }
}

async fn connections(database: &Database, insert: &str, time: Duration) -> Result<f64> {
    let mut clients = JoinSet::new();
    let mut connections = Vec::new();
    for _ in 0..CLIENTS {
        connections.push(database.connect().await?);
    }
    let started = Instant::now();
    for mut connection in connections {
        let insert: Arc<str> = insert.into();
        clients.spawn(async move {
            let mut count = 0_u64;
            while started.elapsed() < time {
                sqlx::query(AssertSqlSafe(Arc::clone(&insert)))
                    .execute(&mut connection)
                    .await?;
                count += 1;
            }
            Ok::<u64, sqlx::Error>(count)
        });
    }
    let mut count = 0;
    for counted in clients.join_all().await {
        count += counted?;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

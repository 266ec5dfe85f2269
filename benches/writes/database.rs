//! The private Postgres of the benchmark, whose fdatasync can be made slower.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use bulletin::changes::reindex::migrate;
use bulletin::db::{Db, Settings};
use bulletin::embedded::{Options as PostgresOptions, PrivatePostgres};
use bulletin::server::TABLES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// As the service's own default.
const CONNECTIONS_MAX: u32 = 16;

/// What would be counted as work of whatever runs meanwhile.
const SETTINGS: [(&str, &str); 3] = [
    ("autovacuum", "off"),
    ("checkpoint_timeout", "'1h'"),
    ("max_wal_size", "'16GB'"),
];

pub struct Database {
    pub url: String,
    pub programs: PathBuf,
    /// While it exists, fdatasync takes 1 ms more.
    slow_sync: PathBuf,
    postgres: PrivatePostgres,
}

impl Database {
    /// Starts it, empty, with PostgreSQL's programs from this directory.
    pub async fn start(programs: Option<PathBuf>) -> Result<Self> {
        let programs = programs.map_or_else(installed, Ok)?;
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let data = temporary.parent().unwrap_or(temporary).join("bench-data");
        let directory = data.join("writes");
        if directory.exists() {
            fs::remove_dir_all(&directory).context("cannot remove the data of an earlier run")?;
        }
        fs::create_dir_all(&directory)?;
        let slow_sync = directory.join("slow-sync");
        let options = PostgresOptions {
            state_dir: Some(directory.join("state")),
            postgres_bin_dir: Some(preloaded(&programs, &directory, &slow_sync)?),
            ..PostgresOptions::default()
        };
        let postgres = PrivatePostgres::start(&options)?;
        let database = Self {
            url: postgres.database_url(),
            programs,
            slow_sync,
            postgres,
        };
        for (setting, value) in SETTINGS {
            let change = format!("alter system set {setting} = {value}");
            database.execute(&change).await?;
        }
        database.execute("select pg_reload_conf()").await?;
        let db = database.open().await?;
        migrate(&db, &TABLES).await?;
        db.close().await;
        Ok(database)
    }

    pub async fn open(&self) -> Result<Db> {
        let settings = Settings::direct(self.url.clone(), CONNECTIONS_MAX);
        Ok(Db::connect(&settings).await?)
    }

    pub async fn connect(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    pub async fn execute(&self, sql: &str) -> Result<()> {
        let mut connection = self.connect().await?;
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    pub fn set_slow_sync(&self, is_slow: bool) -> Result<()> {
        match is_slow {
            true => fs::write(&self.slow_sync, "")?,
            false if self.slow_sync.exists() => fs::remove_file(&self.slow_sync)?,
            false => {}
        }
        Ok(())
    }

    pub fn process_id(&self) -> u32 {
        self.postgres.process_id()
    }

    pub fn stop(self) -> Result<()> {
        Ok(self.postgres.stop()?)
    }
}

/// The newest programs where Debian puts them.
fn installed() -> Result<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").context("say --postgres-bin-dir")?;
    let mut versions: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    let version = versions.last().context("say --postgres-bin-dir")?;
    Ok(Path::new("/usr/lib/postgresql").join(format!("{version}/bin")))
}

/// A directory of programs whose `postgres` is run with our fdatasync.
fn preloaded(programs: &Path, directory: &Path, slow_sync: &Path) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/writes/slow_sync.c");
    let library = directory.join("slow_sync.so");
    let compiled = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status()
        .context("cc does not run")?;
    ensure!(compiled.success(), "cc failed on {}", source.display());
    let wrapped = directory.join("bin");
    fs::create_dir(&wrapped)?;
    symlink(programs.join("initdb"), wrapped.join("initdb"))?;
    let script = format!(
        "#!/bin/sh\nSLOW_SYNC='{}' LD_PRELOAD='{}' exec '{}' \"$@\"\n",
        slow_sync.display(),
        library.display(),
        programs.join("postgres").display()
    );
    let postgres = wrapped.join("postgres");
    fs::write(&postgres, script)?;
    fs::set_permissions(&postgres, fs::Permissions::from_mode(0o755))?;
    Ok(wrapped)
}

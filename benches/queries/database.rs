//! The private Postgres of the benchmark, with its data kept between runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bulletin::changes::reindex::{PROJECTION_VERSION, migrate};
use bulletin::db::{Db, Settings};
use bulletin::embedded::{Options as PostgresOptions, PrivatePostgres};
use bulletin::server::TABLES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::city::{self, City};
use crate::load;

/// Written when everything is loaded.
const MARK: &str = "loaded";

pub struct Database {
    pub url: String,
    pub directory: PathBuf,
    postgres: PrivatePostgres,
}

impl Database {
    /// Starts it on the data of this city, which is made first if need be.
    pub async fn open(city: &City) -> Result<Self> {
        let directory = directory(city);
        let mark = directory.join(MARK);
        if !mark.exists() && directory.exists() {
            fs::remove_dir_all(&directory).context("cannot remove half-made data")?;
        }
        let options = PostgresOptions {
            state_dir: Some(directory.clone()),
            ..PostgresOptions::default()
        };
        let postgres = PrivatePostgres::start(&options)?;
        let database = Self {
            url: postgres.database_url(),
            directory: directory.clone(),
            postgres,
        };
        let db = database.connect_pool().await?;
        migrate(&db, &TABLES).await?;
        if mark.exists() {
            eprintln!("data of an earlier run: {}", directory.display());
        } else {
            load::load(&database, db.clone(), city).await?;
            fs::write(&mark, "")?;
        }
        db.close().await;
        // Otherwise its work would be counted as that of the calls.
        database.set("autovacuum", "off").await?;
        Ok(database)
    }

    async fn connect_pool(&self) -> Result<Db> {
        let settings = Settings::direct(self.url.clone(), 4);
        Ok(Db::connect(&settings).await?)
    }

    pub async fn connect(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// Changes a setting of the whole server; no value brings its default back.
    pub async fn set(&self, setting: &str, value: &str) -> Result<()> {
        let mut connection = self.connect().await?;
        let change = match value {
            "" => format!("alter system reset {setting}"),
            value => format!("alter system set {setting} = {value}"),
        };
        sqlx::query(AssertSqlSafe(change))
            .execute(&mut connection)
            .await?;
        sqlx::query("select pg_reload_conf()")
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    pub fn process_id(&self) -> u32 {
        self.postgres.process_id()
    }

    pub fn stop(self) -> Result<()> {
        Ok(self.postgres.stop()?)
    }
}

/// Named after all that decides what its rows are; indexes come by migrating.
fn directory(city: &City) -> PathBuf {
    let City {
        seed,
        stations,
        articles,
        statistics,
    } = city;
    let name = format!(
        "{articles}-{statistics}-{stations}-{seed}-{PROJECTION_VERSION}.{}",
        city::VERSION
    );
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().unwrap_or(temporary);
    target.join("bench-data").join(name)
}

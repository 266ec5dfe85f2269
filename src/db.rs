//! Connections to Postgres, migrations, and what a database error means to a caller.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, PgPool};

use crate::error::{Cause, Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How the service connects.
#[derive(Clone, Debug)]
pub struct Settings {
    pub url: String,
    pub connections_max: u32,
    pub acquire_timeout_ms: u64,
}

/// The database.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Connects. The URL may hold a password, so no error repeats it.
    pub async fn connect(settings: &Settings) -> Result<Self> {
        let options = PgConnectOptions::from_str(&settings.url)
            .map_err(|_| {
                let form = "must be a URL such as postgres://user@host:5432/bulletin";
                Error::invalid("DATABASE_URL", form)
            })?
            .application_name("bulletin")
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(1));
        // The pool would try again until its timeout, and then not say why.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections_max)
            .min_connections(1)
            .acquire_timeout(Duration::from_millis(settings.acquire_timeout_ms))
            .test_before_acquire(true)
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection of its own, for work that leaves traces in a session, such as temporary tables.
    pub(crate) async fn dedicated(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.pool.connect_options()).await?)
    }

    /// Brings the schema to this release's version.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATIONS.run(&self.pool).await.map_err(Error::internal)
    }

    /// Checks that this release can serve the database, and says what to do when it cannot.
    pub async fn check(&self) -> Result<(), Unfit> {
        let known = MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        let found = schema_version(&self.pool).await?;
        match found {
            None => return Err(Unfit::NotMigrated),
            Some(found) if found < known => return Err(Unfit::Older { found, known }),
            Some(found) if found > known => return Err(Unfit::Newer { found, known }),
            Some(_) => {}
        }
        let settings = server_settings(&self.pool).await?;
        if settings.version < VERSION_MIN {
            return Err(Unfit::Server(settings.version));
        }
        if settings.encoding != "UTF8" {
            return Err(Unfit::Encoding(settings.encoding));
        }
        if matches!(settings.ctype.as_str(), "C" | "POSIX") {
            return Err(Unfit::Ctype(settings.ctype));
        }
        Ok(())
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// `server_version_num` of the oldest Postgres served.
const VERSION_MIN: i32 = 140_000;

/// Why this release cannot serve a database.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("the database has no bulletin schema; run `bulletin migrate`")]
    NotMigrated,
    #[error("the schema is version {found}, this release needs {known}; run `bulletin migrate`")]
    Older { found: i64, known: i64 },
    #[error("the schema is version {found}, newer than this release's {known}; upgrade bulletin")]
    Newer { found: i64, known: i64 },
    #[error("Postgres {0} is too old; 140000 (14.0) is the oldest served")]
    Server(i32),
    #[error("the database's encoding is {0:?}; create it with encoding UTF8")]
    Encoding(String),
    #[error("the database's lc_ctype is {0:?}, which knows no Chinese; create it with C.UTF-8")]
    Ctype(String),
    #[error(transparent)]
    Unreachable(#[from] Error),
}

async fn schema_version(pool: &PgPool) -> Result<Option<i64>> {
    let sql = "-- db.schema_table
        select to_regclass('_sqlx_migrations') is not null and to_regclass('revisions') is not null";
    let is_there: bool = sqlx::query_scalar(sql).fetch_one(pool).await?;
    if !is_there {
        return Ok(None);
    }
    let sql = "-- db.schema_version
        select max(version) from _sqlx_migrations where success";
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

#[derive(sqlx::FromRow)]
struct ServerSettings {
    version: i32,
    encoding: String,
    ctype: String,
}

async fn server_settings(pool: &PgPool) -> Result<ServerSettings> {
    let sql = "-- db.server_settings
        select current_setting('server_version_num')::integer as version,
               pg_encoding_to_char(encoding)::text as encoding,
               datcollate::text as collate, datctype::text as ctype
        from pg_database where datname = current_database()";
    Ok(sqlx::query_as(sql).fetch_one(pool).await?)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unreachable(&error) {
            Error::NoPrimary(Cause::from(error))
        } else {
            Error::internal(error)
        }
    }
}

/// Whether the server was out of reach, rather than answering that the statement is wrong.
pub(crate) fn is_unreachable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // A connection that ends in the middle of a message.
        sqlx::Error::Protocol(_) => true,
        // Connection exceptions, shutdown, start-up and recovery, too many connections, read-only, and
        // a connection that the server ended since this process was stalled in a transaction.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08")
                || code.starts_with("57P")
                || matches!(&*code, "53300" | "25006" | "25P03")
        }),
        _ => false,
    }
}

//! Connections to Postgres, migrations, and what a database error means to a caller.

mod shelf;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection as _, PgConnection, PgPool, Postgres, Transaction};

use crate::db::shelf::{Reader, Shelf};
use crate::error::{Cause, Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How the service connects.
#[derive(Clone, Debug)]
pub struct Settings {
    pub url: String,
    pub connections_max: u32,
    pub acquire_timeout_ms: u64,
}

/// A statement that only reads.
type Read<'q> = Query<'q, Postgres, PgArguments>;

/// The database.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    shelf: Arc<Shelf>,
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
        let shelf = Arc::new(Shelf::of(settings.connections_max));
        Ok(Self { pool, shelf })
    }

    /// A connection for one read.
    pub(crate) async fn reader(&self) -> Result<Reader> {
        if let Some(connection) = self.shelf.take() {
            return Ok(self.reader_on(connection, true));
        }
        let waits = self.shelf.wait();
        // What was kept before others knew of the wait is not given to the pool any more.
        let reader = match self.shelf.take() {
            Some(connection) => self.reader_on(connection, true),
            None => self.reader_on(self.pool.acquire().await?, false),
        };
        drop(waits);
        Ok(reader)
    }

    fn reader_on(&self, connection: PoolConnection<Postgres>, was_kept: bool) -> Reader {
        Reader::new(connection, was_kept, &self.shelf)
    }

    /// A connection in the place of one that was kept and turns out to be dead: others that were kept
    /// will be too. Nothing for one that the pool gave, or for any other error.
    pub(crate) async fn instead(&self, failed: Reader, error: &Error) -> Result<Option<Reader>> {
        if !failed.was_kept() || !matches!(error, Error::NoPrimary(_)) {
            return Ok(None);
        }
        drop(failed);
        self.shelf.clear();
        let _waits = self.shelf.wait();
        let connection = self.pool.acquire().await?;
        Ok(Some(self.reader_on(connection, false)))
    }

    /// Runs a read, and gives all its rows.
    pub(crate) async fn fetch_all<'q>(
        &self,
        query: impl Fn() -> Result<Read<'q>>,
    ) -> Result<Vec<PgRow>> {
        let mut reader = self.reader().await?;
        let mut fetched = rows(query()?, reader.connection()).await;
        if let Err(error) = fetched {
            reader = match self.instead(reader, &error).await? {
                Some(reader) => reader,
                None => return Err(error),
            };
            fetched = rows(query()?, reader.connection()).await;
        }
        if fetched.is_ok() {
            reader.done();
        }
        fetched
    }

    /// Runs a read that has one row.
    pub(crate) async fn fetch_one<'q>(
        &self,
        query: impl Fn() -> Result<Read<'q>>,
    ) -> Result<PgRow> {
        let rows = self.fetch_all(query).await?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::internal(sqlx::Error::RowNotFound))
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let _waits = self.shelf.wait();
        self.pool.begin_with(statement).await
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
        self.shelf.close();
        self.pool.close().await;
    }
}

async fn rows(query: Read<'_>, connection: &mut PgConnection) -> Result<Vec<PgRow>> {
    Ok(query.fetch_all(connection).await?)
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

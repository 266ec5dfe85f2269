//! Connections to Postgres, migrations, and what a database error means to a caller.

mod fitness;
pub mod forks;
pub mod history;
mod polls;
mod pooler;
pub mod privileges;
mod replicas;
pub mod rows;
mod seen;
mod server;
mod settings;
mod shelf;
mod unconnected;
mod writer;

use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection as _, PgConnection, Postgres, Transaction};

use crate::cache::loads::Loads;
use crate::db::history::History;
use crate::error::{Cause, Error, Result};

pub use self::fitness::Unfit;
pub(crate) use self::pooler::BEGIN_READ;
pub use self::pooler::Pooler;
use self::pooler::{is_pooled, is_refused_by_pooler};
pub(crate) use self::replicas::{Replica, Replicas, jittered};
use self::server::Connections;
pub(crate) use self::server::Server;
pub use self::settings::Settings;
pub(crate) use self::shelf::Reader;
use self::unconnected::{in_vain, unconnected};
pub(crate) use self::writer::{Beginning, Writer};

/// How long a database that does not answer is asked for a connection at the start.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a write waits for a connection while the primary is taken for lost.
const LOST_WAIT: Duration = Duration::from_secs(1);

/// How long a primary that seems gone is waited for all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often who waits for the primary's answer asks whether it is lost.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Connections for exports, snapshots and watches that catch up: kept apart, so that no read waits
/// behind one of them.
const BULK_CONNECTIONS_MAX: u32 = 4;

/// How long a read for an export, an import or a watch may take, which no deadline bounds.
const BULK_TIME_MAX: Duration = Duration::from_secs(30);

/// A statement that only reads.
type Read<'q> = Query<'q, Postgres, PgArguments>;

/// The database.
#[derive(Clone, Debug)]
pub struct Db {
    primary: Server,
    bulk: Server,
    replicas: Arc<Replicas>,
    pooler: Pooler,
    history: Arc<OnceLock<Arc<History>>>,
    loads: Arc<Loads>,
}

impl Db {
    /// Connects. A URL may hold a password, so no error repeats it.
    pub async fn connect(settings: &Settings) -> Result<Self, Unfit> {
        let pooler = settings.pooler;
        let options = connect_options("DATABASE_URL", &settings.url, pooler)?;
        let replicas: Vec<PgConnectOptions> = settings
            .replica_urls
            .iter()
            .map(|url| connect_options("DATABASE_REPLICA_URLS", url, pooler))
            .collect::<Result<_>>()?;
        try_connection(&options).await?;
        let connections = Connections {
            max: settings.connections_max,
            acquire_timeout_ms: settings.acquire_timeout_ms,
            pooler,
            begin_read: pooler.begin_abandonable(),
        };
        let bulk = Connections {
            max: BULK_CONNECTIONS_MAX,
            ..connections
        };
        Ok(Self {
            bulk: Server::connect_lazy(options.clone(), bulk),
            primary: Server::connect(options, connections).await?,
            replicas: Arc::new(Replicas::of(replicas, settings.connections_max, pooler)),
            pooler,
            history: Arc::default(),
            loads: Arc::default(),
        })
    }

    pub(crate) fn pooler(&self) -> Pooler {
        self.pooler
    }

    /// Refuses a pooler in transaction mode, for work that needs one session throughout.
    pub async fn check_direct(&self) -> Result<(), Unfit> {
        match self.is_pooled().await? {
            true => Err(Unfit::Pooled),
            false => Ok(()),
        }
    }

    /// Whether a pooler gives each transaction another session.
    pub async fn is_pooled(&self) -> Result<bool> {
        let options = self.primary.pool().connect_options();
        let asked = tokio::time::timeout(CONNECT_TIME_MAX, is_pooled(&options)).await;
        asked.unwrap_or_else(|_| Err(Error::NoPrimary("no connection in time".into())))
    }

    pub(crate) fn primary(&self) -> &Server {
        &self.primary
    }

    /// The primary, for reads that take long.
    pub(crate) fn bulk(&self) -> &Server {
        &self.bulk
    }

    pub(crate) fn replicas(&self) -> &Replicas {
        &self.replicas
    }

    /// Reads of single records that share statements.
    pub(crate) fn loads(&self) -> &Loads {
        &self.loads
    }

    /// What the process knows of the log's history, once something follows it.
    pub(crate) fn history(&self) -> Option<&Arc<History>> {
        self.history.get()
    }

    /// Lets reads know the history that is followed.
    pub(crate) fn follow(&self, history: Arc<History>) -> Result<()> {
        let taken = self.history.set(history);
        taken.map_err(|_| Error::internal("the history is followed twice"))
    }

    /// Gives up the connections to the primary, since they may lead to a server that was replaced.
    pub(crate) fn renew_primary(&self) {
        self.primary.renew();
        self.bulk.renew();
    }

    /// Gives up every connection that is kept.
    pub(crate) fn renew_all(&self) {
        self.renew_primary();
        for replica in self.replicas.all() {
            replica.server.renew();
        }
    }

    /// Runs a read on the primary, and gives all its rows.
    pub(crate) async fn fetch_all<'q>(
        &self,
        query: impl Fn() -> Result<Read<'q>>,
    ) -> Result<Vec<PgRow>> {
        loop {
            let mut reader = self.in_time(self.primary.reader()).await?;
            let rows = reader.rows(query()?).await;
            if let Some(rows) = self.primary.ended(reader, rows) {
                return rows;
            }
        }
    }

    /// Runs a read on the primary that has one row.
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
        self.in_time(self.primary.begin(statement)).await
    }

    /// A connection to the primary that no pool looks after.
    pub(crate) async fn detached(&self) -> Result<PgConnection, sqlx::Error> {
        self.in_time(self.primary.detached()).await
    }

    /// While the primary is taken for lost, a connection to it is not waited for until the end.
    async fn in_time<T, E: From<sqlx::Error>>(
        &self,
        connection: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self.is_silent() {
            false => connection.await,
            true => tokio::time::timeout(LOST_WAIT, connection)
                .await
                .unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into())),
        }
    }

    /// Whether waiting for the primary has become pointless.
    fn is_silent(&self) -> bool {
        self.history().is_some_and(|history| history.is_silent())
    }

    /// What the primary answers, unless it takes too long, or has long been silent. A server that
    /// vanishes without a word leaves its connections as they are: nothing but time tells.
    pub(crate) async fn answer<T>(
        &self,
        time_max: Duration,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        let mut answer = std::pin::pin!(answer);
        let asked = Instant::now();
        loop {
            if let Ok(answer) = tokio::time::timeout(LOOK_INTERVAL, &mut answer).await {
                return Some(answer);
            }
            let waited = asked.elapsed();
            if waited >= time_max || waited >= PATIENCE && self.is_silent() {
                return None;
            }
        }
    }

    /// What a read comes to that no deadline bounds.
    pub(crate) async fn read_in_time<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        let late = || Err(Error::NoPrimary("no answer in time".into()));
        let read = self.answer(BULK_TIME_MAX, read).await;
        read.unwrap_or_else(late)
    }

    /// A connection of its own, for work that leaves traces in a session, such as temporary tables.
    pub(crate) async fn dedicated(&self) -> Result<PgConnection> {
        Ok(self.primary.dedicated().await?)
    }

    pub async fn close(&self) {
        for replica in self.replicas.all() {
            replica.server.close().await;
        }
        self.bulk.close().await;
        self.primary.close().await;
    }
}

fn connect_options(field: &str, url: &str, pooler: Pooler) -> Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        let form = "must be a URL such as postgres://user@host:5432/bulletin";
        Error::invalid(field, form)
    })?;
    let options = options
        .application_name("bulletin")
        .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(1));
    Ok(pooler.connect_options(options))
}

/// The pool would try again until its timeout, and then not say why.
async fn try_connection(options: &PgConnectOptions) -> Result<(), Unfit> {
    let connected = tokio::time::timeout(CONNECT_TIME_MAX, PgConnection::connect_with(options));
    let connected = connected.await;
    match connected.map_err(|_| in_vain(options, CONNECT_TIME_MAX))? {
        Ok(connection) => Ok(connection.close().await.map_err(Error::from)?),
        Err(error) if is_refused_by_pooler(&error) => Err(Error::invalid(
            "DATABASE_URL",
            "leads to a pooler: give `serve` the option --database-pooler transaction, and other \
             commands a direct connection",
        )
        .into()),
        Err(error) => Err(unconnected(options, error)),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unreachable(&error) {
            Error::NoPrimary(Cause::from(error))
        } else if is_interrupted(&error) {
            Error::Interrupted(Cause::from(error))
        } else {
            Error::internal(error)
        }
    }
}

/// Whether the server ended the statement: in conflict with a standby's replay, or after too long.
fn is_interrupted(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| matches!(&*code, "40001" | "57014"))
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
        // Connection exceptions, shutdown, start-up and recovery, no connection, memory or disk left, its
        // files failing, read-only, and a connection that the server ended since this process was stalled
        // in a transaction.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08")
                || code.starts_with("57P")
                || code.starts_with("53")
                || matches!(&*code, "58030" | "25006" | "25P03")
        }),
        _ => false,
    }
}

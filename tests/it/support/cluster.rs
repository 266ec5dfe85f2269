//! One private Postgres a test process, one database a test.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bulletin::changes::reindex;
use bulletin::db::{Db, Pooler, Settings};
use bulletin::embedded::{Options, PrivatePostgres};
use bulletin::server::TABLES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

const TEMPLATE: &str = "it_template";

static CLUSTER: OnceLock<PrivatePostgres> = OnceLock::new();
static TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A migrated, empty database of a test's own.
#[derive(Clone, Debug)]
pub struct Database {
    pub url: String,
    pub name: String,
}

impl Database {
    pub async fn create() -> Self {
        TEMPLATE_MADE.get_or_init(make_template).await;
        let name = format!("it_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        admin(&format!("create database {name} template {TEMPLATE}")).await;
        Self {
            url: url_of(&name),
            name,
        }
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub fn settings(&self) -> Settings {
        Settings {
            url: self.url.clone(),
            replica_urls: Vec::new(),
            connections_max: 8,
            acquire_timeout_ms: 10_000,
            pooler: Pooler::None,
        }
    }

    pub async fn open(&self) -> Db {
        Db::connect(&self.settings()).await.unwrap()
    }

    /// Runs SQL as somebody would who tampers with the database.
    pub async fn tamper(&self, sql: &str) -> u64 {
        let mut connection = self.connect().await;
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql)
            .execute(&mut connection)
            .await
            .unwrap()
            .rows_affected()
    }
}

/// The process's cluster. Its directory is kept between runs, which saves making it anew; each of
/// several test processes at once takes another.
pub fn cluster() -> &'static PrivatePostgres {
    CLUSTER.get_or_init(|| {
        let starts = (0..32).map(|place| PrivatePostgres::start(&options(place)));
        let mut failures = Vec::new();
        for start in starts {
            match start {
                Ok(cluster) => return cluster,
                Err(error) => failures.push(error.to_string()),
            }
        }
        panic!("no cluster could be started: {failures:#?}");
    })
}

fn options(place: u32) -> Options {
    let name = format!("bulletin-it-{}-{place}", rustix::process::getuid().as_raw());
    let state_dir: PathBuf = std::env::temp_dir().join(name);
    Options {
        state_dir: Some(state_dir),
        ..Options::default()
    }
}

fn url_of(database: &str) -> String {
    cluster()
        .database_url()
        .replacen("/bulletin?", &format!("/{database}?"), 1)
}

/// Runs a statement in the cluster's own database.
pub async fn admin(sql: &str) {
    let mut connection = PgConnection::connect(&cluster().database_url())
        .await
        .unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
}

/// Drops what an earlier run left, and migrates the database that all others are copies of.
async fn make_template() {
    let mut connection = PgConnection::connect(&cluster().database_url())
        .await
        .unwrap();
    let left: Vec<String> =
        sqlx::query_scalar("select datname::text from pg_database where datname like 'it\\_%'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    for name in left {
        admin(&format!("drop database if exists {name} with (force)")).await;
    }
    admin(&format!("create database {TEMPLATE}")).await;
    let settings = Settings {
        url: url_of(TEMPLATE),
        replica_urls: Vec::new(),
        connections_max: 2,
        acquire_timeout_ms: 10_000,
        pooler: Pooler::None,
    };
    let db = Db::connect(&settings).await.unwrap();
    reindex::migrate(&db, &TABLES).await.unwrap();
    db.close().await;
}

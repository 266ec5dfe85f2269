//! One private Postgres a test process, one database a test; and the way that services reach it, which
//! the variable BULLETIN_IT_DATABASE names.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bulletin::changes::reindex;
use bulletin::db::{Db, Pooler, Settings};
use bulletin::embedded::{Options, PrivatePostgres};
use bulletin::server::TABLES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

use super::pgbouncer::PgBouncer;
use super::replication::Node;

const TEMPLATE: &str = "it_template";

static CLUSTER: OnceLock<PrivatePostgres> = OnceLock::new();
static TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
static POOLER: OnceLock<PgBouncer> = OnceLock::new();
static STANDBY: OnceLock<Node> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A migrated, empty database of a test's own.
#[derive(Clone, Debug)]
pub struct Database {
    pub url: String,
    pub name: String,
}

impl Database {
    pub async fn create() -> Self {
        TEMPLATE_MADE.get_or_init(prepare).await;
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

    /// How a service reaches it, on the way this run goes.
    pub fn settings(&self) -> Settings {
        let direct = Settings::direct(self.url.clone(), 8);
        // Others, such as those behind a proxy, are reached as their tests say.
        if self.url != url_of(&self.name) {
            return direct;
        }
        match way() {
            Way::Primary => direct,
            Way::PgBouncer => Settings {
                url: pgbouncer().url(&self.name),
                pooler: Pooler::Transaction,
                ..direct
            },
            Way::Replica => Settings {
                replica_urls: vec![url_on(&standby().database().url, &self.name)],
                ..direct
            },
        }
    }

    /// Connects directly, whatever the way, as commands do.
    pub async fn open(&self) -> Db {
        let settings = Settings::direct(self.url.clone(), 8);
        Db::connect(&settings).await.unwrap()
    }

    /// Connects as a service does.
    pub async fn open_for_service(&self) -> Db {
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
    if way() == Way::Replica {
        // Its settings, and the standby, are of this run.
        return Options {
            ephemeral: true,
            ..Options::default()
        };
    }
    let name = format!("bulletin-it-{}-{place}", rustix::process::getuid().as_raw());
    let state_dir: PathBuf = std::env::temp_dir().join(name);
    Options {
        state_dir: Some(state_dir),
        ..Options::default()
    }
}

fn url_of(database: &str) -> String {
    url_on(&cluster().database_url(), database)
}

/// Another database of a server.
fn url_on(url: &str, database: &str) -> String {
    url.replacen("/bulletin?", &format!("/{database}?"), 1)
}

/// How services reach the databases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Directly.
    Primary,
    /// Through PgBouncer in transaction mode.
    PgBouncer,
    /// Writes on the primary, and reads on a standby that commits wait for.
    Replica,
}

pub fn way() -> Way {
    match std::env::var("BULLETIN_IT_DATABASE").as_deref() {
        Err(_) | Ok("" | "primary") => Way::Primary,
        Ok("pgbouncer") => Way::PgBouncer,
        Ok("replica") => Way::Replica,
        Ok(other) => {
            panic!("BULLETIN_IT_DATABASE must be primary, pgbouncer or replica, got {other:?}")
        }
    }
}

/// The run's PgBouncer, when it goes that way.
pub fn pgbouncer() -> &'static PgBouncer {
    POOLER.get().expect("a database is created first")
}

/// The run's standby, when it goes that way.
pub fn standby() -> &'static Node {
    STANDBY.get().expect("a database is created first")
}

/// Makes the template, and what stands on this run's way.
async fn prepare() {
    make_template().await;
    let database = Database {
        url: cluster().database_url(),
        name: "bulletin".to_owned(),
    };
    match way() {
        Way::Primary => {}
        Way::PgBouncer => {
            POOLER
                .get_or_init(|| PgBouncer::before(&database))
                .ready()
                .await
        }
        Way::Replica => {
            let standby = Node::standby_of_server(cluster(), &database).await;
            for sql in [
                "alter system set synchronous_commit = remote_apply",
                "alter system set synchronous_standby_names = '*'",
                "select pg_reload_conf()",
            ] {
                admin(sql).await;
            }
            assert!(STANDBY.set(standby).is_ok(), "it is prepared once");
        }
    }
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
    let settings = Settings::direct(url_of(TEMPLATE), 2);
    let db = Db::connect(&settings).await.unwrap();
    reindex::migrate(&db, &TABLES).await.unwrap();
    db.close().await;
}

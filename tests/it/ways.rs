//! The way a run goes to its database is the way it says: through PgBouncer, or with reads on a standby.

use crate::support::{Database, Service, Way, pgbouncer, standby, until, way};

const CALLS: i64 = 50;

/// Reads that follow a write each, without asking for more than the default.
async fn write_and_read(service: &Service) {
    for number in 0..CALLS {
        let created = service.create_station(&format!("s{number}")).await.unwrap();
        assert_eq!(service.station(&created.name).await, created);
    }
}

#[tokio::test]
async fn calls_go_the_way_that_the_run_names() {
    let service = Service::start().await;
    let name = service.database.name.clone();
    match way() {
        Way::Primary => write_and_read(&service).await,
        Way::PgBouncer => {
            let before = pgbouncer().transactions(&name).await;
            write_and_read(&service).await;
            // PgBouncer counts from time to time.
            until("every call was passed on", async || {
                pgbouncer().transactions(&name).await - before >= 2 * CALLS
            })
            .await;
        }
        Way::Replica => {
            // On the primary nobody reads this table.
            write_and_read(&service).await;
            until("the standby's reads are counted", async || {
                reads(&name).await >= CALLS * 9 / 10
            })
            .await;
        }
    }
}

/// How many transactions the standby has run on a database.
async fn reads(name: &str) -> i64 {
    let sql =
        format!("select pg_stat_get_db_xact_commit(oid) from pg_database where datname = '{name}'");
    standby().ask(&sql).await
}

/// The pooler is noticed where it is not named, and where it is of no use.
#[tokio::test]
async fn a_command_behind_a_pooler_says_that_it_needs_a_direct_connection() {
    use bulletin::db::{Db, Pooler, Settings};

    use crate::support::pgbouncer::PgBouncer;
    use crate::support::program::run;

    let database = Database::create().await;
    let pooler = PgBouncer::before(&database);
    pooler.ready().await;
    let url = pooler.url(&database.name);
    for command in ["migrate", "verify", "reindex", "seed", "compact --before 0"] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--database-url", &url]);
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(1), "{command}: {ended:?}");
        assert!(
            ended.stderr.contains("direct connection"),
            "{command}: {ended:?}"
        );
    }
    let settings = Settings {
        url,
        pooler: Pooler::Transaction,
        ..database.settings()
    };
    let db = Db::connect(&settings).await.unwrap();
    let refused = db.check_direct().await.unwrap_err();
    assert!(
        refused.to_string().contains("direct connection"),
        "{refused}"
    );
    db.check().await.unwrap();
    db.close().await;
    let direct = database.open().await;
    direct.check_direct().await.unwrap();
    direct.close().await;
}

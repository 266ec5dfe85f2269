//! `reindex` makes the tables again from the log, while others read and write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bulletin::changes::reindex::{Report, migrate, reindex};
use bulletin::pb::{Article, ListArticlesRequest, SearchArticlesRequest};
use bulletin::server::TABLES;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::task::JoinSet;

use crate::support::history::{owner, service_with_history};
use crate::support::log::{Acknowledged, check_acknowledged, check_order};
use crate::support::{Database, HeadLock, Service};

async fn run(database: &Database) -> Report {
    let db = database.open().await;
    let report = reindex(&db, &TABLES).await.unwrap();
    db.close().await;
    report
}

async fn damage(database: &Database, sql: &'static str) {
    let mut owner = owner(database).await;
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
}

/// Every byte of every row of the tables that are made from the log.
async fn digests(connection: &mut PgConnection) -> [String; 4] {
    let sql = "select
        (select md5(string_agg(t::text, '|' order by sha256)) from sources t),
        (select md5(string_agg(t::text, '|' order by name)) from stations t),
        (select md5(string_agg(t::text, '|' order by name)) from articles t),
        (select md5(string_agg(t::text, '|' order by name)) from statistics t)";
    let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
    [0, 1, 2, 3].map(|at| row.try_get(at).unwrap_or_default())
}

/// The newest revision's rows, as the log has them.
async fn newest(connection: &mut PgConnection) -> Vec<String> {
    let sql = "select r.revision || ' ' || r.reason || ' ' || kind || ' ' || name || ' ' || op
        from revisions r join changes using (revision)
        where revision = (select max(revision) from revisions) order by ordinal";
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}

/// As an upgrade meets it: the columns are new, and have their defaults.
#[tokio::test]
async fn a_migration_fills_the_columns_that_an_older_release_did_not_have() {
    let service = Service::seeded().await;
    let mut connection = service.database.connect().await;
    let whole = digests(&mut connection).await;
    damage(
        &service.database,
        "update articles set search = '';
         update stations set near_forms = '{}';
         update statistics set station_years = '{}';
         update projection set version = 2",
    )
    .await;
    let find = async || {
        let request = SearchArticlesRequest {
            query: "枫桥经验".into(),
            ..Default::default()
        };
        let found = service.articles().search_articles(request).await;
        found.unwrap().into_inner().results.len()
    };
    assert_eq!(find().await, 0);
    let db = service.database.open().await;
    migrate(&db, &TABLES).await.unwrap();
    assert_eq!(find().await, 1);
    assert_eq!(digests(&mut connection).await, whole);
    // Once is enough.
    let head = service.head().await.revision;
    migrate(&db, &TABLES).await.unwrap();
    assert_eq!(service.head().await.revision, head);
    db.close().await;
}

#[tokio::test]
async fn tables_come_back_byte_for_byte_in_one_logged_revision() {
    let service = service_with_history().await;
    let database = &service.database;
    let mut connection = database.connect().await;
    let whole = digests(&mut connection).await;
    let before = service.head().await.revision;
    // Three changed, two lacking, two too many.
    damage(
        database,
        "update articles set record = set_byte(record, 9, 0) where name = 'articles/a1';
         update stations set merged_into = 'x' where name in ('stations/mps', 'stations/s1');
         delete from statistics where name = 'articles/a1/statistics/s1';
         delete from sources where sha256 = (select min(sha256) from sources);
         insert into sources values ('forged', 'text');
         insert into stations select 'stations/forged', revision, record, is_deleted, parent,
             merged_into from stations limit 1",
    )
    .await;
    assert!(service.fault().await.is_some());
    let damaged = digests(&mut connection).await;
    assert!(
        whole
            .iter()
            .zip(&damaged)
            .all(|(whole, damaged)| whole != damaged)
    );

    let report = run(database).await;
    assert_eq!((report.fault, report.rows_written), (None, 7));
    assert_eq!(digests(&mut connection).await, whole);
    assert_eq!(report.token.to_string(), service.head().await.token);
    let logged = format!("{} reindex LOG log REINDEXED", before + 1);
    assert_eq!(newest(&mut connection).await, [logged.as_str()]);
    assert_eq!(service.fault().await, None);

    let again = run(database).await;
    assert_eq!((again.fault, again.rows_written), (None, 0));
    assert_eq!(again.token, report.token);
    assert_eq!(newest(&mut connection).await, [logged]);
}

#[tokio::test]
async fn tables_that_are_empty_are_filled() {
    let service = service_with_history().await;
    let mut connection = service.database.connect().await;
    let whole = digests(&mut connection).await;
    damage(
        &service.database,
        "truncate sources, stations, articles, statistics",
    )
    .await;
    let report = run(&service.database).await;
    assert_eq!((report.fault, report.rows_written), (None, report.records));
    assert_eq!(digests(&mut connection).await, whole);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_damaged_log_is_not_reindexed_from() {
    let service = service_with_history().await;
    let database = &service.database;
    damage(
        database,
        "update changes set record = set_byte(record, 9, 0) where name = 'articles/a1';
         delete from statistics",
    )
    .await;
    let mut connection = database.connect().await;
    let (before, head) = (digests(&mut connection).await, service.head().await);
    let report = run(database).await;
    let fault = report.fault.unwrap();
    assert!(fault.contains("\"articles/a1\""), "{fault}");
    assert_eq!(report.rows_written, 0);
    assert_eq!(digests(&mut connection).await, before);
    assert_eq!(service.head().await, head);
}

#[tokio::test]
async fn a_reader_never_sees_a_table_without_its_rows() {
    let service = Arc::new(service_with_history().await);
    let database = service.database.clone();
    // One snapshot, read from before the reindexing and after it.
    let mut early = database.connect().await;
    let begin = "begin isolation level repeatable read";
    sqlx::raw_sql(begin).execute(&mut early).await.unwrap();
    damage(&database, "update articles set source_sha256 = 'x' || name").await;
    let before = digests(&mut early).await;

    let listed = list(&service).await;
    assert!(!listed.is_empty());
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (service, listed) = (Arc::clone(&service), listed.clone());
        let is_over = Arc::clone(&is_over);
        readers.spawn(async move {
            let mut count = 0;
            while !is_over.load(Ordering::SeqCst) {
                assert_eq!(list(&service).await, listed);
                count += 1;
            }
            count
        });
    }
    for _ in 0..5 {
        damage(&database, "update articles set source_sha256 = 'x' || name").await;
        let report = run(&database).await;
        assert!(report.rows_written > 0);
    }
    is_over.store(true, Ordering::SeqCst);
    let counts = readers.join_all().await;
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(digests(&mut early).await, before);
    assert_eq!(service.fault().await, None);
}

async fn list(service: &Service) -> Vec<Article> {
    let request = ListArticlesRequest::default();
    let page = service.articles().list_articles(request).await.unwrap();
    page.into_inner().articles
}

#[tokio::test]
async fn writers_and_a_reindex_take_turns() {
    let service = Arc::new(service_with_history().await);
    let database = service.database.clone();
    let mut lock = HeadLock::take(&database).await;
    damage(&database, "update stations set merged_into = 'x'").await;
    let call = |id: &'static str| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.create_station(id).await })
    };
    let before = call("before-reindex");
    lock.wait_for_writers(1).await;
    let reindexing = {
        let database = database.clone();
        tokio::spawn(async move { run(&database).await })
    };
    lock.wait_for_writers(2).await;
    let after = Service::on(database.clone()).await;
    let after = tokio::spawn(async move { after.create_station("after-reindex").await });
    lock.wait_for_writers(3).await;
    lock.release().await;
    let (before, after) = (before.await.unwrap(), after.await.unwrap());
    let (before, after) = (before.unwrap(), after.unwrap());
    let report = reindexing.await.unwrap();
    assert_eq!(report.token.revision, before.revision + 1);
    assert_eq!(after.revision, before.revision + 2);
    let acknowledged = [Acknowledged::of(&before), Acknowledged::of(&after)];
    check_acknowledged(&database, &acknowledged).await;
    check_order(&database).await;
    assert_eq!(service.fault().await, None);
}

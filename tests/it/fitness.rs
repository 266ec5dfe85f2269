//! What `serve` starts on and what it refuses, the role that it runs as, and what `doctor` says of both.

use bulletin::db::Settings;
use bulletin::pb::{Article, CreateArticleRequest, ListArticlesRequest, UpdateArticleRequest};
use sqlx::{Connection as _, PgConnection};

use crate::support::history::owner;
use crate::support::program::{Ended, Program, run};
use crate::support::{Database, Service, mask};

const DONE: Option<i32> = Some(0);
const FAILED: Option<i32> = Some(1);

async fn doctor(url: &str, more: &[&str]) -> Ended {
    run(&[&["doctor", "--database-url", url], more].concat()).await
}

/// The line about a subject.
#[track_caller]
fn line<'a>(ended: &'a Ended, subject: &str) -> &'a str {
    let about = |line: &&str| {
        line.split_once("  ")
            .is_some_and(|(_, rest)| rest.trim_start().starts_with(&format!("{subject}: ")))
    };
    let line = ended.stdout.lines().find(about);
    line.unwrap_or_else(|| panic!("nothing about {subject}: {ended:?}"))
}

#[track_caller]
fn says(ended: &Ended, subject: &str, outcome: &str, what: &str) {
    let line = line(ended, subject);
    assert!(line.starts_with(outcome) && line.contains(what), "{line:?}");
}

#[track_caller]
fn refuses(ended: &Ended, reason: &str) {
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (FAILED, ""),
        "{ended:?}"
    );
    assert!(ended.stderr.contains(reason), "{ended:?}");
}

async fn serve(database: &Database) -> Ended {
    run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        &database.url,
    ])
    .await
}

/// As the next release would leave it, served by releases from `floor` on.
async fn migrated_further(floor: i64) -> Database {
    let database = Database::create().await;
    database
        .tamper(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             select max(version) + 1, 'of the next release', true, '', 0 from _sqlx_migrations",
        )
        .await;
    let sql = format!("update schema_floor set version = {floor}");
    database.tamper(&sql).await;
    database
}

async fn newest_schema(database: &Database) -> i64 {
    let mut connection = database.connect().await;
    let sql = "select max(version) from _sqlx_migrations";
    sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_newer_schema_is_served_as_long_as_it_says_that_it_can_be() {
    let known = newest_schema(&Database::create().await).await;
    let served = migrated_further(known).await;
    let mut program = Program::serve(&["--database-url", &served.url]).await;
    let service = program.service(&served);
    service.create_station("s1").await.unwrap();
    program.kill();

    let refused = migrated_further(known + 1).await;
    let reason = format!(
        "the schema is version {}, newer than this release's {known}; upgrade bulletin",
        known + 1
    );
    refuses(&serve(&refused).await, &reason);
    says(&doctor(&refused.url, &[]).await, "schema", "fault", &reason);
}

#[tokio::test]
async fn a_log_that_ends_in_a_broken_revision_is_not_added_to() {
    for (damage, reason) in [
        (
            "update changes set record = set_byte(record, 5, 0) where revision = 2",
            "the digest is not the record's",
        ),
        (
            "update revisions set reason = 'another' where revision = 2",
            "the chain does not follow from its parts",
        ),
        (
            "delete from changes where revision = 2",
            "revision 2 has 0 rows, not 1",
        ),
        (
            "insert into changes select revision + 7, ordinal, kind, name, op, record, digest
             from changes where revision = 2",
            "is of no revision that has rows",
        ),
    ] {
        let service = Service::start().await;
        for id in ["s1", "s2"] {
            service.create_station(id).await.unwrap();
        }
        let database = service.database.clone();
        let sound = doctor(&database.url, &[]).await;
        says(&sound, "log", "ok", "sound");
        let mut owner = owner(&database).await;
        sqlx::query(damage).execute(&mut owner).await.unwrap();
        refuses(&serve(&database).await, reason);
        let ended = doctor(&database.url, &[]).await;
        says(&ended, "log", "fault", reason);
        assert_eq!(ended.code, FAILED);
    }
}

/// A role of this test alone, which owns nothing.
async fn role(database: &Database) -> (String, String) {
    let role = format!("{}_service", database.name);
    database
        .tamper(&format!("drop role if exists {role}"))
        .await;
    database.tamper(&format!("create role {role} login")).await;
    let url = database
        .url
        .replacen("//postgres@", &format!("//{role}@"), 1);
    assert_ne!(url, database.url);
    (role, url)
}

#[tokio::test]
async fn the_service_runs_as_a_role_that_may_not_alter_the_log() {
    let database = Database::create().await;
    let (role, url) = role(&database).await;
    let before = doctor(&url, &[]).await;
    assert_eq!(before.code, FAILED);
    says(&before, "schema", "fault", "permission denied");
    says(&before, "privileges", "fault", "--grant-to");

    let granted = run(&[
        "migrate",
        "--database-url",
        &database.url,
        "--grant-to",
        &role,
    ])
    .await;
    assert_eq!(granted.code, DONE, "{granted:?}");
    let ended = doctor(&url, &[]).await;
    says(
        &ended,
        "privileges",
        "ok",
        "may add to the log and not alter it",
    );
    assert_eq!(ended.code, DONE, "{ended:?}");

    let service = Service::with(database.clone(), &Settings::direct(url.clone(), 4)).await;
    let article = Article {
        headline: "标题".into(),
        ..Article::default()
    };
    let create = CreateArticleRequest {
        article_id: "a1".into(),
        article: Some(article),
        ..CreateArticleRequest::default()
    };
    let created = service.articles().create_article(create).await.unwrap();
    let update = UpdateArticleRequest {
        article: Some(Article {
            headline: "另一个".into(),
            ..created.into_inner()
        }),
        update_mask: mask(&["headline"]),
        ..UpdateArticleRequest::default()
    };
    service.articles().update_article(update).await.unwrap();
    let listed = service
        .articles()
        .list_articles(ListArticlesRequest::default())
        .await;
    assert_eq!(listed.unwrap().into_inner().articles.len(), 1);

    let mut connection = PgConnection::connect(&url).await.unwrap();
    for sql in [
        "update changes set record = null",
        "delete from changes",
        "update revisions set actor = 'somebody'",
        "delete from articles",
        "create table mine ()",
    ] {
        let error = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn a_role_that_is_not_there_is_given_nothing() {
    let database = Database::create().await;
    let arguments = [
        "migrate",
        "--database-url",
        &database.url,
        "--grant-to",
        "no\"body; drop",
    ];
    let reason = "--grant-to \"no\\\"body; drop\" is no role of this server";
    let ended = run(&arguments).await;
    assert_eq!(ended.code, FAILED);
    assert!(ended.stderr.contains(reason), "{ended:?}");
}

#[tokio::test]
async fn doctor_names_what_is_wrong_and_what_to_do() {
    let service = Service::seeded().await;
    let ended = doctor(&service.database.url, &[]).await;
    assert_eq!(ended.code, DONE, "{ended:?}");
    for subject in [
        "listening",
        "connection",
        "pooler",
        "server",
        "schema",
        "columns",
        "log",
        "clock",
    ] {
        says(&ended, subject, "ok", "");
    }
    says(&ended, "primary", "ok", "is at 1-");
    says(&ended, "privileges", "advice", "is a superuser");

    let open = doctor(&service.database.url, &["--listen", "0.0.0.0:50051"]).await;
    says(&open, "listening", "fault", "0.0.0.0:50051");
    assert_eq!(open.code, FAILED);

    let twice = ["--database-replica-urls", &service.database.url];
    let ended = doctor(&service.database.url, &twice).await;
    says(&ended, "standby 1", "fault", "takes writes");

    let gone = "postgres://u:hidden@localhost:1/d?host=%2Fno";
    let ended = doctor(gone, &[]).await;
    says(&ended, "connection", "fault", "");
    assert!(!format!("{ended:?}").contains("hidden"));

    let lacking = Database::create().await;
    lacking.tamper("update projection set version = 0").await;
    let ended = doctor(&lacking.url, &[]).await;
    says(&ended, "columns", "fault", "run `bulletin migrate`");
}

#[tokio::test]
async fn doctor_looks_for_postgres_where_none_is_named() {
    let found = run(&["doctor"]).await;
    says(&found, "private PostgreSQL", "ok", "is installed");
    let ended = run(&["doctor", "--postgres-bin-dir", "/no-such-folder"]).await;
    says(&ended, "private PostgreSQL", "fault", "");
    assert_eq!(ended.code, FAILED);
}

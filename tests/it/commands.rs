//! The commands as an operator runs them: what they print, and how they exit.

use crate::support::Database;
use crate::support::history::owner;
use crate::support::program::{Ended, Program, run};

const DONE: Option<i32> = Some(0);
const FAILED: Option<i32> = Some(1);
const WRONG_USE: Option<i32> = Some(2);

/// Runs a command on a database.
async fn on(database: &Database, command: &str, more: &[&str]) -> Ended {
    let arguments = [&[command, "--database-url", &database.url], more].concat();
    run(&arguments).await
}

#[track_caller]
fn prints(ended: &Ended, printed: &str) {
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (DONE, printed),
        "{ended:?}"
    );
}

/// The last line of standard error is the reason; logs may come before it.
#[track_caller]
fn fails(ended: &Ended, reason: &str) {
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (FAILED, ""),
        "{ended:?}"
    );
    let last = ended.stderr.lines().last().unwrap_or_default();
    let said = last.strip_prefix("bulletin: ").unwrap_or_default();
    assert!(said.contains(reason), "{said:?} does not say {reason:?}");
}

/// The last word of what was printed.
fn token(ended: &Ended) -> &str {
    ended.stdout.trim_end().rsplit(' ').next().unwrap()
}

/// A database that nobody has migrated.
async fn empty() -> Database {
    let other = Database::create().await;
    let name = format!("{}_empty", other.name);
    other.tamper(&format!("create database {name}")).await;
    Database {
        url: other
            .url
            .replacen(&format!("/{}?", other.name), &format!("/{name}?"), 1),
        name,
    }
}

#[tokio::test]
async fn a_database_is_migrated_seeded_verified_and_reindexed() {
    let database = empty().await;
    let unmigrated = "the database has no bulletin schema; run `bulletin migrate`";
    for command in ["seed", "verify", "reindex", "serve"] {
        fails(&on(&database, command, &[]).await, unmigrated);
    }
    for _ in 0..2 {
        let migrated = on(&database, "migrate", &[]).await;
        prints(&migrated, "the schema is up to date\n");
    }
    let seeded = on(&database, "seed", &[]).await;
    let token = token(&seeded).to_owned();
    assert!(token.starts_with("1-"), "{token}");
    prints(&seeded, &format!("53 records are there as of {token}\n"));
    let again = on(&database, "seed", &[]).await;
    prints(&again, &seeded.stdout);
    let verified = on(&database, "verify", &[]).await;
    let sound = format!("1 revision, 53 changes and 53 records are sound as of {token}\n");
    prints(&verified, &sound);
    let reindexed = on(&database, "reindex", &[]).await;
    prints(
        &reindexed,
        &format!("0 of 53 rows were written as of {token}\n"),
    );
}

async fn seeded() -> (Database, String) {
    let database = Database::create().await;
    let ended = on(&database, "seed", &[]).await;
    let token = token(&ended).to_owned();
    (database, token)
}

#[tokio::test]
async fn verify_fails_on_damage_and_reindex_repairs_the_tables_only() {
    let (database, seeded) = seeded().await;
    let damage = "update stations set parent = '' where name = 'stations/zhejiang-psd'";
    database.tamper(damage).await;
    let fault = "stations: \"stations/zhejiang-psd\" differs from the log";
    fails(&on(&database, "verify", &[]).await, fault);
    let repaired = on(&database, "reindex", &[]).await;
    let tip = token(&repaired).to_owned();
    prints(
        &repaired,
        &format!("1 of 53 rows were written as of {tip}\n"),
    );
    let verified = on(&database, "verify", &[]).await;
    let sound = format!("2 revisions, 54 changes and 53 records are sound as of {tip}\n");
    prints(&verified, &sound);

    let mut owner = owner(&database).await;
    let sql = "update changes set record = set_byte(record, 5, 0) where name = 'stations/mps'";
    sqlx::query(sql).execute(&mut owner).await.unwrap();
    let fault = "\"stations/mps\": the digest is not the record's";
    fails(&on(&database, "verify", &[]).await, fault);
    let refused = on(&database, "reindex", &[]).await;
    fails(
        &refused,
        "the log itself is damaged, so nothing was changed: changes: revision 1 row",
    );
    fails(&refused, fault);
    assert!(seeded.starts_with("1-") && tip.starts_with("2-"));
}

#[tokio::test]
async fn verify_expects_a_token_of_this_history() {
    let (database, token) = seeded().await;
    let (_, other) = self::seeded().await;
    let verify = async |token: &str| on(&database, "verify", &["--expect", token]).await;
    assert_eq!(verify(&token).await.code, DONE);
    let reason = format!("revisions: {other} is not a revision of this history");
    fails(&verify(&other).await, &reason);
    let malformed = verify("1-xyz").await;
    assert_eq!((malformed.code, malformed.stdout.as_str()), (WRONG_USE, ""));
    let said = "must be a token such as";
    assert!(malformed.stderr.contains(said), "{malformed:?}");
}

#[tokio::test]
async fn seed_takes_a_file_and_says_which_line_is_wrong() {
    let database = Database::create().await;
    let file = std::env::temp_dir().join(format!("seed-{}.jsonl", database.name));
    let path = file.to_str().unwrap();
    let station =
        r#"{"station": {"name": "stations/s1", "displayName": "某所", "kind": "POLICE_STATION"}}"#;
    std::fs::write(&file, format!("{station}\n\n")).unwrap();
    let seeded = on(&database, "seed", &[path]).await;
    prints(
        &seeded,
        &format!("1 record is there as of {}\n", token(&seeded)),
    );
    std::fs::write(&file, format!("{station}\n{{\"station\": 1}}\n")).unwrap();
    fails(
        &on(&database, "seed", &[path]).await,
        "line 2 must be a bulletin.v1.Record in JSON",
    );
    std::fs::remove_file(&file).unwrap();
    fails(
        &on(&database, "seed", &[path]).await,
        &format!("cannot read {path}"),
    );
}

#[tokio::test]
async fn healthcheck_asks_a_running_service() {
    let database = Database::create().await;
    let mut program = Program::serve(&["--database-url", &database.url]).await;
    let address = program.address.to_string();
    let healthy = run(&["healthcheck", "--addr", &address]).await;
    prints(&healthy, &format!("{address} is serving\n"));
    program.kill();
    let gone = run(&["healthcheck", "--addr", &address]).await;
    fails(&gone, &format!("cannot reach {address}"));
}

#[tokio::test]
async fn wrong_use_is_told_from_failure_and_no_password_is_repeated() {
    for arguments in [
        &["migrate"][..],
        &["verify"],
        &["healthcheck", "--port", "1"],
        &["restart"],
        &[],
    ] {
        let ended = run(arguments).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (WRONG_USE, ""),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("Usage: bulletin"), "{ended:?}");
    }
    for url in [
        "postgres://u:hidden@h:port/d",
        "postgres://u:hidden@localhost:1/d?host=%2Fno",
    ] {
        let ended = run(&["verify", "--database-url", url]).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (FAILED, ""),
            "{ended:?}"
        );
        assert!(!ended.stderr.contains("hidden"), "{ended:?}");
    }
}

#[tokio::test]
async fn an_address_to_listen_on_is_no_name() {
    for option in ["--listen", "--ops-listen"] {
        let ended = run(&["serve", option, "localhost:1"]).await;
        assert_eq!(ended.code, WRONG_USE, "{ended:?}");
        let allowed = "must be an address and a port, such as 127.0.0.1:50051";
        assert!(ended.stderr.contains(allowed), "{ended:?}");
    }
}

#[tokio::test]
async fn calls_to_try_name_an_address_that_can_be_called() {
    let database = Database::create().await;
    let more = [
        "--database-url",
        &database.url,
        "--insecure-plaintext",
        "--insecure-no-authentication",
    ];
    let program = Program::serve_at("0.0.0.0:0", &more).await;
    assert!(program.address.ip().is_unspecified());
    let port = program.address.port();
    assert_eq!(program.told.len(), 3, "{:?}", program.told);
    for told in &program.told {
        assert!(told.contains(&format!("127.0.0.1:{port}")), "{told}");
        assert!(!told.contains("0.0.0.0"), "{told}");
    }
}

//! What every command says of a database that it is not let into, and of variables that nothing reads.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::program::{run, run_in};
use crate::support::replication::Node;

/// A role that must say a password, one that is turned away, one that may not log in, one that may not connect,
/// one that owns nothing.
async fn guarded() -> Node {
    let node = Node::primary().await;
    for sql in [
        "create role asked login password 'right'",
        "create role barred login",
        "create role nologin nologin",
        "create role shut login",
        "create role poor login",
        "revoke connect on database bulletin from public",
        "grant connect on database bulletin to asked, barred, nologin, poor",
    ] {
        node.execute(sql).await;
    }
    let hba: String = node.ask("select current_setting('hba_file')").await;
    let rules = "local all asked scram-sha-256\nlocal all barred reject\nlocal all all trust\n";
    fs::write(&hba, rules).unwrap();
    fs::set_permissions(Path::new(&hba), fs::Permissions::from_mode(0o644)).unwrap();
    node.execute("select pg_reload_conf()").await;
    node
}

/// Every command that is given a database says so, and repeats no password.
async fn told(url: &str, parts: &[&str]) {
    let before = ["--before", "2026-01-01"];
    for (command, more) in [
        ("serve", &["--listen", "127.0.0.1:0"][..]),
        ("migrate", &[]),
        ("seed", &[]),
        ("verify", &[]),
        ("reindex", &[]),
        ("compact", &before),
    ] {
        let ended = run(&[&[command, "--database-url", url], more].concat()).await;
        assert_eq!(ended.code, Some(1), "{command}: {ended:?}");
        let said = ended.stderr.lines().last().unwrap_or_default();
        let beginning = "bulletin: the database cannot be used: ";
        assert!(said.starts_with(beginning), "{command}: {said}");
        assert_plain(said, parts);
    }
    let ended = run(&["doctor", "--database-url", url]).await;
    assert_eq!(ended.code, Some(1), "doctor: {ended:?}");
    let found = ended.stdout.lines().find(|line| line.starts_with("fault"));
    assert_plain(found.unwrap_or_default(), parts);
}

#[track_caller]
fn assert_plain(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
    assert!(!said.contains("internal error"), "{said}");
    assert!(!said.contains("hidden"), "{said}");
}

#[tokio::test]
async fn who_is_not_let_in_is_told_what_to_do() {
    let node = guarded().await;
    let url = node.database().url;
    let of = |user: &str| url.replacen("postgres@", &format!("{user}@"), 1);
    let password = "refuses role \"asked\" with this password: see both in the URL";
    told(
        &of("asked:hidden"),
        &[password, "password authentication failed"],
    )
    .await;
    let barred = "does not let in role \"barred\": it does not exist, has no LOGIN, or pg_hba.conf";
    told(
        &of("barred:hidden"),
        &[barred, "pg_hba.conf rejects connection", "sslmode=require"],
    )
    .await;
    let nologin = "does not let in role \"nologin\"";
    told(
        &of("nologin:hidden"),
        &[nologin, "is not permitted to log in"],
    )
    .await;
    let nobody = "does not let in role \"nobody\"";
    told(&of("nobody:hidden"), &[nobody, "does not exist"]).await;
    let shut = "role \"shut\" may not connect to database \"bulletin\": grant it CONNECT";
    told(&of("shut:hidden"), &[shut]).await;
    let missing = url.replacen("/bulletin?", "/missing?", 1);
    let absent = "there is no database \"missing\": create it (createdb -T template0";
    told(&missing, &[absent, "bulletin migrate"]).await;
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_told_with_its_place() {
    let refused = "postgres://u:hidden@127.0.0.1:1/d";
    told(
        refused,
        &[
            "nothing listens on 127.0.0.1:1: start PostgreSQL there",
            "refused",
        ],
    )
    .await;
    let no_socket = "postgres://u:hidden@localhost:1/d?host=%2Fno%2Fsuch";
    told(no_socket, &["nothing listens on /no/such: "]).await;
    let no_host = "postgres://u:hidden@no-such-host.invalid/d";
    told(
        no_host,
        &["no-such-host.invalid:5432 is not reached: see host and port"],
    )
    .await;
    let node = Node::primary().await;
    let url = node.database().url;
    let url = url.replacen("sslmode=disable", "sslmode=require", 1);
    told(
        &url,
        &[
            "no TLS with the server as sslmode asks",
            "does not support TLS",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_role_without_privileges_is_told_who_gives_them() {
    let node = guarded().await;
    let url = node.database().url.replacen("postgres@", "poor@", 1);
    let advice = "the role lacks a privilege that this needs: `bulletin migrate` runs as the owner";
    for command in ["migrate", "verify", "seed", "serve"] {
        let mut arguments = vec![command, "--database-url", &url];
        if command == "serve" {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        let ended = run(&arguments).await;
        assert_eq!(ended.code, Some(1), "{command}: {ended:?}");
        assert_plain(
            ended.stderr.lines().last().unwrap_or_default(),
            &[advice, "permission denied"],
        );
    }
}

#[tokio::test]
async fn a_mistyped_variable_is_told_by_name_alone() {
    let listen = [
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        "postgres://127.0.0.1:1/d",
    ];
    let variables = [
        ("BULLETIN_LISTN", "hidden"),
        ("BULLETIN_SERVICE_HOST", "10.0.0.1"),
        ("BULLETIN_PORT", "tcp://10.0.0.1:50051"),
        ("BULLETIN_PORT_50051_TCP_ADDR", "10.0.0.1"),
    ];
    let serve = run_in(&variables, &[&["serve"], &listen[..]].concat()).await;
    let told = serve
        .stderr
        .lines()
        .filter(|line| line.contains("is not read"));
    let told: Vec<&str> = told.collect();
    let names =
        |line: &str| line.contains("BULLETIN_LISTN\"") && line.contains("BULLETIN_LISTEN\"");
    assert!(told.len() == 1 && names(told[0]), "{serve:?}");
    let doctor = run_in(&variables, &[&["doctor"], &listen[..]].concat()).await;
    let advice = "advice  environment: BULLETIN_LISTN is no option and is not read: is BULLETIN_LISTEN meant?";
    assert!(
        doctor.stdout.lines().any(|line| line == advice),
        "{doctor:?}"
    );
    assert_eq!(
        doctor.stdout.matches("environment: ").count(),
        1,
        "{doctor:?}"
    );
    for ended in [serve, doctor] {
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(
            !said.contains("hidden") && !said.contains("10.0.0.1"),
            "{said}"
        );
    }
}

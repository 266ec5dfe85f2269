//! Mounted files that are replaced while the service runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bulletin::guard::identify::Anybody;
use serde_json::json;

use super::issuer::{Signer, claims, key_set};
use super::{Mount, Transport, by_tls, is_unauthenticated, needs, policy, read, rules, write};
use crate::support::certificates::Authority;
use crate::support::http::Metrics;
use crate::support::program::Program;
use crate::support::{Database, Service, until};

/// How often the certificate is replaced, each as soon as the one before is shown.
/// `BULLETIN_IT_ROTATIONS` says otherwise.
const ROTATIONS: usize = 20;

fn rotations() -> usize {
    let said = std::env::var("BULLETIN_IT_ROTATIONS");
    said.map_or(ROTATIONS, |said| said.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_replaced_under_load_and_no_call_fails() {
    let (mount, authority) = (Mount::new(), Authority::new());
    let transport = by_tls(&mount, &authority, None);
    let service = Arc::new(Service::guarded(transport, Arc::new(Anybody)).await);
    let (is_over, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let endpoint = authority.endpoint(&service, None);
    let kept = endpoint.connect().await.unwrap();
    let mut load = tokio::task::JoinSet::new();
    for is_kept in [true, true, false, false] {
        let (is_over, calls) = (Arc::clone(&is_over), Arc::clone(&calls));
        let (kept, endpoint) = (kept.clone(), endpoint.clone());
        load.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let channel = match is_kept {
                    true => kept.clone(),
                    false => endpoint.connect().await.unwrap(),
                };
                read(&channel, &[]).await.unwrap();
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for _ in 0..rotations() {
        let before = calls.load(Ordering::Relaxed);
        let next = authority.issue(&["localhost"]);
        mount.put_certificate(&next);
        until("the new certificate is shown", async || {
            authority.shown_by(&service).await == next.der
        })
        .await;
        until("calls go on", async || {
            calls.load(Ordering::Relaxed) > before + 4
        })
        .await;
    }
    is_over.store(true, Ordering::Relaxed);
    while let Some(outcome) = load.join_next().await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn a_bad_certificate_is_not_taken_and_the_next_good_one_is() {
    let (mount, authority) = (Mount::new(), Authority::new());
    let first = authority.issue(&["localhost"]);
    mount.put_certificate(&first);
    let tls = mount.tls(None);
    let transport = Transport {
        tls: Some(tls.clone()),
        ..Transport::default()
    };
    let service = Service::guarded(transport, Arc::new(Anybody)).await;
    let other = authority.issue(&["localhost"]);
    let bad: [(&str, &str); 3] = [
        ("tls.crt", "nothing"),
        ("tls.key", &other.key),
        ("tls.key", &other.certificate),
    ];
    for (place, (name, contents)) in bad.into_iter().enumerate() {
        let refused = place as u64 + 1;
        let (certificate, key) = (first.certificate.as_str(), first.key.as_str());
        mount.put(&[("tls.crt", certificate), ("tls.key", key), (name, contents)]);
        until("the bad file is seen", async || {
            tls.reloads().refused == refused
        })
        .await;
        assert_eq!(authority.shown_by(&service).await, first.der);
    }
    std::fs::remove_file(mount.path("tls.key")).unwrap();
    until("the missing file is noticed", async || {
        tls.reloads().refused == 4
    })
    .await;
    assert_eq!(authority.shown_by(&service).await, first.der);
    mount.put_certificate(&other);
    until("the good file is taken", async || tls.reloads().taken == 1).await;
    assert_eq!(authority.shown_by(&service).await, other.der);
}

#[tokio::test]
async fn the_metric_of_its_end_follows_the_certificate() {
    let (mount, authority, database) = (Mount::new(), Authority::new(), Database::create().await);
    let (certificate, key) = (mount.name("tls.crt"), mount.name("tls.key"));
    mount.put_certificate(&authority.issue_until(2031, &["localhost"]));
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let program = Program::serve(&[&["--database-url", &database.url], &tls[..]].concat()).await;
    let end = async || {
        let metrics = Metrics::of(program.ops).await;
        metrics.value("bulletin_tls_certificate_expiry_timestamp_seconds", &[])
    };
    let begins = |year| rcgen::date_time_ymd(year, 1, 1).unix_timestamp() as f64;
    assert_eq!(end().await, begins(2031));
    mount.put_certificate(&authority.issue_until(2033, &["localhost"]));
    until("the next end is told", async || end().await == begins(2033)).await;
    mount.put_certificate(&authority.issue_until(2029, &["localhost"]));
    until("the last end is told", async || end().await == begins(2029)).await;
}

#[tokio::test]
async fn in_plaintext_no_certificate_ends() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let described = Metrics::of(program.ops).await.described();
    let of_certificates: Vec<&String> = described
        .keys()
        .filter(|name| name.contains("certificate"))
        .collect();
    assert_eq!(of_certificates, Vec::<&String>::new());
}

#[tokio::test]
async fn authorities_of_clients_are_taken_anew() {
    let (mount, server) = (Mount::new(), Authority::new());
    let (old, new) = (Authority::new(), Authority::new());
    let rules = rules(&[json!({"certificate": "*", "role": "reader"})]);
    mount.put(&[("ca.crt", &old.pem()), ("policy", &rules)]);
    let transport = by_tls(&mount, &server, Some(true));
    let tls = transport.tls.clone().unwrap();
    let service = Service::guarded(transport, mount.credentials(false)).await;
    let (by_old, by_new) = (old.issue(&["a.example"]), new.issue(&["a.example"]));
    let connect = async |shown| {
        let endpoint = server.endpoint(&service, Some(shown));
        read(&endpoint.connect_lazy(), &[]).await
    };
    connect(&by_old).await.unwrap();
    connect(&by_new).await.unwrap_err();
    mount.put(&[("ca.crt", &new.pem())]);
    until("the authorities are taken", async || {
        tls.reloads().taken == 1
    })
    .await;
    connect(&by_old).await.unwrap_err();
    connect(&by_new).await.unwrap();
}

#[tokio::test]
async fn bad_keys_and_rules_are_not_taken_and_the_next_good_ones_are() {
    let (mount, signer) = (Mount::new(), Signer::edwards("d"));
    mount.put(&[("jwks", &key_set(&[&signer])), ("policy", &policy())]);
    let credentials = mount.credentials(true);
    let service = Service::guarded(Transport::default(), credentials.clone()).await;
    let token = format!("Bearer {}", signer.token(&claims("reader")));
    let (keys, rules_of) = (
        &credentials.tokens.as_ref().unwrap().keys,
        &credentials.policy,
    );
    let stays = async |what: &str| {
        read(&service.channel, &[&token]).await.expect(what);
        needs(write(&service.channel, "a", &[&token]).await, "editor");
    };
    stays("before").await;
    for (count, bad) in ["", "{\"keys\": []}"].into_iter().enumerate() {
        mount.put(&[("jwks", bad)]);
        until("bad keys are seen", async || {
            keys.reloads().refused == count as u64 + 1
        })
        .await;
        stays(bad).await;
    }
    let misspelt = rules(&[json!({"subject": "reader", "role": "editer"})]);
    for (count, bad) in ["{", &misspelt].into_iter().enumerate() {
        mount.put(&[("policy", bad)]);
        until("bad rules are seen", async || {
            rules_of.reloads().refused == count as u64 + 1
        })
        .await;
        stays(bad).await;
    }
    // Good rules are taken although the keys are still bad.
    mount.put(&[(
        "policy",
        &rules(&[json!({"subject": "reader", "role": "editor"})]),
    )]);
    until("good rules are taken", async || {
        rules_of.reloads().taken == 1
    })
    .await;
    write(&service.channel, "a", &[&token]).await.unwrap();
    mount.put(&[("jwks", &key_set(&[&Signer::edwards("d")]))]);
    until("good keys are taken", async || keys.reloads().taken == 1).await;
    is_unauthenticated(
        read(&service.channel, &[&token]).await,
        "a key that is gone",
    );
}

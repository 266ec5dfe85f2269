//! Bearer tokens: which are believed, and what those who show others are told.

use serde_json::json;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::issuer::{Signer, claims, expired, hmac_token, key_set, message, not_yet_valid, with};
use super::{Mount, Transport, import, is_unauthenticated, needs, policy, read, rules, write};
use crate::support::{Service, until};

/// A service that believes tokens of these keys.
async fn service(mount: &Mount, signers: &[&Signer]) -> Service {
    mount.put(&[("jwks", &key_set(signers)), ("policy", &policy())]);
    Service::guarded(Transport::default(), mount.credentials(true)).await
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn tokens_of_the_issuer_are_believed_in_each_algorithm() {
    let mount = Mount::new();
    let signers = [
        Signer::rsa("r"),
        Signer::elliptic("e"),
        Signer::edwards("d"),
    ];
    let all: Vec<&Signer> = signers.iter().collect();
    let service = service(&mount, &all).await;
    for signer in &signers {
        let token = signer.token(&claims("reader"));
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let authorization = format!("{scheme} {token}");
            read(&service.channel, &[&authorization]).await.unwrap();
        }
        // The only key of its algorithm need not be named.
        let unnamed = signer.token_with(&json!({"alg": signer.algorithm()}), &claims("reader"));
        read(&service.channel, &[&bearer(&unnamed)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_of_a_kubernetes_service_account_is_believed() {
    let mount = Mount::new();
    let signer = Signer::rsa("cluster");
    let rules = rules(&[
        json!({"subject": "system:serviceaccount:city:*", "role": "reader"}),
        json!({"claim": "kubernetes.io.serviceaccount.name", "value": "writer", "role": "editor"}),
    ]);
    mount.put(&[("jwks", &key_set(&[&signer])), ("policy", &rules)]);
    let service = Service::guarded(Transport::default(), mount.credentials(true)).await;
    let of_account = |namespace: &str, name: &str| {
        let subject = format!("system:serviceaccount:{namespace}:{name}");
        let claims = with(
            claims(&subject),
            "aud",
            json!(["https://kubernetes.default.svc", "bulletin"]),
        );
        let account = json!({"namespace": namespace, "serviceaccount": {"name": name, "uid": "1"}});
        bearer(&signer.token(&with(claims, "kubernetes.io", account)))
    };
    read(&service.channel, &[&of_account("city", "viewer")])
        .await
        .unwrap();
    needs(
        write(&service.channel, "a", &[&of_account("city", "viewer")]).await,
        "editor",
    );
    write(&service.channel, "b", &[&of_account("city", "writer")])
        .await
        .unwrap();
    needs(
        read(&service.channel, &[&of_account("elsewhere", "viewer")]).await,
        "reader",
    );
}

#[tokio::test]
async fn every_other_token_is_refused_in_the_same_words() {
    let mount = Mount::new();
    let (rsa, elliptic, edwards) = (
        Signer::rsa("r"),
        Signer::elliptic("e"),
        Signer::edwards("d"),
    );
    let service = service(&mount, &[&rsa, &elliptic, &edwards]).await;
    let good = claims("admin");
    let token = rsa.token(&good);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, signature] = parts[..] else {
        panic!("a token has three parts");
    };
    let (_, raised) = token_parts(&rsa.token(&claims("editor")));
    let none = message(&json!({"alg": "none", "typ": "JWT"}), &good);
    let other = Signer::rsa("r");
    let unknown = Signer::rsa("unknown");
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        rsa.token(&claims)
    };
    let mut refused: Vec<(String, String)> = [
        ("expired", rsa.token(&expired("admin"))),
        ("not yet valid", rsa.token(&not_yet_valid("admin"))),
        (
            "of another audience",
            rsa.token(&with(good.clone(), "aud", json!("other"))),
        ),
        (
            "of other audiences",
            rsa.token(&with(good.clone(), "aud", json!(["a", "b"]))),
        ),
        (
            "of another issuer",
            rsa.token(&with(good.clone(), "iss", json!("https://other.example"))),
        ),
        ("without an end", without("exp")),
        ("without an issuer", without("iss")),
        ("without an audience", without("aud")),
        ("without a subject", without("sub")),
        ("of no algorithm", format!("{none}.")),
        (
            "of no algorithm, with a signature",
            format!("{none}.{signature}"),
        ),
        ("not signed", format!("{header}.{}.", parts[1])),
        (
            "without a signature's part",
            format!("{header}.{}", parts[1]),
        ),
        (
            "with other claims",
            format!("{header}.{raised}.{signature}"),
        ),
        ("of another key of that name", other.token(&good)),
        ("of an unknown key", unknown.token(&good)),
        (
            "of a key that is of another algorithm",
            rsa.token_with(&json!({"alg": "RS256", "kid": "e"}), &good),
        ),
        (
            "of an algorithm that is not the key's",
            rsa.token_with(&json!({"alg": "ES256", "kid": "r"}), &good),
        ),
        (
            "of a stronger algorithm",
            rsa.token_with(&json!({"alg": "RS512", "kid": "r"}), &good),
        ),
        ("that is garbage", "garbage".to_owned()),
        ("of dots", "..".to_owned()),
        ("that is empty", String::new()),
    ]
    .map(|(what, token)| (format!("a token {what}"), bearer(&token)))
    .to_vec();
    for signer in [&rsa, &elliptic, &edwards] {
        for secret in signer.public_forms() {
            let token = hmac_token(&signer.id, &secret, &good);
            refused.push((format!("HS256 by {}", signer.algorithm()), bearer(&token)));
        }
    }
    refused.extend([
        ("another scheme".to_owned(), format!("Basic {token}")),
        ("no scheme".to_owned(), token.clone()),
        ("a scheme alone".to_owned(), "Bearer".to_owned()),
        (
            "two tokens in one".to_owned(),
            format!("Bearer {token}, Bearer {token}"),
        ),
    ]);
    for (what, authorization) in &refused {
        is_unauthenticated(read(&service.channel, &[authorization]).await, what);
    }
    let good = bearer(&token);
    is_unauthenticated(read(&service.channel, &[]).await, "no token");
    is_unauthenticated(read(&service.channel, &[&good, &good]).await, "two tokens");
    let refusal = read(&service.channel, &[&refused[0].1, &good]).await;
    is_unauthenticated(refusal, "a bad token before a good one");
    // None of this was refused for another reason, nor stays with the connection.
    import(&service.channel, &[&good]).await.unwrap();
}

/// Header and claims of a token, as it has them.
fn token_parts(token: &str) -> (String, String) {
    let mut parts = token.split('.').map(str::to_owned);
    (parts.next().unwrap(), parts.next().unwrap())
}

#[tokio::test]
async fn a_token_whose_key_was_taken_back_is_believed_no_more() {
    let mount = Mount::new();
    let (old, new) = (Signer::rsa("old"), Signer::elliptic("new"));
    mount.put(&[("jwks", &key_set(&[&old])), ("policy", &policy())]);
    let credentials = mount.credentials(true);
    let service = Service::guarded(Transport::default(), credentials.clone()).await;
    let (by_old, by_new) = (
        bearer(&old.token(&claims("reader"))),
        bearer(&new.token(&claims("reader"))),
    );
    read(&service.channel, &[&by_old]).await.unwrap();
    is_unauthenticated(
        read(&service.channel, &[&by_new]).await,
        "a key that is not there yet",
    );
    let keys = &credentials.tokens.as_ref().unwrap().keys;
    let taken = async |count| {
        until("the keys are taken", async || keys.reloads().taken == count).await;
    };
    mount.put(&[("jwks", &key_set(&[&old, &new]))]);
    taken(1).await;
    read(&service.channel, &[&by_old]).await.unwrap();
    read(&service.channel, &[&by_new]).await.unwrap();
    mount.put(&[("jwks", &key_set(&[&new]))]);
    taken(2).await;
    is_unauthenticated(
        read(&service.channel, &[&by_old]).await,
        "a key that is gone",
    );
    read(&service.channel, &[&by_new]).await.unwrap();
}

#[tokio::test]
async fn a_role_allows_what_it_allows_and_what_is_missing_is_named() {
    let mount = Mount::new();
    let signer = Signer::edwards("d");
    let service = service(&mount, &[&signer]).await;
    let as_role = |role: &str| bearer(&signer.token(&claims(role)));
    let (stranger, reader) = (as_role("stranger"), as_role("reader"));
    let (editor, admin) = (as_role("editor"), as_role("admin"));
    let channel = &service.channel;
    needs(read(channel, &[&stranger]).await, "reader");
    needs(write(channel, "a", &[&stranger]).await, "editor");
    needs(import(channel, &[&stranger]).await, "admin");
    read(channel, &[&reader]).await.unwrap();
    needs(write(channel, "a", &[&reader]).await, "editor");
    needs(import(channel, &[&reader]).await, "admin");
    write(channel, "b", &[&editor]).await.unwrap();
    needs(import(channel, &[&editor]).await, "admin");
    write(channel, "c", &[&admin]).await.unwrap();
    import(channel, &[&admin]).await.unwrap();
}

#[tokio::test]
async fn health_is_open_and_nothing_else() {
    let mount = Mount::new();
    let service = service(&mount, &[&Signer::edwards("d")]).await;
    let mut health = HealthClient::new(service.channel.clone());
    let answer = health.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    is_unauthenticated(read(&service.channel, &[]).await, "a list");
    is_unauthenticated(write(&service.channel, "a", &[]).await, "a write");
    is_unauthenticated(import(&service.channel, &[]).await, "an import");
}

//! Measures how long it takes to tell who calls by a bearer token: one that was not seen before, whose
//! signature is proven, and one that is remembered. `cargo bench --bench callers`

#[path = "../tests/it/guard/issuer.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "it is of the tests, which need more of it"
)]
mod issuer;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bulletin::guard::credentials::{Credentials, Tokens, load_policy};
use bulletin::guard::identify::Identify as _;
use bulletin::guard::token::Expected;
use serde_json::json;
use tonic::codegen::http::Request;
use tonic::codegen::http::request::Parts;

use self::issuer::{AUDIENCE, ISSUER, Signer, claims, key_set, with};

/// Different tokens; all are remembered.
const TOKENS: usize = 2_000;

/// Files that nothing replaces.
const NEVER: Duration = Duration::from_secs(86_400);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let signers = [
        Signer::rsa("r"),
        Signer::elliptic("e"),
        Signer::edwards("d"),
    ];
    let folder = std::env::temp_dir().join(format!("bulletin-callers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let credentials = credentials(&folder, &signers);
    fs::remove_dir_all(&folder)?;
    let credentials = credentials?;
    for signer in &signers {
        let calls: Vec<Parts> = (0..TOKENS).map(|number| call(signer, number)).collect();
        let first = per_call(&credentials, &calls);
        let again = per_call(&credentials, &calls);
        println!(
            "{}: {:.1} us a token's first call, {:.2} us each other, {:.0} times less",
            signer.algorithm(),
            first * 1e6,
            again * 1e6,
            first / again,
        );
    }
    Ok(())
}

fn credentials(folder: &Path, signers: &[Signer]) -> anyhow::Result<Credentials> {
    let signers: Vec<&Signer> = signers.iter().collect();
    let (jwks, policy) = (folder.join("jwks"), folder.join("policy"));
    fs::write(&jwks, key_set(&signers))?;
    let rule = json!({"claim": "groups", "value": "readers", "role": "reader"});
    fs::write(&policy, json!({ "rules": [rule] }).to_string())?;
    let expected = Expected {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        leeway_s: 30,
    };
    Ok(Credentials {
        policy: load_policy(policy, NEVER)?,
        tokens: Some(Tokens::load(jwks, expected, NEVER)?),
    })
}

/// A call with a token of its own, of the length such tokens have.
fn call(signer: &Signer, number: usize) -> Parts {
    let subject = format!("system:serviceaccount:city:reader-{number}");
    let groups = json!(["readers", "x".repeat(400)]);
    let token = signer.token(&with(claims(&subject), "groups", groups));
    let request = Request::builder()
        .uri("/bulletin.v1.StationService/GetStation")
        .header("authorization", format!("Bearer {token}"))
        .body(());
    request.expect("the request is valid").into_parts().0
}

/// Seconds a call.
fn per_call(credentials: &Credentials, calls: &[Parts]) -> f64 {
    let start = Instant::now();
    for call in calls {
        let caller = credentials.identify(call);
        black_box(caller.expect("the token is good"));
    }
    start.elapsed().as_secs_f64() / calls.len() as f64
}

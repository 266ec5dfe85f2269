//! `serve` with the files it is given, and the commands that call it by TLS and with a token.

use super::issuer::{AUDIENCE, ISSUER, Signer, claims, key_set};
use super::{Mount, policy};
use crate::support::Database;
use crate::support::certificates::Authority;
use crate::support::program::{Program, run};

/// A folder with all that `serve` needs, and the options that name it.
fn mounted(authority: &Authority, signer: &Signer) -> (Mount, Vec<String>) {
    let mount = Mount::new();
    mount.put_certificate(&authority.issue(&["localhost"]));
    mount.put(&[
        ("ca.crt", &authority.pem()),
        ("jwks", &key_set(&[signer])),
        ("policy", &policy()),
    ]);
    let options = [
        ("--tls-certificate", "tls.crt"),
        ("--tls-key", "tls.key"),
        ("--tls-client-ca", "ca.crt"),
        ("--jwks", "jwks"),
        ("--policy", "policy"),
    ];
    let files = options.map(|(option, file)| [option.to_owned(), mount.name(file)]);
    let others = ["--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE].map(str::to_owned);
    let options = files.into_iter().flatten().chain(others).collect();
    (mount, options)
}

#[tokio::test]
async fn a_file_that_is_no_good_is_named_and_nothing_is_served() {
    let (authority, signer) = (Authority::new(), Signer::edwards("d"));
    let stranger = authority.issue(&["localhost"]);
    for (file, contents, fault) in [
        ("tls.crt", "", "has no certificate in PEM"),
        ("tls.crt", &stranger.certificate, "does not go with its key"),
        (
            "tls.key",
            &stranger.certificate,
            "has no private key in PEM",
        ),
        ("ca.crt", "", "has no certificate in PEM"),
        ("jwks", "{}", "keys must be a list"),
        (
            "jwks",
            "{\"keys\": []}",
            "has no key for RS256, ES256 or EdDSA",
        ),
        (
            "policy",
            "{\"rules\": [{\"subject\": \"a\"}]}",
            "rules[0] has no role",
        ),
        ("policy", "{", "EOF while parsing"),
        (
            "policy",
            "{\"rules\": [{\"subject\": \"a*b\", \"role\": \"reader\"}]}",
            "rules[0].subject may have one *, at its end",
        ),
    ] {
        let (mount, options) = mounted(&authority, &signer);
        mount.put(&[(file, contents)]);
        // A certificate that is not its key's is named by the file of the certificate.
        refuses(&options, &mount.name(file), fault).await;
    }
    for file in ["tls.crt", "tls.key", "ca.crt", "jwks", "policy"] {
        let (mount, options) = mounted(&authority, &signer);
        std::fs::remove_file(mount.path(file)).unwrap();
        refuses(&options, &mount.name(file), "cannot be read").await;
    }
}

async fn refuses(options: &[String], file: &str, fault: &str) {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let head = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        "postgres://nowhere",
    ];
    let ended = run(&[&head, &*options].concat()).await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{ended:?}"
    );
    let said = ended.stderr.lines().last().unwrap();
    assert!(
        said.contains(file) && said.contains(fault),
        "{file} {fault}: {said}"
    );
}

#[tokio::test]
async fn commands_reach_a_service_by_tls_and_are_known_by_token_or_certificate() {
    let (authority, signer) = (Authority::new(), Signer::edwards("d"));
    let (mount, options) = mounted(&authority, &signer);
    let client = authority.issue(&["reader.example"]);
    let rules = super::rules(&[
        serde_json::json!({"subject": "reader", "role": "reader"}),
        serde_json::json!({"certificate": "reader.example", "role": "reader"}),
    ]);
    mount.put(&[
        ("policy", &rules),
        ("token", &signer.token(&claims("reader"))),
        ("stranger", &signer.token(&claims("stranger"))),
        ("nothing", "\n"),
        ("client.crt", &client.certificate),
        ("client.key", &client.key),
    ]);
    let database = Database::create().await;
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let database_url = ["--database-url", database.url.as_str()];
    let program = Program::serve(&[&database_url, &*options].concat()).await;
    let addr = format!("localhost:{}", program.address.port());
    let ip = program.address.to_string();
    let file = |name: &str| mount.name(name);
    let (ca, token) = (file("ca.crt"), file("token"));
    let by_tls = ["--addr", addr.as_str(), "--ca", ca.as_str()];

    let healthy = run(&[&["healthcheck"][..], &by_tls].concat()).await;
    assert_eq!(
        healthy.stdout,
        format!("{addr} is serving\n"),
        "{healthy:?}"
    );
    let named = [
        "healthcheck",
        "--addr",
        &ip,
        "--ca",
        &ca,
        "--tls-server-name",
        "localhost",
    ];
    assert_eq!(run(&named).await.code, Some(0));
    let plain = Program::serve(&database_url).await;
    let plainly = plain.address.to_string();
    let (speaks_tls, speaks_none) = ("where it speaks TLS, give --ca", "speaks no TLS there");
    let believe = "name the authority of its certificate (--ca FILE)";
    for (way, hint) in [
        (&["--addr", &addr][..], speaks_tls),
        (&["--addr", &addr, "--tls"], believe),
        (&["--addr", &ip, "--ca", &ca], believe),
        (&["--addr", &plainly, "--ca", &ca], speaks_none),
    ] {
        for command in [
            &["healthcheck"][..],
            &["watch", "--until-checkpoint", "--retry-timeout-ms", "0"],
            &["show", "articles/a", "--retry-timeout-ms", "0"],
        ] {
            let ended = run(&[command, way].concat()).await;
            assert_eq!(ended.code, Some(1), "{command:?} {way:?}");
            assert!(ended.stderr.contains(hint), "{hint}: {ended:?}");
        }
    }

    let export = async |more: &[&str]| {
        let head = ["export", "-", "--retry-timeout-ms", "0"];
        run(&[&head[..], &by_tls, more].concat()).await
    };
    let by_token = export(&["--token-file", &token]).await;
    assert_eq!(by_token.code, Some(0), "{by_token:?}");
    let (certificate, key) = (file("client.crt"), file("client.key"));
    let shown = ["--client-certificate", &certificate, "--client-key", &key];
    let by_certificate = export(&shown).await;
    assert_eq!(by_certificate.code, Some(0), "{by_certificate:?}");
    for (more, said) in [
        (&[][..], "the call carries no credentials that are accepted"),
        (
            &["--token-file", &file("stranger")],
            "this method needs the role reader",
        ),
        (&["--token-file", &file("missing")], "missing: No such file"),
        (&["--token-file", &file("nothing")], "nothing has no token"),
    ] {
        let ended = export(more).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(said), "{said}: {ended:?}");
    }
}

#[tokio::test]
async fn doctor_looks_at_the_files_too() {
    let (authority, signer) = (Authority::new(), Signer::edwards("d"));
    let (mount, options) = mounted(&authority, &signer);
    let database = Database::create().await;
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let head = [
        "doctor",
        "--database-url",
        &database.url,
        "--listen",
        "0.0.0.0:0",
    ];
    let doctor = async || run(&[&head, &*options].concat()).await.stdout;
    let said = doctor().await;
    for sound in [
        "ok      TLS: ",
        "ok      certificate: is good until 4096-01-01",
        "ok      callers: ",
        "ok      listening: ",
    ] {
        assert!(said.contains(sound), "{sound}: {said}");
    }
    mount.put_certificate(&authority.issue_until(2020, &["localhost"]));
    let said = doctor().await;
    let ended = "fault   certificate: has ended at 2020-01-01";
    assert!(said.contains(ended), "{said}");
    mount.put(&[("policy", "{}"), ("tls.key", "")]);
    let said = doctor().await;
    for fault in [
        "fault   TLS: TLS cannot be served: ",
        "fault   callers: --policy cannot be used: ",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
}

//! Makes of the options of `serve` who may call, and by what way.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tracing::warn;

use crate::config::{GuardOptions, ServeOptions};
use crate::guard::credentials::{Credentials, Tokens, load_policy};
use crate::guard::identify::{Anybody, Identify};
use crate::guard::mounted::POLL_INTERVAL;
use crate::guard::tls::{self, TlsFiles};
use crate::guard::token::Expected;
use crate::guard::transport::Transport;

/// By how much ages of connections differ between instances, as a part: so that clients which came at the
/// same time do not all come again at the same time.
const AGE_PART: u32 = 10;

/// Others may reach the service by TLS alone, and by name, unless an option says otherwise.
pub fn check_listen(options: &ServeOptions) -> anyhow::Result<()> {
    let guard = &options.guard;
    if guard.policy.is_some() && !guard.has_authentication() {
        bail!(
            "--policy gives callers roles, but nobody is asked who he is: give --jwks or --tls-client-ca too"
        );
    }
    if options.seeing.ops_page && guard.tls_client_ca.is_some() && guard.jwks.is_none() {
        bail!(
            "--ops-page knows a visitor by his token, and --tls-client-ca alone believes none: give --jwks too"
        );
    }
    if options.listen.ip().is_loopback() {
        return Ok(());
    }
    let refused = |lacks: &str, way_out: &str| {
        let address = options.listen;
        bail!("--listen {address} can be reached by others, and {lacks}: {way_out}")
    };
    if !guard.has_tls() && !guard.insecure_plaintext {
        return refused(
            "what they say could be read and changed on its way",
            "give --tls-certificate and --tls-key, listen on a loopback address, or say --insecure-plaintext",
        );
    }
    // Whoever says plaintext, and gives nothing to tell callers apart by, has said both.
    if guard.has_tls() && !guard.has_authentication() && !guard.insecure_no_authentication {
        return refused(
            "anybody could read and write",
            "give --jwks or --tls-client-ca, listen on a loopback address, or say --insecure-no-authentication",
        );
    }
    if !guard.has_authentication() {
        warn!(address = %options.listen, "whoever reaches the service reads and writes");
    }
    Ok(())
}

pub fn transport(options: &GuardOptions) -> anyhow::Result<Transport> {
    let tls = match (&options.tls_certificate, &options.tls_key) {
        (Some(certificate), Some(key)) => {
            let files = TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
                client_ca: options.tls_client_ca.clone(),
                client_required: options.tls_client_required,
            };
            Some(tls::load(files, POLL_INTERVAL).context("TLS cannot be served")?)
        }
        _ => None,
    };
    let age = options.connection_max_age_s.map(Duration::from_secs);
    Ok(Transport {
        tls,
        connections_max: options.connections_max,
        connection_max_age: age.map(|age| differing(age, any_byte())),
        ..Transport::default()
    })
}

/// Who tells callers apart.
pub fn callers(options: &GuardOptions) -> anyhow::Result<Arc<dyn Identify>> {
    let Some(policy) = &options.policy else {
        return Ok(Arc::new(Anybody));
    };
    let policy = load_policy(policy.clone(), POLL_INTERVAL).context("--policy cannot be used")?;
    let tokens = match (&options.jwks, &options.jwt_issuer, &options.jwt_audience) {
        (Some(jwks), Some(issuer), Some(audience)) => {
            let expected = Expected {
                issuer: issuer.clone(),
                audience: audience.clone(),
                leeway_s: options.jwt_leeway_s,
            };
            let tokens = Tokens::load(jwks.clone(), expected, POLL_INTERVAL);
            Some(tokens.context("--jwks cannot be used")?)
        }
        _ => None,
    };
    Ok(Arc::new(Credentials { policy, tokens }))
}

/// The age, changed by as much of a tenth, up or down, as the byte says.
fn differing(age: Duration, byte: u8) -> Duration {
    let least = age - age / AGE_PART;
    least + age / AGE_PART * 2 * u32::from(byte) / u32::from(u8::MAX)
}

fn any_byte() -> u8 {
    let mut bytes = [u8::MAX / 2];
    // Without randomness the age is as it was given.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes[0]
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::{Cli, Command};

    #[track_caller]
    fn check(arguments: &str, refusal: Option<&str>) {
        let all = ["bulletin", "serve"]
            .into_iter()
            .chain(arguments.split(' '));
        let Command::Serve(options) = Cli::try_parse_from(all).unwrap().command else {
            panic!("it is serve");
        };
        let said = check_listen(&options).map_err(|error| error.to_string());
        match refusal {
            None => assert_eq!(said, Ok(()), "{arguments}"),
            Some(part) => {
                let said = said.unwrap_err();
                assert!(said.contains(part), "{arguments}: {said}");
            }
        }
    }

    #[test]
    fn others_are_let_in_by_tls_and_by_name_unless_an_option_says_otherwise() {
        let (plaintext, nobody) = (
            "say --insecure-plaintext",
            "say --insecure-no-authentication",
        );
        let tls = "--tls-certificate a --tls-key b";
        let jwt = "--jwks c --jwt-issuer d --jwt-audience e --policy f";
        let mutual = "--tls-client-ca c --policy f";
        for (address, is_reached) in [
            ("127.0.0.1:0", false),
            ("[::1]:0", false),
            ("0.0.0.0:0", true),
        ] {
            let refused = |part| is_reached.then_some(part);
            let listen = format!("--listen {address}");
            check(&listen, refused(plaintext));
            check(&format!("{listen} {jwt}"), refused(plaintext));
            check(&format!("{listen} {tls}"), refused(nobody));
            check(&format!("{listen} --insecure-plaintext"), None);
            check(&format!("{listen} {jwt} --insecure-plaintext"), None);
            check(
                &format!("{listen} --insecure-no-authentication"),
                refused(plaintext),
            );
            check(
                &format!("{listen} {tls} --insecure-plaintext"),
                refused(nobody),
            );
            check(
                &format!("{listen} {tls} --insecure-no-authentication"),
                None,
            );
            check(&format!("{listen} {tls} {jwt}"), None);
            check(&format!("{listen} {tls} {mutual}"), None);
            check(&format!("{listen} {tls} {jwt} --ops-page"), None);
            check(
                &format!("{listen} {tls} {mutual} --ops-page"),
                Some("believes none"),
            );
            check(
                &format!("{listen} --policy f"),
                Some("nobody is asked who he is"),
            );
        }
    }

    #[test]
    fn options_that_need_others_are_refused_without_them() {
        for arguments in [
            "--tls-certificate a",
            "--tls-key a",
            "--tls-client-ca a",
            "--tls-certificate a --tls-key b --tls-client-ca c",
            "--tls-certificate a --tls-key b --tls-client-required",
            "--jwks a --jwt-issuer b --policy c",
            "--jwks a --jwt-audience b --policy c",
            "--jwks a --jwt-issuer b --jwt-audience c",
            "--jwt-issuer a",
            "--connections-max 0",
            "--connection-max-age-s 0",
        ] {
            let all = ["bulletin", "serve"]
                .into_iter()
                .chain(arguments.split(' '));
            assert!(Cli::try_parse_from(all).is_err(), "{arguments}");
        }
    }

    #[test]
    fn ages_differ_by_a_tenth_at_most() {
        let age = Duration::from_secs(1_000);
        assert_eq!(differing(age, 0), Duration::from_secs(900));
        assert_eq!(differing(age, u8::MAX), Duration::from_secs(1_100));
    }
}

//! Tells callers apart by bearer token or client certificate, and gives them the role that the policy says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::header::AUTHORIZATION;
use tonic::codegen::http::request::Parts;
use tracing::debug;

use crate::error::{Error, Result};
use crate::guard::caller::{Caller, Role};
use crate::guard::calls::method;
use crate::guard::connection::Peer;
use crate::guard::identify::Identify;
use crate::guard::keys::Keys;
use crate::guard::methods::Need;
use crate::guard::mounted::{Mounted, Unusable};
use crate::guard::policy::Policy;
use crate::guard::token::{Doubt, Expected, prove};

/// Most tokens that are remembered, some 100 bytes each.
const KNOWN_MAX: usize = 10_000;

/// Whom callers are, by what they show.
#[derive(Debug)]
pub struct Credentials {
    pub policy: Mounted<Policy>,
    /// Unset: no token is believed.
    pub tokens: Option<Tokens>,
}

/// Where the keys of tokens are, and what tokens must say.
#[derive(Debug)]
pub struct Tokens {
    pub keys: Mounted<Keys>,
    expected: Expected,
    known: Cache<[u8; 32], Known>,
}

/// A token that was proven, under its SHA-256: a signature is looked at once, and not at each call.
#[derive(Clone, Debug)]
struct Known {
    subject: Arc<str>,
    role: Option<Role>,
    until: u64,
    state: State,
}

/// Of which keys and of which rules something is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    keys: u64,
    policy: u64,
}

/// Somebody who is known, and may nevertheless have no role.
struct Somebody {
    id: Arc<str>,
    role: Option<Role>,
}

pub fn load_policy(file: PathBuf, interval: Duration) -> Result<Mounted<Policy>, Unusable> {
    Mounted::load("the policy", vec![file], interval, |files| {
        let [file] = files else {
            unreachable!("one file was asked for");
        };
        Policy::parse(file.bytes()).map_err(|fault| file.unusable(fault))
    })
}

impl Tokens {
    /// Reads the keys from a JWKS file.
    pub fn load(file: PathBuf, expected: Expected, interval: Duration) -> Result<Self, Unusable> {
        let keys = Mounted::load("the key set of tokens", vec![file], interval, |files| {
            let [file] = files else {
                unreachable!("one file was asked for");
            };
            Keys::parse(file.bytes()).map_err(|fault| file.unusable(fault))
        });
        Ok(Self {
            keys: keys?,
            expected,
            known: Cache::new(KNOWN_MAX),
        })
    }
}

impl Credentials {
    /// A call that carries a token is its subject's or nobody's, whoever the connection is of.
    fn somebody(&self, call: &Parts) -> Result<Somebody> {
        let doubted = |why: Doubt| {
            debug!(method = call.uri.path(), "a call was turned away: {why}");
            Error::Unauthenticated
        };
        let token = bearer(&call.headers).map_err(doubted)?;
        match (token, &self.tokens) {
            (Some(token), Some(tokens)) => self.of_token(token, tokens, now()).map_err(doubted),
            (Some(_), None) => Err(doubted(
                "it has a token, and no keys for tokens are mounted",
            )),
            (None, _) => self.of_certificate(call).map_err(doubted),
        }
    }

    fn of_token(&self, token: &str, tokens: &Tokens, now: u64) -> Result<Somebody, Doubt> {
        let (keys, policy) = (tokens.keys.current(), self.policy.current());
        let state = State {
            keys: keys.generation,
            policy: policy.generation,
        };
        let mut digested = [0; 32];
        digested.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let known = tokens.known.get(&digested);
        let known = match known.filter(|known| known.state == state && now <= known.until) {
            Some(known) => known,
            None => {
                let proven = prove(token, &keys.value, &tokens.expected, now)?;
                let known = Known {
                    role: policy.value.of_token(&proven.subject, &proven.claims),
                    subject: proven.subject.into(),
                    until: proven.until,
                    state,
                };
                tokens.known.insert(digested, known.clone());
                known
            }
        };
        Ok(Somebody {
            id: known.subject,
            role: known.role,
        })
    }

    fn of_certificate(&self, call: &Parts) -> Result<Somebody, Doubt> {
        let peer = call.extensions.get::<Peer>();
        let names = peer.map(|peer| &*peer.names).unwrap_or_default();
        let first = names.first();
        let id = first.ok_or("it has no token, and no certificate with a name")?;
        Ok(Somebody {
            id: Arc::clone(id),
            role: self.policy.current().value.of_names(names),
        })
    }
}

impl Identify for Credentials {
    fn identify(&self, call: &Parts) -> Result<Caller> {
        let Somebody { id, role } = self.somebody(call)?;
        match (role, method(call.uri.path()).need) {
            (Some(role), _) => Ok(Caller { id, role }),
            (None, Need::Role(needed)) => Err(Error::PermissionDenied {
                what: "this method".into(),
                role: needed.as_str(),
            }),
            (None, Need::Nobody) => Ok(Caller {
                id,
                role: Role::Reader,
            }),
        }
    }
}

/// The one bearer token of a call, if it has an authorization at all.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Doubt> {
    let mut found = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = found.next() else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err("it has several authorizations");
    }
    let header = header
        .to_str()
        .map_err(|_| "its authorization is no text")?;
    let parts = header.split_once(' ');
    let (scheme, token) = parts.ok_or("its authorization is no bearer token")?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(Some(token.trim())),
        false => Err("its authorization is no bearer token"),
    }
}

/// Seconds since the beginning of 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a token ends at a time of the world's, and a call may not have to ask Postgres for it"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use rcgen::{KeyPair, PKCS_ED25519};
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_000_000;

    /// Files that nothing replaces but the test.
    const NEVER: Duration = Duration::from_secs(86_400);

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            // Nobody is left to tell.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn key_set(key: &KeyPair) -> String {
        use base64::Engine as _;
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.public_key_raw());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}).to_string()
    }

    fn rule(role: &str) -> String {
        json!({"rules": [{"subject": "desk", "role": role}]}).to_string()
    }

    #[tokio::test]
    async fn a_remembered_token_ends_when_it_ends_and_with_its_keys_and_rules() {
        let name = format!("bulletin-known-{}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        let (jwks, rules) = (folder.0.join("jwks"), folder.0.join("policy"));
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        fs::write(&jwks, key_set(&key)).unwrap();
        fs::write(&rules, rule("reader")).unwrap();
        let expected = Expected {
            issuer: "issuer".to_owned(),
            audience: "bulletin".to_owned(),
            leeway_s: 0,
        };
        let credentials = Credentials {
            policy: load_policy(rules.clone(), NEVER).unwrap(),
            tokens: Some(Tokens::load(jwks.clone(), expected, NEVER).unwrap()),
        };
        let claims = json!({"iss": "issuer", "aud": "bulletin", "sub": "desk", "exp": NOW + 10});
        let signing = EncodingKey::from_ed_der(&key.serialize_der());
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &signing).unwrap();
        let tokens = credentials.tokens.as_ref().unwrap();
        let role = |now| {
            let somebody = credentials.of_token(&token, tokens, now);
            somebody.map(|somebody| somebody.role)
        };

        assert_eq!(role(NOW), Ok(Some(Role::Reader)));
        assert_eq!(tokens.known.len(), 1);
        assert_eq!(role(NOW + 10), Ok(Some(Role::Reader)));
        assert_eq!(role(NOW + 11), Err("it has expired"));
        // Another token that was not proven is not remembered.
        assert!(credentials.of_token("a.b.c", tokens, NOW).is_err());
        assert_eq!(tokens.known.len(), 1);

        fs::write(&rules, rule("admin")).unwrap();
        credentials.policy.look();
        assert_eq!(role(NOW), Ok(Some(Role::Admin)));

        let other = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        fs::write(&jwks, key_set(&other)).unwrap();
        tokens.keys.look();
        assert_eq!(role(NOW), Err("its signature is not of the key"));
    }
}

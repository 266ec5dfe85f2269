//! What a bearer token proves: signature, issuer, audience and times. Knows no file and no clock.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::Value;

use crate::guard::keys::Keys;

/// Longest subject; it is kept with what its owner writes.
const SUBJECT_BYTES_MAX: usize = 255;

/// What a token must say, beside its subject.
#[derive(Clone, Debug)]
pub struct Expected {
    pub issuer: String,
    pub audience: String,
    /// By how much clocks may differ.
    pub leeway_s: u64,
}

/// Whom a token names, as its issuer says.
#[derive(Clone, Debug)]
pub struct Proven {
    pub subject: String,
    pub claims: Value,
    /// The last second it is believed, since 1970: the leeway is in it.
    pub until: u64,
}

/// Why a token is not believed: for the log, never for the caller, and without a word of the token.
pub type Doubt = &'static str;

/// Believes a token, `now` seconds after the beginning of 1970.
pub fn prove(token: &str, keys: &Keys, expected: &Expected, now: u64) -> Result<Proven, Doubt> {
    let header = decode_header(token).map_err(|error| doubt(error.kind()))?;
    // What must be understood to believe it is not.
    if header.crit.is_some() {
        return Err("its header has critical fields");
    }
    let key = keys.find(header.kid.as_deref(), header.alg);
    let key = key.ok_or("no key for its algorithm has its key id")?;
    let mut validation = Validation::new(key.algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[&expected.issuer]);
    validation.set_audience(&[&expected.audience]);
    // Times are compared below, with the clock that is passed in.
    validation.validate_exp = false;
    let decoded = decode::<Value>(token, &key.key, &validation);
    let claims = decoded.map_err(|error| doubt(error.kind()))?.claims;
    let until = time(&claims, "exp")?.ok_or("it has no end")?;
    let until = until.saturating_add(expected.leeway_s);
    if now > until {
        return Err("it has expired");
    }
    let from = time(&claims, "nbf")?.unwrap_or_default();
    if now.saturating_add(expected.leeway_s) < from {
        return Err("it is not valid yet");
    }
    Ok(Proven {
        subject: subject(&claims)?.to_owned(),
        claims,
        until,
    })
}

fn subject(claims: &Value) -> Result<&str, Doubt> {
    let subject = claims.get("sub").and_then(Value::as_str);
    let subject = subject.ok_or("its subject is no text")?;
    let is_good = !subject.is_empty()
        && subject.len() <= SUBJECT_BYTES_MAX
        && !subject.chars().any(char::is_control);
    is_good
        .then_some(subject)
        .ok_or("its subject is empty, too long, or has control characters")
}

/// A claim of seconds since 1970, which may have a fraction.
fn time(claims: &Value, name: &str) -> Result<Option<u64>, Doubt> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let whole = number.as_u64();
            // A float that is out of range becomes the nearest second there is.
            let seconds = whole.or_else(|| number.as_f64().map(|seconds| seconds as u64));
            seconds.map(Some).ok_or("a time of it is out of range")
        }
        Some(_) => Err("a time of it is no number"),
    }
}

fn doubt(kind: &ErrorKind) -> Doubt {
    match kind {
        ErrorKind::InvalidSignature => "its signature is not of the key",
        ErrorKind::InvalidIssuer => "its issuer is another",
        ErrorKind::InvalidAudience => "its audience is another",
        ErrorKind::MissingRequiredClaim(_) => {
            "it lacks exp, iss, aud or sub, or one is of another form"
        }
        ErrorKind::InvalidAlgorithm => "its algorithm is not of the key",
        _ => "it is malformed, or of an algorithm that is never believed",
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use rcgen::{KeyPair, PKCS_ED25519};
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_000_000;

    struct Issuer {
        key: EncodingKey,
        jwk: Value,
        keys: Keys,
    }

    impl Issuer {
        fn new() -> Self {
            let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
            let key = EncodingKey::from_ed_der(&pair.serialize_der());
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x(&pair)});
            let keys = Keys::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
            Self { key, jwk, keys }
        }

        fn prove(&self, header: &Header, claims: &Value) -> Result<Proven, Doubt> {
            let expected = Expected {
                issuer: "https://issuer.example".to_owned(),
                audience: "bulletin".to_owned(),
                leeway_s: 30,
            };
            let token = encode(header, claims, &self.key).unwrap();
            prove(&token, &self.keys, &expected, NOW)
        }
    }

    fn x(pair: &KeyPair) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(pair.public_key_raw())
    }

    fn header() -> Header {
        Header {
            kid: Some("a".to_owned()),
            ..Header::new(Algorithm::EdDSA)
        }
    }

    fn with(changes: Value) -> Value {
        let mut claims = json!({
            "iss": "https://issuer.example", "aud": "bulletin", "sub": "desk", "exp": NOW + 60,
        });
        let fields = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            fields.insert(name.clone(), value.clone());
        }
        claims
    }

    #[test]
    fn times_count_to_the_second_with_the_leeway() {
        let issuer = Issuer::new();
        for (changes, doubted) in [
            (json!({"exp": NOW - 30}), None),
            (json!({"exp": NOW - 31}), Some("it has expired")),
            (json!({"exp": 0}), Some("it has expired")),
            (
                json!({"exp": -5}),
                Some("it lacks exp, iss, aud or sub, or one is of another form"),
            ),
            (json!({"exp": u64::MAX}), None),
            (json!({"nbf": 1e300}), Some("it is not valid yet")),
            (json!({"exp": (NOW + 60) as f64 + 0.5}), None),
            (
                json!({"exp": (NOW + 60).to_string()}),
                Some("it lacks exp, iss, aud or sub, or one is of another form"),
            ),
            (
                json!({"exp": null}),
                Some("it lacks exp, iss, aud or sub, or one is of another form"),
            ),
            (json!({"nbf": NOW + 30}), None),
            (json!({"nbf": NOW + 31}), Some("it is not valid yet")),
            (json!({"nbf": "soon"}), Some("a time of it is no number")),
        ] {
            let proven = issuer.prove(&header(), &with(changes.clone()));
            assert_eq!(proven.err(), doubted, "{changes}");
        }
        let proven = issuer.prove(&header(), &with(json!({}))).unwrap();
        assert_eq!((proven.subject.as_str(), proven.until), ("desk", NOW + 90));
    }

    #[test]
    fn what_a_token_says_must_be_expected() {
        let issuer = Issuer::new();
        let long = "a".repeat(256);
        for (changes, is_believed) in [
            (json!({"aud": ["other", "bulletin"]}), true),
            (json!({"aud": ["other"]}), false),
            (json!({"aud": []}), false),
            (json!({"aud": null}), false),
            (json!({"iss": "https://issuer.example/"}), false),
            (json!({"iss": null}), false),
            (json!({"sub": null}), false),
            (json!({"sub": ""}), false),
            (json!({"sub": "a\nb"}), false),
            (json!({"sub": 7}), false),
            (json!({"sub": long}), false),
            (json!({"sub": &long[1..]}), true),
        ] {
            let proven = issuer.prove(&header(), &with(changes.clone()));
            assert_eq!(proven.is_ok(), is_believed, "{changes}: {proven:?}");
        }
    }

    #[test]
    fn a_header_may_ask_for_nothing_that_is_not_understood() {
        let issuer = Issuer::new();
        let critical = Header {
            crit: Some(vec!["b64".to_owned()]),
            ..header()
        };
        let proven = issuer.prove(&critical, &with(json!({})));
        assert_eq!(proven.err(), Some("its header has critical fields"));
        // A key that comes with the token is not asked.
        let other = Issuer::new();
        let own = Header {
            jwk: Some(serde_json::from_value(other.jwk.clone()).unwrap()),
            ..header()
        };
        let token = encode(&own, &with(json!({})), &other.key).unwrap();
        let expected = Expected {
            issuer: "https://issuer.example".to_owned(),
            audience: "bulletin".to_owned(),
            leeway_s: 30,
        };
        let proven = prove(&token, &issuer.keys, &expected, NOW);
        assert_eq!(proven.err(), Some("its signature is not of the key"));
    }
}

//! The public keys that tokens are signed with, from a JWKS file. The key says by which algorithm it is used.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

/// Shortest modulus of RSA, in bytes: 2048 bits.
const MODULUS_BYTES_MIN: usize = 256;

/// Bytes of a coordinate of P-256, and of a public key of Ed25519.
const COORDINATE_BYTES: usize = 32;

#[derive(Clone, Debug)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
pub struct Key {
    id: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

impl Keys {
    /// Takes the keys for RS256, ES256 and EdDSA; a provider may list others beside them, which no token is
    /// believed by. Says what is wrong, and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let Some(listed) = file.get("keys").and_then(Value::as_array) else {
            return Err("is no JWKS: keys must be a list".to_owned());
        };
        let mut keys: Vec<Key> = Vec::new();
        for (place, key) in listed.iter().enumerate() {
            let at = format!("keys[{place}]");
            let Some(key) = Key::parse(&at, key)? else {
                continue;
            };
            let is_same = |other: &Key| other.id == key.id && other.algorithm == key.algorithm;
            if key.id.is_some() && keys.iter().any(is_same) {
                return Err(format!("{at}.kid is another key's too"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err("has no key for RS256, ES256 or EdDSA".to_owned());
        }
        Ok(Self(keys))
    }

    /// The key that a token names; one that names none is of the only key for its algorithm.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => {
                let only = fitting.next()?;
                fitting.next().is_none().then_some(only)
            }
        }
    }
}

impl Key {
    fn parse(at: &str, key: &Value) -> Result<Option<Self>, String> {
        let key = key.as_object();
        let key = key.ok_or_else(|| format!("{at} must be an object"))?;
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if key.contains_key("d") {
            return Err(format!(
                "{at} is a private key; only public ones belong here"
            ));
        }
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return Ok(None);
        }
        let (algorithm, name) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => (Algorithm::RS256, "RS256"),
            (Some("EC"), Some("P-256")) => (Algorithm::ES256, "ES256"),
            (Some("OKP"), Some("Ed25519")) => (Algorithm::EdDSA, "EdDSA"),
            _ => return Ok(None),
        };
        // RFC 9864 has a name of its own for EdDSA on this curve.
        let is_for = |named: &str| named == name || (name == "EdDSA" && named == "Ed25519");
        if text("alg").is_some_and(|named| !is_for(named)) {
            return Ok(None);
        }
        let key_of = match algorithm {
            Algorithm::RS256 => rsa(at, key),
            Algorithm::ES256 => elliptic(at, key),
            _ => edwards(at, key),
        };
        Ok(Some(Self {
            id: text("kid").map(str::to_owned),
            algorithm,
            key: key_of?,
        }))
    }
}

fn rsa(at: &str, key: &Map<String, Value>) -> Result<DecodingKey, String> {
    let (modulus, exponent) = (bytes(at, key, "n")?, bytes(at, key, "e")?);
    if modulus.len() < MODULUS_BYTES_MIN {
        return Err(format!("{at}.n is shorter than 2048 bits"));
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn elliptic(at: &str, key: &Map<String, Value>) -> Result<DecodingKey, String> {
    for name in ["x", "y"] {
        of_length(at, name, &bytes(at, key, name)?)?;
    }
    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    DecodingKey::from_ec_components(text("x"), text("y")).map_err(|error| format!("{at}: {error}"))
}

fn edwards(at: &str, key: &Map<String, Value>) -> Result<DecodingKey, String> {
    of_length(at, "x", &bytes(at, key, "x")?)?;
    let public = key.get("x").and_then(Value::as_str).unwrap_or_default();
    DecodingKey::from_ed_components(public).map_err(|error| format!("{at}: {error}"))
}

fn bytes(at: &str, key: &Map<String, Value>, name: &str) -> Result<Vec<u8>, String> {
    let text = key.get(name).and_then(Value::as_str);
    let text = text.ok_or_else(|| format!("{at} has no {name}"))?;
    let decoded = URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| format!("{at}.{name} is no base64url"))
}

fn of_length(at: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
    match bytes.len() {
        COORDINATE_BYTES => Ok(()),
        length => Err(format!(
            "{at}.{name} must have {COORDINATE_BYTES} bytes, got {length}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text_of(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![1; length])
    }

    fn rsa(id: &str, length: usize) -> Value {
        json!({"kty": "RSA", "kid": id, "n": text_of(length), "e": "AQAB"})
    }

    fn parse(keys: Value) -> Result<Keys, String> {
        Keys::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_key_is_found_by_its_name_and_algorithm_alone() {
        let edwards = json!({"kty": "OKP", "crv": "Ed25519", "x": text_of(32), "kid": "c"});
        let keys = parse(json!([rsa("a", 256), rsa("b", 256), edwards])).unwrap();
        for (id, algorithm, is_found) in [
            (Some("a"), Algorithm::RS256, true),
            (Some("c"), Algorithm::EdDSA, true),
            (Some("d"), Algorithm::RS256, false),
            (Some("a"), Algorithm::EdDSA, false),
            (Some("a"), Algorithm::HS256, false),
            (Some("a"), Algorithm::RS512, false),
            (None, Algorithm::EdDSA, true),
            // Two keys: it is not tried which one it may be.
            (None, Algorithm::RS256, false),
            (None, Algorithm::ES256, false),
        ] {
            let found = keys.find(id, algorithm).is_some();
            assert_eq!(found, is_found, "{id:?} {algorithm:?}");
        }
    }

    #[test]
    fn keys_of_other_kinds_are_left_out() {
        let others = json!([
            {"kty": "RSA", "kid": "a", "n": text_of(256), "e": "AQAB", "use": "enc"},
            {"kty": "RSA", "kid": "b", "n": text_of(256), "e": "AQAB", "alg": "PS256"},
            {"kty": "EC", "crv": "P-384", "x": text_of(48), "y": text_of(48)},
            {"kty": "oct", "k": text_of(32)},
            rsa("last", 256),
        ]);
        let keys = parse(others).unwrap();
        assert_eq!(keys.0.len(), 1);
        assert!(keys.find(Some("last"), Algorithm::RS256).is_some());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (keys, fault) in [
            (json!([]), "has no key for RS256, ES256 or EdDSA"),
            (json!([{"kty": "oct", "k": text_of(32)}]), "has no key for"),
            (json!(["a"]), "keys[0] must be an object"),
            (
                json!([rsa("a", 128)]),
                "keys[0].n is shorter than 2048 bits",
            ),
            (
                json!([rsa("a", 256), rsa("a", 256)]),
                "keys[1].kid is another key's too",
            ),
            (json!([{"kty": "RSA", "e": "AQAB"}]), "keys[0] has no n"),
            (
                json!([{"kty": "RSA", "n": "?", "e": "AQAB"}]),
                "keys[0].n is no base64url",
            ),
            (
                json!([{"kty": "EC", "crv": "P-256", "x": text_of(32), "y": text_of(31)}]),
                "keys[0].y must have 32 bytes, got 31",
            ),
            (
                json!([{"kty": "OKP", "crv": "Ed25519", "x": text_of(32), "d": text_of(32)}]),
                "keys[0] is a private key",
            ),
        ] {
            let said = parse(keys.clone()).unwrap_err();
            assert!(said.contains(fault), "{keys}: {said}");
        }
        assert!(
            Keys::parse(b"{}")
                .unwrap_err()
                .contains("keys must be a list")
        );
    }
}

//! Keys that sign tokens. Nothing here is the service's own reading of them.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "bulletin";

/// Far from any time at which a test runs.
const PAST: u64 = 1_000_000_000;
const FUTURE: u64 = 4_000_000_000;

pub struct Signer {
    pub id: String,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Elliptic(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl Signer {
    pub fn rsa(id: &str) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self::of(id, Key::Rsa(key))
    }

    pub fn elliptic(id: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::of(id, Key::Elliptic(key))
    }

    pub fn edwards(id: &str) -> Self {
        Self::of(id, Key::Edwards(Ed25519KeyPair::generate().unwrap()))
    }

    fn of(id: &str, key: Key) -> Self {
        let id = id.to_owned();
        Self { id, key }
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.key {
            Key::Rsa(_) => "RS256",
            Key::Elliptic(_) => "ES256",
            Key::Edwards(_) => "EdDSA",
        }
    }

    pub fn jwk(&self) -> Value {
        let id = &self.id;
        match &self.key {
            Key::Rsa(key) => {
                let public = key.public_key();
                let n = text(public.modulus().big_endian_without_leading_zero());
                let e = text(public.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e})
            }
            Key::Elliptic(key) => {
                // A byte that says it is not compressed, and the two coordinates.
                let point = key.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y})
            }
            Key::Edwards(key) => {
                let x = text(key.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x})
            }
        }
    }

    /// The public key in each form that somebody may take for a secret.
    pub fn public_forms(&self) -> Vec<Vec<u8>> {
        let jwk = self.jwk();
        let member = ["n", "x"]
            .iter()
            .find_map(|name| jwk[name].as_str())
            .unwrap();
        let mut forms = vec![
            member.as_bytes().to_vec(),
            URL_SAFE_NO_PAD.decode(member).unwrap(),
            jwk.to_string().into_bytes(),
        ];
        if let Key::Rsa(key) = &self.key {
            let der = key.public_key().as_der().unwrap();
            let pem = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n");
            forms.extend([der.as_ref().to_vec(), pem.into_bytes()]);
        }
        forms
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Key::Elliptic(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Edwards(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", text(&signature))
    }

    /// A token that names this key.
    pub fn token(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.id});
        self.token_with(&header, claims)
    }
}

pub fn key_set(signers: &[&Signer]) -> String {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// What a good token says of this subject.
pub fn claims(subject: &str) -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": PAST, "nbf": PAST, "exp": FUTURE})
}

pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

pub fn expired(subject: &str) -> Value {
    with(claims(subject), "exp", PAST.into())
}

pub fn not_yet_valid(subject: &str) -> Value {
    with(claims(subject), "nbf", (FUTURE - 1).into())
}

/// Header and claims as a signature is of them.
pub fn message(header: &Value, claims: &Value) -> String {
    let (header, claims) = (header.to_string(), claims.to_string());
    format!("{}.{}", text(header.as_bytes()), text(claims.as_bytes()))
}

/// A token signed with a secret that is none.
pub fn hmac_token(id: &str, secret: &[u8], claims: &Value) -> String {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": id});
    let message = message(&header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", text(tag.as_ref()))
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

//! Who visits. A browser cannot show a token with each page it opens: it is given once, kept here, and the
//! browser is given a cookie that stands for it. The cookie is not the token itself, since cookies know no
//! ports: whatever else runs on the same host is shown it, and can at most read here with it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use quick_cache::sync::Cache;
use tonic::metadata::{Ascii, MetadataValue};

/// Most visitors at once; beyond them those who came least lately give their tokens again.
const VISITORS_MAX: usize = 256;

const COOKIE_NAME: &str = "bulletin-look";
const KEY_BYTES: usize = 32;

/// Why somebody is not let in, whatever token he has.
pub struct Outside(pub &'static str);

pub struct Door {
    /// Whether others than this machine may come, by names that nobody here knows.
    is_open: bool,
    tokens: Cache<String, Arc<MetadataValue<Ascii>>>,
}

impl Door {
    pub fn new(is_open: bool) -> Self {
        Self {
            is_open,
            tokens: Cache::new(VISITORS_MAX),
        }
    }

    /// A token must not travel in the clear; and a page of somebody else, whose name leads to this machine
    /// for a moment, must not read what is shown to whoever sits at it.
    pub fn check(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Outside> {
        if self.is_open {
            return Ok(());
        }
        if !peer.ip().to_canonical().is_loopback() {
            return Err(Outside(
                "records are shown in plain HTTP to this machine alone: forward the port to yourself, as \
                 kubectl port-forward or ssh -L does",
            ));
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        match host.is_some_and(is_local) {
            true => Ok(()),
            false => Err(Outside("ask for localhost, or a loopback address")),
        }
    }

    /// What the visitor shows with this request.
    pub fn authorization(&self, headers: &HeaderMap) -> Option<MetadataValue<Ascii>> {
        if let Some(shown) = headers.get(AUTHORIZATION) {
            return MetadataValue::try_from(shown.as_bytes()).ok();
        }
        let token = self.tokens.get(key(headers)?)?;
        Some(MetadataValue::clone(&token))
    }

    pub fn knows(&self, headers: &HeaderMap) -> bool {
        key(headers).is_some_and(|key| self.tokens.get(key).is_some())
    }

    /// Keeps a token that is believed; gives the header that sets the cookie.
    pub fn enter(&self, authorization: MetadataValue<Ascii>) -> Option<String> {
        let mut key = [0; KEY_BYTES];
        aws_lc_rs::rand::fill(&mut key).ok()?;
        let key = URL_SAFE_NO_PAD.encode(key);
        self.tokens.insert(key.clone(), Arc::new(authorization));
        Some(cookie(&key, ""))
    }

    /// Forgets the token; gives the header that takes the cookie away.
    pub fn leave(&self, headers: &HeaderMap) -> String {
        if let Some(key) = key(headers) {
            self.tokens.remove(key);
        }
        cookie("", "; Max-Age=0")
    }
}

/// Whether a form was sent from a page of this place, as far as browsers tell.
pub fn is_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let from = origin.to_str().ok();
    let from = from.and_then(|origin| origin.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    from.is_some_and(|(_, from)| Some(from) == host)
}

fn cookie(value: &str, more: &str) -> String {
    format!("{COOKIE_NAME}={value}; Path=/look; HttpOnly; SameSite=Strict{more}")
}

/// What the cookie says.
fn key(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter();
    let mut cookies = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    })
}

/// Whether the host that is asked for can only be this machine.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address: Option<IpAddr> = name.parse().ok();
    match address {
        Some(address) => address.is_loopback(),
        None => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_come_where_that_was_said_and_nowhere_else() {
        let asked = |door: &Door, peer: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            door.check(&headers, peer.parse().unwrap()).is_ok()
        };
        let (closed, open) = (Door::new(false), Door::new(true));
        for (peer, host, is_local) in [
            ("127.0.0.1:5000", "127.0.0.1:9464", true),
            ("[::ffff:127.0.0.1]:5000", "localhost", true),
            ("[::1]:5000", "localhost", true),
            ("127.0.0.1:5000", "evil.example", false),
            ("10.0.0.1:5000", "localhost", false),
            ("[2001:db8::1]:5000", "localhost", false),
        ] {
            assert_eq!(asked(&closed, peer, host), is_local, "{peer} {host}");
            assert!(asked(&open, peer, host), "{peer} {host}");
        }
        let nameless = closed.check(&HeaderMap::new(), "127.0.0.1:5000".parse().unwrap());
        assert!(nameless.is_err());
    }

    #[test]
    fn only_names_that_lead_nowhere_else_are_local() {
        for local in [
            "localhost",
            "localhost:9464",
            "a.localhost:1",
            "127.0.0.1:9464",
            "127.1.2.3",
            "[::1]:9464",
            "[::1]",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:9464",
            "[::2]:1",
            "notlocalhost",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }
}

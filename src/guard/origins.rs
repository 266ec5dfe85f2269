//! Which pages may call from a browser (CORS); nobody else asks for leave.

use std::str::FromStr;
use std::time::Duration;

use tonic::codegen::http::header::{AUTHORIZATION, CONTENT_TYPE};
use tonic::codegen::http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::CorsLayer;

use crate::edge::reply::{AGE_HEADER, TOKEN_HEADER};
use crate::seeing::trace::REQUEST_ID;

/// How long a browser may remember what it was told; none keeps it for longer than this.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// Where pages come from: scheme, host, and the port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = String;

    // Browsers send it in this form, and it is compared as it is sent.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_sent_so = || {
            let uri = Uri::from_str(text).ok()?;
            let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
            let own_port = match scheme {
                "http" => ":80",
                "https" => ":443",
                _ => return None,
            };
            let plain = format!("{scheme}://{authority}").to_lowercase();
            let is_plain = plain == text && !text.contains('@') && !text.ends_with(own_port);
            is_plain.then(|| HeaderValue::from_str(text).ok())?
        };
        let origin = is_sent_so().map(Self);
        origin.ok_or_else(|| {
            "must be an origin as browsers send it, such as https://desk.city.example or \
             http://localhost:8080: in small letters, without a path"
                .to_owned()
        })
    }
}

/// Answers browsers that ask whether a page of these origins may call, and lets the page read the answers;
/// nothing where there are none.
pub fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let sent = ["grpc-timeout", "traceparent", "x-grpc-web", "x-user-agent"];
    let read = [
        TOKEN_HEADER,
        AGE_HEADER,
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
    ];
    let named = |names: &[&'static str], others: &[HeaderName]| -> Vec<HeaderName> {
        let names = names.iter().copied().map(HeaderName::from_static);
        names.chain(others.iter().cloned()).collect()
    };
    let layer = CorsLayer::new()
        .allow_origin(Vec::from_iter(origins.iter().map(|one| one.0.clone())))
        .allow_methods([Method::POST])
        .allow_headers(named(&sent, &[AUTHORIZATION, CONTENT_TYPE, REQUEST_ID]))
        .expose_headers(named(&read, &[REQUEST_ID]))
        .max_age(REMEMBERED);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        for text in [
            "https://desk.city.example",
            "http://localhost:8080",
            "http://127.0.0.1:5173",
            "https://[::1]:8443",
        ] {
            assert!(Origin::from_str(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "desk.city.example",
            "https://",
            "https://desk.city.example/",
            "https://desk.city.example/page",
            "https://Desk.city.example",
            "https://desk.city.example:443",
            "http://desk.city.example:80",
            "https://user@desk.city.example",
            "ftp://desk.city.example",
        ] {
            assert!(Origin::from_str(text).is_err(), "{text}");
        }
    }
}

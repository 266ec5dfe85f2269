//! What is true of every refusal: it says what was wrong, in words that a terminal, a log and a header
//! can carry.

use bulletin::edge::foreign::documented;
use bulletin::error::{Error, Violation};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Longest sentence, in bytes.
const SENTENCE_BYTES_MAX: usize = 2_000;

/// Most bytes of headers; clients break a call at more.
const HEADER_BYTES_MAX: usize = 8 * 1024;

/// Panics unless the caller is told, as the API documents it, that it was the request.
pub fn is_told(error: Error) {
    holds(&Status::from(error));
}

/// The same of bytes that are no message.
pub fn is_told_of_bytes(error: &prost::DecodeError) {
    let status = Status::internal(error.to_string());
    holds(&documented(&status).unwrap_or_else(|| panic!("{error}")));
}

pub fn is_plain(violation: &Violation) {
    assert!(!violation.field.is_empty(), "{violation:?}");
    assert!(!violation.description.is_empty(), "{violation:?}");
    is_sentence(&violation.to_string());
}

fn holds(status: &Status) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    is_sentence(status.message());
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("{status:?} has no reason"));
    assert_eq!(info.domain, "bulletin.v1");
    assert!(!info.reason.is_empty());
    let details = status.get_details_bad_request();
    let violations = details.map(|details| details.field_violations);
    let violations = violations.unwrap_or_else(|| panic!("{status:?} names no field"));
    assert!(!violations.is_empty());
    for violation in violations {
        assert!(!violation.field.is_empty(), "{violation:?}");
        is_sentence(&format!("{} {}", violation.field, violation.description));
    }
    let response = status.clone().into_http::<()>();
    let headers = response.headers().iter();
    let length: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    assert!(length <= HEADER_BYTES_MAX, "{length} bytes of headers");
}

fn is_sentence(text: &str) {
    assert!(!text.trim().is_empty());
    assert!(text.len() <= SENTENCE_BYTES_MAX, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

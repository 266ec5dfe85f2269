//! Names that calls carry from service to service: a request id, and the trace of W3C's Trace Context.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use prost::bytes::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header of a request that names it, and of its response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const TRACEPARENT: &str = "traceparent";

/// Longer ids would fill the log.
const ID_LENGTH_MAX: usize = 64;

/// The id a call came with, if it may stand in a log, or a new one.
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    match headers.get(&REQUEST_ID) {
        Some(id) if is_sane(id.as_bytes()) => id.clone(),
        _ => new_id(),
    }
}

fn is_sane(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=ID_LENGTH_MAX).contains(&id.len()) && id.iter().all(is_plain)
}

/// Sixteen hex digits that no other process has, and which of its calls it is: nothing random a call.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<[u8; 16]> = LazyLock::new(|| {
        let mut bytes = [0; 8];
        // Without randomness ids are those of one process still.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        let mut hex = [0; 16];
        write_hex(u64::from_be_bytes(bytes), &mut hex);
        hex
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 29];
    id[..16].copy_from_slice(&*PROCESS);
    id[16] = b'-';
    write_hex(NEXT.fetch_add(1, Ordering::Relaxed), &mut id[17..]);
    let id = Bytes::copy_from_slice(&id);
    HeaderValue::from_maybe_shared(id).expect("hex digits may stand in a header")
}

/// The last digits of a number.
fn write_hex(number: u64, into: &mut [u8]) {
    let mut rest = number;
    for digit in into.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 15) as usize];
        rest >>= 4;
    }
}

/// The span of another service that a call is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    pub trace_id: u128,
    pub span_id: u64,
    pub flags: u8,
}

impl Parent {
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
    }

    /// `00-<32 hex digits>-<16>-<2>`; later versions may have more behind.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace_id) = (parts.next()?, parts.next()?);
        let (span_id, flags) = (parts.next()?, parts.next()?);
        if version == "00" && parts.next().is_some() || hex(version, 2)? == 0xff {
            return None;
        }
        let parent = Self {
            trace_id: hex(trace_id, 32)?,
            span_id: u64::try_from(hex(span_id, 16)?).ok()?,
            flags: u8::try_from(hex(flags, 2)?).ok()?,
        };
        (parent.trace_id != 0 && parent.span_id != 0).then_some(parent)
    }

    /// Makes a span a part of it.
    pub fn adopt(&self, span: &Span) {
        let context = SpanContext::new(
            TraceId::from(self.trace_id),
            SpanId::from(self.span_id),
            TraceFlags::new(self.flags),
            true,
            TraceState::default(),
        );
        let context = opentelemetry::Context::new().with_remote_span_context(context);
        // A span that nobody exports has no place for it.
        let _ = span.set_parent(context);
    }
}

/// Lower-case hex digits, exactly so many.
fn hex(text: &str, length: usize) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != length || !text.bytes().all(is_hex) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_while_it_may_stand_in_a_log() {
        let ask = |id: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
            request_id(&headers)
        };
        for sane in ["a", "0b9e4d4e-6a5c-4b52-8df7-6a9d3b1c2d3e", &"x".repeat(64)] {
            assert_eq!(ask(sane.as_bytes()), sane);
        }
        for odd in ["", "a b", "a\"b", "汉字", &"x".repeat(65)] {
            assert_ne!(ask(odd.as_bytes()), odd, "{odd:?}");
        }
        let (one, other) = (ask(b""), request_id(&HeaderMap::new()));
        assert_ne!(one, other);
        assert!(
            is_sane(one.as_bytes()) && is_sane(other.as_bytes()),
            "{one:?}"
        );
    }

    #[test]
    fn a_traceparent_has_the_form_of_trace_context() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let parent = Parent::parse(&format!("00-{trace}-{span}-01")).unwrap();
        assert_eq!(format!("{:032x}", parent.trace_id), trace);
        assert_eq!((parent.span_id, parent.flags), (0x00f0_67aa_0ba9_02b7, 1));
        assert!(Parent::parse(&format!("cc-{trace}-{span}-01-what-comes")).is_some());
        let zeros = "0".repeat(32);
        for odd in [
            "",
            "00",
            &format!("00-{trace}-{span}"),
            &format!("00-{trace}-{span}-01-more"),
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{zeros}-{span}-01"),
            &format!("00-{trace}-0000000000000000-01"),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}-{span}-1"),
        ] {
            assert_eq!(Parent::parse(odd), None, "{odd}");
        }
    }
}

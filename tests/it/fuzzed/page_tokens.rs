//! What is true of page tokens: what was sealed opens for its own request, and nothing else opens.

use bulletin::error::{Error, Reason};
use bulletin::paging::{Cursor, PageTokens};
use bulletin::token::AskedToken;

use super::refused::is_told;

const KEY: [u8; 32] = *b"the key of the page-token target";

/// Longest sort key that is sealed, in bytes; those of lists are shorter.
const AFTER_BYTES_MAX: usize = 1_000;

/// Panics when the bytes break a property: they are tried as a token, and tell of a cursor to be sealed.
pub fn hold(bytes: &[u8]) {
    let tokens = PageTokens::of_key(&KEY).unwrap();
    let text = String::from_utf8_lossy(bytes);
    let (scope, token) = text.split_once('\n').unwrap_or(("", &text));
    opens_only_what_was_made(&tokens, scope, token);
    let cursor = cursor(token, bytes);
    let sealed = tokens.seal(scope, &cursor).unwrap();
    assert!(sealed.bytes().all(is_token_byte), "{sealed}");
    assert_eq!(open(&tokens, scope, &sealed), Ok(Some(cursor)));
    is_refused_elsewhere(&tokens, scope, &sealed);
    is_refused_when_changed(&tokens, scope, &sealed, bytes);
}

/// With the key known, a text that opens was sealed by somebody who has it.
fn opens_only_what_was_made(tokens: &PageTokens, scope: &str, token: &str) {
    match open(tokens, scope, token) {
        Ok(None) => assert!(token.is_empty()),
        Ok(Some(cursor)) => {
            let sealed = tokens.seal(scope, &cursor).unwrap();
            assert_eq!(open(tokens, scope, &sealed), Ok(Some(cursor)));
        }
        Err(error) => is_told(error.0),
    }
    let resumed = tokens.resume(scope, token);
    assert_eq!(
        resumed.ok(),
        open(tokens, scope, token).ok(),
        "a stream takes what a list takes"
    );
}

/// A cursor that the bytes tell of.
fn cursor(text: &str, bytes: &[u8]) -> Cursor {
    let mut revision = [0; 8];
    let length = bytes.len().min(7);
    revision[..length].copy_from_slice(&bytes[..length]);
    let mut left = AFTER_BYTES_MAX;
    let after = text.split('\u{1}').map_while(|part| {
        // Escaped in JSON, a byte is six at most.
        left = left.checked_sub(6 * part.len() + 3)?;
        Some(part.to_owned())
    });
    Cursor {
        history: AskedToken {
            revision: i64::from_le_bytes(revision),
            chain_prefix: "0123456789abcdef".to_owned(),
        },
        after: after.collect(),
    }
}

fn is_refused_elsewhere(tokens: &PageTokens, scope: &str, sealed: &str) {
    let longer = format!("{scope} ");
    let mut shorter = scope.to_owned();
    shorter.pop();
    for other in [longer.as_str(), shorter.as_str()] {
        if other != scope {
            is_refused(tokens, other, sealed);
        }
    }
}

fn is_refused_when_changed(tokens: &PageTokens, scope: &str, sealed: &str, bytes: &[u8]) {
    let place = bytes.iter().fold(0, |sum, byte| sum + usize::from(*byte));
    let place = place % sealed.len();
    let other = match sealed.as_bytes()[place] {
        b'A' => 'B',
        _ => 'A',
    };
    let changed = format!("{}{other}{}", &sealed[..place], &sealed[place + 1..]);
    is_refused(tokens, scope, &changed);
    if place > 0 {
        is_refused(tokens, scope, &sealed[..place]);
    }
    is_refused(tokens, scope, &format!("{sealed}A"));
    is_refused(tokens, scope, &format!("{sealed}="));
}

fn is_refused(tokens: &PageTokens, scope: &str, token: &str) {
    match tokens.open(scope, token) {
        Err(error) => is_told(error),
        Ok(cursor) => panic!("{token} was opened as {cursor:?}"),
    }
}

/// Told apart from other refusals, so that outcomes can be compared.
#[derive(Debug)]
struct Refused(Error);

impl PartialEq for Refused {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

fn open(tokens: &PageTokens, scope: &str, token: &str) -> Result<Option<Cursor>, Refused> {
    tokens.open(scope, token).map_err(|error| {
        let Error::Invalid(violations) = &error else {
            panic!("{token:?} is refused with {error:?}");
        };
        assert_eq!(violations[0].reason, Reason::PageTokenInvalid);
        Refused(error)
    })
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

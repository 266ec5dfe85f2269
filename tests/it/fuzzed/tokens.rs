//! What is true of any text that is given as a token: it is refused, or is one revision of one history.

use bulletin::error::Reason;
use bulletin::token::{AskedToken, CHAIN_LENGTH, Chain, Token};

use super::refused::is_plain;

/// Panics when the text breaks a property.
pub fn hold(text: &str) {
    let asked = match AskedToken::parse("token", text) {
        Ok(asked) => asked,
        Err(violation) => {
            assert_eq!(violation.reason, Reason::TokenInvalid);
            return is_plain(&violation);
        }
    };
    assert!(asked.revision >= 0, "{asked:?}");
    assert!([0, 16, 64].contains(&asked.chain_prefix.len()), "{asked:?}");
    let again = AskedToken::parse("token", &asked.to_string());
    assert_eq!(again.ok().as_ref(), Some(&asked), "{text:?}");
    names_its_own_chain_and_no_other(&asked);
}

fn names_its_own_chain_and_no_other(asked: &AskedToken) {
    let mut link = [0; CHAIN_LENGTH];
    for (at, byte) in link.iter_mut().enumerate() {
        let digits = asked.chain_prefix.get(2 * at..2 * at + 2);
        *byte = digits.map_or(0, |digits| u8::from_str_radix(digits, 16).unwrap());
    }
    assert!(asked.names(&Chain(link)), "{asked:?}");
    let token = Token {
        revision: asked.revision,
        chain: Chain(link),
    };
    let served = AskedToken::parse("token", &token.to_string()).unwrap();
    assert_eq!(served, AskedToken::from(token));
    assert!(served.names(&token.chain));
    for bit in 0..asked.chain_prefix.len() * 4 {
        let mut other = link;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!asked.names(&Chain(other)), "{asked:?}");
    }
}

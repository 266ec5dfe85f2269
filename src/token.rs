//! Tokens: `"<revision>-<chain prefix>"`, one revision of one history.

use std::fmt;

use crate::error::{Reason, Violation};

/// Bytes of a chain value.
pub const CHAIN_LENGTH: usize = 32;

/// Hex digits of a chain that a token shows.
const PREFIX_LENGTH: usize = 16;

/// A link of the hash chain over all revisions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Chain(pub [u8; CHAIN_LENGTH]);

impl Chain {
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.hex()[..16])
    }
}

/// A revision with its chain, as read from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub revision: i64,
    pub chain: Chain,
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = hex(&self.chain.0[..PREFIX_LENGTH / 2]);
        write!(out, "{}-{prefix}", self.revision)
    }
}

/// A token as a caller gives it: the chain may be a prefix, or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedToken {
    pub revision: i64,
    /// 16 or 64 lower-case hex digits; empty for a bare revision.
    pub chain_prefix: String,
}

impl AskedToken {
    pub fn parse(field: &str, text: &str) -> Result<Self, Violation> {
        let refused = || {
            let got = Violation::shown(text);
            let description = format!("must be a token such as \"42-0123456789abcdef\", got {got}");
            Violation::new(Reason::TokenInvalid, field, description)
        };
        let (revision, prefix) = match text.split_once('-') {
            Some((revision, prefix)) => (revision, Some(prefix)),
            None => (text, None),
        };
        let digits = !revision.is_empty() && revision.bytes().all(|b| b.is_ascii_digit());
        let revision = revision
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or_else(refused)?;
        let chain_prefix = prefix.unwrap_or_default().to_ascii_lowercase();
        let is_hex = chain_prefix.bytes().all(|b| b.is_ascii_hexdigit());
        let length_allowed = match prefix {
            None => true,
            Some(prefix) => matches!(prefix.len(), 16 | 64),
        };
        if !is_hex || !length_allowed {
            return Err(refused());
        }
        Ok(Self {
            revision,
            chain_prefix,
        })
    }

    /// Whether the log's link of this revision is the one the token names.
    pub fn names(&self, chain: &Chain) -> bool {
        chain.hex().starts_with(&self.chain_prefix)
    }
}

impl fmt::Display for AskedToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chain_prefix.as_str() {
            "" => write!(out, "{}", self.revision),
            prefix => write!(out, "{}-{prefix}", self.revision),
        }
    }
}

impl From<Token> for AskedToken {
    fn from(token: Token) -> Self {
        Self {
            revision: token.revision,
            chain_prefix: token.chain.hex()[..PREFIX_LENGTH].to_owned(),
        }
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| DIGITS[usize::from(half)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_own_chain_and_no_other() {
        let token = Token {
            revision: 42,
            chain: Chain([0xab; CHAIN_LENGTH]),
        };
        let asked = AskedToken::parse("token", &token.to_string()).expect("a served token parses");
        assert_eq!(asked.revision, 42);
        assert!(asked.names(&token.chain));
        assert!(!asked.names(&Chain([0xac; CHAIN_LENGTH])));
        let bare = AskedToken::parse("token", "42").expect("a bare revision parses");
        assert!(bare.names(&token.chain));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in [
            "",
            "-",
            "x",
            "42-",
            "42-xyz",
            "-1",
            "+1",
            "42-abc",
            "9223372036854775808",
        ] {
            assert!(AskedToken::parse("token", bad).is_err(), "{bad}");
        }
    }
}

//! Page tokens: sealed, so that a caller can neither read nor make them, and bound to their request.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use sqlx::Row as _;

use crate::db::Db;
use crate::error::{Error, Reason, Result, Violation};
use crate::token::AskedToken;

const NONCE_LENGTH: usize = 12;
const TOKEN_LENGTH_MAX: usize = 2_000;

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The history of the first page.
    pub history: AskedToken,
    /// The sort key of the last record sent.
    pub after: Vec<String>,
}

/// Seals and opens page tokens with the key that every process on a database shares.
pub struct PageTokens {
    key: RandomizedNonceKey,
}

impl std::fmt::Debug for PageTokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PageTokens")
    }
}

impl PageTokens {
    pub async fn load(db: &Db) -> Result<Self> {
        let sql = "-- keys.page_token
            select key from keys where purpose = 'page_token'";
        let key: Vec<u8> = db.fetch_one(|| Ok(sqlx::query(sql))).await?.try_get(0)?;
        Self::of_key(&key)
    }

    /// With a key of 32 bytes.
    pub fn of_key(key: &[u8]) -> Result<Self> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(Error::internal)?;
        Ok(Self { key })
    }

    /// `scope` is everything of the request but the page's size.
    pub fn seal(&self, scope: &str, cursor: &Cursor) -> Result<String> {
        let after = serde_json::Value::from(cursor.after.clone());
        let mut sealed = format!("{}\n{after}", cursor.history).into_bytes();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(scope.as_bytes()), &mut sealed)
            .map_err(Error::internal)?;
        let mut token = nonce.as_ref().to_vec();
        token.append(&mut sealed);
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    /// Opens a token that was made for the same request; an empty one begins at the first page.
    pub fn open(&self, scope: &str, token: &str) -> Result<Option<Cursor>> {
        if token.is_empty() {
            return Ok(None);
        }
        self.try_open(scope, token).map(Some).ok_or_else(|| {
            let description = "is not one this service made for this request: send it with the same \
                               parent, filter, order and options as the page before";
            Violation::new(Reason::PageTokenInvalid, "page_token", description).into()
        })
    }

    /// Opens the cursor of a stream, which goes on where a call of the same request was cut off; an empty
    /// one begins at the start.
    pub fn resume(&self, scope: &str, cursor: &str) -> Result<Option<Cursor>> {
        if cursor.is_empty() {
            return Ok(None);
        }
        self.try_open(scope, cursor).map(Some).ok_or_else(|| {
            let description = "is not one this service made for this request: send it with everything \
                               else as in the call that it is from";
            Violation::new(Reason::TokenInvalid, "cursor", description).into()
        })
    }

    fn try_open(&self, scope: &str, token: &str) -> Option<Cursor> {
        if token.len() > TOKEN_LENGTH_MAX {
            return None;
        }
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = token.split_at_checked(NONCE_LENGTH)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(scope.as_bytes()), &mut sealed)
            .ok()?;
        let (history, after) = std::str::from_utf8(opened).ok()?.split_once('\n')?;
        let history = AskedToken::parse("page_token", history).ok()?;
        Some(Cursor {
            history,
            after: serde_json::from_str(after).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_for_its_own_request_only() {
        let tokens = PageTokens::of_key(&[7; 32]).expect("32 bytes are a key");
        let history = AskedToken {
            revision: 3,
            chain_prefix: "0123456789abcdef".into(),
        };
        let cursor = Cursor {
            history,
            after: vec!["2020-06-11".into(), "articles/ab".into()],
        };
        let token = tokens
            .seal("list show_deleted=false", &cursor)
            .expect("sealing works");
        assert_eq!(
            tokens.open("list show_deleted=false", &token).ok(),
            Some(Some(cursor))
        );
        assert!(tokens.open("list show_deleted=true", &token).is_err());
        let mut flipped = token.into_bytes();
        flipped[20] ^= 1;
        let flipped = String::from_utf8(flipped).expect("still ASCII or refused");
        assert!(tokens.open("list show_deleted=false", &flipped).is_err());
        for bad in ["x", "%%%", "AAAA", &"A".repeat(5_000)] {
            assert!(
                tokens.open("list show_deleted=false", bad).is_err(),
                "{bad}"
            );
        }
    }
}

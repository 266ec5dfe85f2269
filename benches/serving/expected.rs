//! What a reply must be.

use std::ops::Range;

use anyhow::{Context as _, Result};
use prost::bytes::{Buf as _, Bytes};
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::calls::Method;

/// The bytes of a reply. The token of the next page is sealed anew by each call: its place and length
/// must be right, not its bytes.
#[derive(Clone, Debug)]
pub struct Expected {
    pub bytes: Bytes,
    sealed: Range<usize>,
}

impl Expected {
    pub fn of(method: Method, bytes: Bytes) -> Result<Self> {
        let mut sealed = 0..0;
        if method.is_paged() {
            let token = fields(&bytes)?.into_iter().find(|field| field.tag == 2);
            sealed = token.map_or(0..0, |token| token.place);
        }
        Ok(Self { bytes, sealed })
    }

    pub fn check(&self, reply: &[u8]) -> Result<(), Different> {
        let Range { start, end } = self.sealed;
        let expected = &self.bytes;
        let is_same = reply.len() == expected.len()
            && reply[..start] == expected[..start]
            && reply[end..] == expected[end..];
        match is_same {
            true => Ok(()),
            false => Err(Different {
                found: reply.len(),
                expected: expected.len(),
            }),
        }
    }
}

/// By their lengths in bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a reply of {found} bytes is not the {expected} bytes it must be")]
pub struct Different {
    found: usize,
    expected: usize,
}

/// A field of a message that has a length; others are left out.
#[derive(Clone, Debug)]
pub struct Field {
    pub tag: u32,
    pub place: Range<usize>,
}

pub fn fields(message: &[u8]) -> Result<Vec<Field>> {
    let mut rest = message;
    let mut found = Vec::new();
    while rest.has_remaining() {
        let (tag, wire_type) = decode_key(&mut rest)?;
        let skipped = match wire_type {
            WireType::Varint => {
                decode_varint(&mut rest)?;
                0
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            _ => usize::try_from(decode_varint(&mut rest)?)?,
        };
        let start = message.len() - rest.len();
        rest = rest.get(skipped..).context("a message is cut off")?;
        if wire_type == WireType::LengthDelimited {
            let place = start..start + skipped;
            found.push(Field { tag, place });
        }
    }
    Ok(found)
}

/// The first text of a message with this number, such as a record's name.
pub fn text(message: &[u8], tag: u32) -> Result<String> {
    let field = fields(message)?.into_iter().find(|field| field.tag == tag);
    let bytes = field.map_or(&[][..], |field| &message[field.place]);
    Ok(String::from_utf8(bytes.to_vec())?)
}

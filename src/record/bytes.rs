//! Records as bytes: what they begin with, read where it is, and who has them.

use std::ops::Deref;
use std::sync::Arc;

use prost::bytes::Bytes;
use prost::encoding::{WireType, decode_key, decode_varint};

/// Whether bytes are of the record of this name, which is the first field of each.
pub fn is_named(record: &[u8], name: &str) -> bool {
    take_bytes(&mut { record }, 1) == Some(name.as_bytes())
}

/// The first field: a record's name, a page's hash.
pub fn first_text(record: &[u8]) -> Option<&str> {
    take_text(&mut { record }, 1)
}

/// The first two fields of a record.
pub fn name_and_etag(record: &[u8]) -> Option<(&str, &str)> {
    let mut rest = record;
    Some((take_text(&mut rest, 1)?, take_text(&mut rest, 2)?))
}

/// Takes the field that comes next, if it has this number, and is a text.
fn take_text<'a>(rest: &mut &'a [u8], number: u32) -> Option<&'a str> {
    str::from_utf8(take_bytes(rest, number)?).ok()
}

fn take_bytes<'a>(rest: &mut &'a [u8], number: u32) -> Option<&'a [u8]> {
    if decode_key(rest) != Ok((number, WireType::LengthDelimited)) {
        return None;
    }
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (bytes, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(bytes)
}

/// A record's bytes, or the first of them.
#[derive(Clone, Debug)]
pub enum Body {
    /// Others share them; so many are meant.
    Kept(Arc<[u8]>, usize),
    /// Read for one answer.
    Read(Bytes),
}

impl Body {
    /// Leaves the first so many bytes.
    pub fn truncate(&mut self, length: usize) {
        match self {
            Body::Kept(_, kept) => *kept = length.min(*kept),
            Body::Read(bytes) => bytes.truncate(length),
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Body::Kept(record, length) => &record[..*length],
            Body::Read(bytes) => bytes,
        }
    }
}

impl From<Arc<[u8]>> for Body {
    fn from(record: Arc<[u8]>) -> Self {
        let length = record.len();
        Body::Kept(record, length)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body::Read(bytes)
    }
}

impl From<Body> for Bytes {
    fn from(body: Body) -> Self {
        match body {
            Body::Kept(record, length) => Bytes::from_owner(record).slice(..length),
            Body::Read(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::pb;

    #[test]
    fn names_and_etags_are_read_where_they_are() {
        let mut station = pb::Station {
            name: "stations/x".into(),
            etag: "\"0123456789abcdef\"".into(),
            display_name: "第一派出所".into(),
            ..Default::default()
        };
        let record = station.encode_to_vec();
        let (name, etag) = (station.name.as_str(), station.etag.as_str());
        assert_eq!(name_and_etag(&record), Some((name, etag)));
        assert_eq!(first_text(&record), Some(name));
        for length in 0..name.len() + etag.len() + 4 {
            assert_eq!(name_and_etag(&record[..length]), None, "{length} bytes");
        }
        station.etag.clear();
        assert_eq!(name_and_etag(&station.encode_to_vec()), None, "no etag");
    }
}

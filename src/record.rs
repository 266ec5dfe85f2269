//! What articles, stations and statistics share: a name, an etag, a revision, times; and their bytes.

mod bytes;

use aws_lc_rs::digest;
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost_types::Timestamp;

pub use self::bytes::{Body, first_text, is_named, name_and_etag};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb;
use crate::rules::Check;
use crate::token::hex;

/// Longest record, encoded: with the page's text it fits a message.
const RECORD_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The revision a record is written by.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub revision: i64,
    pub time: Timestamp,
}

/// A message that is kept as a record.
pub trait Record: Message + Default + Clone + PartialEq + 'static {
    const KIND: Kind;
    /// Full name of the message, for masks and JSON.
    const MESSAGE: &'static str;

    fn name(&self) -> &str;
    fn etag(&self) -> &str;
    fn header(&mut self) -> Header<'_>;
    fn delete_time(&self) -> Option<&Timestamp>;
    /// When it was created, and last changed.
    fn times(&self) -> (Option<&Timestamp>, Option<&Timestamp>);

    /// Clears times and revisions beside the header's, which a restore or an import does not keep.
    fn clear_history(&mut self);

    fn is_deleted(&self) -> bool {
        self.delete_time().is_some()
    }
}

/// What every record begins with, read from its bytes without the rest.
#[derive(Clone, PartialEq, Message)]
pub struct Heading {
    #[prost(string, tag = "2")]
    pub etag: String,
    #[prost(message, optional, tag = "6")]
    pub delete_time: Option<Timestamp>,
}

/// The fields every record begins with.
pub struct Header<'a> {
    pub name: &'a mut String,
    pub etag: &'a mut String,
    pub revision: &'a mut i64,
    pub create_time: &'a mut Option<Timestamp>,
    pub update_time: &'a mut Option<Timestamp>,
    pub delete_time: &'a mut Option<Timestamp>,
}

macro_rules! record {
    ($type:ty, $kind:ident, $message:literal, $record:ident, $clear_history:block) => {
        impl Record for $type {
            const KIND: Kind = Kind::$kind;
            const MESSAGE: &'static str = $message;

            fn name(&self) -> &str {
                &self.name
            }

            fn etag(&self) -> &str {
                &self.etag
            }

            fn header(&mut self) -> Header<'_> {
                Header {
                    name: &mut self.name,
                    etag: &mut self.etag,
                    revision: &mut self.revision,
                    create_time: &mut self.create_time,
                    update_time: &mut self.update_time,
                    delete_time: &mut self.delete_time,
                }
            }

            fn delete_time(&self) -> Option<&Timestamp> {
                self.delete_time.as_ref()
            }

            fn times(&self) -> (Option<&Timestamp>, Option<&Timestamp>) {
                (self.create_time.as_ref(), self.update_time.as_ref())
            }

            fn clear_history(&mut self) {
                let $record = self;
                $clear_history
            }
        }
    };
}

record!(pb::Article, Article, "bulletin.v1.Article", article, {
    clear_corrections(&mut article.corrections);
    if let Some(retraction) = &mut article.retraction {
        retraction.time = None;
    }
});
record!(pb::Station, Station, "bulletin.v1.Station", _station, {});
record!(
    pb::Statistic,
    Statistic,
    "bulletin.v1.Statistic",
    statistic,
    {
        clear_corrections(&mut statistic.corrections);
    }
);

fn clear_corrections(corrections: &mut [pb::Correction]) {
    for correction in corrections {
        correction.time = None;
        correction.revision = 0;
    }
}

/// The etag of a record's content, in quotes.
pub fn etag<R: Record>(record: &R) -> String {
    let mut content = record.clone();
    let header = content.header();
    header.etag.clear();
    *header.revision = 0;
    *header.create_time = None;
    *header.update_time = None;
    *header.delete_time = None;
    content.clear_history();
    let digest = digest::digest(&digest::SHA256, &content.encode_to_vec());
    format!("\"{}\"", &hex(digest.as_ref())[..16])
}

/// Whether a caller's etag is this one; quotes may be left out.
pub fn etag_matches(asked: &str, current: &str) -> bool {
    asked.trim_matches('"') == current.trim_matches('"')
}

/// Refuses a write whose etag is not the current one; an empty one asks for nothing.
pub fn check_etag<R: Record>(asked: &str, current: &R) -> Result<()> {
    if asked.is_empty() || etag_matches(asked, current.etag()) {
        return Ok(());
    }
    Err(Error::EtagMismatch {
        name: current.name().to_owned(),
        expected: asked.trim_matches('"').chars().take(64).collect(),
        found: current.etag().trim_matches('"').to_owned(),
    })
}

/// Writes the header of a record's next version.
pub fn seal<R: Record>(record: &mut R, stamp: &Stamp) {
    let etag = etag(record);
    seal_as(record, etag, stamp);
}

/// The same, with an etag that is known.
pub fn seal_as<R: Record>(record: &mut R, etag: String, stamp: &Stamp) {
    let header = record.header();
    *header.etag = etag;
    *header.revision = stamp.revision;
    header.create_time.get_or_insert(stamp.time);
    *header.update_time = Some(stamp.time);
}

/// Clears what only the service sets, so that what a caller sent of it is ignored.
pub fn clear_header<R: Record>(record: &mut R) {
    let header = record.header();
    header.etag.clear();
    *header.revision = 0;
    *header.create_time = None;
    *header.update_time = None;
    *header.delete_time = None;
}

/// Refuses a record that would not fit a message.
pub fn check_length<R: Record>(check: &mut Check, field: &str, record: &R) {
    let length = record.encoded_len();
    if length > RECORD_BYTES_MAX {
        check.refuse(
            field,
            format!("must encode to at most {RECORD_BYTES_MAX} bytes, got {length}"),
        );
    }
}

/// Refuses a next version that what was added to it, such as a correction, has made too long.
pub fn check_sealed<R: Record>(field: &str, record: &R) -> Result<()> {
    let mut check = Check::default();
    check_length(&mut check, field, record);
    check.finish()
}

/// Reads a record's bytes in order to write its next version.
///
/// Fields that a newer release wrote would be lost, so a record that has any is refused.
pub fn decode_to_change<R: Record>(bytes: &[u8]) -> Result<R> {
    let record = decode::<R>(bytes)?;
    if record.encoded_len() != bytes.len() || record.encode_to_vec() != bytes {
        return Err(Error::SchemaNewer {
            name: record.name().to_owned(),
        });
    }
    Ok(record)
}

/// Reads a record's bytes in order to serve it.
pub fn decode<R: Message + Default>(bytes: &[u8]) -> Result<R> {
    R::decode(bytes).map_err(Error::internal)
}

/// The bytes of the fields numbered below 100, which the BASIC view serves.
///
/// Fields are written in order of their number, so these are a prefix of the record's bytes.
pub fn basic_length(article: &pb::Article) -> usize {
    use prost::encoding::{message::encoded_len_repeated, string};
    let added_by_full = encoded_len_repeated(100, &article.captions)
        + encoded_len_repeated(101, &article.people)
        + encoded_len_repeated(102, &article.quotations)
        + encoded_len_repeated(103, &article.honours)
        + encoded_len_repeated(104, &article.events)
        + encoded_len_repeated(105, &article.works)
        + encoded_len_repeated(106, &article.mentions)
        + encoded_len_repeated(900, &article.paragraphs);
    let added_by_source = match article.source_text.as_str() {
        "" => 0,
        _ => string::encoded_len(1000, &article.source_text),
    };
    article.encoded_len() - added_by_full - added_by_source
}

/// The BASIC view of an article's bytes: all fields before the first that is numbered 100 or above.
pub fn basic(article: &[u8]) -> &[u8] {
    let mut rest = article;
    loop {
        let length = rest.len();
        let Ok((tag, wire_type)) = decode_key(&mut rest) else {
            return article;
        };
        if tag >= 100 {
            return &article[..article.len() - length];
        }
        let skipped = skip_field(wire_type, tag, &mut rest, DecodeContext::default());
        if skipped.is_err() {
            return article;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article() -> pb::Article {
        pb::Article {
            name: "articles/ab".into(),
            headline: "标题".into(),
            paragraphs: vec![pb::Paragraph {
                text: "正文".into(),
                kind: 1,
                fragments: vec![],
            }],
            people: vec![pb::Person {
                id: "p1".into(),
                display_name: "甲".into(),
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    #[test]
    fn basic_is_a_prefix_of_the_record_and_decodes_to_its_first_fields() {
        let article = article();
        let bytes = article.encode_to_vec();
        let basic =
            pb::Article::decode(&bytes[..basic_length(&article)]).expect("a prefix decodes");
        let by_tags = super::basic(&bytes);
        assert_eq!(by_tags.len(), basic_length(&article));
        assert_eq!(super::basic(by_tags), by_tags, "nothing is left to cut");
        assert_eq!(basic.headline, "标题");
        assert!(basic.paragraphs.is_empty() && basic.people.is_empty());
    }

    #[test]
    fn field_numbers_are_views() {
        let message = pb::POOL
            .get_message_by_name("bulletin.v1.Article")
            .expect("it is in the API");
        for field in message.fields() {
            let is_full = field.number() >= 100;
            let listed = [
                "captions",
                "people",
                "quotations",
                "honours",
                "events",
                "works",
                "mentions",
                "paragraphs",
                "source_text",
            ]
            .contains(&field.name());
            assert_eq!(
                is_full,
                listed,
                "basic_length and the number of {} disagree",
                field.name()
            );
            assert!(
                field.containing_oneof().is_none(),
                "{} is in a oneof",
                field.name()
            );
        }
    }

    #[test]
    fn the_etag_is_of_the_content_alone() {
        let mut article = article();
        let before = etag(&article);
        seal(
            &mut article,
            &Stamp {
                revision: 7,
                time: Timestamp::default(),
            },
        );
        assert_eq!(etag(&article), before);
        assert_eq!(article.etag, before);
        article.headline.push('。');
        assert_ne!(etag(&article), before);
        assert!(etag_matches(before.trim_matches('"'), &before));
    }

    #[test]
    fn a_record_with_a_newer_field_is_not_changed() {
        let mut bytes = article().encode_to_vec();
        assert!(decode_to_change::<pb::Article>(&bytes).is_ok());
        prost::encoding::string::encode(990, &"later".to_owned(), &mut bytes);
        assert!(matches!(
            decode_to_change::<pb::Article>(&bytes),
            Err(Error::SchemaNewer { .. })
        ));
    }
}

//! Responses whose records are the bytes they are kept as: on the wire what the proto says, without
//! taking a record apart to put it together again. The services are generated over these types.

use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{
    DecodeContext, WireType, bytes, encode_key, encode_varint, encoded_len_varint, key_len,
    skip_field, string,
};
use prost::{DecodeError, Message};
use prost_types::Timestamp;

use crate::names::Kind;
use crate::pb::export_records_response::Summary;
use crate::pb::{self, Total};
use crate::record::Body;

mod generated {
    include!(concat!(env!("OUT_DIR"), "/servers/all.rs"));
}

pub use self::generated::bulletin::v1::*;

/// What a message has that a server only writes.
macro_rules! written_only {
    () => {
        fn merge_field(
            &mut self,
            tag: u32,
            wire_type: WireType,
            buf: &mut impl Buf,
            context: DecodeContext,
        ) -> Result<(), DecodeError> {
            skip_field(wire_type, tag, buf, context)
        }

        fn clear(&mut self) {
            *self = Self::default();
        }
    };
}

/// A record: Article, Station or Statistic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Bytes);

impl Message for Record {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.0);
    }

    written_only!();

    fn encoded_len(&self) -> usize {
        self.0.len()
    }
}

/// ListArticlesResponse, ListStationsResponse or ListStatisticsResponse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListResponse {
    /// The field `articles`, `stations` or `statistics`, encoded.
    pub records: Bytes,
    pub rest: ListResponseRest,
}

/// What follows the records.
#[derive(Clone, PartialEq, Message)]
pub struct ListResponseRest {
    #[prost(string, tag = "2")]
    pub next_page_token: String,
    #[prost(message, optional, tag = "3")]
    pub total: Option<Total>,
    #[prost(string, tag = "4")]
    pub token: String,
}

impl Message for ListResponse {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.records);
        self.rest.encode_raw(buf);
    }

    written_only!();

    fn encoded_len(&self) -> usize {
        self.records.len() + self.rest.encoded_len()
    }
}

/// BatchGetArticlesResponse, BatchGetStationsResponse or BatchGetStatisticsResponse.
#[derive(Clone, Debug, Default)]
pub struct BatchGetResponse {
    pub records: Vec<Body>,
    pub token: String,
}

impl Message for BatchGetResponse {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        for record in &self.records {
            encode_key(1, WireType::LengthDelimited, buf);
            encode_varint(record.len() as u64, buf);
            buf.put_slice(record);
        }
        if !self.token.is_empty() {
            string::encode(2, &self.token, buf);
        }
    }

    written_only!();

    fn encoded_len(&self) -> usize {
        let length = |length: usize| key_len(1) + encoded_len_varint(length as u64) + length;
        let records = self.records.iter().map(|record| length(record.len()));
        let token = match self.token.as_str() {
            "" => 0,
            token => length(token.len()),
        };
        records.sum::<usize>() + token
    }
}

/// `bulletin.v1.Record`: one field, numbered after its kind; none without bytes, which no record is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnyRecord {
    tag: u32,
    bytes: Bytes,
}

impl AnyRecord {
    /// A record's bytes, under its kind; the log's own kind has none.
    pub fn of(kind: Kind, bytes: Bytes) -> Self {
        let tag = match kind {
            Kind::Article => 1,
            Kind::Station => 2,
            Kind::Statistic => 3,
            Kind::Source => 4,
            Kind::Log => return Self::default(),
        };
        Self { tag, bytes }
    }
}

impl Message for AnyRecord {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        if !self.bytes.is_empty() {
            bytes::encode(self.tag, &self.bytes, buf);
        }
    }

    written_only!();

    fn encoded_len(&self) -> usize {
        match self.bytes.is_empty() {
            true => 0,
            false => bytes::encoded_len(self.tag, &self.bytes),
        }
    }
}

/// `bulletin.v1.Change`.
#[derive(Clone, PartialEq, Message)]
pub struct Change {
    #[prost(enumeration = "pb::change::Type", tag = "1")]
    pub r#type: i32,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(enumeration = "pb::record::Kind", tag = "3")]
    pub kind: i32,
    #[prost(int64, tag = "4")]
    pub revision: i64,
    #[prost(message, optional, tag = "5")]
    pub time: Option<Timestamp>,
    #[prost(string, tag = "6")]
    pub reason: String,
    #[prost(message, optional, tag = "7")]
    pub old: Option<AnyRecord>,
    #[prost(message, optional, tag = "8")]
    pub new: Option<AnyRecord>,
}

/// `bulletin.v1.WatchChangesResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct WatchChangesResponse {
    #[prost(enumeration = "pb::watch_changes_response::Type", tag = "1")]
    pub r#type: i32,
    #[prost(string, tag = "2")]
    pub token: String,
    #[prost(message, repeated, tag = "3")]
    pub records: Vec<AnyRecord>,
    #[prost(string, tag = "4")]
    pub cursor: String,
    #[prost(message, repeated, tag = "5")]
    pub changes: Vec<Change>,
}

/// ExportRecordsResponse.
#[derive(Clone, PartialEq, Message)]
pub struct ExportRecordsResponse {
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<AnyRecord>,
    #[prost(string, tag = "2")]
    pub cursor: String,
    #[prost(int64, tag = "3")]
    pub sent_count: i64,
    #[prost(string, tag = "4")]
    pub token: String,
    #[prost(message, optional, tag = "5")]
    pub summary: Option<Summary>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;
    use crate::pb::total::Mode;
    use crate::pb::{
        Article, BatchGetArticlesResponse, BatchGetStationsResponse, BatchGetStatisticsResponse,
        ListArticlesResponse, ListStationsResponse, ListStatisticsResponse, Station, Statistic,
    };
    use crate::records::as_field;

    /// The names differ, so that the order of two records shows.
    fn records<R: Message + Default>(named: fn(String) -> R) -> (Vec<R>, Vec<Bytes>) {
        let records: Vec<R> = ["b", "a"].map(|name| named(name.to_owned())).into();
        let bytes = records.iter().map(|record| record.encode_to_vec().into());
        let bytes = bytes.collect();
        (records, bytes)
    }

    #[test]
    fn they_are_on_the_wire_what_the_proto_says() {
        macro_rules! check {
            ($record:ident, $list:ident, $batch:ident, $field:ident) => {
                let named = |name| $record {
                    name,
                    ..$record::default()
                };
                let ($field, bytes) = records::<$record>(named);
                assert_eq!(
                    Record(bytes[0].clone()).encode_to_vec(),
                    $field[0].encode_to_vec()
                );
                let (token, next_page_token) = ("1-ab".to_owned(), "next".to_owned());
                let total = Some(Total {
                    size: 2,
                    mode: Mode::Exact.into(),
                });
                let batch = BatchGetResponse {
                    records: bytes.iter().cloned().map(Body::from).collect(),
                    token: token.clone(),
                };
                let list = ListResponse {
                    records: as_field(&bytes),
                    rest: ListResponseRest {
                        next_page_token: next_page_token.clone(),
                        total: total.clone(),
                        token: token.clone(),
                    },
                };
                let served = $batch {
                    $field: $field.clone(),
                    token: token.clone(),
                };
                assert_eq!(batch.encode_to_vec(), served.encode_to_vec());
                let served = $list {
                    $field,
                    next_page_token,
                    total,
                    token,
                };
                assert_eq!(list.encode_to_vec(), served.encode_to_vec());
            };
        }
        check!(
            Article,
            ListArticlesResponse,
            BatchGetArticlesResponse,
            articles
        );
        check!(
            Station,
            ListStationsResponse,
            BatchGetStationsResponse,
            stations
        );
        check!(
            Statistic,
            ListStatisticsResponse,
            BatchGetStatisticsResponse,
            statistics
        );
    }

    #[test]
    fn an_exported_record_stands_under_its_kind() {
        let source = pb::SourceText {
            sha256: "ab".into(),
            text: "页".into(),
        };
        let station = Station {
            name: "stations/a".into(),
            ..Station::default()
        };
        let summary = Some(Summary {
            counts: vec![1, 1, 0, 0],
            digest: "cd".into(),
        });
        let written = ExportRecordsResponse {
            records: vec![
                AnyRecord::of(Kind::Source, source.encode_to_vec().into()),
                AnyRecord::of(Kind::Station, station.encode_to_vec().into()),
            ],
            cursor: "next".into(),
            sent_count: 2,
            token: "1-ab".into(),
            summary: summary.clone(),
        };
        let any = |record| pb::Record {
            record: Some(record),
        };
        let served = pb::ExportRecordsResponse {
            records: vec![
                any(pb::record::Record::Source(source)),
                any(pb::record::Record::Station(station)),
            ],
            cursor: "next".into(),
            sent_count: 2,
            token: "1-ab".into(),
            summary,
        };
        assert_eq!(written.encode_to_vec(), served.encode_to_vec());
    }
}

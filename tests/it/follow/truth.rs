//! The log as it is kept, and what it says that a watch must be sent: read from the database and judged
//! here, not by the service's code.

use std::collections::HashMap;

use bulletin::pb::record::{Kind, Record as AnyRecord};
use bulletin::pb::{self, Article, Record, SourceText, Station, Statistic, WatchChangesRequest};
use bulletin::token::{Chain, Token};
use prost::Message as _;
use prost_reflect::ReflectMessage as _;
use sqlx::Row as _;

use crate::support::Database;
use crate::support::log::Acknowledged;

/// One row of the log.
#[derive(Clone, Debug)]
pub struct Version {
    pub name: String,
    pub op: String,
    pub reason: String,
    kind: Kind,
    /// Nothing of the log's own kind.
    pub record: Option<Record>,
    text: String,
    is_deleted: bool,
}

/// One revision, by its place.
#[derive(Clone, Debug)]
pub struct Committed {
    pub token: Token,
    pub versions: Vec<Version>,
}

/// All revisions, from 0.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub revisions: Vec<Committed>,
    /// The revisions of each name, in order.
    by_name: HashMap<String, Vec<i64>>,
}

/// What a watch must be sent of one change.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    pub revision: i64,
    pub name: String,
    pub kind: String,
    pub reason: String,
    pub old: Option<Record>,
    pub new: Option<Record>,
}

impl Log {
    /// Takes records that were compacted since from what was read earlier.
    pub async fn read_after(database: &Database, earlier: &Self) -> Self {
        let mut connection = database.connect().await;
        let sql = "select revision, chain, reason from revisions order by revision";
        let heads = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        let sql = "select revision, kind, name, op, record from changes order by revision, ordinal";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        let mut rows = rows.into_iter().peekable();
        let mut revisions = Vec::new();
        for head in heads {
            let (revision, reason): (i64, String) = (head.get("revision"), head.get("reason"));
            assert_eq!(
                usize::try_from(revision).unwrap(),
                revisions.len(),
                "the log is dense"
            );
            let token = Token {
                revision,
                chain: Chain::from_slice(head.get("chain")).unwrap(),
            };
            let mut versions = Vec::new();
            while let Some(row) = rows.next_if(|row| row.get::<i64, _>("revision") == revision) {
                let kept = earlier.at(row.get("name"), revision);
                versions.push(kept.cloned().unwrap_or_else(|| Version::of(&row, &reason)));
            }
            revisions.push(Committed { token, versions });
        }
        let mut by_name: HashMap<String, Vec<i64>> = HashMap::new();
        for committed in &revisions {
            for version in &committed.versions {
                let of = by_name.entry(version.name.clone()).or_default();
                of.push(committed.token.revision);
            }
        }
        Self { revisions, by_name }
    }

    /// What a revision made of a name.
    fn at(&self, name: &str, revision: i64) -> Option<&Version> {
        let committed = self.revisions.get(usize::try_from(revision).unwrap())?;
        committed
            .versions
            .iter()
            .find(|version| version.name == name)
    }

    /// Whether a write is in the log as it was acknowledged.
    pub fn has(&self, write: &Acknowledged) -> bool {
        let etag = serde_json::to_string(&write.etag).unwrap();
        let version = self.at(&write.name, write.revision);
        version.is_some_and(|version| version.text.contains(&format!("\"etag\":{etag}")))
    }

    pub fn head(&self) -> i64 {
        self.revisions.last().unwrap().token.revision
    }

    /// How many revisions have records.
    pub fn writes(&self) -> usize {
        let has_records = |committed: &&Committed| {
            committed
                .versions
                .iter()
                .any(|version| version.record.is_some())
        };
        self.revisions.iter().filter(has_records).count()
    }

    /// The last version of a name up to a revision.
    pub fn version(&self, name: &str, revision: i64) -> Option<&Version> {
        let revisions = self.by_name.get(name)?;
        let count = revisions.partition_point(|known| *known <= revision);
        self.at(name, *revisions[..count].last()?)
    }

    /// What a watch is sent after one revision up to another.
    pub fn expected(&self, asked: &WatchChangesRequest, after: i64, last: i64) -> Vec<Expected> {
        let within = self
            .revisions
            .iter()
            .filter(|committed| (after + 1..=last).contains(&committed.token.revision));
        within
            .flat_map(|committed| {
                let revision = committed.token.revision;
                committed
                    .versions
                    .iter()
                    .filter_map(move |version| self.expect(asked, revision, version))
            })
            .collect()
    }

    fn expect(
        &self,
        asked: &WatchChangesRequest,
        revision: i64,
        version: &Version,
    ) -> Option<Expected> {
        if !is_about(asked, version) {
            return None;
        }
        let before = self.version(&version.name, revision - 1);
        let matches = names_station(asked, version);
        let matched = before.is_some_and(|before| names_station(asked, before));
        if !matches && !matched {
            return None;
        }
        let kind = if matches { version.op.as_str() } else { "LEFT" };
        Some(Expected {
            revision,
            name: version.name.clone(),
            kind: kind.to_owned(),
            reason: version.reason.clone(),
            old: before
                .filter(|_| asked.include_old)
                .and_then(|before| before.record.clone()),
            new: version
                .record
                .clone()
                .filter(|_| matches && !asked.omit_new),
        })
    }

    /// What a snapshot has, in its order.
    pub fn snapshot(&self, asked: &WatchChangesRequest, revision: i64) -> Vec<Record> {
        let upto = self.revisions.iter();
        let upto = upto.filter(|committed| committed.token.revision <= revision);
        let mut names: Vec<&str> = upto
            .flat_map(|committed| committed.versions.iter())
            .map(|version| version.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut found: Vec<&Version> = names
            .into_iter()
            .filter_map(|name| self.version(name, revision))
            .filter(|version| {
                !version.is_deleted && is_about(asked, version) && names_station(asked, version)
            })
            .collect();
        // The order is stable, so names stay in theirs.
        found.sort_by_key(|version| version.kind);
        found
            .into_iter()
            .map(|version| version.record.clone().unwrap())
            .collect()
    }
}

impl Version {
    fn of(row: &sqlx::postgres::PgRow, reason: &str) -> Self {
        let kind: String = row.get("kind");
        let bytes: Option<Vec<u8>> = row.get("record");
        let record = bytes.filter(|_| kind != "LOG");
        assert!(
            record.is_some() || kind == "LOG",
            "a record was compacted before it was read"
        );
        let record = record.map(|bytes| record_of(&kind, &bytes));
        let text = record.as_ref().map(json).unwrap_or_default();
        Self {
            name: row.get("name"),
            op: row.get("op"),
            reason: reason.to_owned(),
            kind: Kind::from_str_name(&kind).unwrap_or_default(),
            is_deleted: text.contains("\"deleteTime\""),
            record,
            text,
        }
    }
}

fn record_of(kind: &str, bytes: &[u8]) -> Record {
    let record = match kind {
        "SOURCE" => AnyRecord::Source(SourceText::decode(bytes).unwrap()),
        "STATION" => AnyRecord::Station(Station::decode(bytes).unwrap()),
        "ARTICLE" => AnyRecord::Article(Article::decode(bytes).unwrap()),
        "STATISTIC" => AnyRecord::Statistic(Statistic::decode(bytes).unwrap()),
        other => panic!("no record is of kind {other}"),
    };
    Record {
        record: Some(record),
    }
}

/// A record in JSON, in which every station it names stands in quotes.
fn json(record: &Record) -> String {
    let descriptor = pb::POOL.get_message_by_name("bulletin.v1.Record").unwrap();
    let mut message = prost_reflect::DynamicMessage::new(descriptor);
    message.transcode_from(record).unwrap();
    assert_eq!(message.descriptor().full_name(), "bulletin.v1.Record");
    serde_json::to_string(&message).unwrap()
}

fn is_about(asked: &WatchChangesRequest, version: &Version) -> bool {
    let kind = version.kind;
    let has_kind = match asked.kinds.as_slice() {
        [] => !matches!(kind, Kind::Unspecified | Kind::Source),
        kinds => kinds.contains(&i32::from(kind)),
    };
    let below = version.name.strip_prefix(&asked.parent);
    let has_parent = asked.parent.is_empty()
        || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    has_kind && has_parent
}

fn names_station(asked: &WatchChangesRequest, version: &Version) -> bool {
    asked.station.is_empty() || version.text.contains(&format!("\"{}\"", asked.station))
}

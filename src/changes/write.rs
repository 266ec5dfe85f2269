//! What a write decides, between the committer and the resources: rows of a revision.
//!
//! Knows kinds, names and bytes, never a resource type.

use prost::Message;

use crate::changes::view::{Needs, View};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb;
use crate::record::{Record, Stamp, check_etag, etag};

/// What happened to a record; the words of `Change.Type`, and two of the log's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Created,
    Updated,
    Corrected,
    Reanchored,
    Published,
    Retracted,
    Deleted,
    Undeleted,
    Reindexed,
    Compacted,
}

impl Op {
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Created => "CREATED",
            Op::Updated => "UPDATED",
            Op::Corrected => "CORRECTED",
            Op::Reanchored => "REANCHORED",
            Op::Published => "PUBLISHED",
            Op::Retracted => "RETRACTED",
            Op::Deleted => "DELETED",
            Op::Undeleted => "UNDELETED",
            Op::Reindexed => "REINDEXED",
            Op::Compacted => "COMPACTED",
        }
    }
}

/// One row of a revision: a record's new version, sealed and encoded.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: Kind,
    pub name: String,
    pub op: Op,
    pub record: Vec<u8>,
}

impl Row {
    pub fn of<R: Record>(op: Op, record: &R) -> Self {
        let name = record.name().to_owned();
        Self {
            kind: R::KIND,
            name,
            op,
            record: record.encode_to_vec(),
        }
    }

    /// What was done to the log itself.
    pub fn of_log(op: Op, record: Vec<u8>) -> Self {
        Self {
            kind: Kind::Log,
            name: LOG_NAME.to_owned(),
            op,
            record,
        }
    }

    /// A page's text, logged by the revision that first uses it.
    pub fn of_source(sha256: &str, text: &str) -> Self {
        let source = pb::SourceText {
            sha256: sha256.to_owned(),
            text: text.to_owned(),
        };
        Self {
            kind: Kind::Source,
            name: source_name(sha256),
            op: Op::Created,
            record: source.encode_to_vec(),
        }
    }
}

/// The name under which the log records what is done to itself.
const LOG_NAME: &str = "log";

/// The name a page has in the log.
pub fn source_name(sha256: &str) -> String {
    format!("sources/{sha256}")
}

/// What a write comes to.
#[derive(Debug)]
pub enum Decision {
    /// More must be read first.
    Read(Needs),
    /// Nothing changes; the answer is what is already kept.
    Keep { answer: Vec<u8> },
    /// A revision with these rows.
    Write {
        rows: Vec<Row>,
        answer: Vec<u8>,
        reason: String,
    },
}

impl Decision {
    /// Rows whose first record is the answer.
    pub fn write<R: Record>(op: Op, record: &R, mut more: Vec<Row>, reason: &str) -> Self {
        let row = Row::of(op, record);
        let answer = row.record.clone();
        // Sources come first: whoever reads the rows in order can resolve every hash.
        let at = more
            .iter()
            .take_while(|row| row.kind == Kind::Source)
            .count();
        more.insert(at, row);
        Self::Write {
            rows: more,
            answer,
            reason: reason.to_owned(),
        }
    }
}

/// One request to write.
pub trait Write: Send + Sync + 'static {
    /// The article or station it is about: a group takes one request a key.
    fn key(&self) -> &str;

    /// Whether it must be decided in a group of its own, since it asks about sets of records.
    fn is_solitary(&self) -> bool {
        false
    }

    /// What it knows in advance that it must read.
    fn needs(&self) -> Needs;

    /// Decides, from the view alone. Called again after each `Read`, and after a rollback.
    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision>;
}

/// A record that exists and is not deleted.
pub fn live<R: Record>(view: &View, name: &str) -> Result<R> {
    match view.record::<R>(name)? {
        Some(record) if !record.is_deleted() => Ok(record),
        _ => Err(Error::missing(name)),
    }
}

/// The same, only to be looked at.
pub fn live_seen<R: Record>(view: &View, name: &str) -> Result<R> {
    match view.seen::<R>(name)? {
        Some(record) if !record.is_deleted() => Ok(record),
        _ => Err(Error::missing(name)),
    }
}

/// Refuses a name that is taken, by a deleted record too.
pub fn check_free<R: Record>(view: &View, name: &str) -> Result<()> {
    match view.seen::<R>(name)? {
        None => Ok(()),
        Some(taken) => Err(Error::Exists {
            name: name.to_owned(),
            deleted: taken.is_deleted(),
        }),
    }
}

/// A record that is deleted, to be brought back.
pub fn deleted<R: Record>(view: &View, name: &str, etag: &str) -> Result<R> {
    let record = view
        .record::<R>(name)?
        .ok_or_else(|| Error::missing(name))?;
    if !record.is_deleted() {
        return Err(Error::NotDeleted {
            name: name.to_owned(),
        });
    }
    check_etag(etag, &record)?;
    Ok(record)
}

/// What a delete finds: a record to delete, or, if that is allowed, nothing to do.
pub enum ToDelete<R> {
    Live(R),
    /// The answer: the deleted record, or one with nothing but its name.
    Gone(R),
}

pub fn to_delete<R: Record>(
    view: &View,
    name: &str,
    etag: &str,
    allow_missing: bool,
) -> Result<ToDelete<R>> {
    match view.record::<R>(name)? {
        Some(record) if !record.is_deleted() => {
            check_etag(etag, &record)?;
            Ok(ToDelete::Live(record))
        }
        gone if allow_missing => {
            let mut answer = gone.unwrap_or_default();
            name.clone_into(answer.header().name);
            Ok(ToDelete::Gone(answer))
        }
        _ => Err(Error::missing(name)),
    }
}

/// A record's next version, unless it is what is kept already.
pub fn changed<R: Record>(current: &R, next: &R) -> bool {
    etag(next) != current.etag()
}

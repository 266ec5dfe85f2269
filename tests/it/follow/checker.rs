//! What every recorded watch must hold, with the names etcd gives to the guarantees of its own.

use std::collections::HashSet;

use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{Change, Record, WatchChangesResponse};

use super::recording::{Recording, Session, revision_of};
use super::truth::{Expected, Log};

/// A guarantee that was broken, and how.
pub struct Broken {
    pub guarantee: &'static str,
    pub how: String,
}

fn hold(holds: bool, guarantee: &'static str, how: impl FnOnce() -> String) -> Result<(), Broken> {
    match holds {
        true => Ok(()),
        false => Err(Broken {
            guarantee,
            how: how(),
        }),
    }
}

/// Checks all sessions of a watch against the log.
pub fn check(recording: &Recording, log: &Log) -> Result<(), Broken> {
    for session in &recording.sessions {
        ordered(session)?;
        unique(session)?;
        tokens(session, log)?;
        let mut place = Place::of(recording, session, log)?;
        for message in &session.messages {
            place.take(message)?;
        }
    }
    resumable(recording)
}

/// Ordered: revisions never go back, neither of changes nor of tokens.
fn ordered(session: &Session) -> Result<(), Broken> {
    let mut newest = -1;
    for message in &session.messages {
        let changes = message.changes.iter().map(|change| change.revision);
        let token = (!message.token.is_empty()).then(|| revision_of(&message.token));
        for revision in changes.chain(token) {
            hold(revision >= newest, "Ordered", || {
                format!("{revision} after {newest}")
            })?;
            newest = revision;
        }
    }
    Ok(())
}

/// Unique: no change comes twice.
fn unique(session: &Session) -> Result<(), Broken> {
    let mut seen = HashSet::new();
    let changes = session.messages.iter().flat_map(|message| &message.changes);
    for change in changes {
        let is_new = seen.insert((change.revision, change.name.clone()));
        hold(is_new, "Unique", || {
            format!("{} at {} again", change.name, change.revision)
        })?;
    }
    Ok(())
}

/// Every token is the log's own.
fn tokens(session: &Session, log: &Log) -> Result<(), Broken> {
    let given = session.messages.iter().map(|message| &message.token);
    for token in given.filter(|token| !token.is_empty()) {
        let revision = usize::try_from(revision_of(token)).unwrap();
        let known = log.revisions.get(revision);
        let known = known.map(|committed| committed.token.to_string());
        hold(known.as_ref() == Some(token), "Reliable", || {
            format!("{token} is not of the log")
        })?;
    }
    Ok(())
}

/// Resumable: a watch goes on exactly where it said that it may.
fn resumable(recording: &Recording) -> Result<(), Broken> {
    let mut start = recording.asked.start.clone();
    for session in &recording.sessions {
        hold(session.start == start, "Resumable", || {
            "a session began elsewhere".to_owned()
        })?;
        start = super::recording::resume(session).or(start);
    }
    Ok(())
}

/// How far one session has come.
struct Place<'a> {
    recording: &'a Recording,
    log: &'a Log,
    /// Everything up to here was sent.
    revision: i64,
    /// What follows of revisions that were not sent whole yet.
    partial: Vec<Expected>,
    /// What is left of the snapshot.
    records: Option<std::vec::IntoIter<Record>>,
    is_started: bool,
}

impl<'a> Place<'a> {
    fn of(recording: &'a Recording, session: &Session, log: &'a Log) -> Result<Self, Broken> {
        let first = session.messages.first();
        let at = first.map_or(0, |first| revision_of(&first.token));
        if let (Some(Start::Token(token)), Some(first)) = (&session.start, first) {
            hold(
                first
                    .token
                    .split('-')
                    .zip(token.split('-'))
                    .all(|(a, b)| a == b),
                "Resumable",
                || format!("resumed after {token}, started after {}", first.token),
            )?;
        }
        let records = match &session.start {
            Some(Start::Snapshot(true)) => Some(log.snapshot(&recording.asked, at)),
            Some(Start::Cursor(cursor)) => Some(left_after(recording, log, cursor, at)),
            _ => None,
        };
        Ok(Self {
            recording,
            log,
            revision: at,
            partial: Vec::new(),
            records: records.map(Vec::into_iter),
            is_started: false,
        })
    }

    fn take(&mut self, message: &WatchChangesResponse) -> Result<(), Broken> {
        match message.r#type() {
            Type::Started => {
                hold(!self.is_started, "Ordered", || {
                    "it started twice".to_owned()
                })?;
                self.is_started = true;
            }
            Type::Snapshot => {
                let records = self.records.as_mut();
                let records = records.ok_or_else(|| Broken {
                    guarantee: "Reliable",
                    how: "records that were not asked for".to_owned(),
                })?;
                for record in &message.records {
                    let expected = records.next();
                    hold(expected.as_ref() == Some(record), "Reliable", || {
                        format!("the snapshot has {record:?}, not {expected:?}")
                    })?;
                }
            }
            Type::SnapshotEnd => {
                let left = self.records.take().map_or(1, |records| records.len());
                hold(left == 0, "Reliable", || {
                    format!("the snapshot lacks {left} records")
                })?;
            }
            Type::Changes => self.take_changes(message)?,
            Type::Checkpoint => {
                let revision = revision_of(&message.token);
                let missed = self
                    .log
                    .expected(&self.recording.asked, self.revision, revision);
                hold(
                    missed.is_empty() && self.partial.is_empty(),
                    "Bookmarkable",
                    || format!("{revision} comes before {missed:?} {:?}", self.partial),
                )?;
                self.revision = revision;
            }
            Type::Unspecified => {
                hold(false, "Ordered", || "a message without a type".to_owned())?;
            }
        }
        Ok(())
    }

    fn take_changes(&mut self, message: &WatchChangesResponse) -> Result<(), Broken> {
        hold(self.is_started && self.records.is_none(), "Ordered", || {
            "changes before the start or inside of the snapshot".to_owned()
        })?;
        for change in &message.changes {
            if self.partial.is_empty() {
                let asked = &self.recording.asked;
                let upto = self.log.expected(asked, self.revision, change.revision);
                let missed = upto
                    .iter()
                    .find(|expected| expected.revision < change.revision);
                hold(missed.is_none(), "Reliable", || {
                    format!("{missed:?} was left out")
                })?;
                self.partial = upto;
                self.partial.reverse();
            }
            self.take_change(change)?;
        }
        if message.token.is_empty() {
            return Ok(());
        }
        let last = message.changes.last().map_or(0, |change| change.revision);
        hold(self.partial.is_empty(), "Atomic", || {
            format!("{last} is said to be whole without {:?}", self.partial)
        })?;
        hold(revision_of(&message.token) == last, "Atomic", || {
            format!("the token {} is not of {last}", message.token)
        })?;
        self.revision = last;
        Ok(())
    }

    fn take_change(&mut self, change: &Change) -> Result<(), Broken> {
        let expected = self.partial.pop();
        let expected = expected.ok_or_else(|| Broken {
            guarantee: "Filter",
            how: format!("{} at {} does not match", change.name, change.revision),
        })?;
        let is_this = expected.name == change.name && expected.revision == change.revision;
        hold(is_this, "Reliable", || {
            format!("{change:?} in the place of {expected:?}")
        })?;
        let kind = change.r#type().as_str_name();
        hold(expected.kind == kind, "Filter", || {
            format!(
                "{} at {} is {kind}, not {}",
                change.name, change.revision, expected.kind
            )
        })?;
        hold(expected.old == change.old, "PrevValue", || {
            format!(
                "{} at {} was another record before",
                change.name, change.revision
            )
        })?;
        hold(
            expected.new == change.new && expected.reason == change.reason,
            "Reliable",
            || format!("{} at {} is another record", change.name, change.revision),
        )
    }
}

/// What a snapshot has left after the records that came up to a cursor, in any session before.
fn left_after(recording: &Recording, log: &Log, cursor: &str, at: i64) -> Vec<Record> {
    let messages = recording
        .sessions
        .iter()
        .flat_map(|session| &session.messages);
    let mut sent = 0;
    for message in messages {
        // A session that resumes repeats the cursor it was given, before any record of its own.
        if message.r#type() == Type::Snapshot {
            sent += message.records.len();
        }
        if message.cursor == cursor {
            break;
        }
    }
    log.snapshot(&recording.asked, at).split_off(sent)
}

//! ExportRecords: all records as of one revision, message by message, each of which can be gone on from.

use prost::bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use tonic::Status;

use crate::articles;
use crate::changes::snapshot::{self, Snapped};
use crate::context::Context;
use crate::db::rows::give_way;
use crate::edge::wire::{AnyRecord, ExportRecordsResponse};
use crate::error::{Error, Result};
use crate::filter::check::{Condition, check};
use crate::names::Kind;
use crate::paging::Cursor;
use crate::pb::export_records_response::Summary;
use crate::pb::{ExportRecordsRequest, record};
use crate::reading;
use crate::route::{Bound, Freshness};
use crate::rules::Check;
use crate::sight::Sight;
use crate::stations;
use crate::statistics;
use crate::threads;
use crate::transfer::ahead::{Ahead, Place, Read, Scope};
use crate::transfer::digest::RecordsDigest;

/// About how many bytes of records a message has.
pub(super) const MESSAGE_BYTES: usize = 1024 * 1024;

/// How many messages are made before they are asked for.
const MESSAGES_AHEAD: usize = 2;

const KINDS: [Kind; 4] = [Kind::Source, Kind::Station, Kind::Article, Kind::Statistic];

const MALFORMED: &str = "a cursor that was sealed has not what it must";

/// An export, where it stands.
pub struct Export {
    of: Scope,
    /// The request, but for its cursor.
    scope: String,
    place: Place,
    counts: [i64; KINDS.len()],
    digest: RecordsDigest,
}

impl Export {
    /// Begins at the newest revision, or goes on at the cursor's. Also gives the snapshot that shows
    /// that the history is the cursor's.
    pub async fn open(
        context: Context,
        request: ExportRecordsRequest,
        sight: Sight,
    ) -> Result<(Self, reading::Snapshot)> {
        if request.show_deleted {
            sight.check_all("show_deleted")?;
        }
        let kinds = kinds(&request.kinds, sight)?;
        let filter = filter(&kinds, &request.filter)?;
        let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let scope = sight.scoped(format!(
            "ExportRecords\n{}\n{}\n{}",
            words.join(" "),
            request.show_deleted,
            request.filter
        ));
        let cursor = context.page_tokens.resume(&scope, &request.cursor)?;
        let mut freshness = Freshness::of(Bound::Primary);
        freshness
            .asked
            .extend(cursor.iter().map(|cursor| cursor.history.clone()));
        let snapshot = reading::snapshot(&context.db, &freshness).await?;
        let mut export = Self {
            of: Scope {
                context,
                kinds,
                filter,
                show_deleted: request.show_deleted,
                sight,
                at: snapshot.token.into(),
            },
            scope,
            place: Place::default(),
            counts: [0; KINDS.len()],
            digest: RecordsDigest::default(),
        };
        if let Some(cursor) = cursor {
            export
                .go_on(cursor)
                .ok_or_else(|| Error::internal(MALFORMED))?;
        }
        Ok((export, snapshot))
    }

    /// Sends all messages; while one is on its way the next is made, and the one after that is read. It
    /// ends when nobody listens any more, and when the service stops: the caller goes on elsewhere.
    pub fn send(mut self) -> mpsc::Receiver<Result<ExportRecordsResponse, Status>> {
        let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let mut ahead = Ahead::start(self.of.clone(), self.place.clone());
        threads::bulk(async move {
            let mut stopping = self.of.context.stopping.clone();
            loop {
                let Ok(permit) = sender.reserve().await else {
                    return;
                };
                let message = tokio::select! {
                    biased;
                    () = stopping.begun() => Err(Error::Draining),
                    // Much may be looked through before there is anything to send.
                    () = sender.closed() => return,
                    message = self.next(&mut ahead) => message,
                };
                let is_last = match &message {
                    Ok(message) => message.summary.is_some(),
                    Err(_) => true,
                };
                permit.send(message.map_err(Status::from));
                if is_last {
                    return;
                }
            }
        });
        receiver
    }

    /// The next message, with at least one record unless it is the last.
    async fn next(&mut self, ahead: &mut Ahead) -> Result<ExportRecordsResponse> {
        let mut records = Vec::new();
        while records.is_empty() && self.place.kind < self.of.kinds.len() {
            let read = ahead.next().await?;
            records = self.take(read).await?;
        }
        let is_last = self.place.kind == self.of.kinds.len();
        Ok(ExportRecordsResponse {
            records,
            cursor: self.cursor()?,
            sent_count: self.counts.iter().sum(),
            token: self.of.at.to_string(),
            summary: is_last.then(|| self.summary()),
        })
    }

    /// Counts a batch's records, and moves on behind it.
    async fn take(&mut self, read: Read) -> Result<Vec<AnyRecord>> {
        let kind = read.kind;
        let records = self.matching(kind, read.records).await?;
        for (place, snapped) in records.iter().enumerate() {
            give_way(place).await;
            let (name, etag) = snapped.name_and_etag()?;
            self.digest.add(&name, etag);
        }
        let count = i64::try_from(records.len()).map_err(Error::internal)?;
        let place = KINDS.iter().position(|known| *known == kind);
        self.counts[place.unwrap_or_default()] += count;
        self.place = read.behind;
        let records = records.into_iter();
        Ok(records
            .map(|snapped| AnyRecord::of(kind, snapped.record))
            .collect())
    }

    /// Without those that did not match the filter then, before they were changed.
    async fn matching(&self, kind: Kind, mut records: Vec<Snapped>) -> Result<Vec<Snapped>> {
        let Some(filter) = &self.of.filter else {
            return Ok(records);
        };
        let old = records.iter().filter(|snapped| snapped.is_old);
        let rows: Result<Vec<Value>> = old.map(|snapped| row(kind, &snapped.record)).collect();
        let rows = rows?;
        if rows.is_empty() {
            return Ok(records);
        }
        let matching = snapshot::matching(&self.of.context.db, kind, filter, &rows).await?;
        let mut matching = matching.into_iter();
        records.retain(|snapped| !snapped.is_old || matching.next().unwrap_or_default());
        Ok(records)
    }

    fn summary(&self) -> Summary {
        Summary {
            counts: self.counts.into(),
            digest: self.digest.clone().finish(),
        }
    }

    fn cursor(&self) -> Result<String> {
        let mut after = vec![
            self.place.kind.to_string(),
            self.place.after.clone(),
            self.digest.state(),
        ];
        after.extend(self.counts.iter().map(ToString::to_string));
        let cursor = Cursor {
            history: self.of.at.clone(),
            after,
        };
        self.of.context.page_tokens.seal(&self.scope, &cursor)
    }

    fn go_on(&mut self, cursor: Cursor) -> Option<()> {
        let [place, after, digest, counts @ ..] = cursor.after.as_slice() else {
            return None;
        };
        self.of.at = cursor.history;
        self.place = Place {
            kind: place.parse().ok()?,
            after: after.clone(),
        };
        self.digest = RecordsDigest::of_state(digest)?;
        let counts: Result<Vec<i64>, _> = counts.iter().map(|count| count.parse()).collect();
        self.counts = counts.ok()?.try_into().ok()?;
        Some(())
    }
}

/// The row that a version of a record would have.
fn row(kind: Kind, record: &Bytes) -> Result<Value> {
    match kind {
        Kind::Station => stations::store::row(record),
        Kind::Article => articles::store::row(record),
        Kind::Statistic => statistics::store::row(record),
        Kind::Source | Kind::Log => Err(Error::internal("a kind without columns")),
    }
}

/// The kinds that are asked for, each once, in order. Pages are not for readers, who are given a page's text
/// with an article.
fn kinds(asked: &[i32], sight: Sight) -> Result<Vec<Kind>> {
    let mut check = Check::default();
    let mut kinds = Vec::new();
    for (index, number) in asked.iter().enumerate() {
        if check.is_full() {
            break;
        }
        let field = format!("kinds[{index}]");
        check.required_enum::<record::Kind>(&field, *number);
        let known = record::Kind::try_from(*number).ok();
        kinds.extend(known.and_then(|known| Kind::parse(known.as_str_name())));
    }
    check.finish()?;
    if kinds.is_empty() {
        kinds.extend(KINDS);
        kinds.retain(|kind| *kind != Kind::Source || sight.is_all());
    }
    if kinds.contains(&Kind::Source) {
        sight.check_all("SOURCE in kinds")?;
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

fn filter(kinds: &[Kind], filter: &str) -> Result<Option<Condition>> {
    if filter.trim().is_empty() {
        return Ok(None);
    }
    let schema = match kinds {
        [Kind::Station] => &stations::fields::SCHEMA,
        [Kind::Article] => &articles::fields::SCHEMA,
        [Kind::Statistic] => &statistics::fields::SCHEMA,
        _ => {
            let allowed = "must be unset unless exactly one of the kinds STATION, ARTICLE and STATISTIC \
                           is asked for";
            return Err(Error::invalid("filter", allowed));
        }
    };
    Ok(check(schema, filter)?)
}

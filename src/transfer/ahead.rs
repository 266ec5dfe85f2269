//! Reads an export's batches ahead of the messages that are made of them. Two ranges of names are read at
//! the same time, each on a connection that is held for one batch: one server process would be a full core's
//! work. Each batch proves its revision by itself.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::changes::snapshot::{self, Asked, Batch, Snapped};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::names::Kind;
use crate::sight::Sight;
use crate::threads;
use crate::token::AskedToken;
use crate::transfer::export::MESSAGE_BYTES;

/// How many ranges are read besides the one whose batches are taken.
const RANGES_AHEAD: usize = 1;

/// How many batches of a range are read before they are taken.
const BATCHES_AHEAD: usize = 1;

/// How many ranges are looked for at a time, and for how many bytes of records each: one whose records are
/// longer than those before it still is one batch.
const RANGES_FOUND: usize = 32;
const RANGE_BYTES: usize = MESSAGE_BYTES / 8 * 7;

/// What is exported.
#[derive(Clone)]
pub struct Scope {
    pub context: Context,
    pub kinds: Vec<Kind>,
    pub filter: Option<Condition>,
    pub show_deleted: bool,
    pub sight: Sight,
    pub at: AskedToken,
}

/// Up to where an export has come.
#[derive(Clone, Default)]
pub struct Place {
    /// Which of the kinds comes next; their number when all have come.
    pub kind: usize,
    /// The name of that kind after which it goes on.
    pub after: String,
}

/// A batch, and where the export is behind it.
pub struct Read {
    pub kind: Kind,
    pub records: Vec<Snapped>,
    pub behind: Place,
}

type Batches = mpsc::Receiver<Result<Read>>;

/// What is read ahead, in order.
pub struct Ahead {
    ranges: mpsc::Receiver<Batches>,
    /// Those of the range that is taken.
    batches: Option<Batches>,
}

impl Ahead {
    /// Reads until all is read, an error has come, or nobody takes it any more.
    pub fn start(of: Scope, place: Place) -> Self {
        let (sender, ranges) = mpsc::channel(RANGES_AHEAD);
        let reading = Reading {
            of,
            place,
            rows: 0,
            ends: VecDeque::new(),
        };
        threads::bulk(reading.run(sender));
        Self {
            ranges,
            batches: None,
        }
    }

    pub async fn next(&mut self) -> Result<Read> {
        loop {
            if let Some(batches) = &mut self.batches
                && let Some(read) = batches.recv().await
            {
                return read;
            }
            self.batches = self.ranges.recv().await;
            if self.batches.is_none() {
                return Err(Error::internal("an export was not read to its end"));
            }
        }
    }
}

/// How far ranges were begun.
#[derive(Clone)]
struct Reading {
    of: Scope,
    place: Place,
    /// How many records fill a message; 0 when this is not known.
    rows: usize,
    /// Of the ranges that come next.
    ends: VecDeque<String>,
}

impl Reading {
    async fn run(mut self, ranges: mpsc::Sender<Batches>) {
        while let Some(kind) = self.of.kinds.get(self.place.kind).copied() {
            let Ok(permit) = ranges.reserve().await else {
                return;
            };
            let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
            permit.send(batches);
            if let Some(end) = self.ends.pop_front() {
                let range = self.clone();
                self.place.after.clone_from(&end);
                threads::bulk(range.run_until(kind, end, sender));
                continue;
            }
            let read = self.next(kind).await;
            let is_over = read.is_err();
            // Nobody takes it: the next permit will say so.
            let _ = sender.send(read).await;
            if is_over {
                return;
            }
        }
    }

    /// A batch that has no end, but its bytes: how long the records are is learnt from it, and where ranges
    /// end that can be read at once behind it.
    async fn next(&mut self, kind: Kind) -> Result<Read> {
        let batch = self.batch(kind, None).await?;
        self.rows = batch.rows_of(RANGE_BYTES);
        match batch.next {
            Some(next) => {
                self.place.after = next;
                // How many rows have few that match cannot be told from their names.
                if self.of.filter.is_none() {
                    let db = &self.of.context.db;
                    let after = &self.place.after;
                    let ends = snapshot::ends(db, kind, after, self.rows, RANGES_FOUND).await?;
                    self.ends = ends.into();
                }
            }
            None => {
                self.rows = 0;
                self.place = Place {
                    kind: self.place.kind + 1,
                    after: String::new(),
                };
            }
        }
        Ok(Read {
            kind,
            records: batch.records,
            behind: self.place.clone(),
        })
    }

    /// All batches of a range.
    async fn run_until(mut self, kind: Kind, end: String, batches: mpsc::Sender<Result<Read>>) {
        let mut is_over = false;
        while !is_over {
            let Ok(permit) = batches.reserve().await else {
                return;
            };
            let read = self.batch(kind, Some(&end)).await.map(|batch| {
                is_over = batch.next.is_none();
                self.place.after = batch.next.unwrap_or_else(|| end.clone());
                Read {
                    kind,
                    records: batch.records,
                    behind: self.place.clone(),
                }
            });
            is_over |= read.is_err();
            permit.send(read);
        }
    }

    async fn batch(&self, kind: Kind, until: Option<&str>) -> Result<Batch> {
        let asked = Asked {
            at: &self.of.at,
            kind,
            after: &self.place.after,
            until,
            show_deleted: self.of.show_deleted,
            sight: self.of.sight,
            filter: self.of.filter.as_ref(),
            rows: self.rows,
            bytes_max: MESSAGE_BYTES,
        };
        snapshot::batch(&self.of.context.db, &asked).await
    }
}

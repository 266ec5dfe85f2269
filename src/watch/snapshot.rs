//! The records that a watch begins with: as they were at its first position, kind by kind, by name.

use tokio::time::Duration;

use crate::changes::snapshot::{Asked, Batch, batch};
use crate::db::jittered;
use crate::edge::wire::AnyRecord;
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::paging::Cursor;
use crate::token::AskedToken;
use crate::watch::message;
use crate::watch::stream::{End, FIRST_PAUSE, PAUSE_MAX, Watch};

/// Bytes of records of one message, but for a record that is longer by itself: what a watch keeps whose
/// reader has stopped.
const MESSAGE_BYTES: usize = 256 * 1024;

/// How many records are asked for before their length is known.
const FIRST_ROWS: usize = 256;

/// How far a snapshot was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Nothing at its very beginning.
    kind: Option<Kind>,
    /// The name after which it goes on; empty at the kind's beginning.
    after: String,
}

impl Place {
    pub fn of(cursor: &Cursor) -> Result<Self> {
        let [kind, after] = cursor.after.as_slice() else {
            return Err(Error::internal("a cursor of a watch has a kind and a name"));
        };
        Ok(Self {
            kind: Kind::parse(kind),
            after: after.clone(),
        })
    }

    fn key(&self) -> Vec<String> {
        let kind = self.kind.map_or("", Kind::as_str);
        vec![kind.to_owned(), self.after.clone()]
    }
}

impl Watch {
    /// Sends what is left of the snapshot at the watch's position.
    pub(super) async fn send_snapshot(&mut self, mut place: Place) -> Result<(), End> {
        let started = message::started(&self.position, self.cursor(&place)?);
        self.send(started).await?;
        let kinds: Vec<Kind> = self.filter.kinds().to_vec();
        for kind in kinds {
            if place.kind.is_some_and(|begun| kind < begun) {
                continue;
            }
            if place.kind != Some(kind) {
                let after = self.filter.first_after(kind);
                place = Place {
                    kind: Some(kind),
                    after,
                };
            }
            self.send_kind(kind, &mut place).await?;
        }
        let end = message::snapshot_end(&self.position);
        self.send(end).await
    }

    async fn send_kind(&mut self, kind: Kind, place: &mut Place) -> Result<(), End> {
        let mut rows = FIRST_ROWS;
        loop {
            self.check()?;
            self.all_taken().await?;
            let batch = self.batch(kind, &place.after, rows).await?;
            rows = batch.rows_of(MESSAGE_BYTES);
            let mut records = Vec::with_capacity(batch.records.len());
            for snapped in batch.records {
                let (name, _) = snapped.name_and_etag()?;
                if self.filter.has(kind, &name, &snapped.record)? {
                    records.push(AnyRecord::of(kind, snapped.record));
                }
            }
            let next = batch.next.filter(|next| self.filter.may_follow(kind, next));
            let is_last = next.is_none();
            if let Some(next) = next {
                place.after = next;
            }
            // A reader that is sent nothing for long would take the watch for dead.
            if !records.is_empty() || self.is_silent_for_long() {
                // After the last of a kind there is no name, and an empty message would say nothing.
                let cursor = match is_last {
                    true => self.cursor(&self.after_kind(kind))?,
                    false => self.cursor(place)?,
                };
                let message = message::snapshot(records, cursor);
                self.send(message).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Where the kind that follows begins; beyond every name when there is none.
    fn after_kind(&self, kind: Kind) -> Place {
        let next = self.filter.kinds().iter().find(|next| **next > kind);
        match next {
            Some(next) => Place {
                kind: Some(*next),
                after: self.filter.first_after(*next),
            },
            None => Place {
                kind: Some(kind),
                after: BEYOND.to_owned(),
            },
        }
    }

    async fn batch(&self, kind: Kind, after: &str, rows: usize) -> Result<Batch, End> {
        let at = AskedToken::from(self.position);
        let asked = Asked {
            at: &at,
            kind,
            after,
            until: None,
            show_deleted: false,
            sight: self.filter.sight(),
            filter: None,
            rows,
            bytes_max: MESSAGE_BYTES,
        };
        let mut pause: Duration = FIRST_PAUSE;
        loop {
            match batch(&self.context.db, &asked).await {
                Ok(batch) => return Ok(batch),
                Err(Error::NoPrimary(_) | Error::Interrupted(_)) => {
                    self.pause(jittered(pause)).await?;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn cursor(&self, place: &Place) -> Result<String> {
        let cursor = Cursor {
            history: self.position.into(),
            after: place.key(),
        };
        let tokens = &self.context.page_tokens;
        tokens.seal(&self.filter.scope(), &cursor)
    }
}

/// Greater than every name.
const BEYOND: &str = "~";

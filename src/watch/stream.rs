//! One watch: from the feed in memory while it keeps up, from the log itself while it does not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tonic::Status;

use crate::changes::delta::{Delta, Wanted};
use crate::changes::feed::FeedReader;
use crate::changes::since::since;
use crate::context::Context;
use crate::db::forks::{fork, forked};
use crate::db::history::Applied;
use crate::db::jittered;
use crate::edge::wire::WatchChangesResponse;
use crate::error::{Error, Result};
use crate::token::Token;
use crate::watch::filter::Filter;
use crate::watch::message;
use crate::watch::snapshot::Place;

/// How long the log is tried to be read again while the database is away.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Most bytes of records of one read of the log, but for a revision that has more by itself.
const READ_BYTES: i64 = 512 * 1024;

/// How long what was read of the log waits for a reader, who may only have a slow line.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a watch goes no further.
pub(super) enum End {
    /// The caller is told.
    Told(Error),
    /// Nobody listens any more.
    Gone,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

/// What a watch follows from, taken before its position is read: what comes after the position is
/// kept, and a fork after it is noticed.
pub(super) struct Sources {
    reader: FeedReader,
    applied: watch::Receiver<Applied>,
    generation: u64,
}

impl Sources {
    pub fn of(context: &Context, filter: &Filter) -> Result<Self> {
        let history = context.db.history();
        let history = history.ok_or_else(|| Error::internal("nothing follows the log"))?;
        let applied = history.subscribe();
        let generation = applied.borrow().generation;
        Ok(Self {
            reader: context.feed.reader(filter.needs_old()),
            applied,
            generation,
        })
    }
}

pub(super) struct Watch {
    pub(super) context: Context,
    pub(super) filter: Filter,
    reader: FeedReader,
    applied: watch::Receiver<Applied>,
    /// Of the history that the position is in.
    generation: u64,
    /// Everything up to here was sent, once the snapshot was.
    pub(super) position: Token,
    /// Whether the position may be resumed from: in a snapshot only its cursors may.
    is_reached: bool,
    sender: mpsc::Sender<Result<WatchChangesResponse, Status>>,
    sent: Instant,
}

impl Watch {
    pub fn new(
        context: &Context,
        filter: Filter,
        sources: Sources,
        position: Token,
        sender: mpsc::Sender<Result<WatchChangesResponse, Status>>,
    ) -> Self {
        Self {
            context: context.clone(),
            filter,
            reader: sources.reader,
            applied: sources.applied,
            generation: sources.generation,
            position,
            is_reached: false,
            sender,
            sent: Instant::now(),
        }
    }

    /// Until the caller goes away, the service stops, or the history turns out to be another one.
    pub async fn run(mut self, snapshot: Option<Place>) {
        let ended = self.follow(snapshot).await;
        let Err(End::Told(error)) = ended else {
            return;
        };
        // Who does not read it is gone, or is cut off when the service stops.
        let _ = self.sender.send(Err(error.into())).await;
    }

    async fn follow(&mut self, snapshot: Option<Place>) -> Result<Infallible, End> {
        match snapshot {
            Some(place) => self.send_snapshot(place).await?,
            None => {
                let started = message::started(&self.position, String::new());
                self.send(started).await?;
            }
        }
        self.is_reached = true;
        // Who resumes is told at once when there is nothing more to catch up with.
        let mut is_catching_up = self.is_behind();
        loop {
            self.check()?;
            if let Some(delta) = self.reader.after(&self.position) {
                self.send_delta(&delta).await?;
            } else if self.is_behind() {
                self.catch_up().await?;
            } else if std::mem::take(&mut is_catching_up) {
                self.send(message::checkpoint(&self.position)).await?;
            } else {
                self.rest().await?;
            }
            if self.is_silent_for_long() {
                self.send(message::checkpoint(&self.position)).await?;
            }
        }
    }

    /// Whether the watch may go on.
    pub(super) fn check(&self) -> Result<(), End> {
        if self.context.stopping.has_begun() {
            let stopped = match self.is_reached {
                true => Error::WatchStopped {
                    token: self.position.to_string(),
                },
                false => Error::Draining,
            };
            return Err(stopped.into());
        }
        if self.applied.borrow().generation != self.generation {
            return Err(self.other_history().into());
        }
        Ok(())
    }

    fn other_history(&self) -> Error {
        let asked = self.position.into();
        let history = self.context.db.history();
        let last_common = history.and_then(|history| history.last_common(&asked));
        fork(&asked, last_common)
    }

    fn is_behind(&self) -> bool {
        self.applied.borrow().token.revision > self.position.revision
    }

    async fn send_delta(&mut self, delta: &Arc<Delta>) -> Result<(), End> {
        let changes = self.filter.changes(delta)?;
        for part in message::changes(&delta.token, changes) {
            self.send(part).await?;
        }
        self.position = delta.token;
        Ok(())
    }

    /// Reads on from the log, for a reader who takes what he is sent: what is not sent stays there.
    async fn catch_up(&mut self) -> Result<(), End> {
        let mut pause = FIRST_PAUSE;
        loop {
            self.all_taken().await?;
            let last = self.applied.borrow().token.revision;
            let wanted = Wanted {
                bodies: self.reader.bodies(),
                kinds: self.filter.kinds(),
                bytes_max: READ_BYTES,
            };
            match since(&self.context.db, &self.position, last, wanted).await {
                Ok(deltas) => {
                    for delta in deltas {
                        self.check()?;
                        match timeout(PATIENCE, self.room_for(1)).await {
                            Ok(room) => room?,
                            Err(_) => return Ok(()),
                        }
                        self.send_delta(&Arc::new(delta)).await?;
                    }
                    return Ok(());
                }
                Err(Error::NoPrimary(_) | Error::Interrupted(_)) => {
                    self.pause(jittered(pause)).await?;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(Error::HistoryForked { .. }) => {
                    let lost = self.position.into();
                    return Err(forked(&self.context.db, &lost, None).await.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Until nothing waits for the reader but what his connection holds.
    pub(super) async fn all_taken(&self) -> Result<(), End> {
        self.room_for(self.sender.max_capacity()).await
    }

    /// Until so many messages may be sent without waiting.
    async fn room_for(&self, messages: usize) -> Result<(), End> {
        let mut stopping = self.context.stopping.clone();
        let room = tokio::select! {
            biased;
            room = self.sender.reserve_many(messages) => room.map(drop),
            () = stopping.begun() => {
                self.check()?;
                return Err(End::Gone);
            }
        };
        room.map_err(|_| End::Gone)
    }

    /// Until there is something to do.
    async fn rest(&mut self) -> Result<(), End> {
        let due = self.sent + self.context.watch_checkpoint_interval;
        let mut stopping = self.context.stopping.clone();
        tokio::select! {
            changed = self.applied.changed() => changed.map_err(|_| End::Gone),
            () = stopping.begun() => Ok(()),
            () = tokio::time::sleep_until(due) => Ok(()),
            () = self.sender.closed() => Err(End::Gone),
        }
    }

    pub(super) async fn pause(&self, pause: Duration) -> Result<(), End> {
        let mut stopping = self.context.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => self.check(),
            () = stopping.begun() => self.check(),
            () = self.sender.closed() => Err(End::Gone),
        }
    }

    /// Also while revisions pass that the watch is not about.
    pub(super) fn is_silent_for_long(&self) -> bool {
        self.sent.elapsed() >= self.context.watch_checkpoint_interval
    }

    /// Waits for a slow reader, unless the service stops meanwhile.
    pub(super) async fn send(&mut self, message: WatchChangesResponse) -> Result<(), End> {
        self.room_for(1).await?;
        // Nobody else sends.
        self.sender.try_send(Ok(message)).map_err(|_| End::Gone)?;
        self.sent = Instant::now();
        Ok(())
    }
}

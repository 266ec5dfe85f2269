//! The one task a process that writes: takes waiting requests as a group, decides each in memory under
//! the lock, and commits them as consecutive revisions in one transaction.
//!
//! Request futures never own a write transaction, so a caller that goes away leaves the queue at most,
//! never a half-made group.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::{error, warn};

use crate::changes::log::{self, Revision, Tip, timestamp};
use crate::changes::write::{Decision, Needs, Row, View, Write};
use crate::db::{Db, is_unreachable};
use crate::error::{Cause, Error, Result};
use crate::record::Stamp;
use crate::tables::Tables;
use crate::token::Token;

const GROUP_REQUESTS_MAX: usize = 64;
const GROUP_ROWS_MAX: usize = 500;
const GROUP_BYTES_MAX: usize = 1024 * 1024;
const QUEUE_LENGTH: usize = 1_024;

/// How often one group may ask for more to read; a chain of station parents asks once a level.
const READS_MAX: usize = 64;

/// How often a group is tried again when the database was lost before its COMMIT was sent.
const TRIES_MAX: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How often, with growing pauses, a COMMIT without reply is looked up: about 12 s in all.
const LOOKUPS_MAX: u32 = 9;

/// A write that was committed, or kept as it was, or would have been.
#[derive(Debug)]
pub struct Committed {
    /// At least as new as the answer.
    pub token: Token,
    /// The record the call answers with, encoded.
    pub answer: Vec<u8>,
}

/// Hands writes to the committer task.
#[derive(Clone, Debug)]
pub struct Committer {
    queue: mpsc::Sender<Queued>,
}

struct Queued {
    write: Box<dyn Write>,
    actor: String,
    validate_only: bool,
    reply: oneshot::Sender<Result<Committed>>,
}

impl Committer {
    /// Starts the task. It ends when every handle is dropped and the queue is empty.
    pub fn start(db: Db, tables: &'static Tables) -> (Self, JoinHandle<()>) {
        let (queue, receiver) = mpsc::channel(QUEUE_LENGTH);
        let task = Task {
            db,
            tables,
            waiting: VecDeque::new(),
        };
        (Self { queue }, tokio::spawn(task.run(receiver)))
    }

    /// Waits until the write is durable, or refused. Nothing is written when `validate_only`.
    pub async fn submit(
        &self,
        write: impl Write,
        actor: &str,
        validate_only: bool,
    ) -> Result<Committed> {
        let (reply, answer) = oneshot::channel();
        let queued = Queued {
            write: Box::new(write),
            actor: actor.to_owned(),
            validate_only,
            reply,
        };
        self.queue.send(queued).await.map_err(|_| Error::Draining)?;
        answer.await.map_err(|_| Error::Draining)?
    }
}

struct Task {
    db: Db,
    tables: &'static Tables,
    /// Requests that did not fit the group before.
    waiting: VecDeque<Queued>,
}

impl Task {
    async fn run(mut self, mut receiver: mpsc::Receiver<Queued>) {
        loop {
            if self.waiting.is_empty() {
                match receiver.recv().await {
                    Some(queued) => self.waiting.push_back(queued),
                    None => return,
                }
            }
            while let Ok(queued) = receiver.try_recv() {
                self.waiting.push_back(queued);
            }
            let group = self.take_group();
            self.commit(group).await;
        }
    }

    /// The next requests in order, one a key; a solitary one alone. Who went away is left out.
    fn take_group(&mut self) -> Vec<Queued> {
        let mut keys = HashSet::new();
        let mut group: Vec<Queued> = Vec::new();
        let mut later = VecDeque::new();
        while let Some(queued) = self.waiting.pop_front() {
            if queued.reply.is_closed() {
                continue;
            }
            let is_solitary = queued.write.is_solitary();
            let fits = group.len() < GROUP_REQUESTS_MAX && (group.is_empty() || !is_solitary);
            // A key that waits keeps its later requests waiting too, in order.
            if !keys.insert(queued.write.key().to_owned()) || !fits {
                later.push_back(queued);
                continue;
            }
            group.push(queued);
            if is_solitary {
                break;
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        group
    }

    async fn commit(&mut self, group: Vec<Queued>) {
        if group.is_empty() {
            return;
        }
        match self.try_commit(group).await {
            Ok(()) => {}
            Err(Failed { group, cause }) if group.len() > 1 && !is_unreachable(&cause) => {
                warn!(error = %cause, requests = group.len(), "a group failed; its requests are run one by one");
                for queued in group {
                    if let Err(failed) = self.try_commit(vec![queued]).await {
                        failed.answer();
                    }
                }
            }
            Err(failed) => failed.answer(),
        }
    }

    /// Commits a group, again when the database was lost before it could have been committed.
    async fn try_commit(&mut self, mut group: Vec<Queued>) -> Result<(), Failed> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let attempted = Attempt::default()
                .run(&self.db, self.tables, &mut group)
                .await;
            match attempted {
                Ok(attempt) => {
                    self.finish(group, attempt);
                    return Ok(());
                }
                Err(Broken::BeforeCommit(cause))
                    if is_unreachable(&cause) && attempt < TRIES_MAX =>
                {
                    warn!(error = %cause, attempt, "the database was lost before a commit; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
                Err(Broken::BeforeCommit(cause)) => return Err(Failed { group, cause }),
                Err(Broken::Unknown(cause)) => {
                    error!(error = %cause, "a commit had no reply and could not be looked up");
                    for queued in group {
                        let cause = Cause::from(cause.to_string());
                        let _ = queued.reply.send(Err(Error::OutcomeUnknown(cause)));
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Answers everybody who was decided, and queues the others again.
    fn finish(&mut self, group: Vec<Queued>, attempt: Attempt) {
        let mut again = VecDeque::new();
        for (queued, outcome) in group.into_iter().zip(attempt.outcomes) {
            match outcome {
                // Who went away meanwhile needs no answer; the write stands all the same.
                Some(outcome) => drop(queued.reply.send(outcome)),
                None => again.push_back(queued),
            }
        }
        again.append(&mut self.waiting);
        self.waiting = again;
    }
}

/// A group that was not committed.
struct Failed {
    group: Vec<Queued>,
    cause: sqlx::Error,
}

impl Failed {
    fn answer(self) {
        error!(error = %self.cause, requests = self.group.len(), "writes failed");
        let is_lost = is_unreachable(&self.cause) || is_lock_timeout(&self.cause);
        for queued in self.group {
            let cause = Cause::from(self.cause.to_string());
            let error = if is_lost {
                Error::NoPrimary(cause)
            } else {
                Error::Internal(cause)
            };
            let _ = queued.reply.send(Err(error));
        }
    }
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "55P03")
}

/// How a transaction ended that did not end well.
enum Broken {
    /// Nothing was written.
    BeforeCommit(sqlx::Error),
    /// It may have been written.
    Unknown(sqlx::Error),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self::BeforeCommit(error)
    }
}

/// A request's revision, before it is appended.
struct Decided {
    /// Which request of the group.
    request: usize,
    rows: Vec<Row>,
    answer: Vec<u8>,
    reason: String,
}

/// One try at one group.
#[derive(Default)]
struct Attempt {
    view: View,
    decided: Vec<Decided>,
    /// One a request, in order; nothing for one that is left for the next group.
    outcomes: Vec<Option<Result<Committed>>>,
    row_count: usize,
    byte_count: usize,
}

impl Attempt {
    async fn run(mut self, db: &Db, tables: &Tables, group: &mut [Queued]) -> Result<Self, Broken> {
        self.outcomes = group.iter().map(|_| None).collect();
        let mut tx = db.pool().begin_with(log::BEGIN_WRITE).await?;
        log::lock_head(&mut tx).await?;
        let tip = log::read_tip(&mut tx).await?;
        self.decide_all(&mut tx, &tip, group).await?;
        if self.decided.is_empty() {
            tx.rollback().await?;
            return Ok(self);
        }
        let tokens = self.write(&mut tx, tables, &tip, group).await?;
        self.end(db, tx, &tokens).await?;
        for (decided, token) in self.decided.drain(..).zip(tokens) {
            let committed = Committed {
                token,
                answer: decided.answer,
            };
            self.outcomes[decided.request] = Some(Ok(committed));
        }
        Ok(self)
    }

    /// Reads what is needed and decides every request, those that need more after another read.
    async fn decide_all(
        &mut self,
        connection: &mut PgConnection,
        tip: &Tip,
        group: &mut [Queued],
    ) -> Result<(), Broken> {
        let mut needs = Needs::default();
        for queued in group.iter() {
            needs.merge(queued.write.needs());
        }
        let mut open: Vec<usize> = (0..group.len()).collect();
        for _ in 0..READS_MAX {
            if !needs.is_empty() {
                log::read_view(connection, &needs, &mut self.view).await?;
            }
            needs = Needs::default();
            let mut still_open = Vec::new();
            for request in open {
                if self.is_full() {
                    continue;
                }
                if let Some(more) = self.decide(request, &mut group[request], tip) {
                    needs.merge(more);
                    still_open.push(request);
                }
            }
            open = still_open;
            if open.is_empty() {
                return Ok(());
            }
        }
        for request in open {
            let cause = "a write kept asking for more to read";
            self.outcomes[request] = Some(Err(Error::internal(cause)));
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.row_count >= GROUP_ROWS_MAX || self.byte_count >= GROUP_BYTES_MAX
    }

    /// Decides one request; returns what it needs to be decided at all.
    fn decide(&mut self, request: usize, queued: &mut Queued, tip: &Tip) -> Option<Needs> {
        let revision = tip.token.revision + 1 + i64::try_from(self.decided.len()).unwrap_or(0);
        let stamp = Stamp {
            revision,
            time: timestamp(tip.now),
        };
        let outcome = match queued.write.decide(&self.view, &stamp) {
            Ok(Decision::Read(more)) => return Some(more),
            Ok(Decision::Write { answer, .. }) if queued.validate_only => Ok(Committed {
                token: tip.token,
                answer,
            }),
            Ok(Decision::Keep { answer }) => Ok(Committed {
                token: tip.token,
                answer,
            }),
            Ok(Decision::Write {
                rows,
                answer,
                reason,
            }) => match self.view.apply(&rows) {
                Ok(()) => {
                    self.row_count += rows.len();
                    self.byte_count += rows.iter().map(|row| row.record.len()).sum::<usize>();
                    self.decided.push(Decided {
                        request,
                        rows,
                        answer,
                        reason,
                    });
                    return None;
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        self.outcomes[request] = Some(outcome);
        None
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        tables: &Tables,
        tip: &Tip,
        group: &[Queued],
    ) -> Result<Vec<Token>, Broken> {
        let revisions: Vec<_> = self
            .decided
            .iter()
            .map(|decided| Revision {
                actor: &group[decided.request].actor,
                reason: &decided.reason,
                rows: &decided.rows,
            })
            .collect();
        let tokens = log::append(connection, tip, &revisions).await?;
        let mut rows = Vec::with_capacity(self.row_count);
        for (decided, token) in self.decided.iter().zip(&tokens) {
            rows.extend(decided.rows.iter().map(|row| (token.revision, row)));
        }
        tables.project(connection, &rows).await?;
        Ok(tokens)
    }

    /// Commits; when no reply comes, finds out whether it happened.
    async fn end(
        &self,
        db: &Db,
        tx: Transaction<'_, Postgres>,
        tokens: &[Token],
    ) -> Result<(), Broken> {
        let Err(cause) = tx.commit().await else {
            return Ok(());
        };
        let Some(last) = tokens.last() else {
            return Ok(());
        };
        warn!(error = %cause, revision = last.revision, "a commit had no reply; looking it up");
        let mut pause = FIRST_PAUSE;
        for _ in 0..LOOKUPS_MAX {
            match look_up(db, last).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Broken::BeforeCommit(cause)),
                Err(error) => warn!(error = %error, "the lookup failed; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        Err(Broken::Unknown(cause))
    }
}

/// Whether the log has exactly this revision. Under the lock nobody is still committing, so absence
/// is final.
async fn look_up(db: &Db, token: &Token) -> Result<bool, sqlx::Error> {
    let mut tx = db.pool().begin_with(log::BEGIN_WRITE).await?;
    let chain = log::settled_chain(&mut tx, token.revision).await?;
    tx.rollback().await?;
    Ok(chain == Some(token.chain))
}

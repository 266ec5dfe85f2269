//! The one task a process that writes: takes waiting requests as a group, decides each in memory under
//! the lock, and commits them as consecutive revisions in one transaction.
//!
//! Request futures never own a write transaction, so a caller that goes away leaves the queue at most,
//! never a half-made group.

use std::collections::{HashSet, VecDeque};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::{error, warn};

use crate::changes::group::Attempt;
use crate::changes::write::Write;
use crate::db::{Db, Writer, is_unreachable};
use crate::error::{Cause, Error, Result};
use crate::tables::Tables;
use crate::tally::{Count, Level, Spread, WORK_US};
use crate::threads;
use crate::token::Token;

/// Most requests of a group.
pub const GROUP_REQUESTS_MAX: usize = 64;
const QUEUE_LENGTH: usize = 1_024;

/// Most bytes of who made a write.
const ACTOR_BYTES_MAX: usize = 256;

/// How often a group is tried again when the database was lost before its COMMIT was sent.
const TRIES_MAX: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

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
    counts: Arc<Counts>,
}

/// What the task has done.
#[derive(Debug)]
pub struct Counts {
    /// Writes that wait, and those of the group under way.
    pub waiting: Level,
    /// Groups that were committed, by the writes in each.
    pub group_writes: Spread<7>,
    /// From the begin of a group's transaction to its end, other tries included.
    pub group_us: Spread<11>,
    /// Groups that were tried again since the database was lost before their commit.
    pub retries: Count,
    /// Writes of which nobody knows whether they happened.
    pub unknown: Count,
}

const GROUP_WRITES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

impl Default for Counts {
    fn default() -> Self {
        Self {
            waiting: Level::default(),
            group_writes: Spread::of(&GROUP_WRITES),
            group_us: Spread::of(&WORK_US),
            retries: Count::default(),
            unknown: Count::default(),
        }
    }
}

/// A request that waits.
pub(super) struct Queued {
    pub(super) write: Box<dyn Write>,
    pub(super) actor: String,
    pub(super) validate_only: bool,
    reply: oneshot::Sender<Result<Committed>>,
    _waits: Waits,
}

/// Counts a write until it is answered, or given up.
struct Waits(Arc<Counts>);

impl Waits {
    fn of(counts: &Arc<Counts>) -> Self {
        counts.waiting.up();
        Self(Arc::clone(counts))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.down();
    }
}

impl Committer {
    /// Starts the task. It ends when every handle is dropped and the queue is empty.
    pub fn start(db: Db, tables: &'static Tables) -> (Self, JoinHandle<()>) {
        Self::start_in_groups_of(db, tables, GROUP_REQUESTS_MAX)
    }

    /// The same with groups of another size, to measure what they are worth.
    #[doc(hidden)]
    pub fn start_in_groups_of(
        db: Db,
        tables: &'static Tables,
        requests_max: usize,
    ) -> (Self, JoinHandle<()>) {
        let (queue, receiver) = mpsc::channel(QUEUE_LENGTH);
        let counts = Arc::<Counts>::default();
        let task = Task {
            counts: Arc::clone(&counts),
            writer: Writer::new(db.clone()),
            db,
            tables,
            requests_max,
            waiting: VecDeque::new(),
            answered: 0,
        };
        (
            Self { queue, counts },
            threads::committer(task.run(receiver)),
        )
    }

    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
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
            actor: kept_actor(actor),
            validate_only,
            reply,
            _waits: Waits::of(&self.counts),
        };
        self.queue.send(queued).await.map_err(|_| Error::Draining)?;
        answer.await.map_err(|_| Error::Draining)?
    }
}

/// How many requests a group takes: half of all who write, which are those that wait and those that were just
/// answered and may come again.
///
/// Were all taken that wait, the first to come again would make a group of one and the others one of the rest,
/// for ever: the database would rest while they are answered, and they while it writes.
fn fair_share(waiting: usize, answered: usize) -> usize {
    (waiting + answered).div_ceil(2)
}

/// Who made a write, as the log keeps it: cut short, and without what no name has and Postgres may refuse,
/// which would fail the writes of others too.
fn kept_actor(actor: &str) -> String {
    let mut kept: String = actor.chars().filter(|c| !c.is_control()).collect();
    kept.truncate(kept.floor_char_boundary(ACTOR_BYTES_MAX));
    kept
}

struct Task {
    counts: Arc<Counts>,
    db: Db,
    writer: Writer,
    tables: &'static Tables,
    requests_max: usize,
    /// Requests that did not fit the group before.
    waiting: VecDeque<Queued>,
    /// How many the group before had.
    answered: usize,
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
            // The rest waits in the queue, which is bounded, and so do its senders.
            while self.waiting.len() < QUEUE_LENGTH
                && let Ok(queued) = receiver.try_recv()
            {
                self.waiting.push_back(queued);
            }
            let group = self.take_group();
            self.commit(group).await;
        }
    }

    /// The next requests in order, one a key; a solitary one alone. Who went away is left out.
    fn take_group(&mut self) -> Vec<Queued> {
        let requests_max = fair_share(self.waiting.len(), self.answered).min(self.requests_max);
        let mut keys = HashSet::new();
        let mut group: Vec<Queued> = Vec::new();
        let mut later = VecDeque::new();
        while let Some(queued) = self.waiting.pop_front() {
            if queued.reply.is_closed() {
                continue;
            }
            let is_solitary = queued.write.is_solitary();
            let fits = group.len() < requests_max && (group.is_empty() || !is_solitary);
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
        self.answered = group.len();
        group
    }

    async fn commit(&mut self, group: Vec<Queued>) {
        if group.is_empty() {
            return;
        }
        let (began, writes) = (Instant::now(), group.len());
        let committed = self.try_commit(group).await;
        self.counts.group_us.add_time(began.elapsed());
        if committed.is_ok() {
            let writes = u64::try_from(writes).unwrap_or(u64::MAX);
            self.counts.group_writes.add(writes);
        }
        match committed {
            Ok(()) => {}
            // Requests that all waited for one lock would each wait for it again.
            Err(Failed { group, cause }) if group.len() > 1 && !is_lost(&cause) => {
                warn!(error = %cause, requests = group.len(), "a group failed; its requests are run one by one");
                let mut rest = group.into_iter();
                while let Some(queued) = rest.next() {
                    if let Err(mut failed) = self.try_commit(vec![queued]).await {
                        // What is out of reach for one is for all: nobody waits for it again.
                        if is_lost(&failed.cause) {
                            failed.group.extend(rest.by_ref());
                        }
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
                .run(&self.db, &mut self.writer, self.tables, &mut group)
                .await;
            match attempted {
                Ok(attempt) => {
                    if let (Some(written), Some(history)) = (&attempt.written, self.db.history()) {
                        history.committed(&written.before, &written.steps, written.began);
                    }
                    self.finish(group, attempt);
                    return Ok(());
                }
                Err(cause) if is_worth_another_try(&cause) && attempt < TRIES_MAX => {
                    self.counts.retries.raise();
                    warn!(error = %cause, attempt, "the database was lost before a commit; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
                Err(cause) => return Err(Failed { group, cause }),
            }
        }
        Ok(())
    }

    /// Answers everybody who was decided, and queues the others again.
    fn finish(&mut self, group: Vec<Queued>, attempt: Attempt) {
        let mut again = VecDeque::new();
        for (queued, outcome) in group.into_iter().zip(attempt.outcomes) {
            if matches!(outcome, Some(Err(Error::OutcomeUnknown(_)))) {
                self.counts.unknown.raise();
            }
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
        let is_lost = is_lost(&self.cause);
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

/// A connection that broke is replaced at once; one that could not be had, or did not answer, was
/// waited for already.
fn is_worth_another_try(error: &sqlx::Error) -> bool {
    let was_waited_for = match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Io(error) => error.kind() == ErrorKind::TimedOut,
        _ => false,
    };
    is_unreachable(error) && !was_waited_for
}

/// Whether the fault is of the database's reach, not of a request.
fn is_lost(error: &sqlx::Error) -> bool {
    is_unreachable(error) || is_lock_timeout(error)
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "55P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients that ask again once they are answered, while the group after theirs is written.
    #[test]
    fn clients_that_come_again_make_two_groups_of_a_size() {
        for clients in [1, 2, 5, 32, 64] {
            let (mut waiting, mut answered) = (clients - 1, 1);
            let mut sizes = Vec::new();
            for _ in 0..16 {
                let taken = fair_share(waiting, answered).min(waiting);
                waiting = waiting - taken + answered;
                answered = taken;
                sizes.push(taken);
            }
            let last = &sizes[sizes.len() - 2..];
            assert!(
                last[0].abs_diff(last[1]) <= 1,
                "{clients} clients: {sizes:?}"
            );
            assert_eq!(last.iter().sum::<usize>(), clients, "{sizes:?}");
        }
        assert_eq!(fair_share(1, 0), 1, "one alone does not wait");
    }

    #[test]
    fn an_actor_is_cut_at_a_character() {
        assert_eq!(kept_actor("anna@example"), "anna@example");
        assert_eq!(kept_actor("a\0b\n"), "ab");
        assert_eq!(kept_actor(&"x".repeat(300)), "x".repeat(256));
        assert_eq!(kept_actor(&"所".repeat(100)), "所".repeat(85));
    }
}

//! One group of requests in one transaction: lock, read, decide, append, project, commit; and, when no
//! reply to the COMMIT comes, finding out whether it happened.

use std::io;
use std::time::{Duration, Instant};

use sqlx::{Executor as _, PgConnection};
use tracing::{error, warn};

use crate::cache::{Change, Step};
use crate::changes::committer::{Committed, Queued};
use crate::changes::log::{self, Revision, Tip, timestamp};
use crate::changes::needed::read_view;
use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Row};
use crate::db::{Db, Writer, is_unreachable};
use crate::error::{Error, Result};
use crate::record::Stamp;
use crate::tables::{Current, Tables};
use crate::token::Token;

const GROUP_ROWS_MAX: usize = 500;
const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// How often one group may ask for more to read; a chain of station parents asks once a level.
const READS_MAX: usize = 64;

/// How long a transaction may take up to its COMMIT, of a primary that other calls still hear of; its
/// statements have bounds of their own.
const WORK_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a COMMIT may take. It ends before the server's own `statement_timeout`, which would end the
/// wait for a synchronous standby with success.
const COMMIT_TIME_MAX: Duration = Duration::from_secs(8);

/// How long one lookup may take; the lock is waited for that long and no longer.
const LOOKUP_STEP_MAX: Duration = Duration::from_secs(5);

/// How long, with growing pauses, a COMMIT without reply is looked up.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(12);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A request's revision, before it is appended.
struct Decided {
    /// Which request of the group.
    request: usize,
    rows: Vec<Row>,
    answer: Vec<u8>,
    reason: String,
}

/// Revisions that were committed.
pub(super) struct Written {
    /// The revision they follow.
    pub(super) before: Token,
    pub(super) steps: Vec<Step>,
    /// Before the transaction: what was committed by then is `before`, or comes before it.
    pub(super) began: Instant,
}

/// One try at one group.
#[derive(Default)]
pub(super) struct Attempt {
    view: View,
    decided: Vec<Decided>,
    /// Requests that change nothing, but were answered by what is decided before them.
    kept: Vec<(usize, Vec<u8>)>,
    /// One a request, in order; nothing for one that is left for the next group.
    pub(super) outcomes: Vec<Option<Result<Committed>>>,
    /// What was committed, when there is any.
    pub(super) written: Option<Written>,
    row_count: usize,
    byte_count: usize,
}

impl Attempt {
    pub(super) async fn run(
        mut self,
        db: &Db,
        writer: &mut Writer,
        tables: &Tables,
        group: &mut [Queued],
    ) -> Result<Self, sqlx::Error> {
        self.outcomes = group.iter().map(|_| None).collect();
        let began = Instant::now();
        let mut connection = writer.begin(&log::BEGIN_GROUP).await?;
        let work = self.work(&mut connection, tables, group);
        let (before, tokens) = match writer.answer(WORK_TIME_MAX, work).await {
            Ok((before, tokens)) if !tokens.is_empty() => (before, tokens),
            Ok(_) => {
                writer.roll_back(connection).await;
                return Ok(self);
            }
            Err(error) => {
                if !is_unreachable(&error) {
                    writer.roll_back(connection).await;
                }
                return Err(error);
            }
        };
        let commit = connection.execute("COMMIT");
        match writer.answer(COMMIT_TIME_MAX, commit).await {
            Ok(_) => writer.keep(connection),
            Err(cause) => {
                drop(connection);
                match find_out(db, &cause, &tokens).await {
                    Found::Committed => {}
                    // It is worth another try, however long this one took: the primary was reached.
                    Found::Absent => {
                        return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into());
                    }
                    Found::Nothing => {
                        self.leave_unknown(&cause);
                        return Ok(self);
                    }
                }
            }
        }
        if let Some(token) = tokens.last().copied() {
            for (request, answer) in self.kept.drain(..) {
                self.outcomes[request] = Some(Ok(Committed { token, answer }));
            }
        }
        let mut steps = Vec::with_capacity(tokens.len());
        for (decided, token) in self.decided.drain(..).zip(tokens) {
            let committed = Committed {
                token,
                answer: decided.answer,
            };
            self.outcomes[decided.request] = Some(Ok(committed));
            let changes = decided.rows.into_iter().map(|row| Change {
                kind: row.kind,
                name: row.name,
                record: Some(row.record.into()),
            });
            let changes = changes.collect();
            steps.push(Step { token, changes });
        }
        self.written = Some(Written {
            before,
            steps,
            began,
        });
        Ok(self)
    }

    /// Nobody knows whether what was decided was written; the others of the group are answered as ever.
    fn leave_unknown(&mut self, cause: &sqlx::Error) {
        error!(error = %cause, "a commit had no reply and could not be looked up");
        let decided = self.decided.drain(..).map(|decided| decided.request);
        let kept = self.kept.drain(..).map(|(request, _)| request);
        for request in decided.chain(kept) {
            let unknown = Error::OutcomeUnknown(cause.to_string().into());
            self.outcomes[request] = Some(Err(unknown));
        }
    }

    /// Decides and writes, all but the commit. Returns the newest revision, and those that are to be
    /// committed after it.
    async fn work(
        &mut self,
        connection: &mut PgConnection,
        tables: &Tables,
        group: &mut [Queued],
    ) -> Result<(Token, Vec<Token>), sqlx::Error> {
        let tip = self.decide_all(connection, group).await?;
        let tokens = match self.decided.is_empty() {
            true => Vec::new(),
            false => self.write(connection, tables, &tip, group).await?,
        };
        Ok((tip.token, tokens))
    }

    /// Reads what is needed and decides every request, those that need more after another read. Returns
    /// the newest revision, which the decided ones follow.
    async fn decide_all(
        &mut self,
        connection: &mut PgConnection,
        group: &mut [Queued],
    ) -> Result<Tip, sqlx::Error> {
        let mut needs = Needs::default();
        for queued in group.iter() {
            needs.merge(queued.write.needs());
        }
        let tip = read_view(connection, &needs, &mut self.view).await?;
        let mut open: Vec<usize> = (0..group.len()).collect();
        for _ in 0..READS_MAX {
            needs = Needs::default();
            let mut still_open = Vec::new();
            for request in open {
                // The oldest is never left for later, or later ones might go before it for ever.
                if self.is_full() && request > 0 {
                    continue;
                }
                if let Some(more) = self.decide(request, &mut group[request], &tip) {
                    needs.merge(more);
                    still_open.push(request);
                }
            }
            open = still_open;
            if open.is_empty() {
                return Ok(tip);
            }
            read_view(connection, &needs, &mut self.view).await?;
        }
        for request in open {
            let cause = "a write kept asking for more to read";
            self.outcomes[request] = Some(Err(Error::internal(cause)));
        }
        Ok(tip)
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
            Ok(Decision::Keep { answer }) if !self.decided.is_empty() => {
                self.kept.push((request, answer));
                return None;
            }
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
    ) -> Result<Vec<Token>, sqlx::Error> {
        let revisions: Vec<_> = self
            .decided
            .iter()
            .map(|decided| Revision {
                actor: &group[decided.request].actor,
                reason: &decided.reason,
                rows: &decided.rows,
            })
            .collect();
        let mut changes = Vec::with_capacity(self.row_count);
        for (revision, decided) in (tip.token.revision + 1..).zip(&self.decided) {
            changes.extend(decided.rows.iter().map(|row| Current {
                kind: row.kind,
                revision,
                name: &row.name,
                record: &row.record,
            }));
        }
        // The database appends what it was sent while the rows are made.
        let append = log::append(connection, tip, &revisions);
        let (tokens, rows) = tokio::join!(biased; append, async { tables.rows(&changes) });
        let tokens = tokens?;
        for rows in rows.map_err(|error| sqlx::Error::Decode(error.into()))? {
            rows.write(connection).await?;
        }
        Ok(tokens)
    }
}

/// What was found out about a commit.
enum Found {
    Committed,
    /// Nothing was written.
    Absent,
    Nothing,
}

/// Finds out whether a commit happened that had no reply.
async fn find_out(db: &Db, cause: &sqlx::Error, tokens: &[Token]) -> Found {
    let Some(last) = tokens.last() else {
        return Found::Committed;
    };
    warn!(error = %cause, revision = last.revision, "a commit had no reply; looking it up");
    match tokio::time::timeout(LOOKUP_TIME_MAX, settle(db, last)).await {
        Ok(true) => Found::Committed,
        Ok(false) => Found::Absent,
        Err(_) => Found::Nothing,
    }
}

/// Looks a commit up until there is an answer. A lookup may itself wait for a connection, so the
/// bound is on the time, not on the tries.
async fn settle(db: &Db, token: &Token) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        match tokio::time::timeout(LOOKUP_STEP_MAX, look_up(db, token)).await {
            Ok(Ok(is_there)) => return is_there,
            Ok(Err(error)) => warn!(error = %error, "the lookup failed; trying again"),
            Err(_) => {
                db.renew_primary();
                warn!("the lookup had no reply; trying again");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether the log has exactly this revision. Under the lock nobody is still committing, so absence
/// is final. Presence is, once a COMMIT after it is through: that waits for a synchronous standby, as
/// the one looked up may still do.
async fn look_up(db: &Db, token: &Token) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin(log::BEGIN_WRITE).await?;
    let chain = log::settled_chain(&mut tx, token.revision).await?;
    let is_there = chain == Some(token.chain);
    match is_there {
        true => tx.commit().await?,
        false => tx.rollback().await?,
    }
    Ok(is_there)
}

//! The one task a process that follows the log: by revision, in order and without a gap, from the
//! primary. What it has seen is what replicas are measured by, and what watchers are sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{Executor as _, PgConnection, Row as _};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::error::Elapsed;
use tracing::{error, info, warn};

use crate::cache::{Cache, Step};
use crate::changes::delta::{self, Delta, Head, Wanted, within};
use crate::changes::feed::Feed;
use crate::changes::log::token_of;
use crate::db::history::History;
use crate::db::{Db, Pooler, jittered};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::token::{Chain, Token};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A poll without an answer is given up, with its connection.
const POLL_TIME_MAX: Duration = Duration::from_secs(2);

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// Most revisions, and most rows, of one poll.
const REVISIONS_MAX: i64 = 1_000;
const ROWS_MAX: i64 = 1_000;

/// Most bytes of records of one poll, but for a first revision that has more by itself: what a slow way to
/// the primary brings in time.
const BYTES_MAX: i64 = 1024 * 1024;

/// How many revisions from before the first are read at each turn.
const REMEMBERED_AT_ONCE: i64 = 4_096;

/// How many of the known revisions are looked for at once.
const PROBES: usize = 256;

/// Who is further behind goes on from the newest.
const BEHIND_MAX: i64 = 10_000;

/// Follows the log until it is dropped.
#[derive(Debug)]
pub struct Following {
    pub history: Arc<History>,
    pub feed: Arc<Feed>,
    task: JoinHandle<()>,
}

impl Following {
    /// Tells whether the task runs, also when this is gone.
    pub fn task(&self) -> AbortHandle {
        self.task.abort_handle()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins at the newest revision. Reads of this database are measured by it from then on.
pub async fn follow(db: &Db, cache: Cache) -> Result<Following> {
    let polled = Instant::now();
    let mut connection = connect(db).await?;
    db.pooler().begin_read(&mut connection).await?;
    let newest = newest(&mut connection).await?;
    db.pooler().end_read(&mut connection).await?;
    let history = Arc::new(History::starting_at(newest, polled, cache));
    db.follow(Arc::clone(&history))?;
    let feed = Arc::new(Feed::default());
    let tail = Tail {
        db: db.clone(),
        history: Arc::clone(&history),
        feed: Arc::clone(&feed),
        connection: Some(connection),
        fed: None,
        is_remembered: false,
    };
    Ok(Following {
        history,
        feed,
        task: tokio::spawn(tail.run()),
    })
}

/// Polls look a few revisions up by their numbers. A plan that is made once knows no numbers, so Postgres
/// takes it for dear and would make another each time; and one that reads whole tables would be one made
/// while they were empty, and kept.
const AT_CONNECT: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off";

async fn connect(db: &Db) -> Result<PgConnection> {
    let mut connection = db.dedicated().await?;
    // What is set behind a pooler meets others.
    if db.pooler() == Pooler::None {
        connection.execute(AT_CONNECT).await?;
    }
    Ok(connection)
}

struct Tail {
    db: Db,
    history: Arc<History>,
    feed: Arc<Feed>,
    connection: Option<PgConnection>,
    /// The newest revision that the feed was given, while somebody watches. What this process writes is
    /// seen before it is read back.
    fed: Option<Token>,
    /// Whether the ring has what came before the first revision seen.
    is_remembered: bool,
}

impl Tail {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut failing_since = None;
        loop {
            match self.turn().await {
                Ok(is_behind) => {
                    if let Some(since) = failing_since.take() {
                        let away_ms = Instant::elapsed(&since).as_millis();
                        info!(away_ms, "the log is followed again");
                        // Connections from before may wait for a server that is gone.
                        self.db.renew_primary();
                    }
                    pause = FIRST_PAUSE;
                    if !is_behind {
                        self.wait(POLL_INTERVAL).await;
                    }
                }
                Err(error) => {
                    if failing_since.is_none() {
                        failing_since = Some(Instant::now());
                        say(&error);
                    }
                    self.connection = None;
                    self.history.stalled();
                    self.wait(jittered(pause)).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Until the time is over, or the primary was heard of.
    async fn wait(&self, time: Duration) {
        // Either end of the wait will do.
        let _ = tokio::time::timeout(time, self.history.nudged()).await;
    }

    /// One poll, on a connection that is made first if need be: each has a time of its own, so that a
    /// slow way to the primary is not for ever at its beginning.
    async fn turn(&mut self) -> Result<bool> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.in_time(connect(&self.db)).await?,
        };
        let polled = self.poll(connection);
        let polled = tokio::time::timeout(POLL_TIME_MAX, polled).await;
        self.judge(polled)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        self.judge(tokio::time::timeout(POLL_TIME_MAX, answer).await)
    }

    /// A primary that refuses is away at once, one that is silent when it was so for long.
    fn judge<T>(&self, answer: Result<Result<T>, Elapsed>) -> Result<T> {
        match answer {
            Ok(answer) => answer.inspect_err(|_| self.history.away()),
            Err(_) => Err(Error::NoPrimary("no answer in time".into())),
        }
    }

    /// Takes the next revisions; answers whether there are more. A connection whose poll was given up is
    /// not used again.
    async fn poll(&mut self, mut connection: PgConnection) -> Result<bool> {
        // Both from before the snapshot, which behind a pooler is taken where the transaction begins: what is
        // seen later need not be in it.
        let (began, applied) = (Instant::now(), self.history.applied().token);
        self.db.pooler().begin_read(&mut connection).await?;
        let is_behind = self.poll_on(&mut connection, began, applied).await?;
        if !self.is_remembered {
            self.remember(&mut connection).await?;
        }
        self.db.pooler().end_read(&mut connection).await?;
        self.connection = Some(connection);
        Ok(is_behind)
    }

    async fn poll_on(
        &mut self,
        connection: &mut PgConnection,
        began: Instant,
        applied: Token,
    ) -> Result<bool> {
        let bodies = self.feed.wanted();
        self.history.watched(bodies.records);
        let after = self.fed.filter(|_| bodies.records).unwrap_or(applied);
        let polled = read_heads(connection, after.revision).await?;
        if polled.is_standby {
            // Connections kept since it was the primary would be refused their writes.
            self.db.renew_primary();
            return Err(Error::standby());
        }
        if !self.is_ours(&polled, &after, &applied) {
            self.fork(connection, began).await?;
            return Ok(true);
        }
        if polled.newest.revision - after.revision > BEHIND_MAX {
            self.jump(&polled.newest, began);
            return Ok(true);
        }
        let heads = polled.heads.into_iter().skip(1).collect();
        let heads = within(heads, ROWS_MAX);
        let wanted = Wanted {
            bodies,
            kinds: &Kind::ALL,
            bytes_max: BYTES_MAX,
        };
        let mut deltas = delta::read(connection, &after, heads, wanted).await?;
        if !bodies.records {
            let cache = self.history.cache();
            let is_kept = |name: &str| cache.has(name);
            delta::read_bodies(connection, &mut deltas, BYTES_MAX, is_kept).await?;
        }
        let reached = deltas.last().map_or(after, |delta| delta.token);
        let steps: Vec<Step> = deltas.iter().map(Delta::step).collect();
        // Watchers that wake find them.
        if !deltas.is_empty() {
            self.feed.extend(deltas, bodies);
        }
        self.history.extend(began, &steps, &polled.newest);
        self.history.followed(reached);
        self.fed = bodies.records.then_some(reached);
        Ok(reached.revision < polled.newest.revision)
    }

    /// Whether the log has what was seen of it, as far as it was read.
    fn is_ours(&self, polled: &Polled, after: &Token, applied: &Token) -> bool {
        let begins = polled.heads.first().map(|head| head.token) == Some(*after);
        let is_known = |head: &Head| {
            let is_new = head.token.revision > applied.revision;
            is_new || self.history.has(&head.token)
        };
        begins && polled.newest.revision >= applied.revision && polled.heads.iter().all(is_known)
    }

    /// Leaves out what lies between: watchers read it themselves.
    fn jump(&mut self, newest: &Token, began: Instant) {
        let applied = self.history.applied().token.revision;
        warn!(
            applied,
            newest = newest.revision,
            "the tail was far behind and goes on from the newest"
        );
        self.feed.clear();
        self.fed = None;
        self.history.jump(began, *newest);
        self.is_remembered = false;
    }

    /// The primary's history is another one: what was seen last is not in it.
    async fn fork(&mut self, connection: &mut PgConnection, began: Instant) -> Result<()> {
        let known = self.history.known();
        let last_common = last_common(connection, &known).await?;
        let newest = newest(connection).await?;
        let lost = self.history.applied().token;
        let common = last_common.map(|token| token.revision);
        warn!(%lost, last_common = common, now = %newest, "the database's history is another one, after a failover or a restore");
        self.feed.clear();
        self.fed = None;
        self.history.fork(began, last_common, newest);
        self.db.renew_all();
        self.is_remembered = false;
        Ok(())
    }

    /// Reads chains from before the first revision that is known, some at each turn.
    async fn remember(&mut self, connection: &mut PgConnection) -> Result<()> {
        let first = self.history.first();
        let sql = "-- changes.remembered
            select revision, chain from revisions where revision < $1 and revision >= $1 - $2
            order by revision";
        let rows = sqlx::query(sql)
            .bind(first)
            .bind(REMEMBERED_AT_ONCE)
            .fetch_all(connection)
            .await?;
        let tokens: Result<Vec<Token>, sqlx::Error> = rows.iter().map(token_of).collect();
        self.history.prepend(&tokens?);
        // It takes no more than it remembers.
        if self.history.first() == first || self.history.first() == 0 {
            self.is_remembered = true;
            self.history.reloaded();
        }
        Ok(())
    }
}

fn say(error: &Error) {
    match error {
        Error::Internal(cause) => error!(cause = %cause, "the log cannot be followed"),
        error => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            warn!(cause, "the log cannot be followed for now: {error}");
        }
    }
}

/// The revision that was seen last, and those that follow it.
struct Polled {
    is_standby: bool,
    newest: Token,
    heads: Vec<Head>,
}

async fn read_heads(connection: &mut PgConnection, applied: i64) -> Result<Polled> {
    let sql = "-- changes.tail
        select pg_is_in_recovery() as is_standby, newest.revision as newest_revision,
               newest.chain as newest_chain, r.*
        from (select revision, chain from revisions order by revision desc limit 1) as newest
        left join lateral (
          select revision, chain, commit_time, actor, reason, row_count from revisions
          where revision >= $1 order by revision limit $2) as r on true
        order by r.revision";
    let rows = sqlx::query(sql)
        .bind(applied)
        .bind(REVISIONS_MAX)
        .fetch_all(connection)
        .await?;
    let first = rows
        .first()
        .ok_or_else(|| Error::internal("the log has no revision 0"))?;
    let found = |row: &&PgRow| matches!(row.try_get::<Option<i64>, _>("revision"), Ok(Some(_)));
    let heads: Result<_, sqlx::Error> = rows.iter().filter(found).map(Head::of).collect();
    Ok(Polled {
        is_standby: first.try_get("is_standby")?,
        newest: Token {
            revision: first.try_get("newest_revision")?,
            chain: Chain::from_slice(first.try_get("newest_chain")?)
                .ok_or_else(|| Error::internal("a chain has 32 bytes"))?,
        },
        heads: heads?,
    })
}

async fn newest(connection: &mut PgConnection) -> Result<Token> {
    let sql = "-- changes.newest
        select revision, chain from revisions order by revision desc limit 1";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    Ok(token_of(&row)?)
}

/// The last of the known revisions, which are in order, that the log has too. A revision binds all
/// before it, so those that it has come first.
async fn last_common(connection: &mut PgConnection, known: &[Token]) -> Result<Option<Token>> {
    let sql = "-- changes.last_common
        select asked.place
        from unnest($1::bigint[], $2::bytea[]) with ordinality as asked (revision, chain, place)
        join revisions r on r.revision = asked.revision and r.chain = asked.chain
        order by asked.place desc limit 1";
    // Before `shared` all are in the log, from `lost` on none is.
    let (mut shared, mut lost) = (0, known.len());
    while shared < lost {
        let step = (lost - shared).div_ceil(PROBES);
        let probes: Vec<usize> = (shared..lost).step_by(step).collect();
        let revisions: Vec<i64> = probes.iter().map(|at| known[*at].revision).collect();
        let chains: Vec<&[u8]> = probes.iter().map(|at| &known[*at].chain.0[..]).collect();
        let place: Option<i64> = sqlx::query_scalar(sql)
            .bind(revisions)
            .bind(chains)
            .fetch_optional(&mut *connection)
            .await?;
        let found = usize::try_from(place.unwrap_or(0)).map_err(Error::internal)?;
        lost = probes.get(found).copied().unwrap_or(lost);
        match found.checked_sub(1) {
            Some(last) => shared = probes[last] + 1,
            None => lost = shared,
        }
    }
    Ok(shared.checked_sub(1).map(|last| known[last]))
}

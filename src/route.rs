//! Where a read goes, and whether what it saw is fresh enough: a replica while it shows this history
//! and all the call asks for, else the primary.
//!
//! A replica's snapshot is judged by what that same snapshot says of the revisions asked about, and of
//! the newest one that this process has seen on the primary.

mod freshness;

use std::time::{Duration, Instant};

use sqlx::Row as _;
use sqlx::postgres::PgRow;

pub use self::freshness::{Bound, Freshness, WAIT_DEFAULT};
use crate::db::forks::{fork, forked};
use crate::db::{Db, Reader, Replica, Server};
use crate::error::{Error, Result};
use crate::reading::Snapshot;
use crate::token::{Chain, Token};

/// How old what is known of the primary may be for a replica to be measured by it.
pub(crate) const BOUND: Duration = Duration::from_millis(100);

/// What a server may take to give a connection while there are others, or while the primary is taken
/// for lost.
const CONNECT_TIME_MAX: Duration = Duration::from_millis(500);

/// How long a primary that seems lost is waited for once it was asked, with others to ask.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a replica may take to answer; it ends statements itself before that.
const REPLICA_TIME_MAX: Duration = Duration::from_millis(1_500);

/// How long a replica that is behind is waited for while there is a primary.
const WAIT_MAX: Duration = Duration::from_millis(50);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// A server that is asked.
#[derive(Clone, Copy, Debug)]
enum Asked<'a> {
    Primary,
    Replica(&'a Replica),
}

/// One read on its way from server to server.
#[derive(Debug)]
pub struct Route<'a> {
    db: &'a Db,
    freshness: &'a Freshness,
    asked: Asked<'a>,
    /// The newest revision that was known when the read began; what a replica is measured by.
    newest: Option<Token>,
    /// The same, whoever is asked.
    known: Option<Token>,
    /// Why the primary cannot be asked, once that is so.
    without_primary: Option<Error>,
    /// The revision a replica was at that is behind what the call asks for.
    behind: Option<i64>,
    began: Instant,
    pause: Duration,
}

impl<'a> Route<'a> {
    pub fn of(db: &'a Db, freshness: &'a Freshness) -> Self {
        let history = db.history().filter(|_| !db.replicas().is_empty());
        let mut route = Self {
            db,
            freshness,
            asked: Asked::Primary,
            newest: history.map(|history| history.newest()),
            known: db.history().map(|history| history.applied().token),
            without_primary: None,
            behind: None,
            began: Instant::now(),
            pause: FIRST_PAUSE,
        };
        let begins_with_replica = match (freshness.bound, history) {
            (Bound::Primary, _) | (_, None) => false,
            (Bound::Tokens | Bound::Any, Some(_)) => true,
            (Bound::Recent, Some(history)) if history.age() <= BOUND => true,
            (Bound::Recent | Bound::Newest, Some(history)) => {
                let is_lost = history.is_lost();
                let why = || Error::NoPrimary("it does not answer polls".into());
                route.without_primary = is_lost.then(why);
                is_lost
            }
        };
        if begins_with_replica {
            route.asked = route.replica();
        }
        route
    }

    /// The replica to ask next: while there is a primary, one that is not left alone.
    fn replica(&self) -> Asked<'a> {
        let replicas = self.db.replicas();
        let replica = match self.without_primary {
            None => replicas.next(),
            Some(_) => replicas.any(),
        };
        replica.map_or(Asked::Primary, Asked::Replica)
    }

    fn server(&self) -> &'a Server {
        match self.asked {
            Asked::Primary => self.db.primary(),
            Asked::Replica(replica) => &replica.server,
        }
    }

    /// Whether polls of the primary have found nobody for a while.
    fn is_lost(&self) -> bool {
        self.db.history().is_some_and(|history| history.is_lost())
    }

    /// Whether nobody but the primary can answer.
    fn is_alone(&self) -> bool {
        self.newest.is_none() || self.freshness.bound == Bound::Primary
    }

    /// A connection to the server that is to be asked.
    pub async fn reader(&self) -> Result<Reader> {
        let mut until = self.freshness.deadline;
        // With another server to ask, one that does not answer is not waited for until the end.
        let is_silent = self.db.history().is_some_and(|history| history.is_silent());
        if !self.is_alone() || is_silent {
            until = until.min(Instant::now() + CONNECT_TIME_MAX);
        }
        let reader = tokio::time::timeout_at(until.into(), self.server().reader()).await;
        reader.unwrap_or_else(|_| Err(Error::NoPrimary("no connection in time".into())))
    }

    /// What the server answers, unless it is gone.
    pub async fn answer<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let late = || Err(Error::NoPrimary("no answer in time".into()));
        match self.asked {
            Asked::Primary => {
                // With others to ask, a primary that is slow may as well be lost.
                let answer = self.db.answer(Duration::MAX, answer);
                let is_alone = self.is_alone();
                let lost = async {
                    loop {
                        tokio::time::sleep(PATIENCE).await;
                        if !is_alone && self.is_lost() {
                            return None;
                        }
                    }
                };
                let answer = tokio::select! {
                    answer = answer => answer,
                    lost = lost => lost,
                };
                answer.unwrap_or_else(late)
            }
            Asked::Replica(_) => {
                let answer = tokio::time::timeout(REPLICA_TIME_MAX, answer).await;
                answer.unwrap_or_else(|_| late())
            }
        }
    }

    /// The revisions whose chains the statement looks up.
    pub fn asked_revisions(&self) -> Vec<i64> {
        let asked = self.freshness.asked.iter().map(|asked| asked.revision);
        let newest = self.newest.map(|newest| newest.revision);
        asked.chain(newest).collect()
    }

    /// The snapshot of a row that has the tip, if it is of this history and as fresh as asked.
    pub fn check(&self, row: &PgRow) -> Result<Snapshot> {
        let token = Token {
            revision: row.try_get("tip_revision")?,
            chain: chain(row.try_get("tip_chain")?)?,
        };
        let chains: Vec<Option<Vec<u8>>> = row.try_get("asked_chains")?;
        let chains: Vec<Option<Chain>> = chains
            .into_iter()
            .map(|bytes| bytes.map(|bytes| chain(&bytes)).transpose())
            .collect::<Result<_>>()?;
        let is_standby: bool = row.try_get("is_standby")?;
        match self.asked {
            Asked::Primary if !is_standby => self.found_primary(&token),
            // Nothing is known to measure it by, or it will not do.
            Asked::Primary if self.is_alone() => {
                return Err(Error::standby());
            }
            // A replica may have been promoted: it is measured all the same.
            _ => self.check_replica(&token, &chains)?,
        }
        for (asked, chain) in self.freshness.asked.iter().zip(&chains) {
            // Tokens are given after commit, so on the primary an absent revision was lost.
            if !chain.is_some_and(|chain| asked.names(&chain)) {
                return Err(fork(asked, None));
            }
        }
        let history = self.db.history();
        let age = match self.freshness.bound {
            Bound::Any => {
                let age = history.map(|history| history.age_of(&token));
                Some(age.unwrap_or_default())
            }
            _ => None,
        };
        Ok(Snapshot {
            token,
            age,
            is_of_primary: matches!(self.asked, Asked::Primary) && !is_standby,
        })
    }

    /// A replica must be of the history that is followed, and have what was asked for.
    fn check_replica(&self, token: &Token, chains: &[Option<Chain>]) -> Result<()> {
        let behind = || Error::ReplicaBehind {
            revision: token.revision,
        };
        let newest = self.newest.ok_or_else(behind)?;
        if let Asked::Replica(replica) = self.asked {
            replica.showed(token.revision, newest.revision);
        }
        let at_newest = chains.get(self.freshness.asked.len()).copied().flatten();
        let has_newest = at_newest == Some(newest.chain);
        let is_ours = has_newest
            || at_newest.is_none() && self.db.history().is_some_and(|history| history.has(token));
        if !is_ours {
            return Err(Error::OtherHistory);
        }
        let asked = self.freshness.asked.iter().zip(chains);
        let lacks_asked = asked.clone().any(|(_, chain)| chain.is_none());
        let is_fresh = match self.freshness.bound {
            Bound::Primary => false,
            Bound::Tokens | Bound::Any => true,
            // Without a primary, what a replica has is the newest there is.
            Bound::Recent | Bound::Newest => {
                has_newest || self.without_primary.is_some() && self.is_lost()
            }
        };
        if lacks_asked || !is_fresh {
            return Err(behind());
        }
        Ok(())
    }

    /// What came of asking a server: the answer, or nothing when the next is to be asked.
    pub async fn end<T>(
        &mut self,
        reader: Option<Reader>,
        outcome: Result<T>,
    ) -> Result<Option<T>> {
        let error = match outcome {
            Ok(found) => {
                if let Some(reader) = reader {
                    reader.done();
                }
                if let Asked::Replica(replica) = self.asked {
                    replica.answered();
                }
                return Ok(Some(found));
            }
            Err(error) => error,
        };
        let was_kept = reader.is_some_and(|reader| self.server().gives_up(&reader, &error));
        if was_kept {
            return Ok(None);
        }
        match self.asked {
            Asked::Replica(replica) => self.leave_replica(replica, error).await?,
            Asked::Primary => self.leave_primary(error).await?,
        }
        Ok(None)
    }

    /// It answers: polls of it may have paused. One that lacks what was seen before it was asked is not
    /// the one that was seen.
    fn found_primary(&self, token: &Token) {
        let (Some(history), Some(known)) = (self.db.history(), &self.known) else {
            return;
        };
        if history.is_lost() {
            history.heard();
        }
        if token.revision < known.revision {
            history.doubt();
        }
    }

    async fn leave_replica(&mut self, replica: &Replica, error: Error) -> Result<()> {
        match &error {
            // It may be well, and the caller in haste.
            Error::NoPrimary(_) if Instant::now() >= self.freshness.deadline => {
                return Err(self.given_up(error));
            }
            Error::NoPrimary(_) => replica.failed("it cannot be reached"),
            Error::OtherHistory => replica.failed("it shows another history"),
            _ => replica.answered(),
        }
        match &error {
            Error::ReplicaBehind { revision } => {
                self.behind = Some(*revision);
                let may_wait = self.freshness.bound == Bound::Tokens
                    && self.without_primary.is_none()
                    && self.began.elapsed() < WAIT_MAX;
                if may_wait {
                    return self.wait(error).await;
                }
            }
            Error::NoPrimary(_) | Error::OtherHistory => {
                // Without a primary another replica is the next best.
                if self.without_primary.is_some()
                    && let Some(next) = self.db.replicas().next()
                {
                    self.asked = Asked::Replica(next);
                    return Ok(());
                }
            }
            // Whether a token was lost is for the primary to say.
            Error::HistoryForked { .. } | Error::Interrupted(_) => {}
            _ => return Err(error),
        }
        self.asked = Asked::Primary;
        match self.without_primary {
            None => Ok(()),
            Some(_) => self.wait(error).await,
        }
    }

    async fn leave_primary(&mut self, error: Error) -> Result<()> {
        if let Error::HistoryForked { token, .. } = &error {
            let mut asked = self.freshness.asked.iter();
            let lost = asked.find(|asked| asked.to_string() == *token);
            let lost =
                lost.ok_or_else(|| Error::internal("a token is refused that was not asked for"))?;
            return Err(forked(self.db, lost, Some(self.freshness.deadline)).await);
        }
        let may_pass = matches!(
            error,
            Error::NoPrimary(_) | Error::ReplicaBehind { .. } | Error::OtherHistory
        );
        if !may_pass || self.is_alone() {
            return Err(error);
        }
        self.without_primary = Some(error);
        self.asked = self.replica();
        match self.asked {
            Asked::Replica(_) => Ok(()),
            Asked::Primary => {
                self.wait(Error::NoPrimary("there is no replica".into()))
                    .await
            }
        }
    }

    /// What a call is told whose time is up.
    fn given_up(&mut self, error: Error) -> Error {
        match (self.behind, self.without_primary.take()) {
            (Some(revision), _) => Error::ReplicaBehind { revision },
            (None, Some(lost)) => lost,
            (None, None) => error,
        }
    }

    /// Waits a little for a server to catch up, or gives up with what it answered.
    async fn wait(&mut self, error: Error) -> Result<()> {
        if Instant::now() + self.pause >= self.freshness.deadline {
            return Err(self.given_up(error));
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }
}

fn chain(bytes: &[u8]) -> Result<Chain> {
    Chain::from_slice(bytes).ok_or_else(|| Error::internal("a chain has 32 bytes"))
}

//! Standbys that reads may go to, and which of them are worth asking.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tracing::{info, warn};

use crate::db::pooler::Pooler;
use crate::db::server::{Connections, Server};

/// A replica that failed is left alone this long, then twice as long, up to the most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What a replica may take to give a connection before another server is asked.
const ACQUIRE_TIMEOUT_MS: u64 = 500;

/// Long snapshots on a standby hold up its replay, or are cancelled by it.
const STATEMENT_TIMEOUT: (&str, &str) = ("statement_timeout", "1s");
const BEGIN_READ: &str =
    "begin isolation level repeatable read read only; set local statement_timeout = '1s'";

/// How long others wait for what comes of the read that tries a replica again.
const TRIAL_TIME_MAX: Duration = Duration::from_secs(2);

/// One standby.
#[derive(Debug)]
pub struct Replica {
    pub server: Server,
    rest: Mutex<Rest>,
    /// How many revisions it lacked when it last answered.
    behind: AtomicI64,
}

/// How long a replica that failed is left alone.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    until: Option<Instant>,
    pause: Duration,
    /// Whether a read is under way that tries it again.
    is_tried: bool,
}

/// All standbys, asked in turn.
#[derive(Debug, Default)]
pub struct Replicas {
    all: Vec<Replica>,
    next: AtomicUsize,
}

impl Replicas {
    pub fn of(options: Vec<PgConnectOptions>, connections_max: u32, pooler: Pooler) -> Self {
        let connections = Connections {
            max: connections_max,
            acquire_timeout_ms: ACQUIRE_TIMEOUT_MS,
            pooler,
            begin_read: BEGIN_READ,
        };
        let replica = |options: PgConnectOptions| {
            let options = match pooler {
                Pooler::None => options.options([STATEMENT_TIMEOUT]),
                // It knows no such parameter, and reads begin a transaction anyway.
                Pooler::Transaction => options,
            };
            Replica {
                server: Server::connect_lazy(options, connections),
                rest: Mutex::default(),
                behind: AtomicI64::new(0),
            }
        };
        Self {
            all: options.into_iter().map(replica).collect(),
            next: AtomicUsize::new(0),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn all(&self) -> &[Replica] {
        &self.all
    }

    /// The next one in turn that is not left alone.
    pub fn next(&self) -> Option<&Replica> {
        let count = self.all.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..count)
            .map(|step| &self.all[first.wrapping_add(step) % count])
            .find(|replica| replica.may_be_asked())
    }

    /// The one that comes first, left alone or not: for when nothing else can be asked.
    pub fn any(&self) -> Option<&Replica> {
        self.next().or_else(|| self.all.first())
    }
}

impl Replica {
    /// Not while it is left alone; after that one read tries it, and the others wait for the outcome.
    fn may_be_asked(&self) -> bool {
        let mut rest = self.rest();
        match rest.until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                rest.until = Some(Instant::now() + TRIAL_TIME_MAX);
                rest.is_tried = true;
                true
            }
        }
    }

    /// A snapshot of it had this newest revision when the newest known was that.
    pub fn showed(&self, revision: i64, known: i64) {
        self.behind
            .store((known - revision).max(0), Ordering::Relaxed);
    }

    pub fn behind(&self) -> i64 {
        self.behind.load(Ordering::Relaxed)
    }

    /// Whether it failed, and is not asked for now.
    pub fn is_left_alone(&self) -> bool {
        self.rest().until.is_some()
    }

    /// It answered, if only that it is behind.
    pub fn answered(&self) {
        let mut rest = self.rest();
        if rest.until.is_some() {
            *rest = Rest::default();
            info!("a replica answers again");
        }
    }

    /// It failed, or shows another history: it is left alone for a while that grows, and differs a
    /// little from process to process, so that they do not all come back at once.
    pub fn failed(&self, why: &str) {
        self.server.forget();
        let mut rest = self.rest();
        // Reads that were under way together count as one failure.
        let is_left = rest.until.is_some_and(|until| Instant::now() < until);
        if is_left && !rest.is_tried {
            return;
        }
        rest.is_tried = false;
        rest.pause = (rest.pause * 2).clamp(FIRST_PAUSE, PAUSE_MAX);
        let pause = jittered(rest.pause);
        rest.until = Some(Instant::now() + pause);
        let pause_ms = pause.as_millis();
        warn!(pause_ms, "a replica is left alone: {why}");
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        // Nothing panics while it is held.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Between three and five quarters of a pause.
pub fn jittered(pause: Duration) -> Duration {
    let mut bytes = [0];
    // Without randomness the pause is merely regular.
    let byte = match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => bytes[0],
        Err(_) => 128,
    };
    pause * 3 / 4 + pause * u32::from(byte) / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_stay_within_their_bounds() {
        let pause = Duration::from_millis(1_000);
        let pauses: Vec<Duration> = (0..100).map(|_| jittered(pause)).collect();
        assert!(
            pauses
                .iter()
                .all(|jittered| (pause * 3 / 4..=pause * 5 / 4).contains(jittered))
        );
        assert!(pauses.iter().any(|jittered| *jittered != pauses[0]));
    }
}

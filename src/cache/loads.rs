//! Records that are not in memory, read many with one statement: who comes while a statement runs waits
//! for the next, together with all others. Nothing waits for company.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::Row as _;
use tokio::sync::oneshot;

use crate::cache::Version;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::reading::{Read, Snapshot, no_tip_sql, read, snapshot_sql};
use crate::route::{Bound, Freshness};

/// Statements of one kind at a time.
const LANES_MAX: usize = 2;

/// How many wait before another statement runs beside one: fewer statements of more records cost less.
const WAITING_MAX: usize = 16;

/// Most records of a statement.
const NAMES_MAX: usize = 64;

/// What a statement found of a name.
#[derive(Clone, Debug)]
struct Loaded {
    snapshot: Snapshot,
    version: Option<Version>,
}

type Waiting = HashMap<Box<str>, Vec<oneshot::Sender<Loaded>>>;

/// Who waits for which records of one kind.
#[derive(Debug, Default)]
struct Queue {
    waiting: Waiting,
    loading: Waiting,
    lanes: usize,
}

/// All loads of a process.
#[derive(Debug, Default)]
pub struct Loads([Mutex<Queue>; Kind::COUNT]);

impl Loads {
    fn queue(&self, kind: Kind) -> MutexGuard<'_, Queue> {
        // Nothing in here panics halfway through a change.
        let queue = &self.0[kind.index()];
        queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a record, with whoever else does.
    fn join(&self, kind: Kind, name: &str) -> Joined {
        let (sender, answer) = oneshot::channel();
        let mut queue = self.queue(kind);
        let has_begun = match queue.loading.get_mut(name) {
            Some(others) => {
                others.push(sender);
                true
            }
            None => {
                queue.waiting.entry(name.into()).or_default().push(sender);
                false
            }
        };
        let is_short = queue.lanes == 0 || queue.waiting.len() > WAITING_MAX;
        let starts_lane = !has_begun && is_short && queue.lanes < LANES_MAX;
        if starts_lane {
            queue.lanes += 1;
        }
        Joined {
            answer,
            has_begun,
            starts_lane,
        }
    }
}

struct Joined {
    answer: oneshot::Receiver<Loaded>,
    /// Whether the statement had begun already.
    has_begun: bool,
    /// Whether somebody is needed to run it.
    starts_lane: bool,
}

/// A record as of a snapshot that is as fresh as a read which names no token, and at least as new as what
/// this process had seen when it was asked for. Nothing: the record is to be read by itself.
pub async fn load(
    db: &Db,
    kind: Kind,
    name: &str,
    freshness: &Freshness,
) -> Result<Option<Read<Option<Version>>>> {
    let seen = db.history().map(|history| history.applied().token.revision);
    loop {
        let joined = db.loads().join(kind, name);
        if joined.starts_lane {
            tokio::spawn(Lane::new(db, kind).run());
        }
        let answer = tokio::time::timeout_at(freshness.deadline.into(), joined.answer).await;
        let late = |_| Error::NoPrimary("no answer in time".into());
        let Ok(Loaded { snapshot, version }) = answer.map_err(late)? else {
            return Ok(None);
        };
        // A statement that had begun before this read may not have seen what it must.
        let may_lack = seen.is_some_and(|seen| snapshot.token.revision < seen);
        if joined.has_begun && may_lack {
            continue;
        }
        return Ok(Some(Read {
            snapshot,
            value: version,
        }));
    }
}

/// Runs statements one after the other while there are any to run.
struct Lane {
    db: Db,
    kind: Kind,
    names: Vec<Box<str>>,
    has_ended: bool,
}

impl Lane {
    fn new(db: &Db, kind: Kind) -> Self {
        Self {
            db: db.clone(),
            kind,
            names: Vec::new(),
            has_ended: false,
        }
    }

    async fn run(mut self) {
        while self.take() {
            // Everybody then reads by himself, and is told what is wrong.
            let found = find(&self.db, self.kind, &self.names).await.ok();
            self.answer(found);
        }
    }

    /// Takes what waits; when nothing does the lane ends, under the same lock, so that nobody waits for
    /// one that has ended.
    fn take(&mut self) -> bool {
        let mut queue = self.db.loads().queue(self.kind);
        let queue = &mut *queue;
        self.names = queue.waiting.keys().take(NAMES_MAX).cloned().collect();
        if self.names.is_empty() {
            queue.lanes -= 1;
            self.has_ended = true;
            return false;
        }
        for name in &self.names {
            let waiters = queue.waiting.remove(name).unwrap_or_default();
            queue.loading.insert(name.clone(), waiters);
        }
        true
    }

    fn answer(&mut self, found: Option<Found>) {
        let mut queue = self.db.loads().queue(self.kind);
        let answers: Vec<_> = std::mem::take(&mut self.names)
            .into_iter()
            .map(|name| (queue.loading.remove(&name).unwrap_or_default(), name))
            .collect();
        drop(queue);
        let Some(Found {
            snapshot,
            mut versions,
        }) = found
        else {
            return;
        };
        for (waiters, name) in answers {
            let version = versions.remove(&name);
            if let (Some(version), Some(history)) = (&version, self.db.history()) {
                history.offer(&snapshot.token, &name, version.clone());
            }
            for waiter in waiters {
                let version = version.clone();
                // Who went away needs no answer.
                let _ = waiter.send(Loaded { snapshot, version });
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.has_ended {
            self.answer(None);
            self.db.loads().queue(self.kind).lanes -= 1;
        }
    }
}

struct Found {
    snapshot: Snapshot,
    versions: HashMap<Box<str>, Version>,
}

async fn find(db: &Db, kind: Kind, names: &[Box<str>]) -> Result<Found> {
    macro_rules! load_sql {
        ($name:literal, $table:literal) => {
            snapshot_sql!(
                $name,
                "select tip.*, null as name, null as revision, null as record from tip
                 union all
                 select ",
                no_tip_sql!(),
                ", name, revision, record from ",
                $table,
                " where name = any($2)"
            )
        };
    }
    let sql = match kind {
        Kind::Article => load_sql!("articles.load", "articles"),
        Kind::Station => load_sql!("stations.load", "stations"),
        Kind::Statistic => load_sql!("statistics.load", "statistics"),
        Kind::Source | Kind::Log => return Err(Error::internal("no record has this kind")),
    };
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let statement = |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(&names));
    let found = read(db, &Freshness::of(Bound::Recent), statement).await?;
    let mut versions = HashMap::with_capacity(names.len());
    for row in found.value.iter().skip(1) {
        let record = row.try_get::<&[u8], _>("record")?.into();
        let version = Version::new(kind, row.try_get("revision")?, record);
        versions.insert(row.try_get::<&str, _>("name")?.into(), version);
    }
    Ok(Found {
        snapshot: found.snapshot,
        versions,
    })
}

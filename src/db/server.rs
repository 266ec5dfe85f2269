//! One Postgres server: the pool of connections to it, and those kept between reads.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, Transaction};

use crate::db::pooler::Pooler;
use crate::db::shelf::{Reader, Shelf};
use crate::error::{Error, Result};
use crate::tally::{Count, Spread, WORK_US};

/// What a pool may take to close; a dead server may never answer.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);

/// A server that is used.
#[derive(Clone, Debug)]
pub struct Server {
    /// Replaced when the address may lead to another server.
    pool: Arc<RwLock<PgPool>>,
    pool_options: PgPoolOptions,
    shelf: Arc<Shelf>,
    connections: Connections,
    counts: Arc<Counts>,
}

/// What became of those who wanted a connection that was not kept.
#[derive(Debug)]
pub struct Counts {
    pub wait_us: Spread<11>,
    /// They waited in vain.
    pub timeouts: Count,
}

/// The connections of a server as they are.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub open: usize,
    pub idle: usize,
    pub waiting: usize,
    pub max: usize,
}

/// How many connections a server is given, and how they are made.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    pub max: u32,
    pub acquire_timeout_ms: u64,
    pub pooler: Pooler,
    /// How a transaction begins that reads one snapshot.
    pub begin_read: &'static str,
}

impl Server {
    /// Connects at once.
    pub async fn connect(options: PgConnectOptions, connections: Connections) -> Result<Self> {
        let pool_options = pool_options(connections).min_connections(1);
        let pool = pool_options.clone().connect_with(options).await?;
        Ok(Self::of(pool, pool_options, connections))
    }

    /// Connects when it is first used.
    pub fn connect_lazy(options: PgConnectOptions, connections: Connections) -> Self {
        let pool_options = pool_options(connections);
        let pool = pool_options.clone().connect_lazy_with(options);
        Self::of(pool, pool_options, connections)
    }

    fn of(pool: PgPool, pool_options: PgPoolOptions, connections: Connections) -> Self {
        Self {
            pool: Arc::new(RwLock::new(pool)),
            pool_options,
            shelf: Arc::new(Shelf::of(connections.max)),
            connections,
            counts: Arc::new(Counts {
                wait_us: Spread::of(&WORK_US),
                timeouts: Count::default(),
            }),
        }
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    pub fn usage(&self) -> Usage {
        let pool = self.pool();
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        Usage {
            open: size(pool.size()),
            idle: pool.num_idle() + self.shelf.kept(),
            waiting: self.shelf.waiting(),
            max: size(self.connections.max),
        }
    }

    pub fn pool(&self) -> PgPool {
        // Nothing panics while it is held.
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.clone()
    }

    /// A connection for one read.
    pub async fn reader(&self) -> Result<Reader> {
        if let Some(connection) = self.shelf.take() {
            return Ok(self.reader_on(connection, true));
        }
        let waits = self.shelf.wait();
        // What was kept before others knew of the wait is not given to the pool any more.
        let reader = match self.shelf.take() {
            Some(connection) => self.reader_on(connection, true),
            None => self.reader_on(self.acquire().await?, false),
        };
        drop(waits);
        Ok(reader)
    }

    /// What a read came to, its connection kept; nothing when that was kept before and turned out to be dead,
    /// so that another is worth a try.
    pub fn ended<T>(&self, reader: Reader, read: Result<T>) -> Option<Result<T>> {
        match &read {
            Ok(_) => reader.done(),
            Err(error) if self.gives_up(&reader, error) => return None,
            Err(_) => {}
        }
        Some(read)
    }

    fn reader_on(&self, connection: PoolConnection<Postgres>, was_kept: bool) -> Reader {
        Reader::new(connection, was_kept, &self.shelf, self.connections)
    }

    /// A connection from the pool; who waited for one that is replaced meanwhile goes to the new one.
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let began = Instant::now();
        let acquired = loop {
            let pool = self.pool();
            match pool.acquire().await {
                Err(sqlx::Error::PoolClosed) if !self.pool().is_closed() => {}
                acquired => break acquired,
            }
        };
        self.counts.wait_us.add_time(began.elapsed());
        if matches!(acquired, Err(sqlx::Error::PoolTimedOut)) {
            self.counts.timeouts.raise();
        }
        acquired
    }

    /// Whether a read failed because its connection was kept and turns out to be dead. Others that were
    /// kept will be too, so that all are given up: the next reader comes from the pool.
    pub fn gives_up(&self, failed: &Reader, error: &Error) -> bool {
        let is_dead = failed.was_kept() && matches!(error, Error::NoPrimary(_));
        if is_dead {
            self.shelf.clear();
        }
        // One that did not answer for long had its chance.
        is_dead && !failed.is_slow()
    }

    /// Gives up every connection: they may lead to a server that was replaced.
    pub fn renew(&self) {
        let options = (*self.pool().connect_options()).clone();
        let new = self.pool_options.clone().connect_lazy_with(options);
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *pool, new);
        drop(pool);
        self.shelf.clear();
        // Calls that are under way keep theirs until they are done.
        tokio::spawn(tokio::time::timeout(CLOSE_TIME_MAX, async move {
            old.close().await
        }));
    }

    /// Gives up the connections that are kept between reads.
    pub fn forget(&self) {
        self.shelf.clear();
    }

    pub async fn begin(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let _waits = self.shelf.wait();
        loop {
            let pool = self.pool();
            match pool
                .begin_with(self.connections.pooler.begin(statement))
                .await
            {
                Err(sqlx::Error::PoolClosed) if !self.pool().is_closed() => {}
                begun => return begun,
            }
        }
    }

    /// A connection that the pool has made and looks after no more.
    pub async fn detached(&self) -> Result<PgConnection, sqlx::Error> {
        let _waits = self.shelf.wait();
        Ok(self.acquire().await?.detach())
    }

    /// A connection of its own. Behind a pooler every statement on it needs a transaction around it.
    pub async fn dedicated(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.pool().connect_options()).await
    }

    pub async fn close(&self) {
        self.shelf.close();
        // What has not ended by then ends with the process.
        let _ = tokio::time::timeout(CLOSE_TIME_MAX, self.pool().close()).await;
    }
}

/// How often a server looks whether it still runs a statement for somebody: one whose connection was
/// closed ends it, which costs the caller no round trip and needs no other connection.
const LOOK: &str = "set client_connection_check_interval = 250";

fn pool_options(connections: Connections) -> PgPoolOptions {
    let options = PgPoolOptions::new();
    let options = match connections.pooler {
        Pooler::None => options.after_connect(|connection, _| {
            Box::pin(async move {
                // A server on a system that cannot look refuses, and its statements run to their end.
                let _ = connection.execute(LOOK).await;
                Ok(())
            })
        }),
        // What is set behind a pooler meets others.
        Pooler::Transaction => options,
    };
    options
        .max_connections(connections.max)
        .acquire_timeout(Duration::from_millis(connections.acquire_timeout_ms))
        .test_before_acquire(true)
}

//! Connections kept between reads. It knows the pool's limits and nothing of what is read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};

use crate::db::pooler::Pooler;
use crate::db::server::Connections;
use crate::error::Result;

/// Connections that reads have just used, ready for the next. The pool asks a connection whether it
/// lives whenever it is taken and given back, which costs a short read as much as its statement.
#[derive(Debug)]
pub struct Shelf {
    kept: Mutex<Vec<(Instant, PoolConnection<Postgres>)>>,
    size_max: usize,
    /// How many wait for the pool: nothing is kept while there are any.
    waiting: AtomicUsize,
}

/// A connection that has rested longer is asked whether it lives.
const FRESH: Duration = Duration::from_secs(1);

/// A read that is abandoned after longer may have waited for a server that is gone: the pool, which
/// would ask it, could wait as well.
const SLOW: Duration = Duration::from_secs(1);

/// How long a statement that nobody waits for any more may go on: most have ended by then, and their
/// connection is as good as before.
const ABANDONED_TIME_MAX: Duration = Duration::from_millis(100);

/// Connections that are never kept.
const UNSHELVED: u32 = 2;

impl Shelf {
    pub fn of(connections_max: u32) -> Self {
        let size_max = connections_max.saturating_sub(UNSHELVED);
        Self {
            kept: Mutex::default(),
            size_max: usize::try_from(size_max).unwrap_or(usize::MAX),
            waiting: AtomicUsize::new(0),
        }
    }

    pub fn take(&self) -> Option<PoolConnection<Postgres>> {
        let (used, connection) = self.kept.lock().ok()?.pop()?;
        // One that is let go is asked by the pool.
        (used.elapsed() < FRESH).then_some(connection)
    }

    fn keep(&self, connection: PoolConnection<Postgres>) {
        if let Ok(mut kept) = self.kept.lock()
            && kept.len() < self.size_max
            && self.waiting.load(Ordering::SeqCst) == 0
        {
            kept.push((Instant::now(), connection));
        }
    }

    pub fn kept(&self) -> usize {
        self.kept.lock().map_or(0, |kept| kept.len())
    }

    /// How many wait for the pool.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// To be held while waiting for the pool.
    pub fn wait(&self) -> Waits<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Waits(&self.waiting)
    }

    /// Gives all that is kept to the pool.
    pub fn clear(&self) {
        if let Ok(mut kept) = self.kept.lock() {
            kept.clear();
        }
    }

    /// Keeps nothing any more.
    pub fn close(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.clear();
    }
}

/// A connection for one read.
#[derive(Debug)]
pub struct Reader {
    /// Nothing once it is kept.
    connection: Option<PoolConnection<Postgres>>,
    taken: Instant,
    was_kept: bool,
    shelf: Arc<Shelf>,
    connections: Connections,
}

impl Reader {
    pub fn new(
        connection: PoolConnection<Postgres>,
        was_kept: bool,
        shelf: &Arc<Shelf>,
        connections: Connections,
    ) -> Self {
        Self {
            connection: Some(connection),
            taken: Instant::now(),
            was_kept,
            shelf: Arc::clone(shelf),
            connections,
        }
    }

    pub fn was_kept(&self) -> bool {
        self.was_kept
    }

    pub fn is_slow(&self) -> bool {
        self.taken.elapsed() >= SLOW
    }

    /// All rows of one statement.
    pub async fn rows(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>> {
        if self.connections.pooler == Pooler::None {
            return Ok(query.fetch_all(self.connection()).await?);
        }
        let mut tx = self.snapshot().await?;
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Begins a transaction whose statements all see one snapshot.
    pub async fn snapshot(&mut self) -> Result<Transaction<'_, Postgres>> {
        let begin = self.connections.pooler.begin(self.connections.begin_read);
        Ok(self.connection().begin_with(begin).await?)
    }

    /// The connection itself. Behind a pooler every statement on it needs a transaction around it.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("only `done` takes it, and the reader with it")
    }

    /// Keeps the connection for the next read. One that is dropped instead, as by a failed or an
    /// abandoned call, goes back to the pool once its statement has ended; when that takes long it is
    /// closed, which ends the statement (`db/server.rs`).
    pub fn done(mut self) {
        if let Some(connection) = self.connection.take() {
            self.shelf.keep(connection);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if self.is_slow() {
            connection.close_on_drop();
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let ended = tokio::time::timeout(ABANDONED_TIME_MAX, connection.ping()).await;
            if !matches!(ended, Ok(Ok(()))) {
                connection.close_on_drop();
            }
        });
    }
}

/// Counts a wait, also one that is abandoned.
#[derive(Debug)]
pub struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

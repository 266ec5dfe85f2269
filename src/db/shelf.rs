//! Connections kept between reads. It knows the pool's limits and nothing of what is read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

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
    connection: PoolConnection<Postgres>,
    was_kept: bool,
    shelf: Arc<Shelf>,
}

impl Reader {
    pub fn new(connection: PoolConnection<Postgres>, was_kept: bool, shelf: &Arc<Shelf>) -> Self {
        Self {
            connection,
            was_kept,
            shelf: Arc::clone(shelf),
        }
    }

    pub fn was_kept(&self) -> bool {
        self.was_kept
    }

    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Keeps the connection for the next read. One that is dropped instead, as by a failed or an
    /// abandoned call, goes back to the pool, which looks after it.
    pub fn done(self) {
        self.shelf.keep(self.connection);
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

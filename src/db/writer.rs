//! The connection that writes: kept between groups, since the pool asks each whether it lives whenever it
//! is taken and given back.

use std::io;
use std::time::Duration;

use sqlx::{Executor as _, PgConnection};

use crate::db::{Db, is_unreachable};

/// Longer than any statement that begins a transaction may take, waits for locks included.
const BEGIN_TIME_MAX: Duration = Duration::from_secs(5);

/// One transaction at a time. A transaction that did not end well takes its connection with it: closing
/// one rolls it back.
#[derive(Debug)]
pub(crate) struct Writer {
    db: Db,
    kept: Option<PgConnection>,
}

impl Writer {
    pub fn new(db: Db) -> Self {
        Self { db, kept: None }
    }

    /// Begins a transaction with these statements, which go as one message.
    pub async fn begin(&mut self, statements: &'static str) -> Result<PgConnection, sqlx::Error> {
        if let Some(mut connection) = self.kept.take() {
            match begin_on(&mut connection, statements).await {
                Ok(()) => return Ok(connection),
                // It may have died while it rested.
                Err(error) if is_unreachable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mut connection = self.db.primary().detached().await?;
        begin_on(&mut connection, statements).await?;
        Ok(connection)
    }

    /// Keeps a connection whose transaction has ended.
    pub fn keep(&mut self, connection: PgConnection) {
        self.kept = Some(connection);
    }

    /// Gives a transaction up. Its connection is closed unless it says that it has forgotten it.
    pub async fn roll_back(&mut self, mut connection: PgConnection) {
        let done = within(BEGIN_TIME_MAX, connection.execute("ROLLBACK")).await;
        if done.is_ok() {
            self.keep(connection);
        }
    }
}

async fn begin_on(
    connection: &mut PgConnection,
    statements: &'static str,
) -> Result<(), sqlx::Error> {
    within(BEGIN_TIME_MAX, connection.execute(statements))
        .await
        .map(drop)
}

/// Gives up after a time: nothing comes back from a network that swallows what is sent.
pub(crate) async fn within<T>(
    time_max: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let in_time = tokio::time::timeout(time_max, answer).await;
    in_time.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

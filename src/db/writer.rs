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
            match self.begin_on(&mut connection, statements).await {
                Ok(()) => return Ok(connection),
                // It may have died while it rested.
                Err(error) if is_unreachable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mut connection = self.db.detached().await?;
        self.begin_on(&mut connection, statements).await?;
        Ok(connection)
    }

    async fn begin_on(
        &self,
        connection: &mut PgConnection,
        statements: &'static str,
    ) -> Result<(), sqlx::Error> {
        let begun = connection.execute(self.db.pooler().begin(statements));
        self.answer(BEGIN_TIME_MAX, begun).await.map(drop)
    }

    /// Keeps a connection whose transaction has ended.
    pub fn keep(&mut self, connection: PgConnection) {
        self.kept = Some(connection);
    }

    /// Gives a transaction up. Its connection is closed unless it says that it has forgotten it.
    pub async fn roll_back(&mut self, mut connection: PgConnection) {
        let rolled_back = connection.execute("ROLLBACK");
        if self.answer(BEGIN_TIME_MAX, rolled_back).await.is_ok() {
            self.keep(connection);
        }
    }

    /// What the server answers, unless that takes too long, or the primary is taken for lost: nothing
    /// comes back from a server that vanished, or a network that swallows what is sent.
    pub async fn answer<T>(
        &self,
        time_max: Duration,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        match self.db.answer(time_max, answer).await {
            Some(answer) => answer,
            None => {
                // Connections that the pool has are as dead.
                self.db.renew_primary();
                Err(io::Error::from(io::ErrorKind::TimedOut).into())
            }
        }
    }
}

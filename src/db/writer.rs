//! The connection that writes: kept between groups, since the pool asks each whether it lives whenever it
//! is taken and given back.

use std::io;
use std::time::Duration;

use sqlx::{Executor as _, PgConnection, SqlSafeStr as _, SqlStr};

use crate::db::{Db, Pooler, is_unreachable};

/// Longer than any statement that begins a transaction may take, waits for locks included.
const BEGIN_TIME_MAX: Duration = Duration::from_secs(5);

/// How transactions of a connection begin, each in one message.
#[derive(Debug)]
pub struct Beginning {
    /// What is said once of a connection of one's own.
    pub at_connect: &'static str,
    pub begin: &'static str,
    /// With all that `at_connect` says, for a pooler gives each transaction another session.
    pub begin_pooled: &'static str,
}

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

    /// Begins a transaction.
    pub async fn begin(&mut self, beginning: &Beginning) -> Result<PgConnection, sqlx::Error> {
        let begin = match self.db.pooler() {
            Pooler::None => beginning.begin,
            Pooler::Transaction => beginning.begin_pooled,
        };
        let begin = || self.db.pooler().begin(begin);
        if let Some(mut connection) = self.kept.take() {
            match self.say(&mut connection, begin()).await {
                Ok(()) => return Ok(connection),
                // It may have died while it rested.
                Err(error) if is_unreachable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mut connection = self.db.detached().await?;
        if self.db.pooler() == Pooler::None {
            let at_connect = beginning.at_connect.into_sql_str();
            self.say(&mut connection, at_connect).await?;
        }
        self.say(&mut connection, begin()).await?;
        Ok(connection)
    }

    async fn say(
        &self,
        connection: &mut PgConnection,
        statements: SqlStr,
    ) -> Result<(), sqlx::Error> {
        let said = connection.execute(statements);
        self.answer(BEGIN_TIME_MAX, said).await.map(drop)
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

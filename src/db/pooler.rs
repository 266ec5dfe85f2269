//! A pooler between this process and Postgres, and all that takes. In transaction mode each transaction
//! may meet another session of the server: what one leaves there, the next finds.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _, SqlSafeStr as _, SqlStr};

use crate::error::{Error, Result};

/// What stands between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Each connection is one session of the server.
    #[default]
    None,
    /// PgBouncer in transaction mode, which knows no prepared statements before 1.21.
    Transaction,
}

/// How a transaction begins that reads one snapshot.
pub const BEGIN_READ: &str = "begin isolation level repeatable read read only";

/// The same behind a pooler, for a reader that may go away: `db/server.rs` says what that does.
const BEGIN_READ_POOLED: &str = "begin isolation level repeatable read read only; \
     set local client_connection_check_interval = 250";

impl Pooler {
    /// How a read begins that its caller may abandon.
    pub fn begin_abandonable(self) -> &'static str {
        match self {
            Self::None => BEGIN_READ,
            Self::Transaction => BEGIN_READ_POOLED,
        }
    }

    pub fn connect_options(self, options: PgConnectOptions) -> PgConnectOptions {
        match self {
            Self::None => options,
            // What is prepared serves its transaction, and the pooler refuses the parameter.
            Self::Transaction => options
                .statement_cache_capacity(0)
                .extra_float_digits(None::<i8>),
        }
    }

    /// How a transaction begins. A statement is prepared, under a name that is counted by connection,
    /// and run in a second step: behind a pooler both must be of one transaction, in a session where
    /// no other connection's statement has that name.
    pub fn begin(self, statement: &'static str) -> SqlStr {
        match self {
            Self::None => statement.into_sql_str(),
            Self::Transaction => {
                AssertSqlSafe(format!("{statement}; deallocate all")).into_sql_str()
            }
        }
    }

    /// Begins what reads, on a connection of one's own; without a pooler nothing need be begun.
    pub async fn begin_read(self, connection: &mut PgConnection) -> Result<()> {
        if self == Self::Transaction {
            connection.execute(self.begin(BEGIN_READ)).await?;
        }
        Ok(())
    }

    pub async fn end_read(self, connection: &mut PgConnection) -> Result<()> {
        if self == Self::Transaction {
            connection.execute("commit").await?;
        }
        Ok(())
    }
}

/// Whether a connection meets another session of the server while others are busy.
pub async fn is_pooled(options: &PgConnectOptions) -> Result<bool> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mut busy = PgConnection::connect_with(options).await?;
    let before = session(&mut connection).await?;
    busy.execute("begin").await?;
    // It is given to this transaction, where sessions are shared.
    session(&mut busy).await?;
    let after = session(&mut connection).await?;
    busy.execute("rollback").await?;
    busy.close().await?;
    connection.close().await?;
    Ok(before != after)
}

/// The server's process, asked in one message.
async fn session(connection: &mut PgConnection) -> Result<i32> {
    let row = connection
        .fetch_one("select pg_backend_pid()::text")
        .await?;
    row.try_get::<String, _>(0)?
        .parse()
        .map_err(Error::internal)
}

/// Whether a connection was refused as poolers refuse start-up parameters that they do not know.
pub fn is_refused_by_pooler(error: &sqlx::Error) -> bool {
    let database = error.as_database_error();
    database.is_some_and(|error| {
        error.code().is_some_and(|code| code == "08P01")
            && error.message().contains("unsupported startup parameter")
    })
}

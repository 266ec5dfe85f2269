//! Whether this release can serve a database, and the schema that it makes for itself.

use sqlx::migrate::Migrator;
use sqlx::{FromRow as _, Row as _};
use tracing::warn;

use crate::db::Db;
use crate::error::{Cause, Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// `server_version_num` of the oldest Postgres served.
const VERSION_MIN: i32 = 140_000;

/// The first schema that tells which releases can serve it.
const FLOOR_SINCE: i64 = 6;

/// Why this release cannot serve a database.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("the database has no bulletin schema; run `bulletin migrate`")]
    NotMigrated,
    #[error("the schema is version {found}, this release needs {known}; run `bulletin migrate`")]
    Older { found: i64, known: i64 },
    #[error("the schema is version {found}, newer than this release's {known}; upgrade bulletin")]
    Newer { found: i64, known: i64 },
    #[error("Postgres {0} is too old; 140000 (14.0) is the oldest served")]
    Server(i32),
    #[error("the database's encoding is {0:?}; create it with encoding UTF8")]
    Encoding(String),
    #[error("the database's lc_ctype is {0:?}, which knows no Chinese; create it with C.UTF-8")]
    Ctype(String),
    #[error(
        "the database is reached through a pooler, which gives each transaction another session; this \
         needs a direct connection"
    )]
    Pooled,
    #[error("{what}")]
    Unconnected {
        what: String,
        #[source]
        cause: Cause,
    },
    #[error(
        "the role lacks a privilege that this needs: `bulletin migrate` runs as the owner, and with \
         --grant-to ROLE lets a role do the rest"
    )]
    Withheld(#[source] Cause),
    #[error(transparent)]
    Unreachable(Error),
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(cause) if is_withheld(&*cause) => Self::Withheld(cause),
            other => Self::Unreachable(other),
        }
    }
}

/// Whether what lies under an error is that the role may not do it.
fn is_withheld(cause: &(dyn std::error::Error + 'static)) -> bool {
    let code = cause
        .downcast_ref::<sqlx::Error>()
        .and_then(|error| error.as_database_error()?.code());
    code.is_some_and(|code| code == "42501") || cause.source().is_some_and(is_withheld)
}

impl Db {
    /// Brings the schema to this release's version.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATIONS
            .run(&self.primary().pool())
            .await
            .map_err(Error::internal)
    }

    /// Checks that this release can serve the database, and says what to do when it cannot.
    pub async fn check(&self) -> Result<(), Unfit> {
        self.check_server().await?;
        self.check_schema().await
    }

    /// Whether the server and the database are such that a schema can be made there.
    pub async fn check_server(&self) -> Result<(), Unfit> {
        let settings = self.server_settings().await?;
        if settings.version < VERSION_MIN {
            return Err(Unfit::Server(settings.version));
        }
        if settings.encoding != "UTF8" {
            return Err(Unfit::Encoding(settings.encoding));
        }
        if matches!(settings.ctype.as_str(), "C" | "POSIX") {
            return Err(Unfit::Ctype(settings.ctype));
        }
        Ok(())
    }

    /// Whether the schema is this release's, or a newer one that this release can still serve.
    pub async fn check_schema(&self) -> Result<(), Unfit> {
        let known = MIGRATIONS.iter().map(|migration| migration.version).max();
        let known = known.unwrap_or(0);
        let Some(found) = self.schema_version().await? else {
            return Err(Unfit::NotMigrated);
        };
        if found < known {
            return Err(Unfit::Older { found, known });
        }
        if found > known {
            if self.schema_floor(found).await? > known {
                return Err(Unfit::Newer { found, known });
            }
            warn!(
                found,
                known, "the schema is of a newer release, and can still be served by this one"
            );
        }
        Ok(())
    }

    async fn schema_version(&self) -> Result<Option<i64>> {
        let sql = "-- db.schema_table
            select to_regclass('_sqlx_migrations') is not null
               and to_regclass('revisions') is not null";
        let row = self.fetch_one(|| Ok(sqlx::query(sql))).await?;
        if !row.try_get::<bool, _>(0)? {
            return Ok(None);
        }
        let sql = "-- db.schema_version
            select max(version) from _sqlx_migrations where success";
        let row = self.fetch_one(|| Ok(sqlx::query(sql))).await?;
        Ok(row.try_get(0)?)
    }

    /// The oldest schema whose release can serve what is found.
    async fn schema_floor(&self, found: i64) -> Result<i64> {
        if found < FLOOR_SINCE {
            return Ok(found);
        }
        let sql = "-- db.schema_floor
            select version from schema_floor";
        let row = self.fetch_one(|| Ok(sqlx::query(sql))).await?;
        Ok(row.try_get(0)?)
    }

    async fn server_settings(&self) -> Result<ServerSettings> {
        let sql = "-- db.server_settings
            select current_setting('server_version_num')::integer as version,
                   pg_encoding_to_char(encoding)::text as encoding, datctype::text as ctype
            from pg_database where datname = current_database()";
        let row = self.fetch_one(|| Ok(sqlx::query(sql))).await?;
        Ok(ServerSettings::from_row(&row)?)
    }
}

#[derive(sqlx::FromRow)]
struct ServerSettings {
    version: i32,
    encoding: String,
    ctype: String,
}

//! A copy of the kept data, to be written to: the data itself stays as it is.

use anyhow::{Context as _, Result};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::database::Database;

/// Has a copy of the database for as long as `work` takes.
pub async fn on_copy(
    database: &Database,
    name: &str,
    work: impl AsyncFnOnce(&str) -> Result<()>,
) -> Result<()> {
    let administered = at_database(&database.url, "postgres")?;
    let drop_copy = format!("drop database if exists {name} with (force)");
    execute(&administered, &drop_copy).await?;
    let copy = format!("create database {name} template bulletin strategy file_copy");
    execute(&administered, &copy).await?;
    let outcome = work(&at_database(&database.url, name)?).await;
    execute(&administered, &drop_copy).await?;
    outcome
}

/// The URL of another database of the same Postgres.
fn at_database(url: &str, name: &str) -> Result<String> {
    let (server, options) = url
        .split_once("/bulletin?")
        .context("the URL names no database")?;
    Ok(format!("{server}/{name}?{options}"))
}

async fn execute(url: &str, sql: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::query(sql).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

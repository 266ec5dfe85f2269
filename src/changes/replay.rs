//! Rebuilds the resource tables from the log, beside the real ones, to compare or to repair.
//!
//! Temporary tables of the same names come first in the search path, so the very statements that
//! write the real tables fill these. That needs a connection of its own: a cached plan would go on
//! writing to the table it was made for.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::error::{Error, Result};
use crate::names::Kind;
use crate::tables::{Current, Tables};

/// The tables that are projected from the log, with their key.
pub const PROJECTED: [(&str, &str); 4] = [
    ("sources", "sha256"),
    ("stations", "name"),
    ("articles", "name"),
    ("statistics", "name"),
];

/// Most names of a batch, and most bytes of their records, but for a first one that is longer by itself.
const NAMES_AT_ONCE: i64 = 500;
const BYTES_AT_ONCE: i64 = 4 * 1024 * 1024;

/// Makes empty temporary twins of the projected tables, for this transaction.
/// Returns the schema of the real ones, quoted.
pub async fn create_twins(connection: &mut PgConnection) -> Result<String> {
    let sql = "-- changes.schema
        select quote_ident(current_schema())";
    let schema: String = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
    for (table, _) in PROJECTED {
        let sql = format!(
            "-- changes.create_twin
            create temporary table {table} (like {schema}.{table} including all) on commit drop"
        );
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await?;
    }
    Ok(schema)
}

/// Fills the twins with the newest version of every name; returns how many there are.
pub async fn fill_twins(connection: &mut PgConnection, tables: &Tables) -> Result<u64> {
    let sql = "-- changes.newest_versions
        with newest as (
          select distinct on (name) name, kind, revision, record
          from changes where name > $1 and kind <> 'LOG'
          order by name, revision desc limit $2),
        sized as (
          select *, row_number() over by_name as place, sum(octet_length(record)) over by_name as size
          from newest window by_name as (order by name rows unbounded preceding))
        select name, kind, revision, record from sized
        where place = 1 or coalesce(size, 0) <= $3 order by name";
    let mut after = String::new();
    let mut count = 0;
    loop {
        let rows = sqlx::query(sql)
            .bind(&after)
            .bind(NAMES_AT_ONCE)
            .bind(BYTES_AT_ONCE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(count);
        };
        after = last.try_get("name")?;
        let mut current = Vec::with_capacity(rows.len());
        for row in &rows {
            let name = row.try_get("name")?;
            let kind = Kind::parse(row.try_get("kind")?);
            let record: Option<&[u8]> = row.try_get("record")?;
            current.push(Current {
                kind: kind.ok_or_else(|| Error::internal("a change is of no kind"))?,
                revision: row.try_get("revision")?,
                name,
                record: record.ok_or_else(|| newest_is_gone(name))?,
            });
        }
        count += current.len() as u64;
        for rows in tables.rows(&current)? {
            rows.write(connection).await?;
        }
    }
}

fn newest_is_gone(name: &str) -> Error {
    Error::internal(format!("the newest version of {name:?} is not in the log"))
}

/// The first name whose row differs from its twin, of the first table that has one.
pub async fn first_difference(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<String>> {
    for (table, key) in PROJECTED {
        let sql = format!(
            "-- changes.first_difference
            select coalesce(kept.{key}, twin.{key}) as name,
                   kept.{key} is null as is_lacking, twin.{key} is null as is_extra
            from {schema}.{table} as kept
            full join pg_temp.{table} as twin on twin.{key} = kept.{key}
            where kept.{key} is null or twin.{key} is null or (kept.*) is distinct from (twin.*)
            order by 1 limit 1"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = row {
            let name: String = row.try_get("name")?;
            let problem = match (row.try_get("is_lacking")?, row.try_get("is_extra")?) {
                (true, _) => "has no row, but the log has it",
                (_, true) => "has a row, but the log has not",
                _ => "differs from the log",
            };
            return Ok(Some(format!("{table}: {name:?} {problem}")));
        }
    }
    Ok(None)
}

/// Makes the real tables equal to their twins, writing only rows that differ; returns how many.
///
/// Nothing is truncated: a reader's older snapshot must keep its rows.
pub async fn copy_twins(connection: &mut PgConnection, schema: &str) -> Result<u64> {
    let mut count = 0;
    for (table, key) in PROJECTED {
        let delete_extra = format!(
            "-- changes.delete_extra
            delete from {schema}.{table} as kept
            where not exists (select from pg_temp.{table} as twin where twin.{key} = kept.{key})"
        );
        let delete_changed = format!(
            "-- changes.delete_changed
            delete from {schema}.{table} as kept using pg_temp.{table} as twin
            where twin.{key} = kept.{key} and (twin.*) is distinct from (kept.*)"
        );
        let insert_lacking = format!(
            "-- changes.insert_lacking
            insert into {schema}.{table}
            select * from pg_temp.{table} as twin
            where not exists (select from {schema}.{table} as kept where kept.{key} = twin.{key})"
        );
        count += execute(connection, delete_extra).await?;
        // Those come back with the lacking ones, and are counted there.
        execute(connection, delete_changed).await?;
        count += execute(connection, insert_lacking).await?;
    }
    Ok(count)
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<u64> {
    let done = sqlx::query(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Begins a transaction that sees one snapshot throughout.
pub async fn begin_snapshot(
    connection: &mut PgConnection,
) -> Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    Ok(connection
        .begin_with("begin isolation level repeatable read")
        .await?)
}

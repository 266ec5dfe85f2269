//! The resource tables as the log sees them: one function a kind that writes current rows.

use std::collections::HashMap;
use std::pin::Pin;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::changes::write::Row;
use crate::names::Kind;

/// A record's newest version, to be written to its table.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    pub revision: i64,
    pub name: &'a str,
    pub record: &'a [u8],
}

/// Writes current rows of one kind; each name comes once.
pub type Project = for<'a> fn(
    &'a mut PgConnection,
    &'a [Current<'a>],
)
    -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

/// How records become rows. Composed at the top, since the log knows no resource.
#[derive(Debug)]
pub struct Tables {
    pub sources: Project,
    pub stations: Project,
    pub articles: Project,
    pub statistics: Project,
}

impl Tables {
    /// Writes the last version of every name among consecutive changes.
    pub async fn project(
        &self,
        connection: &mut PgConnection,
        changes: &[(i64, &Row)],
    ) -> Result<(), sqlx::Error> {
        let mut last: HashMap<&str, (Kind, Current<'_>)> = HashMap::new();
        for (revision, row) in changes {
            let current = Current {
                revision: *revision,
                name: &row.name,
                record: &row.record,
            };
            last.insert(&row.name, (row.kind, current));
        }
        for (kind, project) in self.by_kind() {
            let mut rows: Vec<_> = last
                .values()
                .filter(|(row_kind, _)| *row_kind == kind)
                .map(|(_, current)| *current)
                .collect();
            rows.sort_by_key(|current| current.name);
            if !rows.is_empty() {
                project(connection, &rows).await?;
            }
        }
        Ok(())
    }

    pub fn by_kind(&self) -> [(Kind, Project); 4] {
        [
            (Kind::Source, self.sources),
            (Kind::Station, self.stations),
            (Kind::Article, self.articles),
            (Kind::Statistic, self.statistics),
        ]
    }
}

/// Writes rows of a table, each with the columns its record gives; all rows give the same ones.
///
/// Columns go as one JSON object a row: Postgres has no arrays of arrays of different lengths, and
/// reads each value as its column's type.
pub async fn upsert(
    connection: &mut PgConnection,
    table: &'static str,
    rows: &[Current<'_>],
    columns: Vec<Value>,
) -> Result<(), sqlx::Error> {
    let Some(first) = columns.first().and_then(Value::as_object) else {
        return Ok(());
    };
    let list = |form: fn(&str) -> String| -> String {
        let parts: Vec<String> = first.keys().map(|column| form(column)).collect();
        parts.join(", ")
    };
    let named = list(str::to_owned);
    let given = list(|column| format!("given.{column}"));
    let updated = list(|column| format!("{column} = excluded.{column}"));
    let sql = format!(
        "-- {table}.upsert
        insert into {table} (name, revision, record, {named})
        select r.name, r.revision, r.record, {given}
        from unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[])
                as r (name, revision, record, columns),
             jsonb_populate_record(null::{table}, r.columns::jsonb) as given
        on conflict (name) do update
        set revision = excluded.revision, record = excluded.record, {updated}"
    );
    let columns: Vec<String> = columns.iter().map(Value::to_string).collect();
    sqlx::query(AssertSqlSafe(sql))
        .bind(rows.iter().map(|row| row.name).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.revision).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.record).collect::<Vec<_>>())
        .bind(columns)
        .execute(connection)
        .await
        .map(drop)
}

//! The resource tables as the log sees them: one function a kind that writes current rows.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};
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
/// Every column goes as one array of texts, which Postgres reads as the column's type: it has no arrays of
/// arrays of different lengths, and takes five times as long to read rows in JSON.
pub async fn upsert(
    connection: &mut PgConnection,
    table: &'static str,
    rows: &[Current<'_>],
    columns: Vec<Value>,
) -> Result<(), sqlx::Error> {
    let Some(first) = columns.first().and_then(Value::as_object) else {
        return Ok(());
    };
    let sql = statement(connection, table, first).await?;
    let mut query = sqlx::query(AssertSqlSafe(sql))
        .bind(rows.iter().map(|row| row.name).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.revision).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.record).collect::<Vec<_>>());
    for column in first.keys() {
        let texts: Vec<Option<String>> = columns.iter().map(|row| text(&row[column])).collect();
        query = query.bind(texts);
    }
    query.execute(connection).await.map(drop)
}

/// What columns a table has is the same wherever a release runs, so each statement is made once.
static STATEMENTS: RwLock<BTreeMap<&'static str, Arc<str>>> = RwLock::new(BTreeMap::new());

async fn statement(
    connection: &mut PgConnection,
    table: &'static str,
    columns: &Map<String, Value>,
) -> Result<Arc<str>, sqlx::Error> {
    let made = {
        let statements = STATEMENTS.read().unwrap_or_else(PoisonError::into_inner);
        statements.get(table).map(Arc::clone)
    };
    if let Some(made) = made {
        return Ok(made);
    }
    let sql = "-- tables.column_types
        select attname::text, format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped";
    let types: Vec<(String, String)> = sqlx::query_as(sql)
        .bind(table)
        .fetch_all(connection)
        .await?;
    let types: HashMap<String, String> = types.into_iter().collect();
    let made: Arc<str> = upsert_sql(table, columns, &types)?.into();
    let mut statements = STATEMENTS.write().unwrap_or_else(PoisonError::into_inner);
    statements.insert(table, Arc::clone(&made));
    Ok(made)
}

fn upsert_sql(
    table: &str,
    columns: &Map<String, Value>,
    types: &HashMap<String, String>,
) -> Result<String, sqlx::Error> {
    let (mut named, mut given, mut updated) = (String::new(), String::new(), String::new());
    let (mut arrays, mut texts) = (String::new(), String::new());
    for (place, column) in (4..).zip(columns.keys()) {
        let of_type = types
            .get(column)
            .ok_or_else(|| sqlx::Error::ColumnNotFound(format!("{table}.{column}")))?;
        named += &format!(", {column}");
        given += &format!(", r.{column}::{of_type}");
        updated += &format!(", {column} = excluded.{column}");
        arrays += &format!(", ${place}::text[]");
        texts += &format!(", {column}");
    }
    Ok(format!(
        "-- {table}.upsert
        insert into {table} (name, revision, record{named})
        select r.name, r.revision, r.record{given}
        from unnest($1::text[], $2::bigint[], $3::bytea[]{arrays})
            as r (name, revision, record{texts})
        on conflict (name) do update
        set revision = excluded.revision, record = excluded.record{updated}"
    ))
}

/// A value as Postgres reads it from text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(item).collect();
            Some(format!("{{{}}}", items.join(",")))
        }
        other => Some(other.to_string()),
    }
}

/// An item of a list: in quotes, as it may hold anything.
fn item(value: &Value) -> String {
    let Some(text) = text(value) else {
        return "null".to_owned();
    };
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_postgres_reads_them() {
        for (value, written) in [
            (json!(null), None),
            (json!(true), Some("true")),
            (json!(-7), Some("-7")),
            (json!("a \"b\""), Some("a \"b\"")),
            (json!([]), Some("{}")),
            (
                json!(["", "null", "a,b", "{c}"]),
                Some(r#"{"","null","a,b","{c}"}"#),
            ),
            (
                json!(["\"", "\\", "\n"]),
                Some("{\"\\\"\",\"\\\\\",\"\n\"}"),
            ),
        ] {
            assert_eq!(text(&value).as_deref(), written, "{value}");
        }
    }
}

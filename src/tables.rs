//! The resource tables as the log sees them: what rows records become, and how those are written.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb::SourceText;
use crate::record::decode;

/// A version of a record that is to be the one its table has.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    pub kind: Kind,
    pub revision: i64,
    pub name: &'a str,
    pub record: &'a [u8],
}

/// The row that a record gives, by column, but for its revision and the record itself; all of a kind give
/// the same columns.
pub type ToRow = fn(&[u8]) -> Result<Value>;

/// How records become rows. Composed at the top, since the log knows no resource.
#[derive(Debug)]
pub struct Tables {
    pub stations: ToRow,
    pub articles: ToRow,
    pub statistics: ToRow,
}

impl Tables {
    /// Makes the rows of the last version of every name among consecutive changes. It needs no connection:
    /// it can be done while one is waited for.
    pub fn rows<'a>(&self, changes: &[Current<'a>]) -> Result<Vec<Rows<'a>>> {
        let mut last: HashMap<&str, Current<'_>> = HashMap::new();
        for current in changes {
            last.insert(current.name, *current);
        }
        let mut made = Vec::new();
        for kind in Kind::ALL {
            let of_kind = last.values().filter(|current| current.kind == kind);
            let mut of_kind: Vec<Current<'_>> = of_kind.copied().collect();
            of_kind.sort_by_key(|current| current.name);
            if of_kind.is_empty() {
                continue;
            }
            made.push(match kind {
                Kind::Station => Rows::of_records("stations", self.stations, &of_kind)?,
                Kind::Article => Rows::of_records("articles", self.articles, &of_kind)?,
                Kind::Statistic => Rows::of_records("statistics", self.statistics, &of_kind)?,
                Kind::Source => Rows::of_pages(&of_kind)?,
                // What is done to the log itself is in no table.
                Kind::Log => continue,
            });
        }
        Ok(made)
    }
}

/// Rows of one table, each name once, in order.
#[derive(Debug)]
pub enum Rows<'a> {
    Pages {
        sha256s: Vec<String>,
        texts: Vec<String>,
    },
    Records {
        table: &'static str,
        revisions: Vec<i64>,
        records: Vec<&'a [u8]>,
        /// As Postgres reads them from text.
        columns: BTreeMap<String, Vec<Option<String>>>,
    },
}

impl<'a> Rows<'a> {
    fn of_pages(pages: &[Current<'a>]) -> Result<Self> {
        let pages = pages.iter().map(|page| decode(page.record));
        let pages: Vec<SourceText> = pages.collect::<Result<_>>()?;
        let (sha256s, texts) = pages
            .into_iter()
            .map(|page| (page.sha256, page.text))
            .unzip();
        Ok(Self::Pages { sha256s, texts })
    }

    fn of_records(table: &'static str, to_row: ToRow, records: &[Current<'a>]) -> Result<Self> {
        let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for current in records {
            let Value::Object(row) = to_row(current.record)? else {
                return Err(Error::internal("a row is an object of columns"));
            };
            for (column, value) in row {
                columns.entry(column).or_default().push(text(value));
            }
        }
        if columns.values().any(|texts| texts.len() != records.len()) {
            return Err(Error::internal("rows of one table have the same columns"));
        }
        Ok(Self::Records {
            table,
            revisions: records.iter().map(|current| current.revision).collect(),
            records: records.iter().map(|current| current.record).collect(),
            columns,
        })
    }

    /// Writes them. A page is kept once, since its name is its content; of a record the row is replaced.
    ///
    /// Every column goes as one array of texts, which Postgres reads as the column's type: it has no arrays of
    /// arrays of different lengths, and takes five times as long to read rows in JSON.
    pub async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let query = match self {
            Self::Pages { sha256s, texts } => {
                let sql = "-- sources.insert
                    insert into sources (sha256, text)
                    select * from unnest($1::text[], $2::text[])
                    on conflict (sha256) do nothing";
                sqlx::query(sql).bind(sha256s).bind(texts)
            }
            Self::Records {
                table,
                revisions,
                records,
                columns,
            } => {
                let sql = statement(connection, table, &columns).await?;
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = query.bind(revisions).bind(records);
                columns
                    .into_values()
                    .fold(query, |query, texts| query.bind(texts))
            }
        };
        query.execute(connection).await.map(drop)
    }
}

/// What columns a table has is the same wherever a release runs, so each statement is made once.
static STATEMENTS: RwLock<BTreeMap<&'static str, Arc<str>>> = RwLock::new(BTreeMap::new());

async fn statement(
    connection: &mut PgConnection,
    table: &'static str,
    columns: &BTreeMap<String, Vec<Option<String>>>,
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
    let made: Arc<str> = upsert_sql(table, columns.keys(), &types)?.into();
    let mut statements = STATEMENTS.write().unwrap_or_else(PoisonError::into_inner);
    statements.insert(table, Arc::clone(&made));
    Ok(made)
}

fn upsert_sql<'a>(
    table: &str,
    columns: impl Iterator<Item = &'a String>,
    types: &HashMap<String, String>,
) -> Result<String, sqlx::Error> {
    let (mut named, mut given, mut updated) = (String::new(), String::new(), String::new());
    let (mut arrays, mut texts) = (String::new(), String::new());
    for (place, column) in (3..).zip(columns) {
        let of_type = types
            .get(column)
            .ok_or_else(|| sqlx::Error::ColumnNotFound(format!("{table}.{column}")))?;
        named += &format!(", {column}");
        given += &format!(", r.{column}::{of_type}");
        arrays += &format!(", ${place}::text[]");
        texts += &format!(", {column}");
        if column != "name" {
            updated += &format!(", {column} = excluded.{column}");
        }
    }
    Ok(format!(
        "-- {table}.upsert
        insert into {table} (revision, record{named})
        select r.revision, r.record{given}
        from unnest($1::bigint[], $2::bytea[]{arrays}) as r (revision, record{texts})
        on conflict (name) do update
        set revision = excluded.revision, record = excluded.record{updated}"
    ))
}

/// A value as Postgres reads it from text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Array(items) => {
            let items: Vec<String> = items.into_iter().map(item).collect();
            Some(format!("{{{}}}", items.join(",")))
        }
        other => Some(other.to_string()),
    }
}

/// An item of a list: in quotes, as it may hold anything.
fn item(value: Value) -> String {
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
            assert_eq!(text(value.clone()).as_deref(), written, "{value}");
        }
    }
}

//! Pages of lists: filtered, ordered, bounded in rows and bytes, each cut by the sort key of the last.

mod sql;

pub use self::sql::total_statement;

use prost::bytes::Bytes;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use crate::cache::bodies::bodies;
use crate::cache::{self, serving};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::order::AskedOrder;
use crate::listing::sql::{Bodies, key_column, page_query};
use crate::names::Kind;
use crate::pb::total;
use crate::reading::{Read, ask, first, read, record_of};
use crate::records::{Form, as_field, with_texts_as_field};
use crate::route::Freshness;
use crate::sight::Sight;

/// Most bytes of records in one page.
pub const PAGE_BYTES_MAX: i64 = 3 * 1024 * 1024;

/// Where a list's records stand, and what of them is read.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Name of the statement.
    pub name: &'static str,
    pub kind: Kind,
    /// What the next two come to.
    pub form: Form,
    pub table: &'static str,
    /// The record's bytes in the view, as SQL.
    pub record: &'static str,
    /// The page's text in the view, as SQL.
    pub text: &'static str,
}

/// What a list asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only of this article.
    pub article: Option<&'a str>,
    pub filter: Option<&'a Condition>,
    pub order: AskedOrder,
    /// The sort key of the last record sent: the order's columns as text, and the name.
    pub after: Option<&'a [String]>,
    pub size: usize,
    pub show_deleted: bool,
    pub sight: Sight,
}

impl Wanted<'_> {
    /// Whether it is of less than all that the caller is shown.
    fn is_of_some(&self) -> bool {
        self.filter.is_some() || self.article.is_some()
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub records: T,
    /// The sort key after which the next page begins; nothing on the last.
    pub next: Option<Vec<String>>,
}

/// Reads a page, its records as `as_field` gives them: from memory when it was read before, under `key`,
/// and no record of its kind has changed since. The key says of which sight it is, too.
///
/// A filtered statement is planned with its values each time.
pub async fn list(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    key: &str,
    freshness: &Freshness,
) -> Result<Read<Page<Bytes>>> {
    let key = format!("{key}\n{}\n{:?}", wanted.size, wanted.after);
    if let Some(found) = serving::page(db, &key, freshness) {
        return Ok(Read {
            snapshot: found.snapshot,
            value: Page {
                records: found.value.records.clone(),
                next: found.value.next.clone(),
            },
        });
    }
    let found = match find(db, listed, wanted, freshness).await? {
        Found::Rows(rows) => rows.map(|rows| rows_as_field(&rows))?,
        Found::Records(records) => records.map(|records| Ok(as_field(&records)))?,
    };
    let page = found.value;
    if let Some(history) = db.history() {
        history.offer_page(
            &key,
            cache::Page {
                tip: found.snapshot.token,
                kind: listed.kind,
                records: page.records.clone(),
                next: page.next.clone(),
            },
        );
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: page,
    })
}

/// Reads a page's records from the database, as far as they are not in memory.
pub async fn list_records(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Read<Page<Vec<Bytes>>>> {
    match find(db, listed, wanted, freshness).await? {
        Found::Rows(rows) => rows.map(|rows| {
            let records = rows.iter().map(record_of);
            let records = records.filter_map(Result::transpose);
            records.map(|record| Ok(record?.into())).collect()
        }),
        Found::Records(records) => Ok(records),
    }
}

/// A page's records, as they were found.
enum Found {
    /// All of them, after the snapshot's row.
    Rows(Read<Page<Vec<PgRow>>>),
    Records(Read<Page<Vec<Bytes>>>),
}

impl<T> Read<Page<T>> {
    fn map<U>(self, records: impl FnOnce(T) -> Result<U>) -> Result<Read<Page<U>>> {
        let Page {
            records: found,
            next,
        } = self.value;
        let value = Page {
            records: records(found)?,
            next,
        };
        Ok(Read {
            snapshot: self.snapshot,
            value,
        })
    }
}

/// With one statement; with another for the page's records where one of them is long; or, where memory may have
/// records, with one for names and one for those that it lacks.
async fn find(db: &Db, listed: Listed, wanted: Wanted<'_>, freshness: &Freshness) -> Result<Found> {
    let is_cached = db.history().is_some_and(|history| history.cache().is_on());
    if is_cached
        && listed.form == Form::Whole
        && let Some(found) = list_by_names(db, listed, wanted, freshness).await?
    {
        return Ok(Found::Records(found));
    }
    let Cut { page, is_whole } = cut(db, listed, wanted, Bodies::Short, freshness).await?;
    if is_whole {
        return Ok(Found::Rows(page));
    }
    let wanted = Wanted {
        size: page.value.records.len(),
        ..wanted
    };
    let after = Freshness::after(&page.snapshot, freshness.deadline);
    let found = cut(db, listed, wanted, Bodies::All, &after).await?;
    Ok(Found::Rows(found.page))
}

async fn list_by_names(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Option<Read<Page<Vec<Bytes>>>>> {
    let found = cut(db, listed, wanted, Bodies::Left, freshness).await?;
    let found = found.page;
    let rows = found.value.records.iter();
    let names = rows.map(|row| Ok((row.try_get("name")?, row.try_get("revision")?)));
    let names: Vec<(String, i64)> = names.collect::<Result<_>>()?;
    let records = bodies(db, &names, &found.snapshot, freshness).await?;
    records
        .map(|records| found.map(|_| Ok(records)))
        .transpose()
}

/// Rows of a page.
struct Cut {
    page: Read<Page<Vec<PgRow>>>,
    /// Whether every row has its record.
    is_whole: bool,
}

/// Reads rows, and cuts them where the page is full. The statement's first row tells of the snapshot alone.
async fn cut(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    bodies: Bodies,
    freshness: &Freshness,
) -> Result<Cut> {
    let statement = |asked| page_query(listed, &wanted, asked, bodies, "");
    let mut found = read(db, freshness, statement).await?;
    let mut rows = found.value.split_off(1);
    let length_max = bodies.length_max(wanted.size);
    let (mut count, mut bytes, mut is_whole) = (0, 0, true);
    for row in rows.iter().take(wanted.size) {
        let length: i64 = row.try_get("bytes")?;
        bytes += length;
        if count > 0 && bytes > PAGE_BYTES_MAX {
            break;
        }
        count += 1;
        is_whole &= length <= length_max;
    }
    let is_last = count == rows.len();
    rows.truncate(count);
    let last = rows.last().filter(|_| !is_last);
    let next = last.map(|row| sort_key(row, wanted.order)).transpose()?;
    Ok(Cut {
        page: Read {
            snapshot: found.snapshot,
            value: Page {
                records: rows,
                next,
            },
        },
        is_whole,
    })
}

fn sort_key(row: &PgRow, asked: AskedOrder) -> Result<Vec<String>> {
    let keys = 0..asked.order.keys.len();
    let mut sort_key: Vec<String> = keys
        .map(|at| row.try_get(key_column(at).as_str()))
        .collect::<Result<_, _>>()?;
    sort_key.push(row.try_get("name")?);
    Ok(sort_key)
}

/// Rows' records as a list's response has them, without a copy of each in between.
fn rows_as_field(rows: &[PgRow]) -> Result<Bytes> {
    let records = rows.iter();
    let records = records.map(|row| Ok((row.try_get("record")?, row.try_get("text")?)));
    let records: Vec<_> = records.collect::<Result<_>>()?;
    Ok(with_texts_as_field(records.into_iter()))
}

/// The plan of the statement that reads a page, as it ran, with the buffers it touched.
pub async fn explain(db: &Db, listed: Listed, wanted: Wanted<'_>) -> Result<serde_json::Value> {
    let explain = "explain (analyze, buffers, timing off, format json)\n";
    let query = || page_query(listed, &wanted, Vec::new(), Bodies::Short, explain);
    Ok(db.fetch_one(query).await?.try_get(0)?)
}

/// The statement that reads a page, for whoever wants to run it by itself.
pub fn page_statement<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    asked_revisions: Vec<i64>,
) -> Result<Query<'q, Postgres, PgArguments>> {
    page_query(listed, wanted, asked_revisions, Bodies::Short, "")
}

/// How many records all pages have together, in a snapshot at least as new as the page's.
///
/// What the planner knows of values it has from drafts and deleted records too. Of some records, readers
/// are hence told the count.
pub async fn total(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    mode: total::Mode,
    freshness: &Freshness,
) -> Result<Option<i64>> {
    let is_exact = match mode {
        total::Mode::Unspecified | total::Mode::None => return Ok(None),
        total::Mode::Exact => true,
        total::Mode::Estimate => !wanted.sight.is_all() && wanted.is_of_some(),
    };
    let statement = |asked| Ok(total_statement(listed, &wanted, is_exact, asked));
    if is_exact {
        let found = read(db, freshness, statement).await?;
        return Ok(Some(first(&found.value)?.try_get("count")?));
    }
    let rows = ask(db, freshness, statement).await?;
    let plan: serde_json::Value = first(&rows)?.try_get(0)?;
    let rows = plan[0]["Plan"]["Plan Rows"].as_i64();
    rows.map(Some)
        .ok_or_else(|| Error::internal("the planner gave no estimate"))
}

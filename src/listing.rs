//! Pages of lists: filtered, ordered, bounded in rows and bytes, each cut by the sort key of the last.

use prost::bytes::Bytes;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use crate::cache::bodies::bodies;
use crate::cache::{self, serving};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::order::AskedOrder;
use crate::filter::sql::{lower, planned_with_values};
use crate::names::Kind;
use crate::pb::total;
use crate::reading::{Read, ask, first, no_tip_sql, read, record_of, tip_sql};
use crate::records::{Form, as_field};
use crate::route::Freshness;

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
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub records: T,
    /// The sort key after which the next page begins; nothing on the last.
    pub next: Option<Vec<String>>,
}

/// What a page's statement gives of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bodies {
    Given,
    /// Names and revisions alone: the records are in memory, or in the log.
    Left,
}

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 6;

/// The parameter that is 0.
const ZERO: usize = 6;

/// Reads a page, its records as `as_field` gives them: from memory when it was read before, under `key`,
/// and no record of its kind has changed since.
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
    let found = list_records(db, listed, wanted, freshness).await?;
    let page = Page {
        records: as_field(&found.value.records),
        next: found.value.next,
    };
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
    let is_cached = db.history().is_some_and(|history| history.cache().is_on());
    match listed.form {
        Form::Whole if is_cached => list_by_names(db, listed, wanted, freshness).await,
        _ => list_whole(db, listed, wanted, freshness).await,
    }
}

/// With one statement.
async fn list_whole(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Read<Page<Vec<Bytes>>>> {
    let statement = |asked| page_query(listed, &wanted, asked, Bodies::Given, "");
    let found = read(db, freshness, statement).await?;
    let (rows, next) = rows_of_page(&found.value)?;
    let records = rows.iter().map(|row| match record_of(row)? {
        Some(record) => Ok(Bytes::from(record)),
        None => Err(Error::internal("a listed row has no record")),
    });
    let records = records.collect::<Result<_>>()?;
    Ok(Read {
        snapshot: found.snapshot,
        value: Page { records, next },
    })
}

/// With a statement for names, and one for the records that memory lacks.
async fn list_by_names(
    db: &Db,
    listed: Listed,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Read<Page<Vec<Bytes>>>> {
    let statement = |asked| page_query(listed, &wanted, asked, Bodies::Left, "");
    let found = read(db, freshness, statement).await?;
    let (rows, next) = rows_of_page(&found.value)?;
    let names = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("revision")?)));
    let names: Vec<(String, i64)> = names.collect::<Result<_>>()?;
    match bodies(db, &names, &found.snapshot, freshness).await? {
        Some(records) => Ok(Read {
            snapshot: found.snapshot,
            value: Page { records, next },
        }),
        None => list_whole(db, listed, wanted, freshness).await,
    }
}

/// The plan of the statement that reads a page, as it ran, with the buffers it touched.
pub async fn explain(db: &Db, listed: Listed, wanted: Wanted<'_>) -> Result<serde_json::Value> {
    let explain = "explain (analyze, buffers, timing off, format json)\n";
    let query = || page_query(listed, &wanted, Vec::new(), Bodies::Given, explain);
    Ok(db.fetch_one(query).await?.try_get(0)?)
}

/// The statement that reads a page, for whoever wants to run it by itself.
pub fn page_statement<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    asked_revisions: Vec<i64>,
) -> Result<Query<'q, Postgres, PgArguments>> {
    page_query(listed, wanted, asked_revisions, Bodies::Given, "")
}

/// The statement that reads a page, after `before`.
fn page_query<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    asked_revisions: Vec<i64>,
    bodies: Bodies,
    before: &str,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(wanted.filter, PARAMETERS);
    let sql = page_sql(listed, wanted, bodies, &filter.sql);
    let query = sqlx::query(AssertSqlSafe(format!("{before}{sql}")))
        .bind(asked_revisions)
        .bind(wanted.show_deleted)
        .bind(wanted.after.unwrap_or_default())
        .bind(wanted.article)
        .bind(PAGE_BYTES_MAX)
        .bind(0_i64);
    Ok(filter.bind(query))
}

fn page_sql(listed: Listed, wanted: &Wanted<'_>, bodies: Bodies, filter: &str) -> String {
    let Listed {
        name,
        kind: _,
        form: _,
        table,
        record,
        text,
    } = listed;
    let conditions = conditions(wanted, filter);
    let order = order_sql(wanted.order);
    let keys = wanted.order.order.keys;
    let columns: String = keys
        .iter()
        .map(|key| format!("{}, ", key.column()))
        .collect();
    let texts: String = keys
        .iter()
        .map(|key| format!("{}::text, ", key.column()))
        .collect();
    // Written out: with a parameter the planner would not know how few rows are wanted, and hence would
    // plan each call anew.
    let size = wanted.size;
    let limit = size + 1;
    let branch = |start: &str| {
        format!(
            "(select name, revision, {columns}{record} as record, {text} as text
              from {table} where {start} and {conditions}
              order by {order} limit {limit})"
        )
    };
    let branches: Vec<String> = starts(wanted).iter().map(|start| branch(start)).collect();
    let branches = branches.join("\nunion all\n");
    let (tip, no_tip) = (tip_sql!(), no_tip_sql!());
    let given = match bodies {
        Bodies::Given => "record, text",
        Bodies::Left => "name, revision",
    };
    let not_given = match bodies {
        Bodies::Given => "null as record, null as text",
        Bodies::Left => "null as name, null as revision",
    };
    let planned = match wanted.filter {
        Some(_) => planned_with_values(ZERO),
        None => format!("${ZERO}::bigint = 0"),
    };
    format!(
        "-- {name}
        {tip}
        select tip.*, {not_given}, null as next from tip where {planned}
        union all
        select {no_tip}, page.* from (
          select {given},
                 case when following is not null and (place = {size} or until_here + following > $5)
                      then array[{texts}name::text] end as next
          from (
            select *, row_number() over ordered as place, sum(bytes) over ordered as until_here,
                   lead(bytes) over ordered as following
            from (
              select *, octet_length(record) + coalesce(octet_length(text), 0) as bytes
              from ({branches}) as found order by {order} limit {limit}) as found
            window ordered as (order by {order} rows unbounded preceding)) as placed
          where place = 1 or place <= {size} and until_here <= $5
          order by {order}) as page"
    )
}

/// What every row must fulfil. `$3` and `$4` are always used, so that their types are known.
fn conditions(wanted: &Wanted<'_>, filter: &str) -> String {
    let of_article = match wanted.article {
        Some(_) => "article = $4",
        None => "$4::text is null",
    };
    format!("($2 or not is_deleted) and $3::text[] is not null and {of_article} and {filter}")
}

/// `name` comes first to last where the columns come last to first, and the other way round: one
/// index serves both directions.
fn order_sql(asked: AskedOrder) -> String {
    let keys = asked.order.keys;
    let direction = if asked.is_descending { "desc" } else { "asc" };
    let mut parts: Vec<String> = keys
        .iter()
        .map(|key| format!("{} {direction}", key.column()))
        .collect();
    parts.push(format!(
        "name {}",
        if names_descend(asked) { "desc" } else { "asc" }
    ));
    parts.join(", ")
}

fn names_descend(asked: AskedOrder) -> bool {
    asked.is_descending == asked.order.keys.is_empty()
}

/// The ranges of the index that come after the last record, in order: equal in all columns but the
/// name, in all but one, and so on. Each is one range scan, however many records are equal.
fn starts(wanted: &Wanted<'_>) -> Vec<String> {
    let keys = wanted.order.order.keys;
    if wanted.after.is_none() {
        return vec!["true".to_owned()];
    }
    // `= any` keeps the first column in the order that the index must give. With `=` the planner
    // knows it constant, and may walk all names for the equal ones instead.
    let equal = |count: usize| -> String {
        let parts = keys.iter().take(count).enumerate();
        parts
            .map(|(at, key)| {
                let (column, cast, place) = (key.column(), key.cast(), at + 1);
                match at {
                    0 => format!("{column} = any(array[$3[{place}]::{cast}]) and "),
                    _ => format!("{column} = $3[{place}]::{cast} and "),
                }
            })
            .collect()
    };
    let operator = |is_descending: bool| if is_descending { "<" } else { ">" };
    let name_place = keys.len() + 1;
    let by_name = operator(names_descend(wanted.order));
    let mut starts = vec![format!(
        "{}name {by_name} $3[{name_place}] collate \"C\"",
        equal(keys.len())
    )];
    for (at, key) in keys.iter().enumerate().rev() {
        let by = operator(wanted.order.is_descending);
        let (column, cast) = (key.column(), key.cast());
        starts.push(format!("{}{column} {by} $3[{}]::{cast}", equal(at), at + 1));
    }
    starts
}

/// The rows of a page, and the sort key after which the next begins, which stands in the last row if there
/// is a next.
fn rows_of_page(rows: &[PgRow]) -> Result<(&[PgRow], Option<Vec<String>>)> {
    let rows = rows.get(1..).unwrap_or_default();
    let next = rows.last().map(|row| row.try_get("next")).transpose()?;
    Ok((rows, next.flatten()))
}

/// How many records all pages have together, in a snapshot at least as new as the page's.
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
        total::Mode::Estimate => false,
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

/// The statement that counts a list's records, or has the planner say how many it expects.
pub fn total_statement<'q>(
    listed: Listed,
    wanted: &Wanted<'q>,
    is_exact: bool,
    asked_revisions: Vec<i64>,
) -> Query<'q, Postgres, PgArguments> {
    let filter = lower(wanted.filter, PARAMETERS);
    let table = listed.table;
    let of_article = match wanted.article {
        Some(_) => "article = $4",
        None => "$4::text is null",
    };
    let from = format!(
        "from {table} where ($2 or not is_deleted) and {of_article} and {}
           and $1::bigint[] is not null and $3::text[] is not null
           and $5::bigint is not null and $6::bigint = 0",
        filter.sql
    );
    let sql = match is_exact {
        true => {
            let tip = tip_sql!();
            format!(
                "-- {table}.count\n{tip}\nselect tip.*, (select count(*) {from}) as count from tip"
            )
        }
        false => format!("-- {table}.estimate\nexplain (format json) select name {from}"),
    };
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked_revisions)
        .bind(wanted.show_deleted)
        .bind(Vec::<String>::new())
        .bind(wanted.article)
        .bind(0_i64)
        .bind(0_i64)
        .persistent(false);
    filter.bind(query)
}

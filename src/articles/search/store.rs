//! Finds and ranks articles in Postgres, in blocks: the newest articles that match, best first, then
//! the next newest. So the commonest word costs what a block costs.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Row as _};

use crate::articles::search::query;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::reading::{Freshness, Read, tip_sql};
use crate::token::Token;

/// How many articles are ranked together.
pub const BLOCK_SIZE: usize = 500;

/// How many of the newest articles are looked at first.
const WINDOW_SIZE: i64 = 1_500;

/// Of words that promise a block among more articles than this, all that are left are looked at: they
/// are rare enough.
const WINDOW_SIZE_MAX: i64 = 100_000;

/// Most bytes of records in one page.
pub const PAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;

/// Where an article stands among all, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As Postgres writes them.
    pub publish_order: String,
    pub create_time: String,
    pub name: String,
}

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The last article of the block before.
    pub block: Option<Place>,
    /// The last article sent of this block, by score and place.
    pub within: Option<(String, Place)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub query: &'a query::Query,
    pub filter: Option<&'a Condition>,
    pub start: &'a Start,
    pub size: usize,
}

/// An article that may be meant.
#[derive(Debug)]
pub struct Found {
    pub score: f32,
    /// The whole record, and how much of it is BASIC.
    pub record: Vec<u8>,
    pub basic_length: usize,
    pub text: Option<String>,
}

#[derive(Debug)]
pub struct Page {
    pub found: Vec<Found>,
    /// Nothing on the last page.
    pub next: Option<Start>,
}

/// Reads a page, in one snapshot.
pub async fn search(
    db: &Db,
    wanted: Wanted<'_>,
    with_text: bool,
    freshness: &Freshness,
) -> Result<Read<Page>> {
    search_on(
        &mut *db.pool().acquire().await?,
        wanted,
        with_text,
        freshness,
    )
    .await
}

/// The same, on a connection.
pub async fn search_on(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    with_text: bool,
    freshness: &Freshness,
) -> Result<Read<Page>> {
    let begin = "begin isolation level repeatable read read only";
    let mut tx = connection.begin_with(begin).await?;
    let token = tip(&mut tx, freshness).await?;
    let block = block(&mut tx, wanted).await?;
    let value = ranked(&mut tx, wanted, &block, with_text).await?;
    tx.commit().await?;
    Ok(Read { token, value })
}

async fn tip(connection: &mut PgConnection, freshness: &Freshness) -> Result<Token> {
    let sql = concat!(
        "-- articles.search_tip\n",
        tip_sql!(),
        " select tip.* from tip"
    );
    let row = sqlx::query(sql)
        .bind(freshness.asked_revisions())
        .fetch_one(connection)
        .await?;
    freshness.check(&row)
}

/// The newest articles that match, after the block before: at most `BLOCK_SIZE`, newest first.
async fn block(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<Vec<Place>> {
    let mut window = WINDOW_SIZE;
    loop {
        let end = window_end(connection, wanted.start, window).await?;
        let found = matching(connection, wanted, end.as_ref()).await?;
        if end.is_none() || found.len() >= BLOCK_SIZE {
            return Ok(found);
        }
        // As many as the share found so far promises, and half as many again.
        let promised = window * 3 * BLOCK_SIZE as i64 / (2 * found.len().max(1) as i64);
        window = promised.max(window * 4);
    }
}

/// The date and time of the article that many places after the start; nothing when there are fewer.
async fn window_end(
    connection: &mut PgConnection,
    start: &Start,
    window: i64,
) -> Result<Option<(String, String)>> {
    if window > WINDOW_SIZE_MAX {
        return Ok(None);
    }
    let after = match &start.block {
        Some(_) => "(publish_order, create_time) <= ($1::date, $2::timestamptz)",
        None => "$1::date is null and $2::timestamptz is null",
    };
    let sql = format!(
        "-- articles.search_window
        select publish_order::text, create_time::text
        from articles where {after}
        order by articles.publish_order desc, articles.create_time desc, name
        offset {window} limit 1"
    );
    let block = start.block.as_ref();
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(block.map(|place| place.publish_order.as_str()))
        .bind(block.map(|place| place.create_time.as_str()))
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// The newest articles that match among those between the start and the window's end.
async fn matching(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    end: Option<&(String, String)>,
) -> Result<Vec<Place>> {
    let rows = find_query(wanted, end, "")?.fetch_all(connection).await?;
    rows.iter().map(place_of).collect()
}

/// The plan of looking through that many articles, as it ran, with the buffers it touched.
pub async fn explain(db: &Db, wanted: Wanted<'_>, window: i64) -> Result<serde_json::Value> {
    let mut connection = db.pool().acquire().await?;
    let end = window_end(&mut connection, wanted.start, window).await?;
    let explain = "explain (analyze, buffers, timing off, format json)\n";
    let query = find_query(wanted, end.as_ref(), explain)?;
    Ok(query.fetch_one(&mut *connection).await?.try_get(0)?)
}

/// Parameters that come before those of the filter.
const PARAMETERS: usize = 7;

/// Planned anew each time: how common the words are decides how they are looked for. What is found is
/// materialized, so that it is not looked for along the dates, article by article.
fn find_query<'q>(
    wanted: Wanted<'q>,
    end: Option<&'q (String, String)>,
    before: &str,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(wanted.filter, PARAMETERS);
    let is_after = match &wanted.start.block {
        Some(_) => {
            "(publish_order, create_time) <= ($2::date, $3::timestamptz)
             and ((publish_order, create_time) < ($2::date, $3::timestamptz) or name > $4)"
        }
        None => "$2::date is null and $3::timestamptz is null and $4::text is null",
    };
    let is_before = match end {
        Some(_) => "(publish_order, create_time) >= ($5::date, $6::timestamptz)",
        None => "$5::date is null and $6::timestamptz is null",
    };
    let sql = format!(
        "{before}-- articles.search_find
        with found as materialized (
          select publish_order, create_time, name
          from articles
          where search @@ $1::tsquery and state = 'PUBLISHED' and not is_deleted
            and {is_after} and {is_before} and {})
        select publish_order::text, create_time::text, name
        from found
        order by found.publish_order desc, found.create_time desc, name
        limit $7",
        filter.sql
    );
    let block = wanted.start.block.as_ref();
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(wanted.query.find_tsquery())
        .bind(block.map(|place| place.publish_order.as_str()))
        .bind(block.map(|place| place.create_time.as_str()))
        .bind(block.map(|place| place.name.as_str()))
        .bind(end.map(|(publish_order, _)| publish_order.as_str()))
        .bind(end.map(|(_, create_time)| create_time.as_str()))
        .bind(i64::try_from(BLOCK_SIZE).map_err(Error::internal)?)
        .persistent(false);
    Ok(filter.bind(query))
}

fn place_of(row: &PgRow) -> Result<Place> {
    Ok(Place {
        publish_order: row.try_get("publish_order")?,
        create_time: row.try_get("create_time")?,
        name: row.try_get("name")?,
    })
}

/// A page of a block, best first; equal ones as they stand among all.
async fn ranked(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    block: &[Place],
    with_text: bool,
) -> Result<Page> {
    let names: Vec<&str> = block.iter().map(|place| place.name.as_str()).collect();
    let within = wanted.start.within.as_ref();
    // Written out, so that the planner knows how few records are read.
    let limit = wanted.size + 1;
    let sql = format!(
        "-- articles.search_rank
        with scored as materialized (
          select ts_rank(search, $2::tsquery, 1) as score, publish_order, create_time, name
          from articles where name = any($1)),
        page as materialized (
          select * from scored
          where $3::real is null or score < $3::real
             or score = $3::real and ((publish_order, create_time) < ($4::date, $5::timestamptz)
               or (publish_order, create_time) = ($4::date, $5::timestamptz) and name > $6)
          order by score desc, publish_order desc, create_time desc, name
          limit {limit}),
        sized as (
          select page.*, record, basic_length, text,
                 sum(octet_length(record) + coalesce(octet_length(text), 0)) over ordered as size,
                 row_number() over ordered as at
          from page cross join lateral (
            select record, basic_length,
                   case when $8 then (select text from sources where sha256 = source_sha256) end as text
            from articles where articles.name = page.name) as full_record
          window ordered as (order by score desc, publish_order desc, create_time desc, page.name
                             rows unbounded preceding))
        select score, score::text as score_text, publish_order::text, create_time::text, name,
               basic_length, case when at = 1 or size <= $7 then record end as record,
               case when at = 1 or size <= $7 then text end as text
        from sized order by at"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(names)
        .bind(wanted.query.rank_tsquery())
        .bind(within.map(|(score, _)| score.as_str()))
        .bind(within.map(|(_, place)| place.publish_order.as_str()))
        .bind(within.map(|(_, place)| place.create_time.as_str()))
        .bind(within.map(|(_, place)| place.name.as_str()))
        .bind(PAGE_BYTES_MAX)
        .bind(with_text)
        .fetch_all(connection)
        .await?;
    page_of(&rows, wanted, block)
}

/// The statement gives one row more than asked for, and of rows beyond the page's bytes no record.
fn page_of(rows: &[PgRow], wanted: Wanted<'_>, block: &[Place]) -> Result<Page> {
    let mut page = Page {
        found: Vec::new(),
        next: None,
    };
    let mut within = None;
    for row in rows {
        let record: Option<Vec<u8>> = row.try_get("record")?;
        let Some(record) = record.filter(|_| page.found.len() < wanted.size) else {
            let block = wanted.start.block.clone();
            page.next = Some(Start { block, within });
            return Ok(page);
        };
        let basic_length: i32 = row.try_get("basic_length")?;
        page.found.push(Found {
            score: row.try_get("score")?,
            record,
            basic_length: usize::try_from(basic_length).map_err(Error::internal)?,
            text: row.try_get("text")?,
        });
        within = Some((row.try_get("score_text")?, place_of(row)?));
    }
    if let (Some(last), true) = (block.last(), block.len() == BLOCK_SIZE) {
        page.next = Some(Start {
            block: Some(last.clone()),
            within: None,
        });
    }
    Ok(page)
}

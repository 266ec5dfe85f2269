//! Finds and ranks articles in Postgres, in blocks: the newest articles that match, best first, then
//! the next newest. So the commonest word costs what a block costs.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

use crate::articles::search::query;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::reading::{Read, tip_sql};
use crate::route::{Freshness, Route};

/// How many articles are ranked together.
pub const BLOCK_SIZE: usize = 500;

/// Of how many of the newest articles is taken how dense the matches are.
const SAMPLE_SIZE: i64 = 300;

/// Matches as dense as this are found by reading the newest articles one by one; others by the index
/// of words, which gives all there are.
const WALKED_DENSITY_MIN: f64 = 0.15;

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The last article of the block before.
    pub block: Option<Place>,
    /// The last article sent of this block, by score and place.
    pub within: Option<(f32, Place)>,
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
    let mut route = Route::of(db, freshness);
    loop {
        let found = match route.reader().await {
            Ok(mut reader) => {
                let asked = route.asked_revisions();
                let check = |row: &PgRow| route.check(row);
                let found = async {
                    let mut tx = reader.snapshot().await?;
                    let found = search_on(&mut tx, wanted, with_text, asked, check).await?;
                    tx.commit().await?;
                    Ok(found)
                };
                let found = route.answer(found).await;
                let found = found.map(|(snapshot, value)| Read { snapshot, value });
                route.end(Some(reader), found).await?
            }
            Err(error) => route.end(None, Err(error)).await?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
}

/// The same, in a transaction that sees one snapshot, with what `check` makes of its tip.
pub async fn search_on<T>(
    tx: &mut PgConnection,
    wanted: Wanted<'_>,
    with_text: bool,
    asked_revisions: Vec<i64>,
    check: impl FnOnce(&PgRow) -> Result<T>,
) -> Result<(T, Page)> {
    let snapshot = check(&tip(tx, asked_revisions).await?)?;
    let block = block(tx, wanted).await?;
    let value = page(tx, wanted, &block, with_text).await?;
    Ok((snapshot, value))
}

async fn tip(connection: &mut PgConnection, asked_revisions: Vec<i64>) -> Result<PgRow> {
    let sql = concat!(
        "-- articles.search_tip\n",
        tip_sql!(),
        " select tip.* from tip"
    );
    let row = sqlx::query(sql).bind(asked_revisions);
    Ok(row.fetch_one(connection).await?)
}

/// An article of a block.
#[derive(Clone, Debug)]
struct Ranked {
    score: f32,
    place: Place,
    /// Whether it stands after the last that was sent, newest first.
    is_after: bool,
}

/// The newest articles that match, after the block before: at most `BLOCK_SIZE`, newest first.
async fn block(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<Vec<Ranked>> {
    let mut density = sample(connection, wanted).await?;
    let mut window_min = SAMPLE_SIZE;
    loop {
        // Half as many again as the density promises.
        let promised = 1.5 * BLOCK_SIZE as f64 / density;
        let window = (promised as i64).max(window_min);
        let look = if density >= WALKED_DENSITY_MIN {
            Look::Walk
        } else {
            Look::Index
        };
        let end = match window {
            ..=WINDOW_SIZE_MAX => window_end(connection, wanted.start, window).await?,
            _ => None,
        };
        let query = find_query(wanted, look, end.as_ref(), "")?;
        let rows = query.fetch_all(&mut *connection).await?;
        if end.is_none() || rows.len() >= BLOCK_SIZE {
            return rows.iter().map(ranked_of).collect();
        }
        density = rows.len() as f64 / window as f64;
        window_min = 4 * window;
    }
}

/// How dense the matches are among the newest articles after the start, from 0 to 1.
async fn sample(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<f64> {
    const PARAMETERS: usize = 4;
    let filter = lower(wanted.filter, PARAMETERS);
    let is_after = is_after(wanted.start);
    let sql = format!(
        "-- articles.search_sample
        select count(*), count(*) filter (where is_match)
        from (select (search @@ $1::tsquery and state = 'PUBLISHED' and not is_deleted and {}) as is_match
              from articles where {is_after}
              order by articles.publish_order desc, articles.create_time desc, name
              limit {SAMPLE_SIZE}) as newest",
        filter.sql
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(wanted.query.find_tsquery());
    let query = bind_start(query, wanted.start).persistent(wanted.filter.is_none());
    let row = filter.bind(query).fetch_one(connection).await?;
    let (seen, found): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(found as f64 / seen.max(1) as f64)
}

/// Those after the block before, which is `$2`, `$3` and `$4`.
fn is_after(start: &Start) -> &'static str {
    match start.block {
        Some(_) => {
            "(publish_order, create_time) <= ($2::date, $3::timestamptz)
             and ((publish_order, create_time) < ($2::date, $3::timestamptz) or name > $4)"
        }
        None => "$2::date is null and $3::timestamptz is null and $4::text is null",
    }
}

fn bind_start<'q>(
    query: Query<'q, Postgres, PgArguments>,
    start: &'q Start,
) -> Query<'q, Postgres, PgArguments> {
    bind_place(query, start.block.as_ref())
}

fn bind_place<'q>(
    query: Query<'q, Postgres, PgArguments>,
    place: Option<&'q Place>,
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(place.map(|place| place.publish_order.as_str()))
        .bind(place.map(|place| place.create_time.as_str()))
        .bind(place.map(|place| place.name.as_str()))
}

/// The date and time of the article that many places after the start; nothing when there are fewer.
async fn window_end(
    connection: &mut PgConnection,
    start: &Start,
    window: i64,
) -> Result<Option<(String, String)>> {
    let is_after = is_after(start);
    let sql = format!(
        "-- articles.search_window
        select publish_order::text, create_time::text
        from articles where $1::bigint is not null and {is_after}
        order by articles.publish_order desc, articles.create_time desc, name
        offset {window} limit 1"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(window);
    let query = bind_start(query, start).persistent(false);
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// How the matches of a window are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// By the index of words.
    Index,
    /// Article by article, newest first.
    Walk,
}

/// The plan of looking through that many articles, as it ran, with the buffers it touched.
pub async fn explain(
    db: &Db,
    wanted: Wanted<'_>,
    look: Look,
    window: i64,
) -> Result<serde_json::Value> {
    let mut reader = db.primary().reader().await?;
    let mut tx = reader.snapshot().await?;
    let end = window_end(&mut tx, wanted.start, window).await?;
    let explain = "explain (analyze, buffers, timing off, format json)\n";
    let query = find_query(wanted, look, end.as_ref(), explain)?;
    Ok(query.fetch_one(&mut *tx).await?.try_get(0)?)
}

/// The newest articles that match among those between the start and the window's end, each ranked
/// while it is at hand.
///
/// Planned anew each time: how common the words are decides how they are looked for. What the index
/// gives is materialized, and a walk hides the words from the index, so that the planner takes neither
/// for the other.
fn find_query<'q>(
    wanted: Wanted<'q>,
    look: Look,
    end: Option<&'q (String, String)>,
    before: &str,
) -> Result<Query<'q, Postgres, PgArguments>> {
    const PARAMETERS: usize = 10;
    let filter = lower(wanted.filter, PARAMETERS);
    let is_after = is_after(wanted.start);
    let is_before = match end {
        Some(_) => "(publish_order, create_time) >= ($5::date, $6::timestamptz)",
        None => "$5::date is null and $6::timestamptz is null",
    };
    let (materialized, matches) = match look {
        Look::Index => ("materialized", "search @@ $1::tsquery"),
        Look::Walk => ("not materialized", "(search @@ $1::tsquery) is true"),
    };
    let sql = format!(
        "{before}-- articles.search_find
        with found as {materialized} (
          select publish_order, create_time, name, ts_rank(search, $7::tsquery, 1) as score
          from articles
          where {matches} and state = 'PUBLISHED' and not is_deleted
            and {is_after} and {is_before} and {})
        select publish_order::text, create_time::text, name, score,
               coalesce((publish_order, create_time) < ($8::date, $9::timestamptz)
                 or (publish_order, create_time) = ($8::date, $9::timestamptz) and name > $10, true)
                 as is_after
        from found
        order by found.publish_order desc, found.create_time desc, name
        limit {BLOCK_SIZE}",
        filter.sql
    );
    let within = wanted.start.within.as_ref().map(|(_, place)| place);
    let query = sqlx::query(AssertSqlSafe(sql)).bind(wanted.query.find_tsquery());
    let query = bind_start(query, wanted.start)
        .bind(end.map(|(publish_order, _)| publish_order.as_str()))
        .bind(end.map(|(_, create_time)| create_time.as_str()))
        .bind(wanted.query.rank_tsquery());
    let query = bind_place(query, within).persistent(false);
    Ok(filter.bind(query))
}

fn ranked_of(row: &PgRow) -> Result<Ranked> {
    Ok(Ranked {
        place: Place {
            publish_order: row.try_get(0)?,
            create_time: row.try_get(1)?,
            name: row.try_get(2)?,
        },
        score: row.try_get(3)?,
        is_after: row.try_get(4)?,
    })
}

/// A page of a block, best first; equal ones as they stand among all.
async fn page(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    block: &[Ranked],
    with_text: bool,
) -> Result<Page> {
    let mut left: Vec<&Ranked> = block.iter().collect();
    if let Some((last, _)) = wanted.start.within {
        left.retain(|one| one.score < last || (one.score == last && one.is_after));
    }
    // Stable: equal ones stay newest first.
    left.sort_by(|one, other| other.score.total_cmp(&one.score));
    let sent = &left[..left.len().min(wanted.size)];
    let mut found = Vec::with_capacity(sent.len());
    if !sent.is_empty() {
        let names: Vec<&str> = sent.iter().map(|one| one.place.name.as_str()).collect();
        let rows = records(connection, &names, with_text).await?;
        // Those beyond the page's bytes have no record.
        for (one, row) in sent.iter().zip(&rows) {
            let Some(record) = row.try_get("record")? else {
                break;
            };
            let basic_length: i32 = row.try_get("basic_length")?;
            found.push(Found {
                score: one.score,
                record,
                basic_length: usize::try_from(basic_length).map_err(Error::internal)?,
                text: row.try_get("text")?,
            });
        }
    }
    let next = match (left.get(found.len()), block.last()) {
        (Some(_), _) => {
            let last = found.len().checked_sub(1).and_then(|last| left.get(last));
            Some(Start {
                block: wanted.start.block.clone(),
                within: last.map(|last| (last.score, last.place.clone())),
            })
        }
        (None, Some(last)) if block.len() == BLOCK_SIZE => Some(Start {
            block: Some(last.place.clone()),
            within: None,
        }),
        (None, _) => None,
    };
    Ok(Page { found, next })
}

/// The records of a page, in the order of the names; at least the first.
async fn records(
    connection: &mut PgConnection,
    names: &[&str],
    with_text: bool,
) -> Result<Vec<PgRow>> {
    let sql = "-- articles.search_records
        with page as (
          select place, record, basic_length,
                 case when $2 then (select text from sources where sha256 = source_sha256) end as text
          from unnest($1::text[]) with ordinality as asked (name, place)
          join articles using (name)),
        sized as (
          select *, sum(octet_length(record) + coalesce(octet_length(text), 0))
                      over (order by place rows unbounded preceding) as size
          from page)
        select basic_length, case when place = 1 or size <= $3 then record end as record,
               case when place = 1 or size <= $3 then text end as text
        from sized order by place";
    let query = sqlx::query(sql).bind(names).bind(with_text);
    Ok(query.bind(PAGE_BYTES_MAX).fetch_all(connection).await?)
}

//! Every order both ways, and pages deep inside.

use anyhow::Result;
use bulletin::filter::order;
use sqlx::{AssertSqlSafe, PgConnection};

use super::Case;
use super::lists::{Asked, PAGE_SIZE, Resource};
use crate::bars::Bar;
use crate::call::Client;
use crate::city::City;

const DEEP_PAGE: usize = 1_000;
/// Records a page on the way there.
const STEP: usize = 1_000;

/// Orders whose deep pages are held to their first.
const DEEP: [(Resource, &str); 6] = [
    (Resource::Articles, "name"),
    (Resource::Articles, "create_time desc"),
    (Resource::Articles, "publication.publish_date desc"),
    (Resource::Statistics, "name"),
    (Resource::Statistics, "quantity.value desc"),
    (Resource::Statistics, "period.start desc"),
];

pub fn both_ways() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for resource in Resource::ALL {
        for order in resource.orders() {
            for direction in ["asc", "desc"] {
                let order_by = format!("{} {direction}", order.path);
                let name = format!("{} by {order_by}", resource.noun());
                let asked = Asked::of(resource, "", &order_by);
                cases.push(asked.case(name, Bar::None)?);
            }
        }
    }
    Ok(cases)
}

/// The first page, then the deep one; in the middle of all for the first order.
pub async fn add_deep_pages(
    cases: &mut Vec<Case>,
    city: &City,
    client: &Client,
    connection: &mut PgConnection,
    only: &str,
) -> Result<()> {
    for (at, (resource, order_by)) in DEEP.into_iter().enumerate() {
        let records = match resource {
            Resource::Articles => city.articles,
            Resource::Stations => city.stations,
            Resource::Statistics => city.statistics,
        };
        let pages = records / PAGE_SIZE;
        let mut depths = vec![1, DEEP_PAGE.min(pages)];
        if at == 0 {
            depths.push(pages / 2);
        }
        for page in depths.into_iter().filter(|page| *page > 0) {
            let name = format!("{} by {order_by}, page {page}", resource.noun());
            if !name.contains(only) {
                continue;
            }
            let mut asked = Asked::of(resource, "", order_by);
            if page > 1 {
                let skipped = (page - 1) * PAGE_SIZE;
                asked.page_token = walk(&asked, client, skipped).await?;
                asked.after = Some(sort_key(&asked, connection, skipped).await?);
            }
            let bar = if page == 1 {
                Bar::FirstPage
            } else {
                Bar::DeepPage
            };
            cases.push(asked.case(name, bar)?);
        }
    }
    Ok(())
}

/// The token of the page that begins after so many records: tokens are not bound to a page's size.
async fn walk(asked: &Asked, client: &Client, skipped: usize) -> Result<String> {
    let mut asked = asked.clone();
    let mut left = skipped;
    while left > 0 {
        asked.size = left.min(STEP);
        let answer = client.call(asked.call()).await?;
        left -= answer.rows.min(left);
        asked.page_token = answer.next_page_token;
    }
    Ok(asked.page_token)
}

/// The sort key of the last record before the page.
async fn sort_key(
    asked: &Asked,
    connection: &mut PgConnection,
    skipped: usize,
) -> Result<Vec<String>> {
    let order = order::parse(asked.resource.orders(), &asked.order_by)?;
    let columns: Vec<&str> = order.order.keys.iter().map(|key| key.column()).collect();
    let texts: String = columns
        .iter()
        .map(|column| format!("{column}::text, "))
        .collect();
    let (toward, back) = if order.is_descending {
        ("desc", "asc")
    } else {
        ("asc", "desc")
    };
    let by_name = if columns.is_empty() { toward } else { back };
    let by: String = columns
        .iter()
        .map(|column| format!("{column} {toward}, "))
        .collect();
    let sql = format!(
        "select array[{texts}name::text] from {} where not is_deleted
         order by {by}name {by_name} offset {} limit 1",
        asked.resource.noun(),
        skipped - 1
    );
    let key = sqlx::query_scalar(AssertSqlSafe(sql));
    Ok(key.fetch_one(connection).await?)
}

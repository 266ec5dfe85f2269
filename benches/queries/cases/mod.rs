//! What is measured: calls, the statements behind them, and the bars they are held to.

mod aggregates;
mod filters;
mod lists;
mod orders;
mod searches;

use anyhow::Result;
use bulletin::pb::{GetArticleRequest, View};
use sqlx::PgConnection;

use crate::bars::Bar;
use crate::call::{Call, Client};
use crate::city::{City, article_name};
use crate::raw::Raw;

#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub call: Option<Call>,
    pub raw: Option<Raw>,
    pub bar: Bar,
}

/// Cases whose name holds `only`; deep pages are walked to first.
pub async fn all(
    city: &City,
    client: &Client,
    connection: &mut PgConnection,
    only: &str,
) -> Result<Vec<Case>> {
    let mut cases = references(city);
    cases.extend(orders::both_ways()?);
    cases.extend(filters::all(city)?);
    cases.extend(aggregates::all(city)?);
    cases.extend(searches::all()?);
    cases.retain(|case| case.name.contains(only));
    orders::add_deep_pages(&mut cases, city, client, connection, only).await?;
    Ok(cases)
}

/// What the machine does just now: everything else is to be read beside them.
fn references(city: &City) -> Vec<Case> {
    let get = GetArticleRequest {
        name: article_name(city.articles / 2),
        view: View::Full.into(),
        consistency: None,
    };
    vec![
        Case {
            name: "reference: health check, select 1".to_owned(),
            call: Some(Call::Health),
            raw: Some(Raw::Sql("select 1".to_owned())),
            bar: Bar::None,
        },
        Case {
            name: "reference: get an article, its row by key".to_owned(),
            raw: Some(Raw::Sql(format!(
                "select record from articles where name = '{}'",
                get.name
            ))),
            call: Some(Call::Get(get)),
            bar: Bar::None,
        },
    ]
}

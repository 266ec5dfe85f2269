//! SearchArticles on the wire.

use std::time::Instant;

use crate::articles::fields::SCHEMA;
use crate::articles::search::matching::highlights;
use crate::articles::search::query::Query;
use crate::articles::search::store::{self, Found, Place, Start, Wanted};
use crate::context::Context;
use crate::edge::list::AskedPage;
use crate::edge::request::{freshness, view};
use crate::error::{Error, Result};
use crate::filter::check::check;
use crate::pb::search_articles_response::{Highlight, Result as Searched};
use crate::pb::{Article, SearchArticlesRequest, SearchArticlesResponse, View};
use crate::reading::Snapshot;
use crate::record::decode;
use crate::sight::Sight;

pub async fn search_articles(
    context: &Context,
    request: SearchArticlesRequest,
    sight: Sight,
    deadline: Instant,
) -> Result<(SearchArticlesResponse, Snapshot)> {
    let query = Query::parse(&request.query)?;
    let filter = check(&SCHEMA, &request.filter)?;
    let view = view(request.view, View::Basic)?;
    let freshness = freshness(request.consistency, deadline)?;
    let scope = format!(
        "SearchArticles\n{view:?}\n{:?}\n{:?}",
        request.query, request.filter
    );
    let page = AskedPage::open(
        context,
        sight,
        scope,
        request.page_size,
        &request.page_token,
        freshness,
    )?;
    let start = page.after().map_or(Ok(Start::default()), start)?;
    let wanted = Wanted {
        query: &query,
        filter: filter.as_ref(),
        start: &start,
        size: page.size(),
    };
    let read = store::search(&context.db, wanted, view == View::Source, &page.freshness).await?;
    let next_page_token = page.next_token(
        context,
        &read.snapshot.token,
        read.value.next.as_ref().map(sort_key),
    )?;
    // A thousand articles are compared: other calls need not wait for it.
    let results = tokio::task::spawn_blocking(move || results(read.value.found, &query, view));
    let results = results.await.map_err(Error::internal)??;
    let response = SearchArticlesResponse {
        results,
        next_page_token,
        token: read.snapshot.token.to_string(),
    };
    Ok((response, read.snapshot))
}

/// Those that are meant, in the view that was asked for.
fn results(found: Vec<Found>, query: &Query, view: View) -> Result<Vec<Searched>> {
    let results = found.into_iter().map(|found| {
        let article: Article = decode(&found.record)?;
        let Some(highlights) = highlights(&article, query) else {
            return Ok(None);
        };
        result(found, article, highlights, view).map(Some)
    });
    results.filter_map(Result::transpose).collect()
}

fn result(
    found: Found,
    mut article: Article,
    highlights: Vec<Highlight>,
    view: View,
) -> Result<Searched> {
    if view == View::Basic {
        let basic = found.record.get(..found.basic_length);
        article =
            decode(basic.ok_or_else(|| Error::internal("a view is longer than its record"))?)?;
    }
    article.source_text = found.text.unwrap_or_default();
    Ok(Searched {
        article: Some(article),
        score: f64::from(found.score),
        highlights,
    })
}

/// A start as the texts of a page token.
fn sort_key(start: &Start) -> Vec<String> {
    let place = |place: &Place| {
        let Place {
            publish_order,
            create_time,
            name,
        } = place.clone();
        [publish_order, create_time, name]
    };
    let within = start.within.iter();
    let within =
        within.flat_map(|(score, last)| [score.to_string()].into_iter().chain(place(last)));
    start.block.iter().flat_map(place).chain(within).collect()
}

fn start(sort_key: &[String]) -> Result<Start> {
    let place = |texts: &[String]| match texts {
        [publish_order, create_time, name] => Some(Place {
            publish_order: publish_order.clone(),
            create_time: create_time.clone(),
            name: name.clone(),
        }),
        _ => None,
    };
    let middle = if sort_key.len() == 4 { 0 } else { 3 };
    let fault = || Error::internal("a page token holds no start of a search");
    let (block, within) = sort_key.split_at_checked(middle).ok_or_else(fault)?;
    let within = match within {
        [score, last @ ..] => score.parse().ok().zip(place(last)),
        [] => None,
    };
    let start = Start {
        block: place(block),
        within,
    };
    match self::sort_key(&start) == sort_key {
        true => Ok(start),
        false => Err(fault()),
    }
}

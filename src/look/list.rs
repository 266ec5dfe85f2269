//! The newest articles, and those that words find.

use maud::{Markup, html};
use tonic::Status;

use super::calls::Calls;
use super::html::{LANGUAGE, badge, date, link, next};
use super::{Page, made};
use crate::pb::search_articles_response::{Highlight, Result as Found};
use crate::pb::{Article, ListArticlesRequest, SearchArticlesRequest, View};

const PAGE_SIZE: i32 = 30;

/// How many places of an article are shown where words were found, and how much around each.
const PLACES_MAX: usize = 3;
const AROUND: usize = 30;

pub async fn newest(calls: &Calls, page_token: &str) -> Result<Page, Status> {
    let request = ListArticlesRequest {
        page_size: PAGE_SIZE,
        page_token: page_token.to_owned(),
        order_by: "create_time desc".to_owned(),
        ..ListArticlesRequest::default()
    };
    let found = calls.list_articles(request).await?.into_inner();
    Ok(Page::new(
        "Articles",
        html! {
            h1 { "Articles" }
            @if found.articles.is_empty() { p { "There are none." } }
            ol.articles { @for article in &found.articles { li { (head(article)) } } }
            (next("/look", "", &found.next_page_token))
        },
    ))
}

pub async fn found(calls: &Calls, words: &str, page_token: &str) -> Result<Page, Status> {
    let request = SearchArticlesRequest {
        query: words.to_owned(),
        page_size: PAGE_SIZE,
        page_token: page_token.to_owned(),
        view: View::Full.into(),
        ..SearchArticlesRequest::default()
    };
    let found = calls.search_articles(request).await?.into_inner();
    let words = words.to_owned();
    let made = made(move || {
        let body = html! {
            h1 { "Articles with " q lang=(LANGUAGE) { (words) } }
            @if found.results.is_empty() { p { "There are none that are published." } }
            ol.articles {
                @for result in &found.results { li { (result_of(result)) } }
            }
            (next("/look", &words, &found.next_page_token))
        };
        Page {
            query: words.clone(),
            ..Page::new(words, body)
        }
    });
    made.await
}

/// An article in a list.
pub fn head(article: &Article) -> Markup {
    let publication = article.publication.clone().unwrap_or_default();
    let printed = [
        publication.newspaper,
        date(publication.publish_date.as_ref()),
    ];
    html! {
        span lang=(LANGUAGE) {
            @if !article.kicker.is_empty() { span.kicker { (article.kicker) } br; }
            (link(&article.name, &article.headline))
        }
        (badge(article.state(), article.delete_time.is_some()))
        @for fact in printed.iter().filter(|fact| !fact.is_empty()) { " · " (fact) }
    }
}

fn result_of(found: &Found) -> Markup {
    let article = found.article.clone().unwrap_or_default();
    let places = found.highlights.iter().take(PLACES_MAX);
    html! {
        (head(&article))
        @for place in places { p.place lang=(LANGUAGE) { (around(text_of(&article, place), place)) } }
    }
}

/// The text that a highlight is of.
fn text_of<'a>(article: &'a Article, place: &Highlight) -> &'a str {
    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
    let text = match place.field.as_str() {
        "headline" => Some(&article.headline),
        "kicker" => Some(&article.kicker),
        "deck" => Some(&article.deck),
        "bylines" => article
            .bylines
            .get(index)
            .map(|byline| &byline.display_name),
        "paragraphs" => article
            .paragraphs
            .get(index)
            .map(|paragraph| &paragraph.text),
        "captions" => article.captions.get(index).map(|caption| &caption.text),
        _ => None,
    };
    text.map(String::as_str).unwrap_or_default()
}

/// What was found, with what stands around it.
fn around(text: &str, place: &Highlight) -> Markup {
    let chars: Vec<char> = text.chars().collect();
    let cut = |start: usize, end: usize| -> String {
        let part = chars.get(start..end.min(chars.len()));
        part.unwrap_or_default().iter().collect()
    };
    let mut shown: usize = 0;
    let mut parts: Vec<Markup> = Vec::new();
    for fragment in &place.fragments {
        let start = usize::try_from(fragment.start).unwrap_or(0);
        let end = usize::try_from(fragment.end).unwrap_or(0);
        let far = start.saturating_sub(shown) > 2 * AROUND;
        let before = match (far, shown) {
            (false, _) => cut(shown, start),
            (true, 0) => format!("…{}", cut(start - AROUND, start)),
            (true, _) => format!(
                "{}…{}",
                cut(shown, shown + AROUND),
                cut(start - AROUND, start)
            ),
        };
        parts.push(html! { (before) mark { (cut(start, end)) } });
        shown = end;
    }
    let rest = if chars.len().saturating_sub(shown) > AROUND {
        "…"
    } else {
        ""
    };
    html! { @for part in parts { (part) } (cut(shown, shown + AROUND)) (rest) }
}

//! An article: its text with marks, and the records beside.

use maud::{Markup, html};
use tonic::Status;

use super::calls::Calls;
use super::html::{badge, date, link, span_badge, time};
use super::marked::Marked;
use super::records::records;
use super::{Page, made};
use crate::edge::reply::TOKEN_HEADER;
use crate::marks::Kind;
use crate::pb::consistency::Requirement;
use crate::pb::{
    Article, Caption, Consistency, GetArticleRequest, ListStatisticsRequest, Statistic, View,
    paragraph,
};

/// How often article and statistics are read until both are of the same text.
const READS_MAX: usize = 3;

pub async fn page(calls: &Calls, name: String) -> Result<Page, Status> {
    let (article, statistics) = read(calls, &name).await?;
    made(move || {
        let statistics: Vec<&Statistic> = statistics.iter().collect();
        let title = article.headline.clone();
        Page::new(title, whole(Marked::new(&article, &statistics)))
    })
    .await
}

/// An article with its statistics, of one text: a correction of it may come between two calls.
async fn read(calls: &Calls, name: &str) -> Result<(Article, Vec<Statistic>), Status> {
    let mut reads = 0;
    loop {
        let request = GetArticleRequest {
            name: name.to_owned(),
            view: View::Full.into(),
            ..GetArticleRequest::default()
        };
        let response = calls.get_article(request).await?;
        let token = response.metadata().get(TOKEN_HEADER);
        let token = token.and_then(|token| token.to_str().ok()).unwrap_or("0");
        let token = token.to_owned();
        let article = response.into_inner();
        let mut statistics = statistics(calls, name, token).await?;
        let source = article.source.as_ref();
        let text = source.map_or("", |source| source.sha256.as_str());
        let mut of_others = statistics
            .iter_mut()
            .filter(|statistic| statistic.source_sha256 != text)
            .peekable();
        reads += 1;
        if of_others.peek().is_some() && reads < READS_MAX {
            continue;
        }
        // Places of another text are none here.
        for span in of_others.filter_map(|statistic| statistic.span.as_mut()) {
            span.fragments.clear();
        }
        return Ok((article, statistics));
    }
}

/// All statistics of the article, in the order of their names.
async fn statistics(calls: &Calls, name: &str, token: String) -> Result<Vec<Statistic>, Status> {
    let mut request = ListStatisticsRequest {
        parent: name.to_owned(),
        page_size: 1_000,
        consistency: Some(Consistency {
            requirement: Some(Requirement::AtLeastAsFresh(token)),
        }),
        ..ListStatisticsRequest::default()
    };
    let mut all = Vec::new();
    loop {
        let page = calls.list_statistics(request.clone()).await?.into_inner();
        all.extend(page.statistics);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

fn whole(mut marked: Marked<'_>) -> Markup {
    // The text first: it tells which records have a place to lead back to.
    let text = text(&mut marked);
    let language = marked.language().to_owned();
    html! {
        div.beside {
            section.text lang=(language) tabindex="0" aria-label="The article" { (text) }
            section.records tabindex="0" aria-label="What was read of it" { (records(&marked)) }
        }
    }
}

fn text(marked: &mut Marked<'_>) -> Markup {
    let article = marked.article;
    let kicker = marked.quoted(&article.kicker, article.kicker_span.as_ref());
    let headline = marked.quoted(&article.headline, article.headline_span.as_ref());
    let deck = marked.quoted(&article.deck, article.deck_span.as_ref());
    let mut body: Vec<Markup> = Vec::new();
    for (index, paragraph) in article.paragraphs.iter().enumerate() {
        body.extend(captions(marked, |caption| caption == index));
        let text = marked.text(&paragraph.text, &paragraph.fragments);
        body.push(match paragraph.kind() {
            paragraph::Kind::Subhead => html! { h2 { (text) } },
            _ => html! { p { (text) } },
        });
    }
    let count = article.paragraphs.len();
    body.extend(captions(marked, |caption| caption >= count));
    html! {
        (notices(article))
        @if !article.kicker.is_empty() { p.kicker { (kicker) } }
        h1 { (headline) }
        @if !article.deck.is_empty() { p.deck { (deck) } }
        (facts(article))
        (bylines(marked))
        @for part in body { (part) }
        (jump(article))
    }
}

/// The captions of the pictures that come after so many paragraphs.
fn captions(marked: &mut Marked<'_>, is_here: impl Fn(usize) -> bool) -> Vec<Markup> {
    let article = marked.article;
    let after = |caption: &&Caption| is_here(usize::try_from(caption.after_paragraph).unwrap_or(0));
    let captions = article.captions.iter().filter(after);
    captions
        .map(|caption| {
            let text = marked.quoted(&caption.text, caption.span.as_ref());
            html! {
                figure {
                    figcaption {
                        (text)
                        @if !caption.credit.is_empty() { " " span.credit { (caption.credit) } }
                    }
                }
            }
        })
        .collect()
}

/// What became of the article.
fn notices(article: &Article) -> Markup {
    html! {
        @if let Some(retraction) = &article.retraction {
            p.notice role="note" lang="en" {
                strong { "Retracted" } " " (time(retraction.time)) ": "
                span lang=(super::html::LANGUAGE) { (retraction.reason) }
            }
        }
        @for correction in article.corrections.iter().rev() {
            p.notice role="note" lang="en" {
                a href={ "/look/" (article.name) "/versions#r" (correction.revision) } { "Corrected" }
                " " (time(correction.time)) ": "
                span lang=(super::html::LANGUAGE) { (correction.reason) }
            }
        }
    }
}

fn facts(article: &Article) -> Markup {
    let publication = article.publication.clone().unwrap_or_default();
    let printed = [
        publication.newspaper,
        publication.edition,
        date(publication.publish_date.as_ref()),
        publication.page,
        publication.section,
    ];
    let printed = printed.into_iter().filter(|fact| !fact.is_empty());
    let printed: Vec<String> = printed.collect();
    html! {
        p.facts lang="en" {
            code { (article.name) }
            (badge(article.state(), article.delete_time.is_some()))
            @if article.completeness != 0 { " · " (article.completeness().as_str_name()) }
            @if !printed.is_empty() { " · " (printed.join(" · ")) }
            " · " (link(&format!("{}/versions", article.name), "Versions"))
        }
    }
}

fn bylines(marked: &Marked<'_>) -> Markup {
    let article = marked.article;
    html! {
        @if !article.bylines.is_empty() {
            ul.bylines {
                @for (index, byline) in article.bylines.iter().enumerate() {
                    li id=(marked.record(Kind::Byline, index)) {
                        (byline.role_text) " " (byline.display_name) " " (span_badge(byline.span.as_ref()))
                    }
                }
            }
        }
    }
}

fn jump(article: &Article) -> Markup {
    html! {
        @if let Some(jump) = &article.continuation {
            p.facts lang="en" {
                (jump.direction().as_str_name()) " " (jump.page) " "
                @if !jump.article.is_empty() { (link(&jump.article, &jump.article)) }
            }
        }
    }
}

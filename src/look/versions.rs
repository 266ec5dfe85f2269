//! The versions of a record, each with what it changed of the one before.

use std::time::{Duration, Instant};

use maud::{Markup, html};
use tonic::Status;

use super::calls::Calls;
use super::difference::{Difference, Part, differences, parts};
use super::html::{LANGUAGE, link, next, time};
use super::{Page, made};
use crate::pb::{ListRevisionsRequest, Revision};

const PAGE_SIZE: i32 = 20;

/// How many differences of a version are shown.
const DIFFERENCES_MAX: usize = 200;

/// How long the differences of a page may be looked for; then they are told as coarsely as need be.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Text that stayed the same is shown up to this long.
const SAME_MAX: usize = 60;

pub async fn page(calls: &Calls, name: String, page_token: &str) -> Result<Page, Status> {
    let mut request = ListRevisionsRequest {
        name: name.clone(),
        page_size: PAGE_SIZE,
        page_token: page_token.to_owned(),
        ..ListRevisionsRequest::default()
    };
    let found = calls.list_revisions(request.clone()).await?.into_inner();
    let mut versions = found.revisions;
    let count = versions.len();
    if !found.next_page_token.is_empty() {
        // What the last version on the page changed, the one before it tells.
        request.page_size = 1;
        request.page_token.clone_from(&found.next_page_token);
        versions.extend(calls.list_revisions(request).await?.into_inner().revisions);
    }
    made(move || {
        let until = Instant::now() + TIME_MAX;
        let path = format!("/look/{name}/versions");
        let body = html! {
            h1 { "Versions of " (back(&name)) }
            ol.versions {
                @for (index, version) in versions.iter().take(count).enumerate() {
                    (item(version, versions.get(index + 1), until))
                }
            }
            (next(&path, "", &found.next_page_token))
        };
        Page::new(format!("Versions of {name}"), body)
    })
    .await
}

/// The record's page; a statistic is on that of its article.
fn back(name: &str) -> Markup {
    match name.split_once("/statistics/") {
        Some((article, id)) => {
            html! { a href={ "/look/" (article) "#statistic-" (id) } { (name) } }
        }
        None => link(name, name),
    }
}

fn item(version: &Revision, before: Option<&Revision>, until: Instant) -> Markup {
    html! {
        li id={ "r" (version.revision) } {
            h2 { (version.r#type().as_str_name()) " " small { "revision " (version.revision) } }
            p.facts {
                (time(version.time))
                @if !version.actor.is_empty() { " · by " (version.actor) }
            }
            @if !version.reason.is_empty() { p.reason lang=(LANGUAGE) { (version.reason) } }
            (changes(version, before, until))
        }
    }
}

fn changes(version: &Revision, before: Option<&Revision>, until: Instant) -> Markup {
    let Some(before) = before else {
        return html! { p { "There is no earlier version that you may see." } };
    };
    let (Some(old), Some(new)) = (&before.snapshot, &version.snapshot) else {
        return html! { p { "Its content, or that of the version before, was compacted away." } };
    };
    let (moves, differences): (Vec<_>, Vec<_>) = differences(old, new, until)
        .into_iter()
        .partition(Difference::is_move);
    html! {
        @if !moves.is_empty() { p { "What was read of the text was found again where it stands now." } }
        @if differences.is_empty() && moves.is_empty() { p { "Nothing but bookkeeping changed." } }
        @if !differences.is_empty() {
            table.differences {
                thead { tr { th scope="col" { "Field" } th scope="col" { "What changed" } } }
                tbody {
                    @for difference in differences.iter().take(DIFFERENCES_MAX) {
                        tr {
                            th scope="row" { code { (difference.path) } }
                            td lang=(LANGUAGE) { (change(difference, until)) }
                        }
                    }
                }
            }
            @if differences.len() > DIFFERENCES_MAX {
                p { "And " (differences.len() - DIFFERENCES_MAX) " more." }
            }
        }
    }
}

fn change(difference: &Difference, until: Instant) -> Markup {
    let parts = parts(difference, until);
    html! {
        @for part in &parts {
            @match part {
                Part::Same(text) => (elided(text)),
                Part::Gone(text) => del { (text) },
                Part::New(text) => ins { (text) },
            }
        }
    }
}

/// The ends of a long text.
fn elided(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= SAME_MAX {
        return text.to_owned();
    }
    let half = SAME_MAX / 2;
    let first: String = chars[..half].iter().collect();
    let last: String = chars[chars.len() - half..].iter().collect();
    format!("{first} … {last}")
}

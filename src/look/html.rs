//! What pages share.

use maud::{DOCTYPE, Markup, html};
use prost_types::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::pb::{Date, Span, article, span};

/// The language of the records' texts, unless an article says otherwise.
pub const LANGUAGE: &str = "zh";

/// A whole page. Whoever has given a token can take it back.
pub fn document(title: &str, query: &str, is_known: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Bulletin" }
                link rel="stylesheet" href="/look/style.css";
                link rel="icon" href="/look/icon.svg" type="image/svg+xml";
            }
            body {
                header {
                    a.home href="/look" { "Bulletin" }
                    form.search role="search" action="/look" {
                        input type="search" name="q" value=(query) maxlength="500"
                            aria-label="Words of articles" placeholder="Words of articles";
                        button { "Search" }
                    }
                    @if is_known {
                        form method="post" action="/look/leave" { button { "Forget my token" } }
                    }
                }
                main { (body) }
            }
        }
    }
}

/// Where a token is asked for.
pub fn entrance(to: &str, message: &str) -> Markup {
    html! {
        h1 { "Who are you?" }
        p { (message) "." }
        form.entrance method="post" action="/look/enter" {
            label for="token" { "Token, as calls carry it behind " code { "authorization: Bearer" } }
            input #token type="password" name="token" required autocomplete="off";
            input type="hidden" name="to" value=(to);
            button { "Show me what I may see" }
        }
    }
}

/// An entry of a description list, unless there is nothing to say.
pub fn entry(label: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() {
            dt { (label) }
            dd lang=(LANGUAGE) { (text) }
        }
    }
}

/// A link to a record's page.
pub fn link(name: &str, text: &str) -> Markup {
    html! { a href={ "/look/" (name) } { (text) } }
}

/// The last part of a name.
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// Of anything but what is published, its state.
pub fn badge(state: article::State, is_deleted: bool) -> Markup {
    html! {
        @if state != article::State::Published {
            " " strong.badge { (state.as_str_name()) }
        }
        @if is_deleted {
            " " strong.badge { "DELETED" }
        }
    }
}

/// Of anything but a quote that stands where it was found, what became of it.
pub fn span_badge(span: Option<&Span>) -> Markup {
    let state = span.map(Span::state).unwrap_or_default();
    html! {
        @match (state, span) {
            (span::State::Broken, Some(span)) => {
                strong.badge { "BROKEN" }
                " these words no longer stand in the text: "
                q lang=(LANGUAGE) { (span.quote) }
            }
            (span::State::Moved, _) => {
                span.badge title="a correction of the text moved the words" { "MOVED" }
            }
            _ => {}
        }
    }
}

/// `2020-06-12T08:00:00Z`
pub fn time(time: Option<Timestamp>) -> Markup {
    let told = time.and_then(|time| {
        let moment = OffsetDateTime::from_unix_timestamp(time.seconds).ok()?;
        moment.format(&Rfc3339).ok()
    });
    html! {
        @if let Some(told) = told {
            time datetime=(told) { (told) }
        }
    }
}

/// `2017-06-11`, `2017`, `--06-11`: what is printed of a date.
pub fn date(date: Option<&Date>) -> String {
    let Some(date) = date else {
        return String::new();
    };
    let mut told = match date.year {
        0 => "-".to_owned(),
        year => format!("{year:04}"),
    };
    for part in [date.month, date.day].into_iter().filter(|part| *part > 0) {
        told.push_str(&format!("-{part:02}"));
    }
    told
}

/// Where a list goes on.
pub fn next(path: &str, query: &str, token: &str) -> Markup {
    html! {
        @if !token.is_empty() {
            p { a.next rel="next" href=(address(path, &[("q", query), ("page", token)])) { "Next page" } }
        }
    }
}

/// A path with what is set of a query.
fn address(path: &str, parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parts)
        .finish();
    match query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{query}"),
    }
}

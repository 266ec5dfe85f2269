//! Articles: what a bulletin says, with the page it was read from.

pub mod draft;
pub mod fields;
pub mod places;
pub mod search;
pub mod service;
pub mod store;
pub mod write;

use crate::pb::{Article, Span};

/// Calls `visit` with the path and the place of every span an article may have, set or not.
pub fn each_span(article: &mut Article, visit: &mut dyn FnMut(&str, &mut Option<Span>)) {
    visit("headline_span", &mut article.headline_span);
    visit("kicker_span", &mut article.kicker_span);
    visit("deck_span", &mut article.deck_span);
    if let Some(continuation) = &mut article.continuation {
        visit("continuation.span", &mut continuation.span);
    }
    macro_rules! each_of {
        ($list:ident) => {
            for (index, item) in article.$list.iter_mut().enumerate() {
                visit(
                    &format!("{}[{index}].span", stringify!($list)),
                    &mut item.span,
                );
            }
        };
    }
    each_of!(bylines);
    each_of!(captions);
    each_of!(people);
    each_of!(quotations);
    each_of!(honours);
    each_of!(events);
    each_of!(works);
    each_of!(mentions);
}

/// The paths and names of every station an article refers to.
pub fn station_references(article: &Article) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for (index, person) in article.people.iter().enumerate() {
        for (office_index, office) in person.offices.iter().enumerate() {
            let path = format!("people[{index}].offices[{office_index}].station");
            found.push((path, office.station.as_str()));
        }
    }
    for (index, honour) in article.honours.iter().enumerate() {
        found.push((
            format!("honours[{index}].awarding_station"),
            honour.awarding_station.as_str(),
        ));
        for (recipient_index, recipient) in honour.recipients.iter().enumerate() {
            found.push((
                format!("honours[{index}].recipients[{recipient_index}]"),
                recipient.as_str(),
            ));
        }
    }
    for (index, event) in article.events.iter().enumerate() {
        for (station_index, station) in event.organizer_stations.iter().enumerate() {
            let path = format!("events[{index}].organizer_stations[{station_index}]");
            found.push((path, station.as_str()));
        }
    }
    for (index, mention) in article.mentions.iter().enumerate() {
        found.push((
            format!("mentions[{index}].station"),
            mention.station.as_str(),
        ));
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

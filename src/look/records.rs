//! The records that were read of an article.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::html::{LANGUAGE, date, entry, id, link, span_badge};
use super::marked::{Marked, class};
use crate::marks::Kind;
use crate::pb::{Honour, Mention, Period, Person, Span, Statistic};
use crate::statistics::told;

pub fn records(marked: &Marked<'_>) -> Markup {
    html! {
        (statistics(marked))
        (units(marked))
        (honours(marked))
        (people(marked))
        (quotations(marked))
        (events(marked))
        (works(marked))
    }
}

/// A table of records of one kind, unless there are none.
fn table(kind: Kind, caption: &str, heads: &[&str], rows: &[Markup]) -> Markup {
    html! {
        @if !rows.is_empty() {
            table class={ (class(kind)) "s" } {
                caption { mark class=(class(kind)) { (caption) } " " (rows.len()) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}

/// The head of a row: what the record is called, which leads to its place in the text.
fn head(marked: &Marked<'_>, kind: Kind, index: usize, name: &str, span: Option<&Span>) -> Markup {
    html! {
        th scope="row" {
            @match marked.placed(kind, index) {
                Some(place) => a href={ "#" (place) } title="to its place in the text" { (name) },
                None => (name),
            }
            " " (span_badge(span))
        }
    }
}

fn statistics(marked: &Marked<'_>) -> Markup {
    let rows = marked.statistics.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, statistic)| {
            let quantity = statistic.quantity.clone().unwrap_or_default();
            let name = id(&statistic.name);
            html! {
                tr id=(marked.record(Kind::Statistic, index)) {
                    (head(marked, Kind::Statistic, index, name, statistic.span.as_ref()))
                    td lang=(LANGUAGE) {
                        (statistic.qualifier_text) (quantity.as_written) (quantity.unit_text)
                    }
                    td {
                        strong lang=(LANGUAGE) { (told::value(&quantity)) }
                        @let claim = told::claim(statistic);
                        @if !claim.is_empty() { br; span.badge { (claim) } }
                    }
                    td { (details(marked, statistic)) }
                }
            }
        })
        .collect();
    table(
        Kind::Number,
        "Statistics",
        &["Id", "Written", "Read as", "Of what"],
        &rows,
    )
}

fn details(marked: &Marked<'_>, statistic: &Statistic) -> Markup {
    let change = statistic.change.as_ref().map(told::change);
    let digits = statistic.quantity.as_ref();
    let digits = digits.map_or(0, |quantity| quantity.significant_digits);
    let named = |value: i32, name: &'static str| if value == 0 { "" } else { name };
    html! {
        span lang=(LANGUAGE) { (statistic.metric) }
        dl {
            (entry("change", &change.unwrap_or_default()))
            (entry("period", &statistic.period.as_ref().map(period).unwrap_or_default()))
            (entry("place", &statistic.place))
            (entry("subject", &statistic.subject))
            @if !statistic.stations.is_empty() {
                dt { "units" }
                dd lang=(LANGUAGE) {
                    @for station in &statistic.stations { (link(station, surface(marked, station))) " " }
                }
            }
            (entry("categories", &statistic.categories.join(", ")))
            (entry("items", &statistic.items.join(", ")))
            (entry("indicator", &statistic.indicator))
            (entry("target", named(statistic.target_kind, statistic.target_kind().as_str_name())))
            (entry("approximated", named(statistic.approximation, statistic.approximation().as_str_name())))
            (entry("hedge", &statistic.hedge))
            (entry("trend", &statistic.trend_text))
            @if digits > 0 { (entry("digits", &digits.to_string())) }
            (to_record(marked, "speaker", "person", &statistic.speaker))
            (to_record(marked, "honour", "honour", &statistic.honour))
            (to_record(marked, "part of", "statistic", id(&statistic.parent_statistic)))
            (entry("inferred", &statistic.inferred.join(", ")))
        }
        a href={ "/look/" (statistic.name) "/versions" } { "Versions" }
        @if !statistic.corrections.is_empty() { " " span.badge { "CORRECTED" } }
    }
}

/// What a record says of another on the page.
fn to_record(marked: &Marked<'_>, label: &str, kind: &str, id: &str) -> Markup {
    let name = match kind {
        "person" => marked.article.people.iter().find(|person| person.id == id),
        _ => None,
    };
    html! {
        @if !id.is_empty() {
            dt { (label) }
            dd { a href={ "#" (kind) "-" (id) } { (name.map_or(id, |person| &person.display_name)) } }
        }
    }
}

/// `今年1至4月 (2017-01 – 2017-04)`
fn period(period: &Period) -> String {
    let mut parts = Vec::new();
    let (start, end) = (date(period.start.as_ref()), date(period.end.as_ref()));
    match (start.as_str(), end.as_str()) {
        ("", "") => {}
        (start, end) if start == end => parts.push(start.to_owned()),
        (start, "") => parts.push(format!("from {start}")),
        ("", end) => parts.push(format!("to {end}")),
        (start, end) => parts.push(format!("{start} – {end}")),
    }
    for part in [&period.end_text, &period.duration, &period.recurrence] {
        if !part.is_empty() {
            parts.push(part.clone());
        }
    }
    if period.approximate {
        parts.push("approximate".to_owned());
    }
    match (period.text.as_str(), parts.is_empty()) {
        (text, true) => text.to_owned(),
        ("", false) => parts.join(", "),
        (text, false) => format!("{text} ({})", parts.join(", ")),
    }
}

/// What a station is called in the article, else its id.
fn surface<'s>(marked: &'s Marked<'_>, station: &'s str) -> &'s str {
    let mut mentions = marked.article.mentions.iter();
    let found = mentions.find(|mention| mention.station == station);
    found.map_or(id(station), |mention| &mention.surface)
}

/// One row a station, with each place that names it.
fn units(marked: &Marked<'_>) -> Markup {
    let mut stations: BTreeMap<&str, Vec<(usize, &Mention)>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for (index, mention) in marked.article.mentions.iter().enumerate() {
        let places = stations.entry(&mention.station).or_default();
        if places.is_empty() {
            order.push(&mention.station);
        }
        places.push((index, mention));
    }
    let rows = order.iter().map(|station| {
        let places = &stations[station];
        html! {
            tr id=(marked.record(Kind::Unit, places[0].0)) {
                th scope="row" { (link(station, id(station))) }
                td lang=(LANGUAGE) {
                    @for (index, mention) in places {
                        @match marked.placed(Kind::Unit, *index) {
                            Some(place) => a href={ "#" (place) } { (mention.surface) },
                            None => (mention.surface),
                        }
                        " " (span_badge(mention.span.as_ref())) " "
                    }
                }
            }
        }
    });
    let rows: Vec<Markup> = rows.collect();
    table(Kind::Unit, "Units", &["Station", "Named"], &rows)
}

fn honours(marked: &Marked<'_>) -> Markup {
    let rows = marked.article.honours.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, honour)| {
            html! {
                tr id=(marked.record(Kind::Honour, index)) {
                    (head(marked, Kind::Honour, index, &honour.id, honour.span.as_ref()))
                    td { (honour_details(marked, honour)) }
                }
            }
        })
        .collect();
    table(Kind::Honour, "Honours", &["Id", "Honour"], &rows)
}

fn honour_details(marked: &Marked<'_>, honour: &Honour) -> Markup {
    html! {
        strong lang=(LANGUAGE) { (honour.title) } " " span.badge { (honour.state().as_str_name()) }
        dl {
            @if honour.level != 0 { (entry("level", honour.level().as_str_name())) }
            (entry("by", &honour.awarding_body))
            @if !honour.awarding_station.is_empty() {
                dt { "by" }
                dd lang=(LANGUAGE) {
                    (link(&honour.awarding_station, surface(marked, &honour.awarding_station)))
                }
            }
            @if !honour.recipients.is_empty() || !honour.other_recipients.is_empty() {
                dt { "to" }
                dd lang=(LANGUAGE) {
                    @for station in &honour.recipients { (link(station, surface(marked, station))) " " }
                    (honour.other_recipients.join(" "))
                }
            }
            @if honour.recipient_count > 0 { (entry("recipients", &honour.recipient_count.to_string())) }
        }
    }
}

fn people(marked: &Marked<'_>) -> Markup {
    let rows = marked.article.people.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, person)| {
            html! {
                tr id=(marked.record(Kind::Person, index)) {
                    (head(marked, Kind::Person, index, &person.display_name, person.span.as_ref()))
                    td { (offices(marked, person)) }
                }
            }
        })
        .collect();
    table(
        Kind::Person,
        "People",
        &["Name", "Offices and roles"],
        &rows,
    )
}

fn offices(marked: &Marked<'_>, person: &Person) -> Markup {
    let roles: Vec<&str> = person.roles().map(|role| role.as_str_name()).collect();
    html! {
        span lang=(LANGUAGE) {
            @for office in &person.offices {
                (office.organization)
                @if !office.station.is_empty() { (link(&office.station, surface(marked, &office.station))) }
                " " (office.title) br;
            }
        }
        (roles.join(" "))
    }
}

fn quotations(marked: &Marked<'_>) -> Markup {
    let rows = marked.article.quotations.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, quotation)| {
            let number = (index + 1).to_string();
            html! {
                tr id=(marked.record(Kind::Quotation, index)) {
                    (head(marked, Kind::Quotation, index, &number, quotation.span.as_ref()))
                    td {
                        (quotation.mode().as_str_name()) " " span lang=(LANGUAGE) { (quotation.verb) }
                        dl { (to_record(marked, "by", "person", &quotation.person)) }
                    }
                }
            }
        })
        .collect();
    table(
        Kind::Quotation,
        "Quotations",
        &["No.", "How, and whose"],
        &rows,
    )
}

fn events(marked: &Marked<'_>) -> Markup {
    let rows = marked.article.events.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, event)| {
            html! {
                tr id=(marked.record(Kind::Event, index)) {
                    (head(marked, Kind::Event, index, &event.display_name, event.span.as_ref()))
                    td lang=(LANGUAGE) {
                        (date(event.date.as_ref())) " " (event.organizers.join(" ")) " "
                        @for station in &event.organizer_stations { (link(station, surface(marked, station))) " " }
                    }
                }
            }
        })
        .collect();
    table(Kind::Event, "Events", &["Event", "When, and whose"], &rows)
}

fn works(marked: &Marked<'_>) -> Markup {
    let rows = marked.article.works.iter().enumerate();
    let rows: Vec<Markup> = rows
        .map(|(index, work)| {
            html! {
                tr id=(marked.record(Kind::Work, index)) {
                    (head(marked, Kind::Work, index, &work.title, work.span.as_ref()))
                    td lang=(LANGUAGE) { (work.issuer) }
                }
            }
        })
        .collect();
    table(Kind::Work, "Works", &["Title", "Issuer"], &rows)
}

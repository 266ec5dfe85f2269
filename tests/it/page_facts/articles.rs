//! Articles and units as the facts say they must be served.

use bulletin::pb::{
    self, Article, Date, Paragraph, Station, byline, continuation, honour, paragraph, person,
    quotation, station,
};
use serde_json::Value;

use super::fact::{fragments, list, number, of, span, station_or_text, text, texts, valued};
use crate::support::seeds::PAGE_TEXT;

pub fn expected_article(facts: &Value, fact: &Value) -> Article {
    let name = text(fact, "name");
    let people: Vec<pb::Person> = of(facts, "people", name).into_iter().map(person).collect();
    let bylines = list(fact, "bylines").iter().map(|byline| pb::Byline {
        role: valued(byline::Role::from_str_name, text(byline, "role_code")),
        role_text: text(byline, "role").to_owned(),
        display_name: text(byline, "person").to_owned(),
        person: people
            .iter()
            .find(|person| person.display_name == text(byline, "person"))
            .map(|person| person.id.clone())
            .unwrap(),
        span: span(byline),
    });
    let captions = list(fact, "captions").iter().map(|caption| pb::Caption {
        text: text(&caption["caption"], "quote").to_owned(),
        credit: text(&caption["credit"], "quote").to_owned(),
        after_paragraph: number(caption, "placed_after_paragraph"),
        span: span(&caption["caption"]),
    });
    let jump = |jump: &Value| pb::Continuation {
        direction: valued(
            continuation::Direction::from_str_name,
            text(jump, "direction"),
        ),
        page: text(jump, "page").to_owned(),
        article: text(jump, "target_article_part").to_owned(),
        span: span(jump),
    };
    let part = |key: &str| fact[key].is_object().then(|| &fact[key]);
    let each = |kind| of(facts, kind, name).into_iter();
    Article {
        name: name.to_owned(),
        headline: text(&fact["headline"], "quote").to_owned(),
        headline_span: span(&fact["headline"]),
        kicker: part("kicker")
            .map_or("", |kicker| text(kicker, "quote"))
            .to_owned(),
        kicker_span: part("kicker").and_then(span),
        language_code: text(&facts["publication"], "language_code").to_owned(),
        state: pb::article::State::Published.into(),
        bylines: bylines.collect(),
        continuation: part("continuation").map(jump),
        completeness: valued(
            pb::article::Completeness::from_str_name,
            text(fact, "completeness"),
        ),
        source: Some(pb::Source {
            sha256: text(&facts["document"], "sha256").to_owned(),
            media_type: "text/plain; charset=utf-8".to_owned(),
            length: number(&facts["document"], "chars"),
        }),
        captions: captions.collect(),
        quotations: each("quotations").map(quotation).collect(),
        honours: each("honours").map(honour).collect(),
        events: each("events").map(event).collect(),
        works: each("works_cited").map(work).collect(),
        people,
        paragraphs: paragraphs(fact),
        source_text: PAGE_TEXT.to_owned(),
        ..Article::default()
    }
}

/// Subheads stand among the paragraphs, each before the one it heads.
fn paragraphs(article: &Value) -> Vec<Paragraph> {
    let paragraph = |fact: &Value, kind: paragraph::Kind| Paragraph {
        text: text(fact, "quote").to_owned(),
        kind: kind.into(),
        fragments: fragments(fact),
    };
    let mut found = Vec::new();
    for body in list(article, "paragraphs") {
        let heads = |subhead: &&Value| subhead["before_paragraph"] == body["index"];
        let subheads = list(article, "subheads").iter().filter(heads);
        found.extend(subheads.map(|subhead| paragraph(subhead, paragraph::Kind::Subhead)));
        found.push(paragraph(body, paragraph::Kind::Body));
    }
    found
}

/// `BYLINE_REPORTER` and its like are BYLINED: the byline itself says as what.
fn person(fact: &Value) -> pb::Person {
    let role = |role: &String| match role.strip_prefix("BYLINE_") {
        Some(_) => person::Role::Bylined.into(),
        None => valued(person::Role::from_str_name, role),
    };
    let office = |office: &Value| {
        let (station, organization) = station_or_text(text(office, "organization"));
        person::Office {
            title: text(office, "title").to_owned(),
            organization,
            station,
        }
    };
    pb::Person {
        id: text(fact, "id").to_owned(),
        display_name: text(fact, "display_name").to_owned(),
        offices: list(fact, "offices").iter().map(office).collect(),
        roles: texts(fact, "roles").iter().map(role).collect(),
        span: span(fact),
    }
}

fn quotation(fact: &Value) -> pb::Quotation {
    pb::Quotation {
        person: text(fact, "speaker").to_owned(),
        mode: valued(quotation::Mode::from_str_name, text(fact, "mode")),
        verb: text(fact, "verb").to_owned(),
        span: span(fact),
    }
}

/// Every honour of the page was awarded but for those whose status says otherwise.
fn honour(fact: &Value) -> pb::Honour {
    let (awarding_station, awarding_body) = station_or_text(text(fact, "awarded_by"));
    let state = text(fact, "status")
        .split(':')
        .next()
        .filter(|word| !word.is_empty());
    pb::Honour {
        id: text(fact, "id").to_owned(),
        title: text(fact, "title").to_owned(),
        verb: text(fact, "verb").to_owned(),
        level: valued(honour::Level::from_str_name, text(fact, "level")),
        awarding_body,
        awarding_station,
        recipients: texts(fact, "recipients"),
        other_recipients: Vec::new(),
        recipient_count: number(fact, "recipient_count"),
        recipients_complete: fact["recipients_complete"] == true,
        state: valued(honour::State::from_str_name, state.unwrap_or("AWARDED")),
        span: span(fact),
    }
}

fn event(fact: &Value) -> pb::Event {
    let date = &fact["date"];
    let (stations, others): (Vec<String>, _) = texts(fact, "organisers")
        .into_iter()
        .partition(|organizer| organizer.starts_with("stations/"));
    pb::Event {
        display_name: text(fact, "display_name").to_owned(),
        date: Some(Date {
            year: number(date, "year_reported"),
            month: number(date, "month"),
            day: number(date, "day"),
        }),
        organizers: others,
        organizer_stations: stations,
        span: span(fact),
    }
}

/// An issuer is kept as printed; the one unit that issues is printed as 市公安局.
fn work(fact: &Value) -> pb::Work {
    let issuer = match text(fact, "issuer") {
        "stations/ningbo-psb" => "市公安局",
        printed => printed,
    };
    pb::Work {
        title: text(fact, "title").to_owned(),
        issuer: issuer.to_owned(),
        span: span(fact),
    }
}

/// The facts' own words for what units are.
fn station_kind(kind: &str) -> i32 {
    let word = match kind {
        "TRAFFIC_BRIGADE" => "BRIGADE",
        "TRAFFIC_SQUADRON" => "SQUADRON",
        word => word,
    };
    valued(station::Kind::from_str_name, word)
}

/// 该中队 points back at a unit and is only mentioned; 市公安局党委 is another body, listed as such.
pub const NO_ALIASES: [&str; 2] = ["该中队", "市公安局党委(党委)"];

pub fn expected_station(fact: &Value) -> Station {
    let full_name = text(fact, "full_name_resolved");
    let is_alias = |alias: &String| !NO_ALIASES.contains(&alias.as_str()) && alias != full_name;
    Station {
        name: text(fact, "name").to_owned(),
        display_name: text(fact, "display_name").to_owned(),
        full_name: full_name.to_owned(),
        parent: text(fact, "parent").to_owned(),
        aliases: texts(fact, "aliases")
            .into_iter()
            .filter(is_alias)
            .collect(),
        kind: station_kind(text(fact, "kind")),
        state: station::State::Active.into(),
        ..Station::default()
    }
}

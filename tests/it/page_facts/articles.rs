//! The articles, the units, and who and what they name.

use bulletin::pb::{self, continuation, honour, person, quotation};
use serde_json::Value;

use super::{Facts, check_span, places, places_of, text, texts};

#[tokio::test]
async fn every_article_comes_back_as_printed() {
    let facts = Facts::read().await;
    assert_eq!(facts.list("articles").len(), 2);
    for fact in facts.list("articles") {
        let article = facts.article(text(&fact["name"]));
        let name = &article.name;
        assert_eq!(article.headline, text(&fact["headline"]["quote"]));
        check_span(article.headline_span.as_ref(), &fact["headline"]);
        assert_eq!(article.kicker, text(&fact["kicker"]["quote"]));
        if fact["kicker"].is_object() {
            check_span(article.kicker_span.as_ref(), &fact["kicker"]);
        }
        assert_eq!(
            article.completeness().as_str_name(),
            text(&fact["completeness"]),
            "{name}"
        );
        check_bylines(article, &fact["bylines"]);
        check_captions(article, &fact["captions"]);
        check_paragraphs(article, fact);
        match (&article.continuation, fact["continuation"].is_object()) {
            (Some(jump), true) => {
                assert_eq!(jump.direction(), continuation::Direction::ContinuedOn);
                assert_eq!(jump.page, text(&fact["continuation"]["page"]));
                check_span(jump.span.as_ref(), &fact["continuation"]);
            }
            (jump, is_expected) => assert_eq!(jump.is_some(), is_expected, "{name}"),
        }
    }
}

fn check_bylines(article: &pb::Article, facts: &Value) {
    let facts = facts.as_array().unwrap();
    assert_eq!(article.bylines.len(), facts.len(), "{}", article.name);
    for (byline, fact) in article.bylines.iter().zip(facts) {
        assert_eq!(byline.role().as_str_name(), text(&fact["role_code"]));
        assert_eq!(byline.role_text, text(&fact["role"]));
        assert_eq!(byline.display_name, text(&fact["person"]));
        check_span(byline.span.as_ref(), fact);
        let person = article
            .people
            .iter()
            .find(|person| person.id == byline.person)
            .unwrap();
        assert_eq!(person.display_name, byline.display_name);
    }
}

fn check_captions(article: &pb::Article, facts: &Value) {
    let facts = facts.as_array().unwrap();
    assert_eq!(article.captions.len(), facts.len(), "{}", article.name);
    for (caption, fact) in article.captions.iter().zip(facts) {
        assert_eq!(caption.text, text(&fact["caption"]["quote"]));
        assert_eq!(caption.credit, text(&fact["credit"]["quote"]));
        let after = fact["placed_after_paragraph"].as_i64().unwrap();
        assert_eq!(i64::from(caption.after_paragraph), after);
        check_span(caption.span.as_ref(), &fact["caption"]);
    }
}

fn check_paragraphs(article: &pb::Article, fact: &Value) {
    let of_kind = |kind: pb::paragraph::Kind| {
        article
            .paragraphs
            .iter()
            .filter(move |paragraph| paragraph.kind() == kind)
    };
    for (key, kind) in [
        ("paragraphs", pb::paragraph::Kind::Body),
        ("subheads", pb::paragraph::Kind::Subhead),
    ] {
        let facts = fact[key].as_array().unwrap();
        let found: Vec<_> = of_kind(kind).collect();
        assert_eq!(found.len(), facts.len(), "{} {key}", article.name);
        for (paragraph, fact) in found.iter().zip(facts) {
            assert_eq!(paragraph.text, text(&fact["quote"]));
            assert_eq!(places(&paragraph.fragments), places_of(fact));
        }
    }
}

#[tokio::test]
async fn every_unit_comes_back_and_is_mentioned_where_the_page_names_it() {
    let facts = Facts::read().await;
    for fact in facts.list("stations") {
        let name = text(&fact["name"]);
        let station = facts.stations.iter().find(|station| station.name == name);
        let station = station.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(station.display_name, text(&fact["display_name"]));
        let kind = match text(&fact["kind"]) {
            "MUNICIPAL" => "MUNICIPAL_BUREAU",
            "TRAFFIC_BRIGADE" => "BRIGADE",
            "TRAFFIC_SQUADRON" => "SQUADRON",
            kind => kind,
        };
        assert_eq!(station.kind().as_str_name(), kind, "{name}");
        assert_eq!(station.state(), pb::station::State::Active, "{name}");
        assert_eq!(station.parent, text(&fact["parent"]), "{name}");
        let is_inferred = station.inferred.iter().any(|path| path == "parent");
        assert_eq!(
            is_inferred,
            text(&fact["parent_basis"]) == "INFERRED",
            "{name}"
        );
        assert_eq!(
            station.full_name,
            text(&fact["full_name_resolved"]),
            "{name}"
        );
        let mentions: Vec<&pb::Mention> = facts
            .articles
            .iter()
            .flat_map(|article| &article.mentions)
            .filter(|mention| mention.station == name)
            .collect();
        check_mention(&mentions, fact);
        for alias in texts(&fact["aliases"]) {
            // A gloss on another body, which is no name of this unit.
            let is_other_body = alias == "市公安局党委(党委)";
            let is_known = station.aliases.iter().any(|known| known == alias)
                || station.full_name == alias
                || mentions.iter().any(|mention| mention.surface == alias);
            assert!(is_known || is_other_body, "{name} is not known as {alias}");
        }
    }
    let municipal = facts.articles.iter().filter(|article| {
        article
            .mentions
            .iter()
            .any(|mention| mention.station == "stations/ningbo-psb")
    });
    assert_eq!(
        municipal.count(),
        2,
        "the municipal bureau is in both articles"
    );
}

/// Some mention stands within the fact's place; the fact's quote may go on behind the name.
fn check_mention(mentions: &[&pb::Mention], fact: &Value) {
    let (start, end) = places_of(fact)[0];
    let is_there = mentions.iter().any(|mention| {
        let span = mention.span.as_ref().unwrap();
        let (from, to) = places(&span.fragments)[0];
        assert_eq!(span.quote, mention.surface);
        start <= from && to <= end
    });
    assert!(is_there, "{fact} is not mentioned");
}

#[tokio::test]
async fn every_person_and_quotation_comes_back() {
    let facts = Facts::read().await;
    for fact in facts.list("people") {
        let article = facts.article_of(fact);
        let person = article
            .people
            .iter()
            .find(|person| person.id == text(&fact["id"]))
            .unwrap();
        assert_eq!(person.display_name, text(&fact["display_name"]));
        let roles: Vec<&str> = person.roles().map(|role| role.as_str_name()).collect();
        let expected = texts(&fact["roles"]).into_iter();
        let expected = expected.map(|role| {
            if role.starts_with("BYLINE") {
                "BYLINED"
            } else {
                role
            }
        });
        assert_eq!(roles, expected.collect::<Vec<_>>());
        let offices = fact["offices"].as_array().unwrap();
        assert_eq!(person.offices.len(), offices.len());
        for (office, fact) in person.offices.iter().zip(offices) {
            assert_eq!(office.title, text(&fact["title"]));
            let body = text(&fact["organization"]);
            let is_station = body.starts_with("stations/");
            assert_eq!(
                if is_station {
                    &office.station
                } else {
                    &office.organization
                },
                body
            );
        }
        check_span(person.span.as_ref(), fact);
    }
    for fact in facts.list("quotations") {
        let article = facts.article_of(fact);
        let is_it = |found: &&pb::Quotation| {
            found
                .span
                .as_ref()
                .is_some_and(|span| span.quote == text(&fact["quote"]))
        };
        let quotation = article.quotations.iter().find(is_it).unwrap();
        assert_eq!(quotation.person, text(&fact["speaker"]));
        assert_eq!(quotation.verb, text(&fact["verb"]));
        let mode = match text(&fact["mode"]) {
            "DIRECT" => quotation::Mode::Direct,
            _ => quotation::Mode::Indirect,
        };
        assert_eq!(quotation.mode(), mode);
        check_span(quotation.span.as_ref(), fact);
    }
    assert!(person::Role::from_str_name("BYLINED").is_some());
}

#[tokio::test]
async fn every_honour_comes_back_and_an_aspiration_is_not_held() {
    let facts = Facts::read().await;
    for fact in facts.list("honours") {
        let article = facts.article_of(fact);
        let honour = article
            .honours
            .iter()
            .find(|honour| honour.id == text(&fact["id"]))
            .unwrap();
        assert_eq!(honour.title, text(&fact["title"]));
        assert_eq!(honour.verb, text(&fact["verb"]));
        assert_eq!(honour.level().as_str_name(), text(&fact["level"]));
        assert_eq!(honour.recipients, texts(&fact["recipients"]));
        assert_eq!(
            honour.recipient_count.to_string(),
            fact["recipient_count"].as_str().unwrap_or("0")
        );
        let is_complete = fact["recipients_complete"].as_bool().unwrap_or_default();
        assert_eq!(honour.recipients_complete, is_complete);
        let is_aspiration = text(&fact["status"]).starts_with("ASPIRATION");
        assert_eq!(honour.state() == honour::State::Aspiration, is_aspiration);
        let body = text(&fact["awarded_by"]);
        let is_station = body.starts_with("stations/");
        assert_eq!(
            if is_station {
                &honour.awarding_station
            } else {
                &honour.awarding_body
            },
            body
        );
        check_span(honour.span.as_ref(), fact);
    }
}

#[tokio::test]
async fn every_event_and_work_comes_back() {
    let facts = Facts::read().await;
    for fact in facts.list("events") {
        let article = facts.article_of(fact);
        let is_it = |event: &&pb::Event| event.display_name == text(&fact["display_name"]);
        let event = article.events.iter().find(is_it).unwrap();
        let part = |key: &str| i32::try_from(fact["date"][key].as_i64().unwrap()).unwrap();
        assert_eq!(
            event.date,
            Some(pb::Date {
                year: 0,
                month: part("month"),
                day: part("day")
            })
        );
        let organisers = [event.organizers.clone(), event.organizer_stations.clone()].concat();
        assert_eq!(organisers, texts(&fact["organisers"]));
        check_span(event.span.as_ref(), fact);
    }
    for fact in facts.list("works_cited") {
        let article = facts.article_of(fact);
        let work = article
            .works
            .iter()
            .find(|work| work.title == text(&fact["title"]))
            .unwrap();
        assert_eq!(work.issuer.is_empty(), fact["issuer"].is_null());
        check_span(work.span.as_ref(), fact);
    }
}

//! What the page does not say is unset, or named in `inferred`: every text of every record is looked
//! for in the page.

use std::collections::{BTreeMap, BTreeSet};

use bulletin::pb::{POOL, Statistic};
use bulletin::record::Record;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use crate::support::Service;
use crate::support::seeds::{PAGE_TEXT, Records, facts};

/// Fields that are ids, references, codes or descriptions, hence not the page's words.
const NOT_PRINTED: [&str; 30] = [
    "Article.etag",
    "Article.inferred",
    "Article.language_code",
    "Article.name",
    "Byline.person",
    "Event.display_name",
    "Event.organizer_stations",
    "Honour.awarding_station",
    "Honour.id",
    "Honour.recipients",
    "Mention.station",
    "Person.Office.station",
    "Person.id",
    "Period.duration",
    "Period.recurrence",
    "Quotation.person",
    "Source.media_type",
    "Source.sha256",
    "Station.etag",
    "Station.inferred",
    "Station.name",
    "Statistic.etag",
    "Statistic.honour",
    "Statistic.indicator",
    "Statistic.inferred",
    "Statistic.metric",
    "Statistic.name",
    "Statistic.parent_statistic",
    "Statistic.source_sha256",
    "Statistic.speaker",
];

/// References that the facts give a basis for; `page_facts` compares it.
const REFERENCES: [&str; 2] = ["Station.parent", "Statistic.stations"];

/// Texts that may cross a page break.
const JOINED: [&str; 2] = ["Paragraph.text", "Span.quote"];

/// A text or a date of a record.
struct Leaf {
    /// As `inferred` writes it.
    path: String,
    /// The message and its field, such as `Span.quote`.
    field: String,
    value: Found,
}

enum Found {
    Text(String),
    /// Year, month, day.
    Date(i32, i32, i32),
}

fn walk(message: &DynamicMessage, prefix: &str, found: &mut Vec<Leaf>) {
    let descriptor = message.descriptor();
    let kind = descriptor.full_name().trim_start_matches("bulletin.v1.");
    for (field, value) in message.fields() {
        let path = match prefix {
            "" => field.name().to_owned(),
            prefix => format!("{prefix}.{}", field.name()),
        };
        let values = match value {
            Value::List(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let leaf = |value| Leaf {
                path: path.clone(),
                field: format!("{kind}.{}", field.name()),
                value,
            };
            match value {
                Value::String(text) => found.push(leaf(Found::Text(text.clone()))),
                Value::Message(inner) => match inner.descriptor().full_name() {
                    "google.type.Date" => {
                        let part = |name| inner.get_field_by_name(name).unwrap().as_i32().unwrap();
                        let date = Found::Date(part("year"), part("month"), part("day"));
                        found.push(leaf(date));
                    }
                    // Numbers have a test of their own; times are the service's.
                    "google.type.Decimal" | "google.protobuf.Timestamp" => {}
                    _ => walk(inner, &path, found),
                },
                _ => {}
            }
        }
    }
}

fn leaves<R: Record>(record: &R) -> Vec<Leaf> {
    let descriptor = POOL.get_message_by_name(R::MESSAGE).unwrap();
    let bytes = record.encode_to_vec();
    let message = DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap();
    let mut found = Vec::new();
    walk(&message, "", &mut found);
    found
}

/// Every leaf of every record, with the record's name and what it lists as inferred.
fn all(records: &Records) -> Vec<(String, Vec<String>, Vec<Leaf>)> {
    let mut found = Vec::new();
    for record in records.articles.values() {
        let mut record = record.clone();
        assert_eq!(record.source_text, PAGE_TEXT);
        record.source_text.clear();
        found.push((
            record.name.clone(),
            record.inferred.clone(),
            leaves(&record),
        ));
    }
    for record in records.stations.values() {
        found.push((record.name.clone(), record.inferred.clone(), leaves(record)));
    }
    for record in records.statistics.values() {
        found.push((record.name.clone(), record.inferred.clone(), leaves(record)));
    }
    assert_eq!(found.len(), 2 + 18 + 32);
    found
}

#[tokio::test]
async fn every_text_is_the_pages_or_named_as_inferred() {
    let records = Service::seeded().await.records().await;
    let joined: String = PAGE_TEXT.split('\n').collect();
    let mut passed_over = BTreeSet::new();
    let mut looked_for = BTreeMap::new();
    for (name, inferred, leaves) in all(&records) {
        for Leaf { path, field, value } in &leaves {
            let Found::Text(text) = value else { continue };
            if NOT_PRINTED.contains(&field.as_str()) || REFERENCES.contains(&field.as_str()) {
                passed_over.insert(field.clone());
                continue;
            }
            let may_cross = JOINED.contains(&field.as_str());
            let is_printed = PAGE_TEXT.contains(text) || may_cross && joined.contains(text);
            let is_named = inferred.contains(path);
            assert!(
                is_printed || is_named,
                "{name}: {path} is {text:?}, nowhere on the page"
            );
            *looked_for.entry(field.clone()).or_insert(0) += 1;
        }
        // What is named as inferred is there: an unset field implies nothing.
        for path in &inferred {
            let is_set = |leaf: &Leaf| leaf.path == *path;
            assert!(
                leaves.iter().any(is_set) || path == "quantity.value",
                "{name}: {path}"
            );
        }
    }
    let exempt = NOT_PRINTED.iter().chain(&REFERENCES);
    assert_eq!(passed_over, exempt.map(ToString::to_string).collect());
    // The check has bitten on every field that it must.
    assert_eq!(looked_for["Span.quote"], 58 + 32);
    assert_eq!(looked_for["Paragraph.text"], 14);
    assert_eq!(looked_for["Station.display_name"], 18);
    assert_eq!(looked_for["Station.full_name"], 7);
    assert_eq!(looked_for["Statistic.place"], 32);
    assert_eq!(looked_for["Statistic.subject"], 32);
    assert_eq!(looked_for["Quantity.unit"], 32);
    assert_eq!(looked_for["Person.display_name"], 6);
}

/// Short words stand on the page somewhere; a number's own must stand in its quote.
#[tokio::test]
async fn the_words_of_a_number_stand_in_its_quote() {
    let records = Service::seeded().await.records().await;
    assert_eq!(records.statistics.len(), 32);
    for statistic in records.statistics.values() {
        let Statistic {
            name,
            span,
            inferred,
            ..
        } = statistic;
        let quote = &span.as_ref().unwrap().quote;
        let quantity = statistic.quantity.as_ref().unwrap();
        let is_inferred = |path: &str| inferred.iter().any(|named| named == path);
        let stands = |path: &str, text: &str| {
            assert!(
                quote.contains(text) || is_inferred(path),
                "{name}: {path} {text:?}"
            );
        };
        assert_eq!(
            quantity.as_written.is_empty(),
            is_inferred("quantity.value"),
            "{name}"
        );
        stands("quantity.as_written", &quantity.as_written);
        // The unit as printed stands there where it is not the unit itself.
        match quantity.unit_text.as_str() {
            "" => stands("quantity.unit", &quantity.unit),
            printed => stands("quantity.unit_text", printed),
        }
        quantity
            .per
            .iter()
            .for_each(|per| stands("quantity.per", per));
        stands("qualifier_text", &statistic.qualifier_text);
        stands("hedge", &statistic.hedge);
        stands("trend_text", &statistic.trend_text);
        if let Some(change) = &statistic.change {
            stands(
                "change.previous_value",
                &change.previous_value.as_ref().unwrap().value,
            );
            let delta = &change.delta.as_ref().unwrap().value;
            assert!(
                change.delta_computed != quote.contains(delta.as_str()),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn no_date_has_a_year_that_is_not_printed() {
    let records = Service::seeded().await.records().await;
    let facts = facts();
    let printed: Vec<&str> = facts["statistics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fact| fact["period"]["year"] == "REPORTED")
        .map(|fact| fact["id"].as_str().unwrap())
        .collect();
    assert_eq!(printed, ["t10"]);
    let mut dates = 0;
    let mut with_year = Vec::new();
    for (name, _, leaves) in all(&records) {
        for leaf in leaves {
            if let Found::Date(year, month, day) = leaf.value {
                dates += 1;
                if year != 0 {
                    let id = name.rsplit('/').next().unwrap_or_default().to_owned();
                    with_year.push((id, leaf.path, (year, month, day)));
                }
            }
        }
    }
    // Three events; t01 has a start and an end, t03 to t09 a start, t10 both.
    assert_eq!(dates, 3 + 2 + 7 + 2);
    let year = |path: &str| (printed[0].to_owned(), path.to_owned(), (2017, 0, 0));
    assert_eq!(with_year, [year("period.start"), year("period.end")]);
}

#[tokio::test]
async fn where_and_when_it_was_printed_is_unset() {
    let records = Service::seeded().await.records().await;
    let publication = &facts()["publication"];
    for unknown in ["newspaper", "edition", "publish_date", "page"] {
        assert!(publication[unknown].is_null(), "{unknown}");
    }
    assert_eq!(records.articles.len(), 2);
    for article in records.articles.values() {
        assert_eq!(article.publication, None);
        assert_eq!((article.deck.as_str(), &article.deck_span), ("", &None));
    }
    for station in records.stations.values() {
        let codes = (station.region_code.as_str(), station.agency_code.as_str());
        assert_eq!((codes, &station.end_date), (("", ""), &None));
    }
    // Of 16 units honoured the page names one, so one is listed.
    let honours = records
        .articles
        .values()
        .flat_map(|article| &article.honours);
    let sixteen: Vec<_> = honours
        .filter(|honour| honour.recipient_count == 16)
        .collect();
    assert_eq!(sixteen.len(), 1);
    assert_eq!(sixteen[0].recipients, ["stations/haishu-jiangxia"]);
    assert!(!sixteen[0].recipients_complete);
}

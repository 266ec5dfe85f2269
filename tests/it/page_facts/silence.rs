//! What the page does not say is unset, or named in `inferred`.

use bulletin::pb;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};

use super::{Facts, PAGE};

/// Fields that describe and do not quote, and those that the service sets.
const NOT_QUOTED: [&str; 22] = [
    "name",
    "etag",
    "inferred",
    "metric",
    "indicator",
    "language_code",
    "sha256",
    "source_sha256",
    "media_type",
    "source_text",
    "id",
    "person",
    "speaker",
    "honour",
    "parent",
    "station",
    "stations",
    "recipients",
    "duration",
    "recurrence",
    "parent_statistic",
    "awarding_station",
];

/// Every text of a message with its path, repeated fields without their index.
fn texts(message: &DynamicMessage, path: &str, found: &mut Vec<(String, String)>) {
    for (field, value) in message.fields() {
        let name = field.name();
        if NOT_QUOTED.contains(&name) || name == "organizer_stations" || name == "value" {
            continue;
        }
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        collect(value, &path, found);
    }
}

fn collect(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Message(message) => texts(message, path, found),
        Value::List(items) => items.iter().for_each(|item| collect(item, path, found)),
        _ => {}
    }
}

fn unsaid(message: &str, bytes: &[u8], inferred: &[String], joined: &str) -> Vec<String> {
    let descriptor = pb::POOL.get_message_by_name(message).unwrap();
    let record = DynamicMessage::decode(descriptor, bytes).unwrap();
    let mut found = Vec::new();
    texts(&record, "", &mut found);
    assert!(!found.is_empty(), "nothing was checked");
    let is_said = |text: &String| PAGE.contains(text.as_str()) || joined.contains(text.as_str());
    let unsaid = found
        .into_iter()
        .filter(|(path, text)| !is_said(text) && !inferred.contains(path));
    unsaid
        .map(|(path, text)| format!("{path}: {text}"))
        .collect()
}

#[tokio::test]
async fn no_text_is_served_that_the_page_does_not_print_or_imply() {
    let facts = Facts::read().await;
    let joined = PAGE.replace("\n\n", "");
    let mut unsaid_texts = Vec::new();
    for article in &facts.articles {
        let mut found = unsaid(
            "bulletin.v1.Article",
            &article.encode_to_vec(),
            &article.inferred,
            &joined,
        );
        // What took place is described: the page says 行动正式启动.
        found.retain(|text| !text.starts_with("events.display_name: "));
        unsaid_texts.extend(found);
    }
    for station in &facts.stations {
        let bytes = station.encode_to_vec();
        unsaid_texts.extend(unsaid(
            "bulletin.v1.Station",
            &bytes,
            &station.inferred,
            &joined,
        ));
    }
    for statistic in &facts.statistics {
        let bytes = statistic.encode_to_vec();
        unsaid_texts.extend(unsaid(
            "bulletin.v1.Statistic",
            &bytes,
            &statistic.inferred,
            &joined,
        ));
    }
    assert!(unsaid_texts.is_empty(), "{unsaid_texts:#?}");
}

#[tokio::test]
async fn no_year_is_served_but_the_one_that_is_printed() {
    let facts = Facts::read().await;
    let mut years = Vec::new();
    for statistic in &facts.statistics {
        let period = statistic.period.clone().unwrap_or_default();
        for date in [period.start, period.end]
            .into_iter()
            .flatten()
            .filter(|date| date.year != 0)
        {
            years.push((
                statistic.name.rsplit('/').next().unwrap().to_owned(),
                date.year,
            ));
        }
    }
    assert_eq!(years, [("t10".to_owned(), 2017), ("t10".to_owned(), 2017)]);
    for article in &facts.articles {
        assert_eq!(
            article.publication, None,
            "no newspaper, date or page number is printed"
        );
        assert_eq!(article.source_text, PAGE);
        assert!(
            article
                .events
                .iter()
                .all(|event| event.date.is_some_and(|date| date.year == 0))
        );
    }
    assert!(
        facts
            .stations
            .iter()
            .all(|station| station.region_code.is_empty())
    );
}

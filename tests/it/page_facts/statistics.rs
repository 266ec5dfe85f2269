//! The thirty-two numbers.

use bulletin::pb::{self, Statistic};
use serde_json::Value;

use super::{Facts, check_span, text, texts};

#[tokio::test]
async fn every_statistic_comes_back_with_all_that_the_page_says_of_it() {
    let facts = Facts::read().await;
    for fact in facts.list("statistics") {
        let name = format!(
            "{}/statistics/{}",
            text(&fact["article"]),
            text(&fact["id"])
        );
        let found = facts
            .statistics
            .iter()
            .find(|statistic| statistic.name == name);
        let statistic = found.unwrap_or_else(|| panic!("{name} is missing"));
        check_number(statistic, fact);
        check_claim(statistic, fact);
        check_change(statistic, fact);
        check_period(statistic, &fact["period"]);
        check_references(statistic, fact);
        check_span(statistic.span.as_ref(), fact);
    }
}

fn check_number(statistic: &Statistic, fact: &Value) {
    let name = &statistic.name;
    let quantity = statistic.quantity.as_ref().unwrap();
    assert_eq!(statistic.metric, text(&fact["metric"]), "{name}");
    assert_eq!(statistic.indicator, text(&fact["indicator"]), "{name}");
    assert_eq!(
        quantity.value.as_ref().unwrap().value,
        text(&fact["value"]),
        "{name}"
    );
    assert_eq!(quantity.unit, text(&fact["unit"]), "{name}");
    assert_eq!(quantity.unit_text, text(&fact["unit_as_written"]), "{name}");
    assert_eq!(quantity.per, texts(&fact["per"]), "{name}");
    let digits = fact["significant_digits"].as_i64().unwrap_or_default();
    assert_eq!(i64::from(quantity.significant_digits), digits, "{name}");
    match fact["value_as_written"].as_str() {
        Some(written) => assert_eq!(quantity.as_written, written, "{name}"),
        // Written as it is, unless it was counted and is not written at all.
        None if fact["derivation"]
            .as_str()
            .is_some_and(|how| how.contains("not written")) =>
        {
            assert_eq!(quantity.as_written, "", "{name}");
            assert!(
                statistic
                    .inferred
                    .iter()
                    .any(|path| path == "quantity.value"),
                "{name}"
            );
        }
        None => assert_eq!(quantity.as_written, text(&fact["value"]), "{name}"),
    }
    if fact["unit_basis"].is_string() {
        assert!(
            statistic
                .inferred
                .iter()
                .any(|path| path == "quantity.unit"),
            "{name}"
        );
    }
}

fn check_claim(statistic: &Statistic, fact: &Value) {
    let name = &statistic.name;
    let word = |word: &'static str| {
        if word.ends_with("UNSPECIFIED") {
            ""
        } else {
            word
        }
    };
    assert_eq!(
        statistic.qualifier().as_str_name(),
        text(&fact["qualifier"]),
        "{name}"
    );
    assert_eq!(
        statistic.qualifier_text,
        text(&fact["qualifier_text"]),
        "{name}"
    );
    let approximation = word(statistic.approximation().as_str_name());
    assert_eq!(approximation, text(&fact["approx_direction"]), "{name}");
    assert_eq!(
        statistic.assertion().as_str_name(),
        text(&fact["kind"]),
        "{name}"
    );
    assert_eq!(
        word(statistic.target_kind().as_str_name()),
        text(&fact["target_type"]),
        "{name}"
    );
    assert_eq!(statistic.hedge, text(&fact["hedge"]), "{name}");
    assert_eq!(
        !statistic.trend_text.is_empty(),
        fact["trend"].is_string(),
        "{name}"
    );
    assert!(
        text(&fact["trend"]).contains(&statistic.trend_text),
        "{name}"
    );
    assert_eq!(statistic.place, text(&fact["place"]), "{name}");
    assert_eq!(statistic.subject, text(&fact["subject"]), "{name}");
    assert_eq!(statistic.categories, texts(&fact["offences"]), "{name}");
    if !fact["time_windows"].is_array() {
        let items = [texts(&fact["listed"]), texts(&fact["classification"])].concat();
        assert_eq!(statistic.items, items, "{name}");
    }
    for (item, window) in statistic
        .items
        .iter()
        .zip(fact["time_windows"].as_array().into_iter().flatten())
    {
        let (start, end) = (text(&window["start"]), text(&window["end"]));
        let written = format!(
            "{}-{}",
            start.trim_start_matches('0'),
            end.trim_start_matches('0')
        );
        assert_eq!(*item, written, "{name}");
    }
}

fn check_change(statistic: &Statistic, fact: &Value) {
    let name = &statistic.name;
    let Some(previous) = fact["previous_value"].as_str() else {
        return assert!(statistic.change.is_none(), "{name}");
    };
    let change = statistic.change.as_ref().unwrap();
    assert_eq!(
        change.previous_value.as_ref().unwrap().value,
        previous,
        "{name}"
    );
    assert_eq!(
        text(&fact["change"]),
        "INCREASE",
        "the only change of the page"
    );
    assert_eq!(change.direction(), pb::comparison::Direction::Up, "{name}");
    let derived = &fact["derived_delta"];
    assert_eq!(
        change.delta.as_ref().unwrap().value,
        text(&derived["value"]),
        "{name}"
    );
    assert_eq!(change.delta_unit, text(&derived["unit"]), "{name}");
    assert!(
        change.delta_computed,
        "{name}: the difference is not printed"
    );
}

fn check_period(statistic: &Statistic, fact: &Value) {
    let name = &statistic.name;
    let Some(period) = &statistic.period else {
        return assert!(fact.is_null(), "{name} has no period");
    };
    assert_eq!(period.text, text(&fact["text"]), "{name}");
    assert_eq!(period.duration, text(&fact["duration"]), "{name}");
    assert_eq!(period.recurrence, text(&fact["frequency"]), "{name}");
    assert_eq!(period.end_text, text(&fact["end_text"]), "{name}");
    assert_eq!(
        period.approximate,
        text(&fact["qualifier"]) == "APPROXIMATE",
        "{name}"
    );
    let is_year_printed = text(&fact["year"]) == "REPORTED";
    for (date, fact) in [(&period.start, &fact["start"]), (&period.end, &fact["end"])] {
        let parts: Vec<i32> = text(fact)
            .split('-')
            .filter_map(|part| part.parse().ok())
            .collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let year = if is_year_printed { part(0) } else { 0 };
        let expected = (!parts.is_empty()).then(|| pb::Date {
            year,
            month: part(1),
            day: part(2),
        });
        assert_eq!(*date, expected, "{name}");
    }
}

fn check_references(statistic: &Statistic, fact: &Value) {
    let name = &statistic.name;
    assert_eq!(statistic.stations, texts(&fact["stations"]), "{name}");
    assert_eq!(statistic.honour, text(&fact["honour"]), "{name}");
    assert_eq!(statistic.speaker, text(&fact["speaker"]), "{name}");
    let parent = fact["parent_statistic"].as_str();
    let parent = parent.map(|id| format!("{}/statistics/{id}", text(&fact["article"])));
    assert_eq!(
        statistic.parent_statistic,
        parent.unwrap_or_default(),
        "{name}"
    );
    assert_eq!(statistic.state(), pb::article::State::Published, "{name}");
}

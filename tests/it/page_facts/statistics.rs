//! Statistics as the facts say they must be served.

use bulletin::pb::comparison::Direction;
use bulletin::pb::statistic::{Approximation, Assertion, Qualifier, TargetKind};
use bulletin::pb::{self, Date, Statistic};
use serde_json::Value;

use super::fact::{decimal, number, span, text, texts, valued};

pub fn expected_statistic(facts: &Value, fact: &Value) -> Statistic {
    let in_article = |id: &str| format!("{}/statistics/{id}", text(fact, "article"));
    let parent = Some(text(fact, "parent_statistic")).filter(|parent| !parent.is_empty());
    // The form in print is the value's own digits, where they are printed at all.
    let value = text(fact, "value");
    let as_written = match text(fact, "value_as_written") {
        "" if text(fact, "quote").contains(value) => value,
        written => written,
    };
    let clock = |window: &Value| {
        let time = |key| text(window, key).trim_start_matches('0').to_owned();
        format!("{}-{}", time("start"), time("end"))
    };
    let windows = fact["time_windows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(clock);
    let listed = [texts(fact, "classification"), texts(fact, "listed")];
    let trend = text(fact, "trend").split(['(', ')']).nth(1);
    Statistic {
        name: in_article(text(fact, "id")),
        state: pb::article::State::Published.into(),
        metric: text(fact, "metric").to_owned(),
        indicator: text(fact, "indicator").to_owned(),
        categories: texts(fact, "offences"),
        items: listed.into_iter().flatten().chain(windows).collect(),
        quantity: Some(pb::Quantity {
            value: decimal(value),
            value_max: None,
            as_written: as_written.to_owned(),
            unit: text(fact, "unit").to_owned(),
            unit_text: text(fact, "unit_as_written").to_owned(),
            per: texts(fact, "per"),
            significant_digits: number(fact, "significant_digits"),
        }),
        qualifier: valued(Qualifier::from_str_name, text(fact, "qualifier")),
        qualifier_text: text(fact, "qualifier_text").to_owned(),
        approximation: valued(Approximation::from_str_name, text(fact, "approx_direction")),
        hedge: text(fact, "hedge").to_owned(),
        assertion: valued(Assertion::from_str_name, text(fact, "kind")),
        target_kind: valued(TargetKind::from_str_name, text(fact, "target_type")),
        trend_text: trend.unwrap_or_default().to_owned(),
        change: change(fact),
        period: fact["period"].is_object().then(|| period(&fact["period"])),
        place: text(fact, "place").to_owned(),
        subject: text(fact, "subject").to_owned(),
        stations: texts(fact, "stations"),
        speaker: text(fact, "speaker").to_owned(),
        honour: text(fact, "honour").to_owned(),
        parent_statistic: parent.map(in_article).unwrap_or_default(),
        source_sha256: text(&facts["document"], "sha256").to_owned(),
        span: span(fact),
        ..Statistic::default()
    }
}

fn change(fact: &Value) -> Option<pb::Comparison> {
    let direction = match text(fact, "change") {
        "" => return None,
        "INCREASE" => Direction::Up,
        other => panic!("no direction is known for {other:?}"),
    };
    Some(pb::Comparison {
        previous_value: decimal(text(fact, "previous_value")),
        delta: decimal(text(&fact["derived_delta"], "value")),
        delta_unit: text(&fact["derived_delta"], "unit").to_owned(),
        delta_computed: true,
        direction: direction.into(),
        ..Default::default()
    })
}

fn period(fact: &Value) -> pb::Period {
    // An inferred year is not printed, so it is not served.
    let is_year_printed = text(fact, "year") == "REPORTED";
    let date = |key: &str| {
        let mut parts = text(fact, key)
            .split('-')
            .map(|part| part.parse().unwrap_or(0));
        let mut date = Date {
            year: parts.next()?,
            month: 0,
            day: 0,
        };
        (date.month, date.day) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        date.year = if is_year_printed { date.year } else { 0 };
        (date != Date::default()).then_some(date)
    };
    pb::Period {
        text: text(fact, "text").to_owned(),
        start: date("start"),
        end: date("end"),
        end_text: text(fact, "end_text").to_owned(),
        duration: text(fact, "duration").to_owned(),
        recurrence: text(fact, "frequency").to_owned(),
        approximate: text(fact, "qualifier") == "APPROXIMATE",
    }
}

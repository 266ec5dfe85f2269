//! Statistics: the arithmetic of changes, and periods.

use bulletin::pb::{self, Comparison, Period};

use super::case::Case;
use super::statistics::{decimal, invalid};

pub fn cases() -> Vec<Case> {
    let mut cases = changes();
    cases.extend(periods());
    cases
}

fn changes() -> Vec<Case> {
    let change = |name: &str, field: &str, change: Comparison| {
        let field = format!("statistic.change.{field}");
        invalid(name, &[&field], |number| number.change = Some(change))
    };
    let up = |previous: &str| Comparison {
        previous_value: decimal(previous),
        direction: pb::comparison::Direction::Up.into(),
        ..Default::default()
    };
    let down = pb::comparison::Direction::Down.into();
    let flat = pb::comparison::Direction::Flat.into();
    vec![
        change("no direction", "direction", Comparison::default()),
        change(
            "unknown direction",
            "direction",
            Comparison {
                direction: 4,
                ..Default::default()
            },
        ),
        change("up against the values", "direction", up("47501")),
        change(
            "down against the values",
            "direction",
            Comparison {
                direction: down,
                ..up("47499")
            },
        ),
        change(
            "flat against the values",
            "direction",
            Comparison {
                direction: flat,
                ..up("1")
            },
        ),
        change("up though equal", "direction", up("47500.0")),
        change(
            "negative delta",
            "delta",
            Comparison {
                delta: decimal("-3.5"),
                ..up("1")
            },
        ),
        change(
            "computed delta that is wrong",
            "delta",
            Comparison {
                delta: decimal("499"),
                delta_computed: true,
                ..up("47000")
            },
        ),
        change(
            "computed delta that is absent",
            "delta_computed",
            Comparison {
                delta_computed: true,
                ..up("47000")
            },
        ),
        change(
            "delta is no number",
            "delta.value",
            Comparison {
                delta: decimal("三"),
                ..up("1")
            },
        ),
        change(
            "previous value is no number",
            "previous_value.value",
            up("x"),
        ),
        change(
            "unknown qualifier",
            "qualifier",
            Comparison {
                qualifier: 9,
                ..up("1")
            },
        ),
    ]
}

fn periods() -> Vec<Case> {
    let period = |name: &str, field: &str, period: Period| {
        let field = format!("statistic.period.{field}");
        invalid(name, &[&field], |number| number.period = Some(period))
    };
    let date = |year, month, day| Some(pb::Date { year, month, day });
    let mut cases = vec![
        period(
            "start",
            "start",
            Period {
                start: date(2020, 2, 30),
                ..Default::default()
            },
        ),
        period(
            "end",
            "end",
            Period {
                end: date(0, 0, 0),
                ..Default::default()
            },
        ),
        period(
            "end before start",
            "end",
            Period {
                start: date(2020, 6, 11),
                end: date(2020, 6, 10),
                ..Default::default()
            },
        ),
        period(
            "text of two lines",
            "text",
            Period {
                text: "近\n三年".to_owned(),
                ..Default::default()
            },
        ),
    ];
    for duration in [
        "3Y",
        "P",
        "PT",
        "P1.5Y",
        "P-1Y",
        "p3y",
        "P三Y",
        "P1D1Y",
        "P1234567D",
    ] {
        let name = format!("duration {duration:?}");
        let duration = duration.to_owned();
        cases.push(period(
            &name,
            "duration",
            Period {
                duration,
                ..Default::default()
            },
        ));
    }
    let recurrence = "每周".to_owned();
    cases.push(period(
        "recurrence",
        "recurrence",
        Period {
            recurrence,
            ..Default::default()
        },
    ));
    cases
}

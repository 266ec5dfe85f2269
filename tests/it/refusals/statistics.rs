//! Statistics: numbers, what is claimed of them, changes, periods, and references.

use bulletin::pb::{self, Comparison, Decimal, Period, Quantity, Statistic};
use tonic::Code::InvalidArgument;

use super::articles::span;
use super::case::Case;

/// `查处闯红灯4.75万起` of the draft, but for what `change` does to it.
pub fn number(change: impl FnOnce(&mut Statistic)) -> Statistic {
    let mut statistic = Statistic {
        metric: "查处闯红灯".to_owned(),
        quantity: Some(Quantity {
            value: decimal("47500"),
            as_written: "4.75万".to_owned(),
            unit: "起".to_owned(),
            significant_digits: 3,
            ..Default::default()
        }),
        qualifier: pb::statistic::Qualifier::Exact.into(),
        assertion: pb::statistic::Assertion::Reported.into(),
        span: span("查处闯红灯4.75万起"),
        ..Default::default()
    };
    change(&mut statistic);
    statistic
}

pub fn decimal(text: &str) -> Option<Decimal> {
    Some(Decimal {
        value: text.to_owned(),
    })
}

/// A request that would create `articles/draft/statistics/tried`.
pub fn create(change: impl FnOnce(&mut Statistic)) -> pb::CreateStatisticRequest {
    pb::CreateStatisticRequest {
        parent: "articles/draft".to_owned(),
        statistic_id: "tried".to_owned(),
        statistic: Some(number(change)),
        validate_only: true,
        correction_reason: String::new(),
    }
}

pub fn invalid(name: &str, fields: &[&str], change: impl FnOnce(&mut Statistic)) -> Case {
    Case::invalid(format!("statistic: {name}"), create(change), fields)
}

fn quantity(name: &str, fields: &[&str], change: impl FnOnce(&mut Quantity)) -> Case {
    let change = |statistic: &mut Statistic| change(statistic.quantity.as_mut().unwrap());
    invalid(name, fields, change)
}

pub fn cases() -> Vec<Case> {
    let mut cases = decimals();
    cases.extend(ranges());
    cases.extend(claims());
    cases.extend(references());
    cases.extend(words());
    cases.extend(several());
    cases
}

fn decimals() -> Vec<Case> {
    let texts = [
        "",
        " ",
        "NaN",
        "Infinity",
        "-inf",
        "1.",
        ".5",
        "4.75万",
        "1,000",
        "1_000",
        "0x10",
        "１２",
        "--1",
        " 1",
        "1e",
        "1e99999",
        "1e40",
        "1e-40",
        "1e18",
        "1000000000000000000",
        "-1000000000000000000",
        "0.0000000001",
        "1\0",
    ];
    let field = "statistic.quantity.value.value";
    let case = |text: &str| {
        let value = decimal(text);
        quantity(&format!("value {text:?}"), &[field], move |quantity| {
            quantity.value = value
        })
    };
    let mut cases: Vec<Case> = texts.into_iter().map(case).collect();
    let long = "0".repeat(65);
    cases.push(quantity("value of 65 digits", &[field], |quantity| {
        quantity.value = decimal(&long);
    }));
    cases
}

fn ranges() -> Vec<Case> {
    let value_max = "statistic.quantity.value_max";
    let range = |name: &str, fields: &[&str], low: &str, high: Option<Decimal>| {
        let low = decimal(low);
        invalid(name, fields, |statistic| {
            statistic.qualifier = pb::statistic::Qualifier::Range.into();
            let quantity = statistic.quantity.as_mut().unwrap();
            (quantity.value, quantity.value_max) = (low, high);
            quantity.as_written.clear();
            quantity.significant_digits = 0;
        })
    };
    vec![
        range("range without an end", &[value_max], "3", None),
        range("range turned round", &[value_max], "3", decimal("2")),
        range("empty range", &[value_max], "3", decimal("3.0")),
        range(
            "range to no number",
            &["statistic.quantity.value_max.value"],
            "3",
            decimal("十"),
        ),
        quantity("end without a range", &[value_max], |quantity| {
            quantity.value_max = decimal("50000");
        }),
        quantity(
            "no value and no change",
            &["statistic.quantity.value"],
            |quantity| {
                quantity.value = None;
            },
        ),
        invalid("no quantity", &["statistic.quantity"], |statistic| {
            statistic.quantity = None
        }),
        quantity(
            "as_written not in the quote",
            &["statistic.quantity.as_written"],
            |quantity| {
                quantity.as_written = "4.76万".to_owned();
            },
        ),
        quantity(
            "value that as_written contradicts",
            &["statistic.quantity.value"],
            |quantity| {
                quantity.value = decimal("4750");
            },
        ),
        quantity(
            "place that the value has multiplied out",
            &["statistic.quantity.unit"],
            |quantity| {
                quantity.unit = "万起".to_owned();
            },
        ),
        quantity(
            "negative digits",
            &["statistic.quantity.significant_digits"],
            |quantity| {
                quantity.significant_digits = -1;
            },
        ),
        quantity(
            "28 digits",
            &["statistic.quantity.significant_digits"],
            |quantity| {
                quantity.significant_digits = 28;
            },
        ),
        quantity(
            "digits of a plain number",
            &["statistic.quantity.significant_digits"],
            |quantity| {
                quantity.as_written = "4.75".to_owned();
            },
        ),
        quantity("per twice", &["statistic.quantity.per[1]"], |quantity| {
            quantity.per = vec!["人".to_owned(), "人".to_owned()];
        }),
        quantity("six per", &["statistic.quantity.per"], |quantity| {
            quantity.per = ["人", "日", "车", "所", "队", "次"]
                .map(str::to_owned)
                .to_vec();
        }),
    ]
}

fn claims() -> Vec<Case> {
    let unset = |field: &str, set: fn(&mut Statistic, i32), unknown: i32| {
        let field = format!("statistic.{field}");
        let zero = invalid(&format!("{field} 0"), &[&field], move |number| {
            set(number, 0)
        });
        let other = invalid(&format!("{field} {unknown}"), &[&field], move |number| {
            set(number, unknown);
        });
        [zero, other]
    };
    let mut cases = vec![
        invalid(
            "approximation unknown",
            &["statistic.approximation"],
            |number| {
                number.qualifier = pb::statistic::Qualifier::Approximate.into();
                number.approximation = 3;
            },
        ),
        invalid(
            "approximation of an exact number",
            &["statistic.approximation"],
            |number| {
                number.approximation = pb::statistic::Approximation::Below.into();
            },
        ),
        invalid(
            "kind of target unknown",
            &["statistic.target_kind"],
            |number| {
                number.assertion = pb::statistic::Assertion::Target.into();
                number.target_kind = 5;
            },
        ),
        invalid(
            "kind of target of a report",
            &["statistic.target_kind"],
            |number| {
                number.target_kind = pb::statistic::TargetKind::Quota.into();
            },
        ),
    ];
    cases.extend(unset(
        "qualifier",
        |number, value| number.qualifier = value,
        9,
    ));
    cases.extend(unset(
        "assertion",
        |number, value| number.assertion = value,
        5,
    ));
    cases
}

fn references() -> Vec<Case> {
    let parent = |name: &str, parent: &str| {
        let parent = parent.to_owned();
        invalid(name, &["statistic.parent_statistic"], |number| {
            number.parent_statistic = parent
        })
    };
    let missing = create(|number| {
        number.stations = vec!["stations/mps".to_owned(), "stations/nowhere".to_owned()];
        number.parent_statistic = "articles/draft/statistics/nowhere".to_owned();
    });
    vec![
        parent("parent of another form", "articles/draft"),
        parent("parent is itself", "articles/draft/statistics/tried"),
        parent(
            "parent of another article",
            "articles/paichusuo-work-conference/statistics/s01",
        ),
        invalid("speaker unknown", &["statistic.speaker"], |number| {
            number.speaker = "p2".to_owned()
        }),
        invalid("honour unknown", &["statistic.honour"], |number| {
            number.honour = "h2".to_owned()
        }),
        invalid("station twice", &["statistic.stations[1]"], |number| {
            number.stations = vec!["stations/mps".to_owned(); 2];
        }),
        invalid("station of no form", &["statistic.stations[0]"], |number| {
            number.stations = vec![String::new()];
        }),
        invalid("501 stations", &["statistic.stations"], |number| {
            number.stations = (0..501).map(|n| format!("stations/s{n}")).collect();
        }),
        Case::new(
            "statistic: references that do not exist",
            missing,
            InvalidArgument,
            "REFERENCE_MISSING",
            &["statistic.stations[1]", "statistic.parent_statistic"],
        ),
    ]
}

fn words() -> Vec<Case> {
    let quote = "statistic.span.quote";
    let wrong = |name: &str, reason, text: &str| {
        let words = span(text);
        let request = create(|number| {
            number.quantity.as_mut().unwrap().as_written.clear();
            number.quantity.as_mut().unwrap().significant_digits = 0;
            number.span = words;
        });
        Case::new(
            format!("statistic: {name}"),
            request,
            InvalidArgument,
            reason,
            &[quote],
        )
    };
    vec![
        wrong("quote that stands nowhere", "SPAN_MISMATCH", "查处逆行3起"),
        wrong("quote at two places", "SPAN_AMBIGUOUS", "近300人"),
        invalid(
            "no span",
            &["statistic.quantity.as_written", "statistic.span"],
            |number| {
                number.span = None;
            },
        ),
        invalid("indicator", &["statistic.indicator"], |number| {
            number.indicator = "闯红灯".to_owned();
        }),
        invalid("metric", &["statistic.metric"], |number| {
            number.metric.clear()
        }),
        invalid("51 categories", &["statistic.categories"], |number| {
            number.categories = vec!["闯红灯".to_owned(); 51];
        }),
        invalid("201 items", &["statistic.items"], |number| {
            number.items = vec!["一级".to_owned(); 201];
        }),
    ]
}

fn several() -> Vec<Case> {
    let fields = [
        "statistic.metric",
        "statistic.quantity.value.value",
        "statistic.qualifier",
        "statistic.assertion",
        "statistic.change.direction",
        "statistic.period.duration",
        "statistic.speaker",
        "statistic.span.quote",
    ];
    vec![invalid("several rules at once", &fields, |number| {
        number.metric.clear();
        number.quantity = Some(Quantity {
            value: decimal("many"),
            ..Default::default()
        });
        (number.qualifier, number.assertion) = (0, 0);
        number.change = Some(Comparison::default());
        number.period = Some(Period {
            duration: "三年".to_owned(),
            ..Default::default()
        });
        number.speaker = "p9".to_owned();
        number.span = span("无处");
    })]
}

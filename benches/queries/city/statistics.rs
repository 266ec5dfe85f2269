//! Statistics: a clause of the page each, with everything it says as fields.

use bulletin::pb::statistic::{Approximation, Assertion, Qualifier, TargetKind};
use bulletin::pb::{Date, Decimal, Period, Quantity, Statistic};

use super::draw::Draw;
use super::page::Writer;
use super::words::{METRICS, SUBJECTS};
use super::{City, INDICATORS, PLACES, indicator, place, station_name};

/// Values are up to this, small ones mostly.
const VALUE_MAX: usize = 1_000_000;

/// Writes the clause, and says what it says.
pub fn statistic(
    city: &City,
    draw: &mut Draw,
    page: &mut Writer,
    article: &str,
    number: usize,
    published: Option<Date>,
) -> Statistic {
    let (metric, unit) = METRICS[draw.zipf(METRICS.len())];
    let place = match draw.chance(50) {
        true => place(draw.rank(PLACES)),
        false => String::new(),
    };
    page.write(&place);
    let (qualifier, word) = qualifier_of(draw);
    let (quantity, written) = quantity_of(draw, unit);
    let span = page.span(&format!("{metric}{word}{written}{unit}"));
    page.write("，");
    let assertion = match draw.below(100) {
        ..80 => Assertion::Reported,
        80..92 => Assertion::Target,
        92..98 => Assertion::Plan,
        _ => Assertion::Structure,
    };
    let first = draw.rank(city.stations);
    let second = draw.rank(city.stations);
    let mut stations = vec![station_name(first)];
    if draw.chance(30) && second != first {
        stations.push(station_name(second));
    }
    Statistic {
        name: format!("{article}/statistics/s{number:02}"),
        metric: metric.to_owned(),
        indicator: match draw.chance(50) {
            true => indicator(draw.rank(INDICATORS)),
            false => String::new(),
        },
        quantity: Some(quantity),
        qualifier: qualifier.into(),
        qualifier_text: word.to_owned(),
        approximation: match qualifier {
            Qualifier::Approximate => Approximation::Below.into(),
            _ => 0,
        },
        assertion: assertion.into(),
        target_kind: match assertion {
            Assertion::Target => TargetKind::Quota.into(),
            _ => 0,
        },
        period: period_of(draw, published),
        place,
        subject: match draw.chance(40) {
            true => draw.of(&SUBJECTS).to_owned(),
            false => String::new(),
        },
        stations,
        span: Some(span),
        ..Statistic::default()
    }
}

fn qualifier_of(draw: &mut Draw) -> (Qualifier, &'static str) {
    match draw.below(1_000) {
        ..700 => (Qualifier::Exact, ""),
        700..850 => (Qualifier::Approximate, "近"),
        850..920 => (Qualifier::MoreThan, "超"),
        920..970 => (Qualifier::AtLeast, "不少于"),
        970..999 => (Qualifier::AtMost, "至多"),
        _ => (Qualifier::LessThan, "不到"),
    }
}

/// Ten thousands are often written as such.
fn quantity_of(draw: &mut Draw, unit: &str) -> (Quantity, String) {
    let value = 1 + draw.rank(VALUE_MAX);
    let (value, written, digits) = match value {
        10_000.. if draw.chance(60) => {
            let hundreds = value / 100;
            let written = format!("{}.{:02}万", hundreds / 100, hundreds % 100);
            (hundreds * 100, written, hundreds.ilog10() + 1)
        }
        value => (value, value.to_string(), 0),
    };
    let quantity = Quantity {
        value: Some(Decimal {
            value: value.to_string(),
        }),
        as_written: written.clone(),
        unit: unit.to_owned(),
        significant_digits: i32::try_from(digits).unwrap_or(0),
        ..Quantity::default()
    };
    (quantity, written)
}

/// A quarter has none, and one in ten has no year.
fn period_of(draw: &mut Draw, published: Option<Date>) -> Option<Period> {
    let kind = draw.below(100);
    let Date { year, month, day } = published.filter(|_| kind >= 25)?;
    let date = |year, month, day| Some(Date { year, month, day });
    let (text, start, end) = match kind {
        _ if year == 0 || kind < 35 => (format!("{month}月{day}日"), date(0, month, day), None),
        ..55 => (
            format!("{year}年{month}月{day}日"),
            date(year, month, day),
            None,
        ),
        55..90 => {
            let (first, last) = (date(year, month, 1), date(year, month, 28));
            (format!("{year}年{month}月"), first, last)
        }
        _ => (format!("{year}年"), date(year, 0, 0), None),
    };
    Some(Period {
        text,
        start,
        end,
        ..Period::default()
    })
}

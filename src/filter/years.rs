//! Recognizes a station's year: a list that must hold a name, beside a date between two years. Postgres
//! cannot cross an index of lists with one of dates, so a column holds both: `stations/a 2025`.

use time::Date;

use crate::filter::check::{Condition, Test};
use crate::filter::lex::Comparator;

/// More years than this are looked for by the name alone.
const YEARS_MAX: i32 = 20;

/// Where both are kept together.
#[derive(Clone, Copy, Debug)]
pub struct Yearly {
    /// Path of the date.
    pub date: &'static str,
    pub column: &'static str,
}

/// What a conjunction implies of the column that holds both.
#[derive(Debug, PartialEq, Eq)]
pub struct Implied {
    /// The tests that it covers: they need no index of their own.
    pub covered: Vec<usize>,
    pub column: &'static str,
    /// The column has one of these.
    pub items: Vec<String>,
}

pub fn implied(several: &[Condition]) -> Option<Implied> {
    let mut tests = several.iter().enumerate();
    let (at, yearly, name) = tests.find_map(|(at, condition)| match condition {
        Condition::Test(field, Test::Is(name)) => Some((at, field.yearly?, name)),
        _ => None,
    })?;
    let (mut from, mut to) = (None, None);
    let mut covered = vec![at];
    for (at, condition) in several.iter().enumerate() {
        let Condition::Test(field, Test::Date(by, first, last)) = condition else {
            continue;
        };
        if field.path == yearly.date {
            let (least, greatest) = bounds(*by, *first, *last);
            covered.push(at);
            from = from.max(least);
            to = [to, greatest].into_iter().flatten().min();
        }
    }
    let (from, to) = from.zip(to).filter(|(from, to)| from <= to)?;
    let items = (from..=to).map(|year| item(name, year));
    (to - from < YEARS_MAX).then(|| Implied {
        covered,
        column: yearly.column,
        items: items.collect(),
    })
}

/// The years between which a date that passes the test begins.
fn bounds(by: Comparator, first: Date, last: Date) -> (Option<i32>, Option<i32>) {
    let (first, last) = (first.year(), last.year());
    match by {
        Comparator::Less => (None, Some(first)),
        Comparator::LessOrEqual => (None, Some(last)),
        Comparator::Greater => (Some(last), None),
        Comparator::GreaterOrEqual => (Some(first), None),
        Comparator::Equal | Comparator::NotEqual | Comparator::Has => (Some(first), Some(last)),
    }
}

/// How the column writes a name in a year.
pub fn item(name: &str, year: i32) -> String {
    format!("{name} {year:04}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::check::check;
    use crate::statistics::fields::SCHEMA;

    #[track_caller]
    fn check_items(filter: &str, expected: &[&str]) {
        let condition = check(&SCHEMA, filter).ok().flatten();
        let Some(Condition::And(several)) = condition else {
            panic!("{filter} is no conjunction");
        };
        let found = implied(&several).map(|implied| implied.items);
        assert_eq!(found.unwrap_or_default(), expected, "{filter}");
    }

    #[test]
    fn a_station_between_two_years_is_looked_for_in_these() {
        let station = "stations:\"stations/aa\"";
        check_items(
            &format!("{station} AND period.start >= 2024-06 AND period.start <= 2025-05-31"),
            &["stations/aa 2024", "stations/aa 2025"],
        );
        check_items(
            &format!("period.start = 2025 AND assertion = REPORTED AND {station}"),
            &["stations/aa 2025"],
        );
        check_items(
            &format!("{station} AND period.start > 2025 AND period.start < 2025"),
            &["stations/aa 2025"],
        );
        check_items(
            &format!("{station} AND period.start > 2026 AND period.start < 2025"),
            &[],
        );
    }

    #[test]
    fn anything_else_is_not() {
        let station = "stations:\"stations/aa\"";
        check_items(&format!("{station} AND period.start >= 2024"), &[]);
        check_items(&format!("{station} AND period.end = 2024"), &[]);
        check_items(&format!("{station} AND NOT period.start = 2024"), &[]);
        check_items("place = x AND period.start = 2024", &[]);
        check_items(
            &format!("{station} AND period.start > 1900 AND period.start < 2000"),
            &[],
        );
    }
}

//! Numbers that a headline rounds, and its text tells exactly: 八百余人 and 834人.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::Figure;
use crate::pb::Statistic;
use crate::pb::statistic::{Assertion, Qualifier};

/// Most figures of a text that a headline's are compared with.
const COMPARED_MAX: usize = 1_000;

/// The exact figures of a text, by value and unit.
pub fn exact<'f>(figures: impl Iterator<Item = &'f Figure>) -> Vec<(Decimal, String)> {
    let told = figures.filter_map(|figure| {
        let statistic = &figure.statistic;
        let is_exact = statistic.qualifier() == Qualifier::Exact
            && statistic.assertion() == Assertion::Reported;
        let value = value(statistic).filter(|_| is_exact)?;
        Some((value, unit(statistic).to_owned()))
    });
    told.take(COMPARED_MAX).collect()
}

/// Whether a headline's bounded number is that of one of the text's exact figures, and of no other.
pub fn is_rounded(figure: &Figure, told: &[(Decimal, String)]) -> bool {
    let Some((low, high)) = bounds(&figure.statistic) else {
        return false;
    };
    let own = unit(&figure.statistic);
    let mut fitting = told
        .iter()
        .filter(|(value, unit)| low <= *value && *value < high && unit == own);
    fitting.next().is_some() && fitting.next().is_none()
}

/// What a rounded number may stand for: 800余 for 800 to 900, 近800 for 700 to 800; 近1000 for no 300.
fn bounds(statistic: &Statistic) -> Option<(Decimal, Decimal)> {
    let value = value(statistic)?;
    let place = last_place(value)?;
    let is_below = statistic.qualifier_text.contains('近');
    let near = place.min(value / Decimal::from(4));
    match statistic.qualifier() {
        Qualifier::MoreThan => Some((value, value + place.min(value / Decimal::TWO))),
        Qualifier::Approximate if is_below => Some((value - near, value)),
        Qualifier::Approximate => Some((value - near / Decimal::TWO, value + near / Decimal::TWO)),
        _ => None,
    }
}

/// The place of the last digit of a round number that is not 0: 100 of 800.
fn last_place(value: Decimal) -> Option<Decimal> {
    let is_round = value >= Decimal::TEN && value.normalize().scale() == 0;
    let mut place = Decimal::ONE;
    while is_round && (value % (place * Decimal::TEN)).is_zero() {
        place *= Decimal::TEN;
    }
    (place > Decimal::ONE).then_some(place)
}

fn value(statistic: &Statistic) -> Option<Decimal> {
    let quantity = statistic.quantity.as_ref()?;
    let value = quantity.value.as_ref()?;
    Decimal::from_str(&value.value).ok()
}

/// Measure words of people are alike.
fn unit(statistic: &Statistic) -> &str {
    let unit = statistic
        .quantity
        .as_ref()
        .map_or("", |quantity| &quantity.unit);
    match unit {
        "名" | "位" => "人",
        unit => unit,
    }
}

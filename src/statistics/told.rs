//! A statistic's figures in few words, for people.

use crate::pb::comparison::Direction;
use crate::pb::{Comparison, Decimal, Quantity, Statistic};

/// `12000起`, `3–5人/天`: what the number was read as.
pub fn value(quantity: &Quantity) -> String {
    let mut value = decimal(quantity.value.as_ref()).to_owned();
    if quantity.value_max.is_some() {
        value = format!("{value}–{}", decimal(quantity.value_max.as_ref()));
    }
    let per: String = quantity.per.iter().map(|per| format!("/{per}")).collect();
    format!("{value}{}{per}", quantity.unit)
}

/// `TARGET AT_LEAST`; nothing of what is reported exactly.
pub fn claim(statistic: &Statistic) -> String {
    let mut words = vec![
        statistic.assertion().as_str_name(),
        statistic.qualifier().as_str_name(),
    ];
    words.retain(|word| !matches!(*word, "REPORTED" | "EXACT"));
    words.join(" ")
}

/// `↑12.5% 同比`
pub fn change(change: &Comparison) -> String {
    let sign = match change.direction() {
        Direction::Up => "↑",
        Direction::Down => "↓",
        _ => "→",
    };
    let from = change.previous_value.as_ref();
    let from = from
        .map(|from| format!(" from {}", from.value))
        .unwrap_or_default();
    let delta = decimal(change.delta.as_ref());
    format!("{sign}{delta}{}{from} {}", change.delta_unit, change.basis)
        .trim_end()
        .to_owned()
}

fn decimal(decimal: Option<&Decimal>) -> &str {
    decimal.map_or("", |decimal| decimal.value.as_str())
}

//! Reads facts, and what every record takes from them in one way.

use std::collections::BTreeSet;

use bulletin::pb::{Decimal, Fragment, Span, span};
use serde_json::Value;

/// A text of a fact; empty when it is null or left out. `known` guards against misspelt keys.
pub fn text<'a>(fact: &'a Value, key: &str) -> &'a str {
    match &fact[key] {
        Value::Null => "",
        found => found.as_str().unwrap(),
    }
}

pub fn texts(fact: &Value, key: &str) -> Vec<String> {
    let found = fact[key].as_array().into_iter().flatten();
    found
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

pub fn number(fact: &Value, key: &str) -> i32 {
    match &fact[key] {
        Value::Null => 0,
        Value::String(digits) => digits.parse().unwrap(),
        found => i32::try_from(found.as_i64().unwrap()).unwrap(),
    }
}

pub fn list<'a>(fact: &'a Value, key: &str) -> &'a [Value] {
    fact[key].as_array().unwrap()
}

/// The number of an enum's value; 0 when the fact names none.
pub fn valued<E: Into<i32>>(parse: fn(&str) -> Option<E>, word: &str) -> i32 {
    if word.is_empty() {
        return 0;
    }
    parse(word)
        .unwrap_or_else(|| panic!("no value is called {word:?}"))
        .into()
}

/// A text that names a station goes into the one field, any other into the other.
pub fn station_or_text(named: &str) -> (String, String) {
    if named.starts_with("stations/") {
        (named.to_owned(), String::new())
    } else {
        (String::new(), named.to_owned())
    }
}

/// Fails when the facts say more, or less, than the tests read.
pub fn known(facts: &[Value], keys: &[&str]) {
    let said: BTreeSet<&str> = facts
        .iter()
        .flat_map(|fact| fact.as_object().unwrap().keys())
        .map(String::as_str)
        .collect();
    assert_eq!(said, keys.iter().copied().collect());
}

/// The facts of one article.
pub fn of<'a>(facts: &'a Value, kind: &str, article: &str) -> Vec<&'a Value> {
    let of_article = |fact: &&Value| fact["article"] == article;
    list(facts, kind).iter().filter(of_article).collect()
}

pub fn fragments(fact: &Value) -> Vec<Fragment> {
    let ranges = list(fact, "spans").iter();
    ranges
        .map(|range| Fragment {
            start: number(range, "start"),
            end: number(range, "end"),
        })
        .collect()
}

pub fn span(fact: &Value) -> Option<Span> {
    Some(Span {
        quote: text(fact, "quote").to_owned(),
        fragments: fragments(fact),
        state: span::State::Verified.into(),
        ..Span::default()
    })
}

pub fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    (!value.is_empty()).then_some(Decimal { value })
}

//! How parts of records are written to columns: enums as words, times, dates with unknown parts.

use prost_types::Timestamp;
use serde_json::{Map, Value, json};
use time::{Date, Month, OffsetDateTime};

use crate::decimal;
use crate::pb;
use crate::record::Record;

/// The least date and time: what is not known orders before what is.
pub const UNKNOWN: &str = "-infinity";

/// Stands for a number that is not known: less than any that a record may have.
pub const LEAST_NUMBER: &str = "-1000000000000000000";

/// The columns that every record has.
pub fn header<R: Record>(record: &R) -> Map<String, Value> {
    let mut columns = Map::new();
    let (created, updated) = record.times();
    columns.insert("is_deleted".to_owned(), json!(record.is_deleted()));
    columns.insert("create_time".to_owned(), timestamp(created));
    columns.insert("update_time".to_owned(), timestamp(updated));
    columns
}

pub fn texts<'a>(
    columns: &mut Map<String, Value>,
    texts: impl IntoIterator<Item = (&'static str, &'a String)>,
) {
    columns.extend(
        texts
            .into_iter()
            .map(|(column, text)| (column.to_owned(), json!(text))),
    );
}

pub fn lists<'a>(
    columns: &mut Map<String, Value>,
    lists: impl IntoIterator<Item = (&'static str, &'a Vec<String>)>,
) {
    columns.extend(
        lists
            .into_iter()
            .map(|(column, list)| (column.to_owned(), json!(list))),
    );
}

/// Enums as their words; empty when unset.
pub fn words(
    columns: &mut Map<String, Value>,
    words: impl IntoIterator<Item = (&'static str, &'static str)>,
) {
    for (column, word) in words {
        let word = if word.ends_with("UNSPECIFIED") {
            ""
        } else {
            word
        };
        columns.insert(column.to_owned(), json!(word));
    }
}

/// A time as Postgres reads it.
pub fn timestamp(time: Option<&Timestamp>) -> Value {
    let known = time.and_then(|time| {
        let nanos = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
    });
    match known {
        Some(time) => {
            let (date, clock) = (time.date(), time.time());
            let micros = clock.microsecond();
            let (hour, minute, second) = clock.as_hms();
            json!(format!(
                "{} {hour:02}:{minute:02}:{second:02}.{micros:06}+00",
                iso(date)
            ))
        }
        None => json!(UNKNOWN),
    }
}

/// A number, or the least where none is known.
pub fn number(value: Option<&pb::Decimal>) -> Value {
    match value.and_then(decimal::served) {
        Some(value) => json!(value.to_string()),
        None => json!(LEAST_NUMBER),
    }
}

/// The days a date may mean; nothing when its year is not printed.
pub fn days(date: Option<&pb::Date>) -> Option<(Date, Date)> {
    let date = date.filter(|date| date.year > 0)?;
    let (first_month, last_month) = match date.month {
        0 => (Month::January, Month::December),
        month => {
            let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
            (month, month)
        }
    };
    let (first_day, last_day) = match date.day {
        0 => (1, last_month.length(date.year)),
        day => (u8::try_from(day).ok()?, u8::try_from(day).ok()?),
    };
    let first = Date::from_calendar_date(date.year, first_month, first_day).ok()?;
    let last = Date::from_calendar_date(date.year, last_month, last_day).ok()?;
    Some((first, last))
}

/// The four columns of a date: `{prefix}_first`, `_last`, `_month`, `_day`.
pub fn date(columns: &mut Map<String, Value>, prefix: &str, date: Option<&pb::Date>) {
    let days = days(date);
    let part = |part: Option<i32>| {
        part.filter(|part| *part > 0)
            .map_or(Value::Null, Value::from)
    };
    let mut put = |suffix: &str, value| columns.insert(format!("{prefix}_{suffix}"), value);
    put(
        "first",
        days.map_or(Value::Null, |(first, _)| json!(iso(first))),
    );
    put(
        "last",
        days.map_or(Value::Null, |(_, last)| json!(iso(last))),
    );
    put("month", part(date.map(|date| date.month)));
    put("day", part(date.map(|date| date.day)));
}

/// What an order compares a date by.
pub fn date_order(date: Option<&pb::Date>) -> Value {
    days(date).map_or(json!(UNKNOWN), |(first, _)| json!(iso(first)))
}

fn iso(date: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

//! Reads a filter's values as the types of their fields, and says what is allowed where one is not.

use rust_decimal::Decimal;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

use crate::decimal;
use crate::error::Violation;
use crate::filter::Fault;
use crate::filter::check::FieldSpec;
use crate::filter::parse::Value;
use crate::pb;

/// A date as a filter may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateValue {
    /// Days from the first to the last that it may mean.
    Days(Date, Date),
    /// Of any year.
    MonthAndDay(u8, u8),
}

/// One of the words that the field has.
pub fn word(spec: &FieldSpec, words: &[&str], value: &Value) -> Result<String, Fault> {
    let given = value.pattern.text();
    if words.contains(&given.as_str()) {
        return Ok(given);
    }
    let (shown, allowed) = (Violation::shown(&given), words.join(", "));
    Err(Fault::new(
        value.column,
        format!("{} has no value {shown}; it has {allowed}", spec.path),
    ))
}

pub fn number(spec: &FieldSpec, value: &Value) -> Result<Decimal, Fault> {
    let given = pb::Decimal {
        value: value.pattern.text(),
    };
    decimal::parse("filter", &given).map_err(|_| {
        let allowed = "a number with at most 18 digits before the point and 9 after";
        refused(spec, value, allowed)
    })
}

/// The first and the last microsecond that a time or a date means. Postgres keeps no finer ones: a time
/// between two has its last before its first.
pub fn time(spec: &FieldSpec, value: &Value) -> Result<(OffsetDateTime, OffsetDateTime), Fault> {
    let text = value.pattern.text();
    if let Some((first, last)) = partial(&text) {
        let first = first.with_time(Time::MIDNIGHT).assume_utc();
        let last = last.with_time(LAST_MICROSECOND).assume_utc();
        return Ok((first, last));
    }
    let time = OffsetDateTime::parse(&text, &Rfc3339).ok();
    // An hour of the year 9999 may be of the year 10000 in UTC, which Postgres is asked in.
    let time = time.and_then(|time| time.checked_to_offset(UtcOffset::UTC));
    let Some(time) = time else {
        let allowed = "a time such as \"2020-06-11T08:00:00Z\", quoted, or a date as 2020, 2020-06, 2020-06-11";
        return Err(refused(spec, value, allowed));
    };
    let beyond = Duration::nanoseconds(i64::from(time.nanosecond() % 1_000));
    let last = time - beyond;
    let first = if beyond.is_zero() {
        last
    } else {
        last.checked_add(Duration::MICROSECOND).unwrap_or(time)
    };
    Ok((first, last))
}

const LAST_MICROSECOND: Time = time::macros::time!(23:59:59.999_999);

pub fn date(spec: &FieldSpec, value: &Value) -> Result<DateValue, Fault> {
    let text = value.pattern.text();
    let month_and_day = month_and_day(&text).map(|(month, day)| DateValue::MonthAndDay(month, day));
    month_and_day
        .or_else(|| partial(&text).map(|(first, last)| DateValue::Days(first, last)))
        .ok_or_else(|| {
            let allowed = "a date as 2020, 2020-06, 2020-06-11, or --06-11 for any year";
            refused(spec, value, allowed)
        })
}

fn refused(spec: &FieldSpec, value: &Value, allowed: &str) -> Fault {
    let shown = Violation::shown(&value.pattern.text());
    Fault::new(
        value.column,
        format!("{} takes {allowed}, not {shown}", spec.path),
    )
}

/// The first and the last day that `2020`, `2020-06` or `2020-06-11` may mean.
fn partial(text: &str) -> Option<(Date, Date)> {
    let parts: Vec<&str> = text.split('-').collect();
    let (years, rest) = parts.split_first()?;
    let fits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !fits(years, 4) || rest.len() > 2 || !rest.iter().all(|part| fits(part, 2)) {
        return None;
    }
    let year: i32 = years.parse().ok().filter(|year| *year > 0)?;
    let month = match rest.first() {
        Some(month) => Month::try_from(month.parse::<u8>().ok()?).ok()?,
        None => {
            let first = Date::from_calendar_date(year, Month::January, 1).ok()?;
            return Some((
                first,
                Date::from_calendar_date(year, Month::December, 31).ok()?,
            ));
        }
    };
    match rest.get(1) {
        Some(day) => {
            let day = Date::from_calendar_date(year, month, day.parse().ok()?).ok()?;
            Some((day, day))
        }
        None => {
            let first = Date::from_calendar_date(year, month, 1).ok()?;
            Some((
                first,
                Date::from_calendar_date(year, month, month.length(year)).ok()?,
            ))
        }
    }
}

/// `--06-11`
fn month_and_day(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.strip_prefix("--")?.split_once('-')?;
    let two_digits = |part: &str| {
        let fits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<u8>().ok()).flatten()
    };
    let (month, day) = (two_digits(month)?, two_digits(day)?);
    let longest = Month::try_from(month).ok()?.length(2020);
    (1..=longest).contains(&day).then_some((month, day))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::filter::check::{Kind, field};
    use crate::filter::lex::Pattern;

    const TIME: FieldSpec = field("create_time", Kind::Time, "create_time");

    fn value(text: &str) -> Value {
        Value {
            pattern: Pattern::plain(text),
            is_quoted: true,
            column: 1,
        }
    }

    #[test]
    fn a_date_is_all_of_its_times_and_a_time_one_or_none() {
        let microsecond = Duration::MICROSECOND;
        for (text, first, last) in [
            (
                "2020-06-11",
                datetime!(2020-06-11 00:00 UTC),
                datetime!(2020-06-12 00:00 UTC) - microsecond,
            ),
            (
                "2020-02",
                datetime!(2020-02-01 00:00 UTC),
                datetime!(2020-03-01 00:00 UTC) - microsecond,
            ),
            (
                "9999",
                datetime!(9999-01-01 00:00 UTC),
                datetime!(9999-12-31 23:59:59.999_999 UTC),
            ),
            (
                "2020-06-11T08:00:00+08:00",
                datetime!(2020-06-11 00:00 UTC),
                datetime!(2020-06-11 00:00 UTC),
            ),
            (
                "2020-06-11T00:00:00.0000005Z",
                datetime!(2020-06-11 00:00:00.000_001 UTC),
                datetime!(2020-06-11 00:00 UTC),
            ),
        ] {
            assert_eq!(time(&TIME, &value(text)), Ok((first, last)), "{text}");
        }
        for text in [
            "2020-6",
            "2020-06-31",
            "--06-11",
            "9999-12-31T23:59:59-01:00",
            "",
        ] {
            assert!(time(&TIME, &value(text)).is_err(), "{text}");
        }
    }
}

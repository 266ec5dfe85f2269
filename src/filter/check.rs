//! Looks a filter's fields up in a resource's allow-list, and reads its values as their types.

use rust_decimal::Decimal;
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};

use crate::decimal;
use crate::error::Violation;
use crate::filter::Fault;
use crate::filter::lex::{Comparator, Pattern};
use crate::filter::parse::{Expression, Field, Value, parse};
use crate::pb;

/// A field that filters may name.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// As in the proto: `quantity.value`.
    pub path: &'static str,
    pub kind: Kind,
    /// The column that holds it. A date has `_first` and `_last` appended.
    pub column: &'static str,
    /// Of a date, the indexed column of its order: the first day, before any other when there is none.
    pub order: Option<&'static str>,
}

/// A field of a schema.
pub const fn field(path: &'static str, kind: Kind, column: &'static str) -> FieldSpec {
    FieldSpec {
        path,
        kind,
        column,
        order: None,
    }
}

/// A date whose first day has an indexed column of its own.
pub const fn with_order(field: FieldSpec, order: &'static str) -> FieldSpec {
    FieldSpec {
        order: Some(order),
        ..field
    }
}

/// How a field's values are written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Any number of texts.
    Texts,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Any number of these words.
    Enums(&'static [&'static str]),
    Number,
    Bool,
    Time,
    /// A date with unknown parts.
    Date,
}

/// What filters of a resource may say.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub fields: &'static [FieldSpec],
    /// Paths of the texts that a bare word is looked for in.
    pub bare: &'static [&'static str],
}

/// A filter that can be answered.
#[derive(Clone, Debug)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test(&'static FieldSpec, Test),
}

/// What a field is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is set.
    Present,
    /// It is this text or word; of a list, some item is.
    Is(String),
    /// It, or some item of a list, matches the pattern as a whole.
    Matches(Pattern),
    /// It has a part that matches the pattern.
    Contains(Pattern),
    Number(Comparator, Decimal),
    Bool(bool),
    Time(Comparator, OffsetDateTime),
    /// Days from the first to the last that the value may mean.
    Date(Comparator, Date, Date),
    /// Month and day, whatever the year.
    MonthAndDay(u8, u8),
}

/// Reads and checks a filter; nothing for one that is empty.
pub fn check(schema: &'static Schema, filter: &str) -> Result<Option<Condition>, Violation> {
    let checked = parse(filter).and_then(|parsed| {
        parsed
            .map(|expression| condition(schema, expression))
            .transpose()
    });
    checked.map_err(|fault| fault.into_violation("filter"))
}

fn condition(schema: &'static Schema, expression: Expression) -> Result<Condition, Fault> {
    let all = |several: Vec<Expression>| -> Result<Vec<Condition>, Fault> {
        several
            .into_iter()
            .map(|one| condition(schema, one))
            .collect()
    };
    match expression {
        Expression::And(several) => Ok(Condition::And(all(several)?)),
        Expression::Or(several) => Ok(Condition::Or(all(several)?)),
        Expression::Not(inner) => Ok(Condition::Not(Box::new(condition(schema, *inner)?))),
        Expression::Bare(value) => bare(schema, value),
        Expression::Compare {
            field,
            comparator,
            value,
        } => compare(schema, &field, comparator, value),
    }
}

/// Some text of the record has it.
fn bare(schema: &'static Schema, value: Value) -> Result<Condition, Fault> {
    let fields = schema
        .fields
        .iter()
        .filter(|field| schema.bare.contains(&field.path));
    let tests = fields.map(|field| Condition::Test(field, Test::Contains(value.pattern.clone())));
    Ok(Condition::Or(tests.collect()))
}

fn compare(
    schema: &'static Schema,
    field: &Field,
    comparator: Comparator,
    value: Value,
) -> Result<Condition, Fault> {
    let spec = schema.fields.iter().find(|spec| spec.path == field.path);
    let spec = spec.ok_or_else(|| unknown(schema, field))?;
    let is_star = !value.is_quoted && value.pattern.pieces == ["", ""];
    if is_star && comparator == Comparator::Has {
        return Ok(Condition::Test(spec, Test::Present));
    }
    let refuse = |allowed: &str| {
        let written = comparator.as_str();
        Err(Fault::new(
            field.column,
            format!("{} is {allowed}, not {written}", spec.path),
        ))
    };
    match spec.kind {
        Kind::Text => match comparator {
            Comparator::Has => Ok(Condition::Test(spec, Test::Contains(value.pattern))),
            Comparator::Equal => Ok(Condition::Test(spec, is_or_matches(value.pattern))),
            Comparator::NotEqual => Ok(not(spec, is_or_matches(value.pattern))),
            _ => refuse("text, compared with = != or :"),
        },
        Kind::Texts => match comparator {
            Comparator::Has => Ok(Condition::Test(spec, is_or_matches(value.pattern))),
            _ => refuse("a list, asked with :"),
        },
        Kind::Enum(words) => {
            let test = Test::Is(word(spec, words, &value)?);
            match comparator {
                Comparator::Equal | Comparator::Has => Ok(Condition::Test(spec, test)),
                Comparator::NotEqual => Ok(not(spec, test)),
                _ => refuse("an enum, compared with = or !="),
            }
        }
        Kind::Enums(words) => match comparator {
            Comparator::Has => Ok(Condition::Test(spec, Test::Is(word(spec, words, &value)?))),
            _ => refuse("a list, asked with :"),
        },
        Kind::Bool => match (comparator, value.pattern.exact()) {
            (Comparator::Equal | Comparator::Has, Some("true")) => {
                Ok(Condition::Test(spec, Test::Bool(true)))
            }
            (Comparator::Equal | Comparator::Has, Some("false")) => {
                Ok(Condition::Test(spec, Test::Bool(false)))
            }
            _ => Err(Fault::new(
                value.column,
                format!("{} is true or false", spec.path),
            )),
        },
        Kind::Number => {
            number(&value).map(|number| ordered(spec, comparator, |by| Test::Number(by, number)))
        }
        Kind::Time => time(&value).map(|time| ordered(spec, comparator, |by| Test::Time(by, time))),
        Kind::Date => date(spec, comparator, &value),
    }
}

fn not(spec: &'static FieldSpec, test: Test) -> Condition {
    Condition::Not(Box::new(Condition::Test(spec, test)))
}

/// `:` asks a single value what `=` does; `!=` is true of a value that is not set.
fn ordered(
    spec: &'static FieldSpec,
    comparator: Comparator,
    test: impl Fn(Comparator) -> Test,
) -> Condition {
    match comparator {
        Comparator::Has => Condition::Test(spec, test(Comparator::Equal)),
        Comparator::NotEqual => not(spec, test(Comparator::Equal)),
        comparator => Condition::Test(spec, test(comparator)),
    }
}

fn is_or_matches(pattern: Pattern) -> Test {
    match pattern.exact() {
        Some(text) => Test::Is(text.to_owned()),
        None => Test::Matches(pattern),
    }
}

fn unknown(schema: &Schema, field: &Field) -> Fault {
    let shown = Violation::shown(&field.path);
    let nearest = schema
        .fields
        .iter()
        .min_by_key(|spec| distance(spec.path, &field.path));
    let near_enough =
        |spec: &&FieldSpec| distance(spec.path, &field.path) <= field.path.chars().count() / 3 + 1;
    let suggestion = match nearest.filter(near_enough) {
        Some(spec) => format!(" (did you mean {:?}?)", spec.path),
        None => String::new(),
    };
    Fault::new(field.column, format!("unknown field {shown}{suggestion}"))
}

/// Insertions, deletions and replacements between two texts.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

fn word(spec: &FieldSpec, words: &[&str], value: &Value) -> Result<String, Fault> {
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

fn number(value: &Value) -> Result<Decimal, Fault> {
    let text = value.pattern.text();
    decimal::parse(
        "filter",
        &pb::Decimal {
            value: text.clone(),
        },
    )
    .map_err(|_| {
        let shown = Violation::shown(&text);
        Fault::new(
            value.column,
            format!("{shown} is no number with at most 18 and 9 digits"),
        )
    })
}

fn time(value: &Value) -> Result<OffsetDateTime, Fault> {
    let text = value.pattern.text();
    if let Ok(time) = OffsetDateTime::parse(&text, &Rfc3339) {
        return Ok(time);
    }
    match partial(&text) {
        Some((first, _)) => Ok(first.with_time(Time::MIDNIGHT).assume_utc()),
        None => {
            let shown = Violation::shown(&text);
            let form = "a time such as \"2020-06-11T08:00:00Z\", quoted, or a date";
            Err(Fault::new(value.column, format!("{shown} is not {form}")))
        }
    }
}

fn date(
    spec: &'static FieldSpec,
    comparator: Comparator,
    value: &Value,
) -> Result<Condition, Fault> {
    let text = value.pattern.text();
    if let Some((month, day)) = month_and_day(&text) {
        return match comparator {
            Comparator::Equal | Comparator::Has => {
                Ok(Condition::Test(spec, Test::MonthAndDay(month, day)))
            }
            Comparator::NotEqual => Ok(not(spec, Test::MonthAndDay(month, day))),
            _ => {
                let problem = "a date without a year has no order: compare it with = or !=";
                Err(Fault::new(value.column, problem))
            }
        };
    }
    let (first, last) = partial(&text).ok_or_else(|| {
        let shown = Violation::shown(&text);
        let form = "2020, 2020-06, 2020-06-11, or --06-11 for any year";
        Fault::new(value.column, format!("{shown} is no date: write {form}"))
    })?;
    Ok(ordered(spec, comparator, |by| Test::Date(by, first, last)))
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

//! Looks a filter's fields up in a resource's allow-list, and asks each what its type can answer.

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::error::Violation;
use crate::filter::Fault;
use crate::filter::lex::{Comparator, Pattern};
use crate::filter::parse::{Expression, Field, Value, parse};
use crate::filter::suggest::unknown;
use crate::filter::values::{DateValue, date, number, time, word};
use crate::filter::years::Yearly;

/// A field that filters may name.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// As in the proto: `quantity.value`.
    pub path: &'static str,
    pub kind: Kind,
    /// The column that holds it, or an expression that is never null where it may be. A date has
    /// `_first` and `_last` appended.
    pub column: &'static str,
    /// Of a date, the indexed column of its order: the first day, before any other when there is none.
    pub order: Option<&'static str>,
    /// Of a list, the column that holds its items with the year of a date.
    pub yearly: Option<Yearly>,
}

/// A field of a schema.
pub const fn field(path: &'static str, kind: Kind, column: &'static str) -> FieldSpec {
    FieldSpec {
        path,
        kind,
        column,
        order: None,
        yearly: None,
    }
}

/// A date whose first day has an indexed column of its own.
pub const fn with_order(field: FieldSpec, order: &'static str) -> FieldSpec {
    FieldSpec {
        order: Some(order),
        ..field
    }
}

/// A list whose items have an indexed column with the year of a date.
pub const fn with_years(field: FieldSpec, yearly: Yearly) -> FieldSpec {
    FieldSpec {
        yearly: Some(yearly),
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
    /// The first and the last microsecond that the value means: a whole day of a date, and none, the
    /// last before the first, of a time between two.
    Time(Comparator, OffsetDateTime, OffsetDateTime),
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
    let test = if value.pattern.is_star() {
        Test::Present
    } else {
        Test::Contains(value.pattern)
    };
    let tests = fields.map(|field| Condition::Test(field, test.clone()));
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
    let refuse = |allowed: &str| {
        let written = comparator.as_str();
        Err(Fault::new(
            field.column,
            format!("{} is {allowed}, not {written}", spec.path),
        ))
    };
    let is_list = matches!(spec.kind, Kind::Texts | Kind::Enums(_));
    if is_list && comparator != Comparator::Has {
        return refuse("a list, asked with :");
    }
    let has_order = matches!(spec.kind, Kind::Number | Kind::Time | Kind::Date);
    let is_order = !matches!(
        comparator,
        Comparator::Equal | Comparator::NotEqual | Comparator::Has
    );
    if is_order && !has_order {
        return refuse(match spec.kind {
            Kind::Text => "text, compared with = != or :",
            Kind::Bool => "true or false, compared with = != or :",
            _ => "an enum, compared with = != or :",
        });
    }
    if value.pattern.is_star() && !is_order {
        return Ok(equal(spec, comparator, Test::Present));
    }
    match spec.kind {
        Kind::Text if comparator == Comparator::Has => {
            Ok(Condition::Test(spec, Test::Contains(value.pattern)))
        }
        Kind::Text | Kind::Texts => Ok(equal(spec, comparator, is_or_matches(value.pattern))),
        Kind::Enum(words) | Kind::Enums(words) => {
            word(spec, words, &value).map(|word| equal(spec, comparator, Test::Is(word)))
        }
        Kind::Bool => word(spec, &["true", "false"], &value)
            .map(|word| equal(spec, comparator, Test::Bool(word == "true"))),
        Kind::Number => {
            let number = number(spec, &value)?;
            Ok(ordered(spec, comparator, |by| Test::Number(by, number)))
        }
        Kind::Time => {
            let (first, last) = time(spec, &value)?;
            Ok(ordered(spec, comparator, |by| Test::Time(by, first, last)))
        }
        Kind::Date => match date(spec, &value)? {
            DateValue::Days(first, last) => {
                Ok(ordered(spec, comparator, |by| Test::Date(by, first, last)))
            }
            DateValue::MonthAndDay(month, day) if !is_order => {
                Ok(equal(spec, comparator, Test::MonthAndDay(month, day)))
            }
            DateValue::MonthAndDay(..) => {
                let shown = Violation::shown(&value.pattern.text());
                let problem = "a date without a year has no order: compare it with = != or :";
                Err(Fault::new(
                    value.column,
                    format!("{} and {shown}: {problem}", spec.path),
                ))
            }
        },
    }
}

/// `:` asks a single value what `=` does; `!=` is true of a value that is not set.
fn equal(spec: &'static FieldSpec, comparator: Comparator, test: Test) -> Condition {
    let test = Condition::Test(spec, test);
    match comparator {
        Comparator::NotEqual => Condition::Not(Box::new(test)),
        _ => test,
    }
}

fn ordered(
    spec: &'static FieldSpec,
    comparator: Comparator,
    test: impl Fn(Comparator) -> Test,
) -> Condition {
    match comparator {
        Comparator::Equal | Comparator::NotEqual | Comparator::Has => {
            equal(spec, comparator, test(Comparator::Equal))
        }
        comparator => Condition::Test(spec, test(comparator)),
    }
}

fn is_or_matches(pattern: Pattern) -> Test {
    match pattern.exact() {
        Some(text) => Test::Is(text.to_owned()),
        None => Test::Matches(pattern),
    }
}

//! What is true of every filter, whatever its text. The fuzz target runs it over texts nobody thought
//! of, `fuzzed.rs` over those it kept.

use bulletin::filter::check::{Condition, Schema, check};
use bulletin::filter::lex::Pattern;
use bulletin::filter::parse::{Expression, Value, parse};
use bulletin::filter::sql::lower;
use bulletin::filter::{DEPTH_MAX, LENGTH_MAX, TERMS_MAX};
use bulletin::{articles, stations, statistics};

const SCHEMAS: [&Schema; 3] = [
    &articles::fields::SCHEMA,
    &stations::fields::SCHEMA,
    &statistics::fields::SCHEMA,
];

/// Longest description of what is wrong: an error's details fit a header.
const DESCRIPTION_BYTES_MAX: usize = 2_000;

/// Levels of a tree that one pair of parentheses makes at most: AND, OR, NOT.
const LEVELS: usize = 3;

/// Parameters that a list has before its filter's.
const TAKEN: usize = 6;

/// Panics when the filter breaks a property.
pub fn hold(filter: &str) {
    let length = filter.chars().count();
    match parse(filter) {
        Ok(None) => assert!(filter.trim().is_empty(), "only an empty filter is none"),
        Ok(Some(expression)) => {
            assert!(length <= LENGTH_MAX, "{length} code points were read");
            assert!(terms(&expression) <= TERMS_MAX, "too many terms were read");
            assert!(
                depth(&expression) <= LEVELS * (DEPTH_MAX + 1),
                "too deep a tree was read"
            );
            is_read_back(&expression);
        }
        Err(fault) => {
            assert!((1..=length + 1).contains(&fault.column), "{fault:?}");
            assert!(!fault.problem.is_empty(), "{fault:?}");
        }
    }
    SCHEMAS
        .iter()
        .for_each(|schema| is_answered(schema, filter));
}

/// It is refused where it goes wrong, or lowered to SQL that has none of its text.
fn is_answered(schema: &'static Schema, filter: &str) {
    let condition = match check(schema, filter) {
        Ok(condition) => condition,
        Err(violation) => {
            let description = violation.description;
            let column = description
                .strip_prefix("is invalid at column ")
                .and_then(|rest| rest.split_once(": "))
                .and_then(|(column, _)| column.parse::<usize>().ok());
            let columns = 1..=filter.chars().count() + 1;
            assert!(
                column.is_some_and(|column| columns.contains(&column)),
                "{description}"
            );
            assert!(description.len() <= DESCRIPTION_BYTES_MAX, "{description}");
            assert!(!description.contains(char::is_control), "{description}");
            return;
        }
    };
    let sql = lower(condition.as_ref(), TAKEN).sql;
    let code: Vec<&str> = sql.split('\'').step_by(2).collect();
    let literals: Vec<&str> = sql.split('\'').skip(1).step_by(2).collect();
    assert!(
        literals.iter().all(|text| ["", "-infinity"].contains(text)),
        "{sql}"
    );
    let is_known = |c: char| c.is_ascii_alphanumeric() || " ()_$<>=@&[],:-".contains(c);
    assert!(code.iter().all(|part| part.chars().all(is_known)), "{sql}");
    assert!(!sql.contains("--"), "{sql}");
    let numbers = sql.split('$').skip(1).map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit());
        rest[..digits.unwrap_or(rest.len())].parse::<usize>().ok()
    });
    for (index, number) in numbers.enumerate() {
        assert_eq!(number, Some(TAKEN + 1 + index), "{sql}");
    }
    assert!(tests(condition.as_ref()) <= TERMS_MAX * schema.bare.len());
}

fn tests(condition: Option<&Condition>) -> usize {
    match condition {
        Some(Condition::And(several) | Condition::Or(several)) => {
            several.iter().map(|one| tests(Some(one))).sum()
        }
        Some(Condition::Not(inner)) => tests(Some(inner)),
        Some(Condition::Test(..)) => 1,
        None => 0,
    }
}

/// It means the same when it is written from its tree.
fn is_read_back(expression: &Expression) {
    let written = written(expression);
    if written.chars().count() > LENGTH_MAX {
        return;
    }
    let again = parse(&written).unwrap_or_else(|fault| panic!("{written}: {fault:?}"));
    let again = again.unwrap_or_else(|| panic!("{written} is empty"));
    assert_eq!(self::written(&again), written);
    assert_eq!(placeless(again), placeless(expression.clone()), "{written}");
}

fn terms(expression: &Expression) -> usize {
    match expression {
        Expression::And(several) | Expression::Or(several) => several.iter().map(terms).sum(),
        Expression::Not(inner) => terms(inner),
        Expression::Compare { .. } | Expression::Bare(_) => 1,
    }
}

fn depth(expression: &Expression) -> usize {
    match expression {
        Expression::And(several) | Expression::Or(several) => {
            1 + several.iter().map(depth).max().unwrap_or_default()
        }
        Expression::Not(inner) => 1 + depth(inner),
        Expression::Compare { .. } | Expression::Bare(_) => 0,
    }
}

/// The expression as a filter, with no more parentheses than it needs.
fn written(expression: &Expression) -> String {
    let joined = |several: &[Expression], word: &str, is_bare: fn(&Expression) -> bool| {
        let parts = several.iter().map(|one| match is_bare(one) {
            true => written(one),
            false => format!("({})", written(one)),
        });
        parts.collect::<Vec<_>>().join(word)
    };
    match expression {
        Expression::And(several) => {
            joined(several, " AND ", |one| !matches!(one, Expression::And(_)))
        }
        Expression::Or(several) => joined(several, " OR ", |one| {
            !matches!(one, Expression::And(_) | Expression::Or(_))
        }),
        Expression::Not(inner) => match **inner {
            Expression::Compare { .. } | Expression::Bare(_) => format!("NOT {}", written(inner)),
            _ => format!("NOT ({})", written(inner)),
        },
        Expression::Compare {
            field,
            comparator,
            value,
        } => format!("{} {} {}", field.path, comparator.as_str(), text(value)),
        Expression::Bare(value) => text(value),
    }
}

/// A value as it is written: quoted if it was, and then with its own `*` told from wildcards.
fn text(value: &Value) -> String {
    if !value.is_quoted {
        return value.pattern.text();
    }
    let escaped = |piece: &String| {
        let piece = piece.replace('\\', "\\\\").replace('"', "\\\"");
        piece.replace('*', "\\*")
    };
    let pieces: Vec<String> = value.pattern.pieces.iter().map(escaped).collect();
    format!("\"{}\"", pieces.join("*"))
}

/// The expression without columns.
fn placeless(expression: Expression) -> Expression {
    let all = |several: Vec<Expression>| several.into_iter().map(placeless).collect();
    let of = |pattern: Pattern, is_quoted| Value {
        pattern,
        is_quoted,
        column: 0,
    };
    match expression {
        Expression::And(several) => Expression::And(all(several)),
        Expression::Or(several) => Expression::Or(all(several)),
        Expression::Not(inner) => Expression::Not(Box::new(placeless(*inner))),
        Expression::Compare {
            mut field,
            comparator,
            value,
        } => {
            field.column = 0;
            Expression::Compare {
                field,
                comparator,
                value: of(value.pattern, value.is_quoted),
            }
        }
        Expression::Bare(value) => Expression::Bare(of(value.pattern, value.is_quoted)),
    }
}

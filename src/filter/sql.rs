//! A checked filter as a condition in SQL. Values are bound, never written into the text.

use rust_decimal::Decimal;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use time::{Date, OffsetDateTime};

use crate::columns::LEAST_NUMBER;
use crate::filter::check::{Condition, FieldSpec, Kind, Test};
use crate::filter::lex::{Comparator, Pattern};
use crate::filter::years::{Implied, implied};

/// True, where the parameter is 0; and to the planner, who does not know that of a plan without values,
/// very dear. A statement that has it stays prepared and is planned with its values each time: how
/// common they are decides whether an index serves.
pub fn planned_with_values(parameter: usize) -> String {
    format!(
        "(select count(*) from generate_series(1, ${parameter}::bigint) as one,
                               generate_series(1, ${parameter}::bigint) as other) = 0"
    )
}

const NO_DATE: &str = "'-infinity'";

/// A condition, and the values that its parameters stand for.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    pub sql: String,
    values: Vec<Bound>,
    /// Number of the last parameter taken.
    last: usize,
}

#[derive(Clone, Debug)]
enum Bound {
    Text(String),
    Number(Decimal),
    Time(OffsetDateTime),
    Date(Date),
    Integer(i16),
}

/// The condition of a filter; parameters are numbered after `taken`.
pub fn lower(condition: Option<&Condition>, taken: usize) -> Lowered {
    let mut lowered = Lowered {
        last: taken,
        ..Lowered::default()
    };
    match condition {
        Some(condition) => lowered.condition(condition),
        None => lowered.sql.push_str("true"),
    }
    lowered
}

impl Lowered {
    /// Binds the values after those that are bound already.
    pub fn bind<'q>(
        self,
        mut query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        for value in self.values {
            query = match value {
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
                Bound::Time(time) => query.bind(time),
                Bound::Date(date) => query.bind(date),
                Bound::Integer(integer) => query.bind(integer),
            };
        }
        query
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn value(&mut self, value: Bound) {
        self.last += 1;
        self.values.push(value);
        self.sql.push_str(&format!("${}", self.last));
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(several) => match implied(several) {
                Some(implied) => self.yearly(several, &implied),
                None => self.joined(several, " and "),
            },
            Condition::Or(several) => self.joined(several, " or "),
            // What is unknown is not true, so its negation is.
            Condition::Not(inner) => {
                self.push("(");
                self.condition(inner);
                self.push(") is not true");
            }
            Condition::Test(field, test) => self.test(field, test),
        }
    }

    fn joined(&mut self, several: &[Condition], word: &str) {
        self.push("(");
        for (index, one) in several.iter().enumerate() {
            if index > 0 {
                self.push(word);
            }
            self.condition(one);
        }
        self.push(")");
    }

    /// The implied condition has an index. Those it covers are `is true`, so that the planner does not
    /// cross their indexes with that one.
    fn yearly(&mut self, several: &[Condition], implied: &Implied) {
        self.push(&format!("({} && array[", implied.column));
        for (index, item) in implied.items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.value(Bound::Text(item.clone()));
        }
        self.push("]::text[]");
        for (at, one) in several.iter().enumerate() {
            self.push(" and (");
            self.condition(one);
            let is_covered = implied.covered.contains(&at);
            self.push(if is_covered { ") is true" } else { ")" });
        }
        self.push(")");
    }

    fn test(&mut self, field: &FieldSpec, test: &Test) {
        let is_list = matches!(field.kind, Kind::Texts | Kind::Enums(_));
        let column = field.column;
        match test {
            Test::Present => self.present(field),
            Test::Is(text) if is_list => {
                self.push(&format!("{column} @> array["));
                self.value(Bound::Text(text.clone()));
                self.push("::text]");
            }
            Test::Is(text) => self.compared(column, "=", Bound::Text(text.clone())),
            Test::Matches(pattern) => self.like(field, &like(pattern, "")),
            Test::Contains(pattern) => self.like(field, &like(pattern, "%")),
            Test::Number(by, number) => self.number(column, *by, *number),
            Test::Bool(true) => self.push(column),
            Test::Bool(false) => self.push(&format!("not {column}")),
            Test::Time(by, first, last) => self.time(column, *by, *first, *last),
            Test::Date(by, first, last) => self.date(field, *by, *first, *last),
            Test::MonthAndDay(month, day) => {
                self.push("(");
                self.compared(
                    &format!("{column}_month"),
                    "=",
                    Bound::Integer(i16::from(*month)),
                );
                self.push(" and ");
                self.compared(
                    &format!("{column}_day"),
                    "=",
                    Bound::Integer(i16::from(*day)),
                );
                self.push(")");
            }
        }
    }

    fn compared(&mut self, column: &str, operator: &str, value: Bound) {
        self.push(&format!("{column} {operator} "));
        self.value(value);
    }

    /// A number that is not known is kept as the least, which is not less than anything.
    fn number(&mut self, column: &str, by: Comparator, number: Decimal) {
        let is_below = matches!(by, Comparator::Less | Comparator::LessOrEqual);
        if is_below {
            self.push(&format!("({column} > {LEAST_NUMBER} and "));
        }
        self.compared(column, by.as_str(), Bound::Number(number));
        if is_below {
            self.push(")");
        }
    }

    fn time(&mut self, column: &str, by: Comparator, first: OffsetDateTime, last: OffsetDateTime) {
        let bound = match by {
            Comparator::Less | Comparator::GreaterOrEqual => first,
            Comparator::LessOrEqual | Comparator::Greater => last,
            Comparator::Equal | Comparator::NotEqual | Comparator::Has => {
                self.push("(");
                self.compared(column, ">=", Bound::Time(first));
                self.push(" and ");
                self.compared(column, "<=", Bound::Time(last));
                return self.push(")");
            }
        };
        self.compared(column, by.as_str(), Bound::Time(bound));
    }

    fn present(&mut self, field: &FieldSpec) {
        let column = field.column;
        self.push(&match field.kind {
            Kind::Text | Kind::Enum(_) => format!("{column} <> ''"),
            Kind::Texts | Kind::Enums(_) => format!("cardinality({column}) > 0"),
            Kind::Number => format!("{column} > {LEAST_NUMBER}"),
            Kind::Bool => column.to_owned(),
            Kind::Time => format!("{column} > '-infinity'"),
            Kind::Date => format!("({column}_first is not null or {column}_month is not null)"),
        });
    }

    fn like(&mut self, field: &FieldSpec, pattern: &str) {
        let column = field.column;
        match field.kind {
            Kind::Texts | Kind::Enums(_) => {
                self.push(&format!(
                    "exists (select from unnest({column}) as item where item like "
                ));
                self.value(Bound::Text(pattern.to_owned()));
                self.push(")");
            }
            _ => self.compared(column, "like", Bound::Text(pattern.to_owned())),
        }
    }

    /// Of a date with unknown parts only what is certain is true. The first day is compared in the
    /// column of the order, if there is one, so that its index serves.
    fn date(&mut self, field: &FieldSpec, by: Comparator, first: Date, last: Date) {
        let column = field.column;
        let first_day = field
            .order
            .map_or_else(|| format!("{column}_first"), str::to_owned);
        let last_day = format!("{column}_last");
        match by {
            Comparator::Less | Comparator::LessOrEqual => {
                let day = if by == Comparator::Less { first } else { last };
                self.push("(");
                self.compared(&last_day, by.as_str(), Bound::Date(day));
                // Implied, and a range of the index.
                self.push(" and ");
                self.compared(&first_day, by.as_str(), Bound::Date(day));
                self.push(&format!(" and {first_day} > {NO_DATE})"));
            }
            Comparator::Greater => self.compared(&first_day, ">", Bound::Date(last)),
            Comparator::GreaterOrEqual => self.compared(&first_day, ">=", Bound::Date(first)),
            Comparator::Equal | Comparator::NotEqual | Comparator::Has => {
                self.push("(");
                self.compared(&first_day, ">=", Bound::Date(first));
                self.push(" and ");
                self.compared(&first_day, "<=", Bound::Date(last));
                self.push(" and ");
                self.compared(&last_day, "<=", Bound::Date(last));
                self.push(")");
            }
        }
    }
}

/// A pattern in the form of LIKE, within `around`.
fn like(pattern: &Pattern, around: &str) -> String {
    let pieces: Vec<String> = pattern.pieces.iter().map(|piece| escaped(piece)).collect();
    format!("{around}{}{around}", pieces.join("%"))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

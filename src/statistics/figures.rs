//! Reads the figures that an aggregate is made of: columns, no records.

use rust_decimal::Decimal;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};
use time::Date;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::{lower, planned_with_values};
use crate::pb::statistic::{Assertion, Qualifier};
use crate::reading::{Read, read as read_rows, tip_sql};
use crate::route::Freshness;
use crate::statistics::aggregate::{Figure, Start};

/// Most figures of one aggregate: more are refused, not left out.
pub const FIGURES_MAX: usize = 100_000;

const PARAMETERS: usize = 4;

/// The parameter that is 0.
const ZERO: usize = 4;

/// Figures of published articles, of one article or of all, that a filter lets through.
pub async fn read(
    db: &Db,
    article: Option<&str>,
    filter: Option<&Condition>,
    freshness: &Freshness,
) -> Result<Read<Vec<Figure>>> {
    let found = read_rows(db, freshness, |asked| statement(article, filter, asked)).await?;
    let mut figures = Vec::with_capacity(found.value.len());
    for row in &found.value {
        if row.try_get::<Option<&str>, _>(0)?.is_some() {
            figures.push(figure(row)?);
        }
    }
    if figures.len() > FIGURES_MAX {
        let description =
            format!("must let at most {FIGURES_MAX} statistics through; it lets more");
        return Err(Error::invalid("filter", description));
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: figures,
    })
}

/// The statement that reads them, for whoever wants to run it by itself.
pub fn statement<'q>(
    article: Option<&'q str>,
    filter: Option<&Condition>,
    asked_revisions: Vec<i64>,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(filter, PARAMETERS);
    let of_article = match article {
        Some(_) => "article = $2",
        None => "$2::text is null",
    };
    let tip = tip_sql!();
    let planned = planned_with_values(ZERO);
    let sql = format!(
        "-- statistics.figures
        {tip}
        select found.*, tip.*
        from tip left join (
          select name, article, indicator, metric, place, stations, value, significant_digits, unit,
                 per, qualifier, assertion, honour, start_first, start_month, start_day, end_last
          from statistics
          where state = 'PUBLISHED' and not is_deleted and {of_article} and {}
          limit $3) as found on true
        where {planned}",
        filter.sql
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked_revisions)
        .bind(article)
        .bind(i64::try_from(FIGURES_MAX + 1).map_err(Error::internal)?)
        .bind(0_i64);
    Ok(filter.bind(query))
}

/// Reads the columns by their places: a look-up of each name would cost more than the reading.
fn figure(row: &PgRow) -> Result<Figure> {
    let digits = known(row.try_get(7)?);
    let qualifier = Qualifier::from_str_name(row.try_get(10)?);
    let assertion = Assertion::from_str_name(row.try_get(11)?);
    let first: Option<Date> = row.try_get(13)?;
    let month: Option<i16> = row.try_get(14)?;
    let day: Option<i16> = row.try_get(15)?;
    let last: Option<Date> = row.try_get(16)?;
    let part = |part: Option<i16>| part.and_then(|part| u8::try_from(part).ok()).unwrap_or(0);
    Ok(Figure {
        name: row.try_get(0)?,
        article: row.try_get(1)?,
        indicator: row.try_get(2)?,
        metric: row.try_get(3)?,
        place: row.try_get(4)?,
        stations: row.try_get(5)?,
        value: known(row.try_get(6)?),
        significant_digits: digits
            .and_then(|digits| digits.try_into().ok())
            .unwrap_or(0),
        unit: row.try_get(8)?,
        per: row.try_get(9)?,
        qualifier: qualifier.unwrap_or(Qualifier::Unspecified),
        assertion: assertion.unwrap_or(Assertion::Unspecified),
        honour: row.try_get(12)?,
        // 8月以来 has no end: it may reach over whatever comes after.
        days: first.zip(last),
        start: first.map(|first| Start {
            year: first.year(),
            month: part(month),
            day: part(day),
        }),
    })
}

/// A column's number, unless it stands for one that is not known.
fn known(number: Decimal) -> Option<Decimal> {
    (number > LEAST).then_some(number)
}

/// `LEAST_NUMBER`.
const LEAST: Decimal = Decimal::from_parts(0xa764_0000, 0x0de0_b6b3, 0, true, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_number_is_that_of_the_columns() {
        assert_eq!(LEAST.to_string(), crate::columns::LEAST_NUMBER);
    }
}

//! Reads the figures that an aggregate is made of: columns, no records.

use rust_decimal::Decimal;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row as _};
use time::Date;

use crate::columns::LEAST_NUMBER;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::filter::check::Condition;
use crate::filter::sql::lower;
use crate::pb::statistic::{Assertion, Qualifier};
use crate::reading::{Freshness, Read, first, tip_sql};
use crate::statistics::aggregate::{Figure, Start};

/// Most figures of one aggregate: more are refused, not left out.
pub const FIGURES_MAX: usize = 100_000;

const PARAMETERS: usize = 3;

/// Figures of published articles, of one article or of all, that a filter lets through.
pub async fn read(
    db: &Db,
    article: Option<&str>,
    filter: Option<&Condition>,
    freshness: &Freshness,
) -> Result<Read<Vec<Figure>>> {
    let query = statement(article, filter, freshness)?;
    let rows = query.fetch_all(db.pool()).await?;
    let token = freshness.check(first(&rows)?)?;
    let mut figures = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<&str>, _>("name")?.is_some() {
            figures.push(figure(row)?);
        }
    }
    if figures.len() > FIGURES_MAX {
        let description =
            format!("must let at most {FIGURES_MAX} statistics through; it lets more");
        return Err(Error::invalid("filter", description));
    }
    Ok(Read {
        token,
        value: figures,
    })
}

/// The statement that reads them, for whoever wants to run it by itself.
pub fn statement<'q>(
    article: Option<&'q str>,
    filter: Option<&Condition>,
    freshness: &Freshness,
) -> Result<Query<'q, Postgres, PgArguments>> {
    let filter = lower(filter, PARAMETERS);
    let of_article = match article {
        Some(_) => "article = $2",
        None => "$2::text is null",
    };
    let tip = tip_sql!();
    let sql = format!(
        "-- statistics.figures
        {tip}
        select tip.*, found.*
        from tip left join (
          select name, article, indicator, metric, place, stations, value, significant_digits, unit,
                 per, qualifier, assertion, honour, start_first, start_last, start_month, start_day,
                 end_first, end_last
          from statistics
          where state = 'PUBLISHED' and not is_deleted and {of_article} and {}
          limit $3) as found on true",
        filter.sql
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(freshness.asked_revisions())
        .bind(article)
        .bind(i64::try_from(FIGURES_MAX + 1).map_err(Error::internal)?)
        .persistent(false);
    Ok(filter.bind(query))
}

fn figure(row: &PgRow) -> Result<Figure> {
    let digits = known(row.try_get("significant_digits")?);
    let qualifier = Qualifier::from_str_name(row.try_get("qualifier")?);
    let assertion = Assertion::from_str_name(row.try_get("assertion")?);
    let first: Option<Date> = row.try_get("start_first")?;
    let month: Option<i16> = row.try_get("start_month")?;
    let day: Option<i16> = row.try_get("start_day")?;
    let part = |part: Option<i16>| part.and_then(|part| u8::try_from(part).ok()).unwrap_or(0);
    Ok(Figure {
        name: row.try_get("name")?,
        article: row.try_get("article")?,
        indicator: row.try_get("indicator")?,
        metric: row.try_get("metric")?,
        place: row.try_get("place")?,
        stations: row.try_get("stations")?,
        value: known(row.try_get("value")?),
        significant_digits: digits
            .and_then(|digits| digits.try_into().ok())
            .unwrap_or(0),
        unit: row.try_get("unit")?,
        per: row.try_get("per")?,
        qualifier: qualifier.unwrap_or(Qualifier::Unspecified),
        assertion: assertion.unwrap_or(Assertion::Unspecified),
        honour: row.try_get("honour")?,
        days: days(row)?,
        start: first.map(|first| Start {
            year: first.year(),
            month: part(month),
            day: part(day),
        }),
    })
}

/// A column's number, unless it stands for one that is not known.
fn known(number: Decimal) -> Option<Decimal> {
    let least = Decimal::from_str_exact(LEAST_NUMBER).expect("it is a decimal");
    (number > least).then_some(number)
}

/// The first and the last day a figure may be of, where its start is printed with its year: a start
/// without an end is of that day, month or year alone.
fn days(row: &PgRow) -> Result<Option<(Date, Date)>> {
    let start: Option<Date> = row.try_get("start_first")?;
    let start_last: Option<Date> = row.try_get("start_last")?;
    let end_last: Option<Date> = row.try_get("end_last")?;
    Ok(start.zip(end_last.or(start_last)))
}

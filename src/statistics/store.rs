//! Statistics in Postgres.

use std::collections::BTreeSet;

use prost::bytes::Bytes;
use serde_json::{Map, Value, json};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::columns;
use crate::db::Db;
use crate::error::Result;
use crate::filter::years::item;
use crate::listing::Listed;
use crate::names::{ArticleName, Kind, StatisticName};
use crate::pb::{Article, Comparison, Period, Quantity, Statistic};
use crate::reading::{self, Read, first, public_sql, snapshot_sql};
use crate::record::{Body, Record as _, decode};
use crate::records::{self, Form, batch_sql, get_sql};
use crate::route::{Bound, Freshness};
use crate::sight::Sight;

pub async fn get(
    db: &Db,
    name: &StatisticName,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let sql = get_sql!("statistics.get", "statistics", "record", "null::text");
    records::get(db, Kind::Statistic, sql, name.as_str(), sight, freshness).await
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<Body>>> {
    let sql = batch_sql!("statistics.batch_get", "statistics", "record", "null::text");
    records::batch_get(db, sql, Form::Whole, names, sight, freshness).await
}

/// What lists read.
pub const LISTED: Listed = Listed {
    name: "statistics.list",
    kind: Kind::Statistic,
    form: Form::Whole,
    table: "statistics",
    record: "record",
    text: "null::text",
};

/// The article statistics belong to, SOURCE view, unless it is deleted.
pub async fn article(db: &Db, name: &ArticleName) -> Result<Option<Article>> {
    let sql = get_sql!(
        "statistics.article",
        "articles",
        "record",
        "(select s.text from sources s where s.sha256 = source_sha256)"
    );
    let newest = Freshness::of(Bound::Primary);
    let read = records::get_from_database(db, sql, name.as_str(), Sight::All, &newest).await?;
    let article: Option<Article> = read.value.map(|record| decode(&record)).transpose()?;
    Ok(article.filter(|article| !article.is_deleted()))
}

/// Whether an article exists for the caller; for who is shown all, deleted or not. That it does not is for the
/// primary to say.
pub async fn has_article(
    db: &Db,
    article: &str,
    sight: Sight,
    freshness: &Freshness,
) -> Result<bool> {
    let sql = snapshot_sql!(
        "statistics.has_article",
        "select tip.*, exists (select from articles where name = $2 and ($3 or ",
        public_sql!(),
        ")) as is_there from tip"
    );
    let statement = |asked: Vec<i64>| {
        let query = sqlx::query(sql).bind(asked).bind(article);
        Ok(query.bind(sight.is_all()))
    };
    let mut found = reading::read(db, freshness, statement).await?;
    let is_there = |rows: &[PgRow]| -> Result<bool> { Ok(first(rows)?.try_get("is_there")?) };
    if !is_there(&found.value)? && !found.snapshot.is_of_primary {
        found = reading::read(db, &freshness.confirmed(), statement).await?;
    }
    is_there(&found.value)
}

/// What a record's row holds, but for the record and its revision.
pub fn row(record: &[u8]) -> Result<Value> {
    let statistic: Statistic = decode(record)?;
    let mut row = columns(&statistic);
    row["name"] = json!(statistic.name);
    Ok(row)
}

/// The columns of a statistic, by name.
fn columns(statistic: &Statistic) -> Value {
    let mut columns = columns::header(statistic);
    let (article, _) = statistic
        .name
        .split_once("/statistics/")
        .unwrap_or((&statistic.name, ""));
    columns.insert("article".to_owned(), json!(article));
    let texts = [
        ("metric", &statistic.metric),
        ("indicator", &statistic.indicator),
        ("qualifier_text", &statistic.qualifier_text),
        ("hedge", &statistic.hedge),
        ("trend_text", &statistic.trend_text),
        ("place", &statistic.place),
        ("subject", &statistic.subject),
        ("speaker", &statistic.speaker),
        ("honour", &statistic.honour),
        ("parent_statistic", &statistic.parent_statistic),
    ];
    columns::texts(&mut columns, texts);
    let lists = [
        ("categories", &statistic.categories),
        ("items", &statistic.items),
        ("stations", &statistic.stations),
        ("inferred", &statistic.inferred),
    ];
    columns::lists(&mut columns, lists);
    columns::words(
        &mut columns,
        [
            ("state", statistic.state().as_str_name()),
            ("qualifier", statistic.qualifier().as_str_name()),
            ("approximation", statistic.approximation().as_str_name()),
            ("assertion", statistic.assertion().as_str_name()),
            ("target_kind", statistic.target_kind().as_str_name()),
        ],
    );
    quantity_columns(
        &mut columns,
        &statistic.quantity.clone().unwrap_or_default(),
    );
    comparison_columns(&mut columns, &statistic.change.clone().unwrap_or_default());
    let period = statistic.period.clone().unwrap_or_default();
    period_columns(&mut columns, &period);
    columns.insert(
        "station_years".to_owned(),
        json!(station_years(statistic, &period)),
    );
    Value::Object(columns)
}

/// Each station with the year in which the period begins, where that is known.
fn station_years(statistic: &Statistic, period: &Period) -> BTreeSet<String> {
    let start = columns::days(period.start.as_ref());
    let year = start.map(|(first, _)| first.year());
    let stations = statistic.stations.iter();
    stations
        .filter_map(|station| Some(item(station, year?)))
        .collect()
}

fn quantity_columns(columns: &mut Map<String, Value>, quantity: &Quantity) {
    let texts = [
        ("as_written", &quantity.as_written),
        ("unit", &quantity.unit),
        ("unit_text", &quantity.unit_text),
    ];
    columns::texts(columns, texts);
    columns::lists(columns, [("per", &quantity.per)]);
    columns.insert("value".to_owned(), columns::number(quantity.value.as_ref()));
    columns.insert(
        "value_max".to_owned(),
        columns::number(quantity.value_max.as_ref()),
    );
    let digits = match quantity.significant_digits {
        0 => json!(columns::LEAST_NUMBER),
        digits => json!(digits),
    };
    columns.insert("significant_digits".to_owned(), digits);
}

fn comparison_columns(columns: &mut Map<String, Value>, change: &Comparison) {
    columns::texts(
        columns,
        [
            ("delta_unit", &change.delta_unit),
            ("change_basis", &change.basis),
        ],
    );
    columns::words(
        columns,
        [("change_direction", change.direction().as_str_name())],
    );
    columns.insert(
        "previous_value".to_owned(),
        columns::number(change.previous_value.as_ref()),
    );
    columns.insert("delta".to_owned(), columns::number(change.delta.as_ref()));
}

fn period_columns(columns: &mut Map<String, Value>, period: &Period) {
    let texts = [
        ("period_text", &period.text),
        ("duration", &period.duration),
        ("recurrence", &period.recurrence),
    ];
    columns::texts(columns, texts);
    columns::date(columns, "start", period.start.as_ref());
    columns::date(columns, "end", period.end.as_ref());
    columns.insert(
        "start_order".to_owned(),
        columns::date_order(period.start.as_ref()),
    );
    columns.insert("is_approximate".to_owned(), json!(period.approximate));
}

//! Stations in Postgres.

use std::pin::Pin;

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::columns;
use crate::db::Db;
use crate::error::Result;
use crate::listing::Listed;
use crate::names::StationName;
use crate::pb::Station;
use crate::reading::{self, Freshness, Read, batch_sql, get_sql};
use crate::record::decode;
use crate::tables::{Current, upsert};

pub async fn get(
    db: &Db,
    name: &StationName,
    freshness: &Freshness,
) -> Result<Read<Option<Vec<u8>>>> {
    let sql = get_sql!("stations.get", "stations", "record", "null::text");
    reading::get(db, sql, name.as_str(), freshness).await
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let sql = batch_sql!("stations.batch_get", "stations", "record", "null::text");
    reading::batch_get(db, sql, names, freshness).await
}

/// What lists read.
pub const LISTED: Listed = Listed {
    name: "stations.list",
    table: "stations",
    record: "record",
    text: "null::text",
};

/// Writes current rows.
pub fn project<'a>(
    connection: &'a mut PgConnection,
    rows: &'a [Current<'a>],
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>> {
    Box::pin(async move {
        let columns: Result<Vec<Value>> = rows
            .iter()
            .map(|row| Ok(columns(&decode(row.record)?)))
            .collect();
        let columns = columns.map_err(|error| sqlx::Error::Decode(error.into()))?;
        upsert(connection, "stations", rows, columns).await
    })
}

/// The columns of a station, by name.
fn columns(station: &Station) -> Value {
    let mut columns = columns::header(station);
    let texts = [
        ("parent", &station.parent),
        ("merged_into", &station.merged_into),
        ("display_name", &station.display_name),
        ("full_name", &station.full_name),
        ("region_code", &station.region_code),
        ("agency_code", &station.agency_code),
    ];
    columns::texts(&mut columns, texts);
    columns.insert("aliases".to_owned(), json!(station.aliases));
    columns.insert("inferred".to_owned(), json!(station.inferred));
    columns::words(
        &mut columns,
        [
            ("kind", station.kind().as_str_name()),
            ("state", station.state().as_str_name()),
        ],
    );
    columns::date(&mut columns, "end_date", station.end_date.as_ref());
    Value::Object(columns)
}

//! Stations in Postgres.

use std::collections::BTreeSet;

use prost::bytes::Bytes;
use serde_json::{Value, json};

use crate::columns;
use crate::db::Db;
use crate::error::Result;
use crate::listing::Listed;
use crate::names::{Kind, StationName};
use crate::pb::Station;
use crate::reading::{self, Read, record_of, snapshot_sql};
use crate::record::{Body, decode};
use crate::records::{self, Form, batch_sql, get_sql};
use crate::route::Freshness;
use crate::sight::Sight;
use crate::stations::names;
use crate::stations::similar::near_forms;

pub async fn get(
    db: &Db,
    name: &StationName,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let sql = get_sql!("stations.get", "stations", "record", "null::text");
    records::get(db, Kind::Station, sql, name.as_str(), sight, freshness).await
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<Body>>> {
    let sql = batch_sql!("stations.batch_get", "stations", "record", "null::text");
    records::batch_get(db, sql, Form::Whole, names, sight, freshness).await
}

/// What candidates are looked for by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought<'a> {
    pub names: &'a [String],
    pub near_forms: &'a [String],
    pub kinds: &'a [&'a str],
    pub context: &'a str,
}

/// Stations that go by one of these names or a similar one, or are of one of these kinds and named in
/// the context.
pub async fn candidates(
    db: &Db,
    sought: Sought<'_>,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let sql = snapshot_sql!(
        "stations.candidates",
        ", found as (
        select record, state from stations
        where not is_deleted
          and (display_name = any($2) or (full_name <> '' and full_name = any($2)) or aliases && $2)
        union
        select record, state from stations
        where not is_deleted and near_forms && $5
        union
        select record, state from stations
        where not is_deleted and kind = any($3)
          and (position(display_name in $4) > 0
               or exists (select from unnest(aliases) as alias where position(alias in $4) > 0)))
        select tip.*, found.record, null::text as text
        from tip left join found on $6 or found.state = 'ACTIVE'"
    );
    let statement = |asked: Vec<i64>| {
        Ok(sqlx::query(sql)
            .bind(asked)
            .bind(sought.names)
            .bind(sought.kinds)
            .bind(sought.context)
            .bind(sought.near_forms)
            .bind(sight.is_all()))
    };
    let found = reading::read(db, freshness, statement).await?;
    let records = found.value.iter().map(record_of);
    let records: Result<_> = records.filter_map(Result::transpose).collect();
    Ok(Read {
        snapshot: found.snapshot,
        value: records?,
    })
}

/// What lists read.
pub const LISTED: Listed = Listed {
    name: "stations.list",
    kind: Kind::Station,
    form: Form::Whole,
    table: "stations",
    record: "record",
    text: "null::text",
};

/// What a record's row holds, but for the record and its revision.
pub fn row(record: &[u8]) -> Result<Value> {
    let station: Station = decode(record)?;
    let mut row = columns(&station);
    row["name"] = json!(station.name);
    Ok(row)
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
    let near_forms: BTreeSet<String> = names(station).flat_map(near_forms).collect();
    columns.insert("near_forms".to_owned(), json!(near_forms));
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

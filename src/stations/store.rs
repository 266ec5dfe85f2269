//! Stations in Postgres.

use std::pin::Pin;

use sqlx::PgConnection;

use crate::db::Db;
use crate::error::Result;
use crate::names::StationName;
use crate::pb::Station;
use crate::reading::{self, Freshness, Page, Read, Wanted, batch_sql, get_sql, page_sql};
use crate::record::{Record as _, decode};
use crate::tables::Current;

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

pub async fn list(db: &Db, wanted: Wanted<'_>, freshness: &Freshness) -> Result<Read<Page>> {
    let sql = page_sql!("stations.list", "stations", "record", "null::text", "true");
    reading::list(db, sql, None, wanted, freshness).await
}

/// Writes current rows.
pub fn project<'a>(
    connection: &'a mut PgConnection,
    rows: &'a [Current<'a>],
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>> {
    Box::pin(async move {
        let mut columns = Columns::default();
        for row in rows {
            let station: Station = decode(row.record).map_err(|e| sqlx::Error::Decode(e.into()))?;
            columns.names.push(row.name);
            columns.revisions.push(row.revision);
            columns.records.push(row.record);
            columns.deleted.push(station.is_deleted());
            columns.parents.push(station.parent);
            columns.merged_into.push(station.merged_into);
        }
        columns.upsert(connection).await
    })
}

#[derive(Default)]
struct Columns<'a> {
    names: Vec<&'a str>,
    revisions: Vec<i64>,
    records: Vec<&'a [u8]>,
    deleted: Vec<bool>,
    parents: Vec<String>,
    merged_into: Vec<String>,
}

impl Columns<'_> {
    async fn upsert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let sql = "-- stations.upsert
            insert into stations (name, revision, record, is_deleted, parent, merged_into)
            select * from unnest($1::text[], $2::bigint[], $3::bytea[], $4::boolean[], $5::text[],
                                 $6::text[])
            on conflict (name) do update
            set revision = excluded.revision, record = excluded.record,
                is_deleted = excluded.is_deleted, parent = excluded.parent,
                merged_into = excluded.merged_into";
        let Self {
            names,
            revisions,
            records,
            deleted,
            parents,
            merged_into,
        } = self;
        sqlx::query(sql)
            .bind(names)
            .bind(revisions)
            .bind(records)
            .bind(deleted)
            .bind(parents)
            .bind(merged_into)
            .execute(connection)
            .await
            .map(drop)
    }
}

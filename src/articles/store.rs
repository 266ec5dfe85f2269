//! Articles in Postgres, and the pages they were read from.

use std::collections::BTreeSet;
use std::pin::Pin;

use sqlx::PgConnection;

use crate::articles::station_references;
use crate::db::Db;
use crate::error::Result;
use crate::names::ArticleName;
use crate::pb::{Article, SourceText, View};
use crate::reading::{self, Freshness, Page, Read, Wanted, batch_sql, get_sql, page_sql};
use crate::record::{Record as _, basic_length, decode};
use crate::tables::Current;

/// A statement for each view: a prefix of the record, the record, the record and its page's text.
macro_rules! by_view {
    ($view:expr, $sql:ident!($basic:literal, $full:literal, $source:literal $(, $condition:literal)?)) => {
        match $view {
            View::Basic => $sql!(
                $basic, "articles", "substr(record, 1, basic_length)", "null::text" $(, $condition)?
            ),
            View::Unspecified | View::Full => {
                $sql!($full, "articles", "record", "null::text" $(, $condition)?)
            }
            View::Source => $sql!(
                $source,
                "articles",
                "record",
                "(select s.text from sources s where s.sha256 = source_sha256)"
                $(, $condition)?
            ),
        }
    };
}

pub async fn get(
    db: &Db,
    name: &ArticleName,
    view: View,
    freshness: &Freshness,
) -> Result<Read<Option<Vec<u8>>>> {
    let sql = by_view!(
        view,
        get_sql!("articles.get_basic", "articles.get", "articles.get_source")
    );
    reading::get(db, sql, name.as_str(), freshness).await
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    view: View,
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let sql = by_view!(
        view,
        batch_sql!(
            "articles.batch_get_basic",
            "articles.batch_get",
            "articles.batch_get_source"
        )
    );
    reading::batch_get(db, sql, names, freshness).await
}

pub async fn list(
    db: &Db,
    view: View,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Read<Page>> {
    let sql = by_view!(
        view,
        page_sql!(
            "articles.list_basic",
            "articles.list",
            "articles.list_source",
            "true"
        )
    );
    reading::list(db, sql, None, wanted, freshness).await
}

/// A page's text.
pub async fn source_text(db: &Db, sha256: &str) -> Result<Option<String>> {
    let sql = "-- sources.get
        select text from sources where sha256 = $1";
    Ok(sqlx::query_scalar(sql)
        .bind(sha256)
        .fetch_optional(db.pool())
        .await?)
}

/// Writes current rows.
pub fn project<'a>(
    connection: &'a mut PgConnection,
    rows: &'a [Current<'a>],
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>> {
    Box::pin(async move {
        let mut columns = Columns::default();
        for row in rows {
            let article: Article = decode(row.record).map_err(|e| sqlx::Error::Decode(e.into()))?;
            let stations: BTreeSet<&str> = station_references(&article)
                .into_iter()
                .map(|(_, name)| name)
                .collect();
            columns.names.push(row.name);
            columns.revisions.push(row.revision);
            columns.records.push(row.record);
            columns
                .basic_lengths
                .push(i32::try_from(basic_length(&article)).unwrap_or(i32::MAX));
            columns.deleted.push(article.is_deleted());
            columns.states.push(article.state().as_str_name());
            columns
                .stations
                .push(serde_json::json!(stations).to_string());
            columns
                .source_sha256s
                .push(article.source.map(|source| source.sha256));
        }
        columns.upsert(connection).await
    })
}

#[derive(Default)]
struct Columns<'a> {
    names: Vec<&'a str>,
    revisions: Vec<i64>,
    records: Vec<&'a [u8]>,
    basic_lengths: Vec<i32>,
    deleted: Vec<bool>,
    states: Vec<&'static str>,
    source_sha256s: Vec<Option<String>>,
    /// A JSON array a row: Postgres has no arrays of arrays of different lengths.
    stations: Vec<String>,
}

impl Columns<'_> {
    async fn upsert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let sql = "-- articles.upsert
            insert into articles (name, revision, record, basic_length, is_deleted, state,
                                  source_sha256, stations)
            select name, revision, record, basic_length, is_deleted, state, source_sha256,
                   array(select jsonb_array_elements_text(stations::jsonb))
            from unnest($1::text[], $2::bigint[], $3::bytea[], $4::integer[], $5::boolean[],
                        $6::text[], $7::text[], $8::text[])
                as r (name, revision, record, basic_length, is_deleted, state, source_sha256,
                      stations)
            on conflict (name) do update
            set revision = excluded.revision, record = excluded.record,
                basic_length = excluded.basic_length, is_deleted = excluded.is_deleted,
                state = excluded.state, source_sha256 = excluded.source_sha256,
                stations = excluded.stations";
        let Self {
            names,
            revisions,
            records,
            basic_lengths,
            deleted,
            states,
            source_sha256s,
            stations,
        } = self;
        sqlx::query(sql)
            .bind(names)
            .bind(revisions)
            .bind(records)
            .bind(basic_lengths)
            .bind(deleted)
            .bind(states)
            .bind(source_sha256s)
            .bind(stations)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Keeps pages. A page is kept once: its name is its content.
pub fn project_sources<'a>(
    connection: &'a mut PgConnection,
    rows: &'a [Current<'a>],
) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>> {
    Box::pin(async move {
        let mut sha256s = Vec::with_capacity(rows.len());
        let mut texts = Vec::with_capacity(rows.len());
        for row in rows {
            let source: SourceText =
                decode(row.record).map_err(|e| sqlx::Error::Decode(e.into()))?;
            sha256s.push(source.sha256);
            texts.push(source.text);
        }
        let sql = "-- sources.insert
            insert into sources (sha256, text)
            select * from unnest($1::text[], $2::text[])
            on conflict (sha256) do nothing";
        sqlx::query(sql)
            .bind(sha256s)
            .bind(texts)
            .execute(connection)
            .await
            .map(drop)
    })
}

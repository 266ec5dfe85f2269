//! Statistics in Postgres.

use std::pin::Pin;

use sqlx::PgConnection;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::names::{ArticleName, StatisticName, StatisticParent};
use crate::pb::{Article, Statistic};
use crate::reading::{self, Freshness, Page, Read, Wanted, batch_sql, get_sql, page_sql};
use crate::record::{Record as _, decode};
use crate::tables::Current;

pub async fn get(
    db: &Db,
    name: &StatisticName,
    freshness: &Freshness,
) -> Result<Read<Option<Vec<u8>>>> {
    let sql = get_sql!("statistics.get", "statistics", "record", "null::text");
    reading::get(db, sql, name.as_str(), freshness).await
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    freshness: &Freshness,
) -> Result<Read<Vec<Vec<u8>>>> {
    let sql = batch_sql!("statistics.batch_get", "statistics", "record", "null::text");
    reading::batch_get(db, sql, names, freshness).await
}

/// Statistics of one article, which must exist, or of all.
pub async fn list(
    db: &Db,
    parent: &StatisticParent,
    wanted: Wanted<'_>,
    freshness: &Freshness,
) -> Result<Read<Page>> {
    let StatisticParent::Article(article) = parent else {
        let sql = page_sql!(
            "statistics.list",
            "statistics",
            "record",
            "null::text",
            "true"
        );
        return reading::list(db, sql, None, wanted, freshness).await;
    };
    let sql = page_sql!(
        "statistics.list_of",
        "statistics",
        "record",
        "null::text",
        "article = $6"
    );
    let read = reading::list(db, sql, Some(article.as_str()), wanted, freshness).await?;
    // A row is never removed, so an article that has statistics exists.
    if read.value.records.is_empty() && !has_article(db, article.as_str()).await? {
        return Err(Error::missing(article.as_str()));
    }
    Ok(read)
}

/// The article statistics belong to, SOURCE view, unless it is deleted.
pub async fn article(db: &Db, name: &ArticleName) -> Result<Option<Article>> {
    let sql = get_sql!(
        "statistics.article",
        "articles",
        "record",
        "(select s.text from sources s where s.sha256 = source_sha256)"
    );
    let read = reading::get(db, sql, name.as_str(), &Freshness::default()).await?;
    let article: Option<Article> = read.value.map(|record| decode(&record)).transpose()?;
    Ok(article.filter(|article| !article.is_deleted()))
}

async fn has_article(db: &Db, article: &str) -> Result<bool> {
    let sql = "-- statistics.has_article
        select exists (select from articles where name = $1)";
    Ok(sqlx::query_scalar(sql)
        .bind(article)
        .fetch_one(db.pool())
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
            let statistic: Statistic =
                decode(row.record).map_err(|e| sqlx::Error::Decode(e.into()))?;
            let (article, _) = row
                .name
                .split_once("/statistics/")
                .unwrap_or((row.name, ""));
            columns.names.push(row.name);
            columns.articles.push(article);
            columns.revisions.push(row.revision);
            columns.records.push(row.record);
            columns.deleted.push(statistic.is_deleted());
            columns
                .stations
                .push(serde_json::json!(statistic.stations).to_string());
            columns.parent_statistics.push(statistic.parent_statistic);
        }
        columns.upsert(connection).await
    })
}

#[derive(Default)]
struct Columns<'a> {
    names: Vec<&'a str>,
    articles: Vec<&'a str>,
    revisions: Vec<i64>,
    records: Vec<&'a [u8]>,
    deleted: Vec<bool>,
    parent_statistics: Vec<String>,
    /// A JSON array a row: Postgres has no arrays of arrays of different lengths.
    stations: Vec<String>,
}

impl Columns<'_> {
    async fn upsert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let sql = "-- statistics.upsert
            insert into statistics (name, article, revision, record, is_deleted, parent_statistic,
                                    stations)
            select name, article, revision, record, is_deleted, parent_statistic,
                   array(select jsonb_array_elements_text(stations::jsonb))
            from unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[], $5::boolean[], $6::text[],
                        $7::text[])
                as r (name, article, revision, record, is_deleted, parent_statistic, stations)
            on conflict (name) do update
            set revision = excluded.revision, record = excluded.record,
                is_deleted = excluded.is_deleted, parent_statistic = excluded.parent_statistic,
                stations = excluded.stations";
        let Self {
            names,
            articles,
            revisions,
            records,
            deleted,
            parent_statistics,
            stations,
        } = self;
        sqlx::query(sql)
            .bind(names)
            .bind(articles)
            .bind(revisions)
            .bind(records)
            .bind(deleted)
            .bind(parent_statistics)
            .bind(stations)
            .execute(connection)
            .await
            .map(drop)
    }
}

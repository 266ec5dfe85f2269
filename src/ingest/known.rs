//! What is kept of a page that was read before.

use sqlx::Row as _;

use crate::db::Db;
use crate::error::Result;
use crate::pb::IngestBulletinResponse;
use crate::reading::{Snapshot, read, snapshot_sql};
use crate::record::decode;
use crate::route::Freshness;

/// The articles of the page with this hash, deleted ones too, with their statistics and the stations
/// they name that are only proposed; without articles when none is of it.
pub async fn kept(
    db: &Db,
    sha256: &str,
    freshness: &Freshness,
) -> Result<(IngestBulletinResponse, Snapshot)> {
    let sql = snapshot_sql!(
        "ingest.kept",
        ", article as (select name, record, stations from articles where source_sha256 = $2),
        statistic as (
          select s.name, s.record, s.stations
          from article a join statistics s on s.article = a.name),
        named as (
          select unnest(stations) as name from article
          union
          select unnest(stations) from statistic),
        found as (
          select 1 as sort, name, record from article
          union all
          select 2, name, record from statistic
          union all
          select 3, s.name, s.record from stations s join named using (name)
          where s.state = 'PROPOSED' and not s.is_deleted)
        select tip.*, found.sort, found.record, null::text as text
        from tip left join found on true order by found.sort, found.name"
    );
    let statement = |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(sha256));
    let found = read(db, freshness, statement).await?;
    let mut response = IngestBulletinResponse::default();
    for row in &found.value {
        let record: Option<Vec<u8>> = row.try_get("record")?;
        let Some(record) = record else {
            continue;
        };
        match row.try_get::<i32, _>("sort")? {
            1 => response.articles.push(decode(&record)?),
            2 => response.statistics.push(decode(&record)?),
            _ => response.stations.push(decode(&record)?),
        }
    }
    response.token = found.snapshot.token.to_string();
    Ok((response, found.snapshot))
}

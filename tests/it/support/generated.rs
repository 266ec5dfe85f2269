//! A large database in seconds, for plans: 100,000 articles, 20,000 stations and 200,000 statistics,
//! without a log. Only columns are as in real records;
//! values are skewed, so that the first of each kind are common and the last, `RARE`, are not.

use bulletin::db::Db;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

use super::Database;

/// Values that few rows have.
pub struct Rare {
    pub station: &'static str,
    pub person: &'static str,
    pub newspaper: &'static str,
    pub indicator: &'static str,
    pub place: &'static str,
    /// An article of two statistics.
    pub article: &'static str,
    /// A station with a few below it, and with an alias of its own.
    pub parent: &'static str,
    pub alias: &'static str,
    /// Few reported values are as great.
    pub value: &'static str,
}

pub const RARE: Rare = Rare {
    station: "stations/s19999",
    person: "人物19999",
    newspaper: "报纸499",
    indicator: "indicator1999",
    place: "地方4999",
    article: "articles/a050001",
    parent: "stations/s00777",
    alias: "别名00777",
    value: "999000",
};

static FILLED: OnceCell<Database> = OnceCell::const_new();

/// A filled database that the process's tests share, and only read.
pub async fn filled() -> (Database, Db) {
    let database = FILLED.get_or_init(async || {
        let database = Database::create().await;
        fill(&database, 1).await;
        database
    });
    let database = database.await.clone();
    let db = database.open().await;
    (database, db)
}

/// Fills a migrated, empty database: the same seed, the same rows.
pub async fn fill(database: &Database, seed: u32) {
    let mut connection = database.connect().await;
    fill_tables(&mut connection, seed).await.unwrap();
    connection.close().await.unwrap();
}

async fn fill_tables(connection: &mut PgConnection, seed: u32) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(draws_sql(seed)))
        .execute(&mut *connection)
        .await?;
    // Indexes that are made at the end are made in a third of the time.
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes
         where tablename in ('articles', 'stations', 'statistics')
           and indexname not like '%\\_pkey' order by indexname",
    )
    .fetch_all(&mut *connection)
    .await?;
    let drops = indexes.iter().map(|(name, _)| format!("drop index {name}"));
    let makes = indexes.iter().map(|(_, definition)| definition.clone());
    let fills = [ARTICLES_SQL, STATIONS_SQL, STATISTICS_SQL].map(str::to_owned);
    let all: Vec<String> = drops.chain(fills).chain(makes).collect();
    sqlx::raw_sql(AssertSqlSafe(all.join(";\n")))
        .execute(&mut *connection)
        .await?;
    // Not in a transaction with the rest: index-only scans want the visibility map.
    let sql = "vacuum (analyze) articles, stations, statistics";
    sqlx::query(sql).execute(connection).await.map(drop)
}

/// `draw` gives a number from 0 to 1 for a row and a column, `rank` one of `count` numbers, small
/// ones mostly.
fn draws_sql(seed: u32) -> String {
    format!(
        "set synchronous_commit = off;
         set maintenance_work_mem = '128MB';
         create function pg_temp.draw(i integer, col integer) returns double precision
         language sql immutable as $$
           select (hashint8extended(i, {seed}::bigint * 1000 + col) & 1073741823) / 1073741824.0::float8
         $$;
         create function pg_temp.rank(i integer, col integer, count integer) returns integer
         language sql immutable as $$
           select floor(count * pg_temp.draw(i, col) ^ 4)::integer
         $$"
    )
}

/// 30 % are undated; times are of groups of a hundred.
const ARTICLES_SQL: &str = "
    insert into articles (
      name, revision, record, basic_length, is_deleted, state, source_sha256, stations, create_time,
      update_time, headline, language_code, completeness, newspaper, publish_date_first,
      publish_date_last, publish_date_month, publish_date_day, publish_order, byline_names, people,
      honour_recipients, mention_stations, search)
    select 'articles/a' || lpad(i::text, 6, '0'), i, record, 16, pg_temp.draw(i, 1) < 0.02,
           case when pg_temp.draw(i, 2) < 0.9 then 'PUBLISHED'
                when pg_temp.draw(i, 2) < 0.99 then 'DRAFT' else 'RETRACTED' end,
           'sha' || i, array[station, other], created,
           created + interval '1 day' * pg_temp.rank(i, 3, 400), '标题' || i, 'zh', 'COMPLETE',
           '报纸' || pg_temp.rank(i, 4, 500), dated, dated, extract(month from dated),
           extract(day from dated), coalesce(dated, '-infinity'),
           array['记者' || pg_temp.rank(i, 5, 2000)], array['人物' || pg_temp.rank(i, 6, 20000)],
           case when pg_temp.draw(i, 7) < 0.3 then array[other] else '{}' end,
           array[station, other],
           array_to_tsvector(array[
             case when pg_temp.draw(i, 12) < 0.5 then 'often' else 'x' end,
             case when pg_temp.draw(i, 13) < 0.5 then 'mostly' else 'x' end,
             case when pg_temp.draw(i, 14) < 0.05 then 'some' else 'x' end,
             case when pg_temp.draw(i, 15) < 0.001 then 'few' else 'x' end,
             case when i % 50000 = 77 then 'rare' else 'x' end]
             || array(select 'filler' || pg_temp.rank(i, k, 20000) from generate_series(100, 111) as k))
    from generate_series(1, 100000) as i
    cross join lateral (
      select 'stations/s' || lpad(pg_temp.rank(i, 8, 20000)::text, 5, '0') as station,
             'stations/s' || lpad(pg_temp.rank(i, 9, 20000)::text, 5, '0') as other,
             timestamptz '2020-01-01' + interval '1 minute' * (i / 100) as created,
             case when pg_temp.draw(i, 10) >= 0.3
                  then date '1950-01-01' + (27000 * pg_temp.draw(i, 11))::integer end as dated,
             convert_to(repeat('r', 32), 'UTF8') as record) as drawn";

/// A station is below one of the first two thousand, which have about ten each.
const STATIONS_SQL: &str = "
    insert into stations (
      name, revision, record, is_deleted, parent, merged_into, create_time, update_time, display_name,
      full_name, aliases, kind, region_code, state)
    select 'stations/s' || lpad(i::text, 5, '0'), i, convert_to(repeat('r', 32), 'UTF8'),
           pg_temp.draw(i, 21) < 0.02,
           case when i < 2000 then '' else 'stations/s' || lpad((i % 2000)::text, 5, '0') end, '',
           created, created + interval '1 day' * pg_temp.rank(i, 22, 400),
           '站' || pg_temp.rank(i, 23, 15000), '全名' || i,
           case when i % 3 = 0 then array['别名' || lpad(i::text, 5, '0'), '公安'] else '{}' end,
           case when i % 1000 = 5 then 'TRAFFIC_BUREAU' else (array[
                  'POLICE_STATION', 'POLICE_POST', 'SQUADRON', 'BRANCH_BUREAU', 'COUNTY_BUREAU',
                  'MUNICIPAL_BUREAU'])[1 + pg_temp.rank(i, 24, 6)] end,
           case when i % 4 = 0 then '' else '33' || pg_temp.rank(i, 25, 900) end, 'ACTIVE'
    from generate_series(0, 19999) as i
    cross join lateral (
      select timestamptz '2020-01-01' + interval '1 minute' * (i / 100) as created) as drawn";

/// Two an article. 30 % have no start, 10 % no value; values are up to a million, small ones mostly.
const STATISTICS_SQL: &str = "
    insert into statistics (
      name, article, revision, record, is_deleted, parent_statistic, stations, create_time,
      update_time, state, metric, indicator, value, unit, qualifier, assertion, start_first,
      start_last, place, start_order, station_years)
    select article || '/statistics/s' || i % 2, article, i, convert_to(repeat('r', 32), 'UTF8'),
           pg_temp.draw(i, 31) < 0.02, '',
           array['stations/s' || lpad(pg_temp.rank(i, 32, 20000)::text, 5, '0')], created,
           created + interval '1 day' * pg_temp.rank(i, 33, 400), 'PUBLISHED', '指标' || i,
           case when pg_temp.draw(i, 34) < 0.5 then 'indicator' || pg_temp.rank(i, 35, 2000) else '' end,
           coalesce(value, -1e18), '起',
           case when i % 1000 = 7 then 'LESS_THAN' else (array[
             'EXACT', 'APPROXIMATE', 'AT_LEAST', 'MORE_THAN', 'RANGE', 'ORDINAL'])
             [1 + pg_temp.rank(i, 36, 6)] end,
           (array['REPORTED', 'TARGET', 'PLAN', 'STRUCTURE'])[1 + pg_temp.rank(i, 37, 4)],
           started, started + i % 31,
           case when pg_temp.draw(i, 38) < 0.5 then '地方' || pg_temp.rank(i, 39, 5000) else '' end,
           coalesce(started, '-infinity'),
           case when started is null then '{}' else array['stations/s'
             || lpad(pg_temp.rank(i, 32, 20000)::text, 5, '0') || to_char(started, ' YYYY')] end
    from generate_series(2, 200001) as i
    cross join lateral (
      select 'articles/a' || lpad((i / 2)::text, 6, '0') as article,
             timestamptz '2020-01-01' + interval '1 minute' * (i / 200) as created,
             case when pg_temp.draw(i, 40) >= 0.1 then pg_temp.rank(i, 41, 1000000)::numeric end
               as value,
             case when pg_temp.draw(i, 42) >= 0.3
                  then date '1950-01-01' + (27000 * pg_temp.draw(i, 43))::integer end as started
      ) as drawn";

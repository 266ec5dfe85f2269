//! Loads a city as an import would: chunks of records through the committer, so that drafts prove them
//! and the log has them.

use std::time::Instant;

use anyhow::Result;
use bulletin::changes::committer::Committer;
use bulletin::db::Db;
use bulletin::pb::Record;
use bulletin::seed;
use bulletin::server::TABLES;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc;

use crate::city::City;
use crate::database::Database;

const STATIONS_AT_ONCE: usize = 1_000;
const ARTICLES_AT_ONCE: usize = 50;
/// Chunks that are made before they are needed.
const CHUNKS_AHEAD: usize = 4;

/// Settings that only make loading faster; none of them outlives it.
const FASTER: [(&str, &str); 4] = [
    ("synchronous_commit", "off"),
    ("max_wal_size", "'16GB'"),
    ("autovacuum", "off"),
    ("maintenance_work_mem", "'1GB'"),
];

pub async fn load(database: &Database, db: Db, city: &City) -> Result<()> {
    let started = Instant::now();
    for (setting, value) in FASTER {
        database.set(setting, value).await?;
    }
    let mut connection = database.connect().await?;
    let indexes = drop_indexes(&mut connection).await?;
    let count = write(db, &mut connection, city, started).await?;
    eprintln!(
        "{count} records in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    make_indexes(&mut connection, indexes).await?;
    eprintln!("indexes after {:.0} s", started.elapsed().as_secs_f64());
    sqlx::query("vacuum (analyze)")
        .execute(&mut connection)
        .await?;
    for (setting, _) in FASTER {
        database.set(setting, "").await?;
    }
    sqlx::query("checkpoint").execute(&mut connection).await?;
    eprintln!("ready after {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

async fn write(
    db: Db,
    connection: &mut PgConnection,
    city: &City,
    started: Instant,
) -> Result<usize> {
    let (committer, task) = Committer::start(db, &TABLES);
    let (sender, mut chunks) = mpsc::channel(CHUNKS_AHEAD);
    let making = tokio::task::spawn_blocking({
        let city = *city;
        move || make(&city, &sender)
    });
    let total = city.stations + 2 * city.articles + city.statistics;
    let (mut count, mut told, mut written) = (0, 0, 0_usize);
    while let Some(chunk) = chunks.recv().await {
        count += Vec::len(&chunk);
        seed::load(&committer, chunk).await?;
        written += 1;
        // Plans that were made for empty tables would read them whole ever after.
        if written.is_power_of_two() {
            sqlx::query("analyze").execute(&mut *connection).await?;
        }
        let tenth = count * 10 / total;
        if tenth > told {
            told = tenth;
            let seconds = started.elapsed().as_secs_f64();
            let rate = count as f64 / seconds;
            eprintln!("loading: {count} of {total} records, {rate:.0} a second");
        }
    }
    making.await?;
    drop(committer);
    task.await?;
    Ok(count)
}

/// Stations come first, parents before those below them.
fn make(city: &City, chunks: &mpsc::Sender<Vec<Record>>) {
    let ranges = |count: usize, step: usize| {
        (0..count)
            .step_by(step)
            .map(move |first| first..(first + step).min(count))
    };
    let stations = ranges(city.stations, STATIONS_AT_ONCE)
        .map(|range| range.map(|index| city.station(index)).collect());
    let bulletins = ranges(city.articles, ARTICLES_AT_ONCE)
        .map(|range| range.flat_map(|index| city.bulletin(index)).collect());
    for chunk in stations.chain(bulletins) {
        // Nobody listens any more: loading failed, which is told there.
        if chunks.blocking_send(chunk).is_err() {
            return;
        }
    }
}

/// Those that no write looks into; made at the end they are made in a third of the time.
async fn drop_indexes(connection: &mut PgConnection) -> Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes
         where tablename in ('articles', 'stations', 'statistics', 'changes')
           and indexname not like '%\\_pkey' and indexname <> 'statistics_by_article'
         order by indexname",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (name, _) in &indexes {
        let sql = format!("drop index {name}");
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await?;
    }
    Ok(indexes
        .into_iter()
        .map(|(_, definition)| definition)
        .collect())
}

async fn make_indexes(connection: &mut PgConnection, indexes: Vec<String>) -> Result<()> {
    for definition in indexes {
        sqlx::query(AssertSqlSafe(definition))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

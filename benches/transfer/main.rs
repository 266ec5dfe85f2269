//! `cargo bench --bench transfer`: import against COPY of the same rows, export against Postgres's own
//! streamed select of them, in one run on one machine.

#[path = "../queries/city/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the queries need more of it")]
mod city;
mod export;
mod import;
mod raw;
#[path = "../queries/service.rs"]
mod service;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bulletin::changes::reindex::migrate;
use bulletin::db::{Db, Settings};
use bulletin::embedded::{Options as PostgresOptions, PrivatePostgres};
use bulletin::pb::Record;
use bulletin::pb::record::Record as Any;
use bulletin::server::TABLES;
use clap::Parser;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use city::City;
use service::Service;

#[derive(Clone, Debug, Parser)]
#[command(name = "transfer")]
struct Options {
    /// Articles, each with its page
    #[arg(long, default_value_t = 10_000)]
    articles: usize,

    /// Statistics
    #[arg(long, default_value_t = 50_000)]
    statistics: usize,

    /// Stations
    #[arg(long, default_value_t = 2_000)]
    stations: usize,

    /// How often exports and the select are run, in turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Only what has this in its name of what reads: export, copy, select
    #[arg(long, default_value = "")]
    only: String,

    /// Keeps the database in this directory, and measures only what reads of one that is there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// Another build of the service, whose exports come in turns with this one's
    #[arg(long, value_name = "PROGRAM")]
    variant: Option<PathBuf>,

    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let city = City {
        seed: 1,
        stations: options.stations,
        articles: options.articles,
        statistics: options.statistics,
    };
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transfer-bench");
    std::fs::create_dir_all(&directory)?;
    let postgres = PrivatePostgres::start(&PostgresOptions {
        ephemeral: options.keep.is_none(),
        state_dir: options.keep.clone(),
        ..PostgresOptions::default()
    })?;
    let outcome = run(&options, &city, &postgres, &directory).await;
    postgres.stop()?;
    outcome
}

async fn run(
    options: &Options,
    city: &City,
    postgres: &PrivatePostgres,
    directory: &Path,
) -> Result<()> {
    let log = directory.join("service.log");
    let filled = url_of(postgres, "filled");
    if postgres.is_fresh() {
        fill(city, postgres, &log).await?;
    }
    let count = options.stations + 2 * options.articles + options.statistics;
    ensure!(
        count == counted(&filled).await?,
        "what is kept has another number of records than {count}"
    );
    // Another than has imported: its memory is that of exports alone.
    let service = Service::start(&filled, &log)?;
    let variant = match &options.variant {
        Some(program) => {
            let log = log.with_extension("variant.log");
            Some(Service::start_program(program, &filled, &log)?)
        }
        None => None,
    };
    export::measure(&service, variant.as_ref(), &filled, count, options).await
}

/// Imports everything, and copies it to another database.
async fn fill(city: &City, postgres: &PrivatePostgres, log: &Path) -> Result<()> {
    let (filled, copied) = (
        database(postgres, "filled").await?,
        database(postgres, "copied").await?,
    );
    let records = records(city);
    let count = records.len();
    let service = Service::start(&filled, log)?;
    let imported = import::import(&service.address, records.clone()).await?;
    let again = import::import(&service.address, records).await?;
    let copy = import::copy(&filled, &copied).await?;
    println!("{count} records");
    println!("import          {}", rate(count, imported));
    println!("import again    {}", rate(count, again));
    println!("COPY            {}", rate(count, copy));
    report(
        "import / COPY",
        copy.as_secs_f64() / imported.as_secs_f64(),
        0.3,
    );
    let mut connection = PgConnection::connect(&filled).await?;
    sqlx::query("vacuum (analyze)")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

async fn counted(url: &str) -> Result<usize> {
    let mut connection = PgConnection::connect(url).await?;
    let sql = "select (select count(*) from sources) + (select count(*) from stations)
        + (select count(*) from articles) + (select count(*) from statistics)";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    Ok(usize::try_from(count)?)
}

fn rate(count: usize, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!("{:9.0} records/s ({seconds:.2} s)", count as f64 / seconds)
}

fn report(what: &str, ratio: f64, bar: f64) {
    let verdict = if ratio >= bar { "holds" } else { "FAILS" };
    println!("{what:15} {ratio:.2} (bar {bar}: {verdict})");
}

/// All records, in the order of an export; stations of a city come with their parents first.
fn records(city: &City) -> Vec<Record> {
    let mut records: Vec<Record> = (0..city.articles)
        .flat_map(|index| city.bulletin(index))
        .chain((0..city.stations).map(|index| city.station(index)))
        .collect();
    records.sort_by_key(|record| match &record.record {
        Some(Any::Source(_)) => 0,
        Some(Any::Station(_)) => 1,
        Some(Any::Article(_)) => 2,
        Some(Any::Statistic(_)) | None => 3,
    });
    records
}

fn url_of(postgres: &PrivatePostgres, name: &str) -> String {
    let url = postgres.database_url();
    url.replacen("/bulletin?", &format!("/{name}?"), 1)
}

/// A migrated, empty database.
async fn database(postgres: &PrivatePostgres, name: &str) -> Result<String> {
    let mut admin = PgConnection::connect(&postgres.database_url()).await?;
    let sql = format!("create database {name}");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await?;
    let url = url_of(postgres, name);
    let settings = Settings::direct(url.clone(), 2);
    let db = Db::connect(&settings).await?;
    migrate(&db, &TABLES)
        .await
        .context("the migration failed")?;
    db.close().await;
    Ok(url)
}

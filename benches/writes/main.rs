//! `cargo bench --bench writes`: what a create costs, grouped and not, beside Postgres's own commits.

#[path = "../queries/cpu.rs"]
mod cpu;
mod database;
mod plain;
mod service;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use database::Database;
use plain::Plain;
use service::Service;

const CLIENTS: usize = 32;

/// Creates that come before any measure: statistics for the planner, and the size of a record.
const WARM_UP: Duration = Duration::from_secs(2);

/// Measures single-record creates from 32 clients over gRPC, in groups and one by one, beside commits of
/// one insert each; on the disk as it is, and with an fdatasync that takes 1 ms more.
#[derive(Clone, Debug, Parser)]
#[command(name = "writes")]
struct Options {
    /// Length of each measure
    #[arg(long, default_value_t = 4, value_name = "SECONDS")]
    seconds: u64,

    /// How often everything is measured, in turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Only what has this in its name: grouped, alone, plain
    #[arg(long, default_value = "")]
    only: String,

    /// Where PostgreSQL's programs are
    #[arg(long, env = "BULLETIN_POSTGRES_BIN_DIR", value_name = "DIR")]
    postgres_bin_dir: Option<PathBuf>,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Grouped,
    Alone,
    Plain,
}

impl What {
    const ALL: [Self; 3] = [Self::Grouped, Self::Alone, Self::Plain];

    fn name(self) -> &'static str {
        match self {
            Self::Grouped => "grouped",
            Self::Alone => "alone",
            Self::Plain => "plain",
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Measure {
    what: What,
    is_slow: bool,
    a_second: f64,
    /// CPU time of a create, in microseconds: of clients and service, and of Postgres.
    own_us: f64,
    postgres_us: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let database = Database::start(options.postgres_bin_dir.clone()).await?;
    let outcome = run(&options, &database).await;
    database.stop()?;
    outcome
}

async fn run(options: &Options, database: &Database) -> Result<()> {
    let service = Service::start(database, None).await?;
    for _ in 0..2 {
        service.run(WARM_UP / 2).await?;
        database.execute("analyze").await?;
    }
    service.stop().await?;
    let record_bytes = record_bytes(database).await?;
    let plain = Plain::prepare(database, record_bytes).await?;
    println!(
        "{CLIENTS} clients, records of {record_bytes} bytes, plain commits by {}",
        plain.name()
    );
    let mut measures = Vec::new();
    for round in 1..=options.rounds {
        for is_slow in [false, true] {
            for what in What::ALL {
                if what.name().contains(&options.only) {
                    let measure = measure(database, &plain, what, is_slow, options).await?;
                    print(round, &measure);
                    measures.push(measure);
                }
            }
        }
    }
    conclude(&measures);
    Ok(())
}

async fn record_bytes(database: &Database) -> Result<i64> {
    let sql = "select avg(octet_length(record))::bigint from changes";
    let mut connection = database.connect().await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?)
}

async fn measure(
    database: &Database,
    plain: &Plain,
    what: What,
    is_slow: bool,
    options: &Options,
) -> Result<Measure> {
    database.execute("checkpoint").await?;
    let service = match what {
        What::Grouped => Some(Service::start(database, None).await?),
        What::Alone => Some(Service::start(database, Some(1)).await?),
        What::Plain => None,
    };
    database.set_slow_sync(is_slow)?;
    let time = Duration::from_secs(options.seconds);
    let own = || cpu::of_process(std::process::id());
    let (own_before, postgres_before) = (own()?, cpu::of_postgres(database.process_id())?);
    let outcome = match &service {
        Some(service) => service.run(time).await,
        None => plain.run(database, time).await,
    };
    let (own_after, postgres_after) = (own()?, cpu::of_postgres(database.process_id())?);
    database.set_slow_sync(false)?;
    if let Some(service) = service {
        service.stop().await?;
    }
    let a_second = outcome?;
    let count = a_second * time.as_secs_f64();
    let each_us = |before: u64, after: u64| after.saturating_sub(before) as f64 / 1_000.0 / count;
    Ok(Measure {
        what,
        is_slow,
        a_second,
        own_us: each_us(own_before, own_after),
        postgres_us: each_us(postgres_before, postgres_after),
    })
}

fn disk(is_slow: bool) -> &'static str {
    match is_slow {
        false => "local disk",
        true => "fdatasync + 1 ms",
    }
}

fn print(round: usize, measure: &Measure) {
    println!(
        "round {round}, {:16} {:8} {:7.0} a second; CPU of each: own {:4.0} µs, Postgres {:4.0} µs",
        disk(measure.is_slow),
        measure.what.name(),
        measure.a_second,
        measure.own_us,
        measure.postgres_us
    );
}

/// Ratios of medians, beside what is expected of them.
fn conclude(measures: &[Measure]) {
    for is_slow in [false, true] {
        let median = |what: What| {
            let of = measures.iter();
            let of = of.filter(|measure| measure.what == what && measure.is_slow == is_slow);
            let mut rates: Vec<f64> = of.map(|measure| measure.a_second).collect();
            rates.sort_by(f64::total_cmp);
            rates.get(rates.len() / 2).copied()
        };
        let [Some(grouped), Some(alone), Some(plain)] = What::ALL.map(median) else {
            continue;
        };
        let least = if is_slow { 1.0 } else { 0.5 };
        for (of, ratio, least) in [
            ("alone", grouped / alone, 5.0),
            ("plain", grouped / plain, least),
        ] {
            let verdict = if ratio >= least { "holds" } else { "FAILS" };
            println!(
                "{}: grouped / {of} = {ratio:.2}, at least {least}: {verdict}",
                disk(is_slow)
            );
        }
    }
}

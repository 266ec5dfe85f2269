//! Measures watches: how long a change takes to reach those who watch, and what those who only wait cost
//! the database. `cargo bench --bench watches -- --help`

#[path = "queries/cpu.rs"]
mod cpu;
#[path = "queries/service.rs"]
mod service;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bulletin::changes::reindex::migrate;
use bulletin::db::{Db, Settings};
use bulletin::embedded::{Options as PostgresOptions, PrivatePostgres};
use bulletin::pb::change_service_client::ChangeServiceClient;
use bulletin::pb::station_service_client::StationServiceClient;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{CreateStationRequest, Station, WatchChangesRequest, station};
use bulletin::server::TABLES;
use clap::Parser;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use self::service::Service;

/// Measures watches of a service on a private PostgreSQL.
#[derive(Clone, Debug, Parser)]
#[command(name = "watches")]
struct Options {
    /// Watches at once
    #[arg(long, default_value_t = 1_000)]
    watches: usize,

    /// Writes whose way to a watch is measured, one after the other
    #[arg(long, default_value_t = 500)]
    writes: usize,

    /// How long the idle are looked at, in seconds
    #[arg(long, default_value_t = 10)]
    idle_s: u64,

    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Streams of one connection: fewer than a service allows.
const STREAMS_PER_CONNECTION: usize = 100;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let postgres = PrivatePostgres::start(&PostgresOptions {
        ephemeral: true,
        ..PostgresOptions::default()
    })?;
    let url = postgres.database_url();
    prepare(&url).await?;
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watches.log");
    let service = Service::start(&url, &log)?;
    let address = format!("http://{}", service.address);
    let mut observer = PgConnection::connect(&url).await?;

    let processes = [service.process_id(), postgres.process_id()];
    let alone = idle(&mut observer, processes, options.idle_s).await?;
    let one = way(&address, 1, options.writes, "a").await?;
    let many = way(&address, options.watches, options.writes, "b").await?;
    let waiting = watch_all(&address, options.watches).await?;
    let among = idle(&mut observer, processes, options.idle_s).await?;
    drop(waiting);

    println!("from a write's call to its change at a watch, ms (the write itself included)");
    println!(
        "{:>10}  {:>8}  {:>8}  {:>8}  {:>8}",
        "watches", "p50", "p99", "write p50", "changes"
    );
    for (watches, measured) in [(1, &one), (options.watches, &many)] {
        println!(
            "{watches:>10}  {:>8.1}  {:>8.1}  {:>8.1}  {:>8}",
            percentile(&measured.ways, 50),
            percentile(&measured.ways, 99),
            percentile(&measured.writes, 50),
            measured.ways.len(),
        );
    }
    println!("a second in which nothing is written");
    println!(
        "{:>10}  {:>12}  {:>14}  {:>14}",
        "watches", "transactions", "service CPU µs", "Postgres CPU µs"
    );
    for (watches, idle) in [(0, &alone), (options.watches, &among)] {
        let [service_us, postgres_us] = idle.cpu_us;
        let transactions = idle.transactions;
        println!("{watches:>10}  {transactions:>12.1}  {service_us:>14.0}  {postgres_us:>14.0}");
    }
    for (what, passes) in [
        ("p50 at most 25 ms", percentile(&many.ways, 50) <= 25.0),
        ("p99 at most 60 ms", percentile(&many.ways, 99) <= 60.0),
        (
            "idle watches add no query",
            among.transactions <= alone.transactions * 1.05 + 1.0,
        ),
    ] {
        println!("{}  {what}", if passes { "PASS" } else { "FAIL" });
    }
    Ok(())
}

async fn prepare(url: &str) -> Result<()> {
    let settings = Settings::direct(url, 2);
    let db = Db::connect(&settings).await?;
    migrate(&db, &TABLES).await?;
    db.close().await;
    Ok(())
}

/// What a second costs in which nothing is written.
struct Idle {
    transactions: f64,
    /// Of the service and of Postgres.
    cpu_us: [f64; 2],
}

async fn idle(observer: &mut PgConnection, processes: [u32; 2], seconds: u64) -> Result<Idle> {
    // A session that rests reports what it did after up to 10 s; a thread that has nothing more to do ends.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let [service, postgres] = processes;
    let cpu = || Ok::<_, anyhow::Error>([cpu::of_process(service)?, cpu::of_postgres(postgres)?]);
    let before = (committed(observer).await?, cpu()?);
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let after = (committed(observer).await?, cpu()?);
    let seconds = began.elapsed().as_secs_f64();
    let cpu_us =
        |place: usize| after.1[place].saturating_sub(before.1[place]) as f64 / 1e3 / seconds;
    Ok(Idle {
        transactions: (after.0 - before.0) as f64 / seconds,
        cpu_us: [cpu_us(0), cpu_us(1)],
    })
}

async fn committed(observer: &mut PgConnection) -> Result<i64> {
    let sql = "select xact_commit + xact_rollback from pg_stat_database
        where datname = current_database()";
    Ok(sqlx::query_scalar(sql).fetch_one(observer).await?)
}

/// What each watch is sent, with the time it came: names of stations.
struct Watches {
    arrivals: mpsc::UnboundedReceiver<(String, Instant)>,
    _tasks: JoinSet<()>,
}

async fn watch_all(address: &str, count: usize) -> Result<Watches> {
    let (sender, arrivals) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let mut channel = connect(address).await?;
    for place in 0..count {
        if place > 0 && place.is_multiple_of(STREAMS_PER_CONNECTION) {
            channel = connect(address).await?;
        }
        let request = WatchChangesRequest::default();
        let mut client = ChangeServiceClient::new(channel.clone());
        let mut stream = client.watch_changes(request).await?.into_inner();
        let first = stream.message().await?.context("a watch begins")?;
        if first.r#type() != Type::Started {
            bail!("a watch began with {:?}", first.r#type());
        }
        let sender = sender.clone();
        tasks.spawn(async move {
            while let Ok(Some(message)) = stream.message().await {
                let came = Instant::now();
                for change in message.changes {
                    // Nobody listens once all has come.
                    let _ = sender.send((change.name, came));
                }
            }
        });
    }
    Ok(Watches {
        arrivals,
        _tasks: tasks,
    })
}

async fn connect(address: &str) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(address.to_owned())?.tcp_nodelay(true);
    Ok(endpoint.connect().await?)
}

/// Milliseconds, sorted.
struct Measured {
    ways: Vec<f64>,
    writes: Vec<f64>,
}

/// Writes one station after the other, and waits until every watch has it.
async fn way(address: &str, watches: usize, writes: usize, prefix: &str) -> Result<Measured> {
    let mut all = watch_all(address, watches).await?;
    let mut stations = StationServiceClient::new(connect(address).await?);
    let mut called = HashMap::new();
    let mut measured = Measured {
        ways: Vec::new(),
        writes: Vec::new(),
    };
    for turn in 0..writes {
        let request = CreateStationRequest {
            station_id: format!("{prefix}{turn}"),
            station: Some(Station {
                display_name: format!("{prefix}{turn}派出所"),
                kind: station::Kind::PoliceStation.into(),
                ..Station::default()
            }),
            validate_only: false,
        };
        let began = Instant::now();
        called.insert(format!("stations/{prefix}{turn}"), began);
        stations.create_station(request).await?;
        measured.writes.push(began.elapsed().as_secs_f64() * 1e3);
        for _ in 0..watches {
            let arrival = tokio::time::timeout(Duration::from_secs(10), all.arrivals.recv());
            let (name, came) = arrival
                .await
                .context("a change did not come in 10 s")?
                .context("all watches ended")?;
            let began = called.get(&name).context("a change that nobody made")?;
            measured
                .ways
                .push(came.duration_since(*began).as_secs_f64() * 1e3);
        }
    }
    measured.ways.sort_by(f64::total_cmp);
    measured.writes.sort_by(f64::total_cmp);
    Ok(measured)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

//! Everything at once for minutes: reads, lists, searches, writes, watches that come and go, exports, clients
//! that connect for one call, and calls that are given up. What the service holds must not grow meanwhile,
//! and must be given back afterwards.

mod clients;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bulletin::pb::ExportRecordsRequest;
use bulletin::pb::record::Kind;
use bulletin::pb::transfer_service_client::TransferServiceClient;
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::clients::{Clients, Stop};
use super::Stage;
use super::copy::on_copy;
use crate::drive::open::{self, Open};
use crate::findings::{Findings, median};
use crate::prepare::Prepared;
use crate::rounds::Side;
use crate::servers::{self, Server};

/// A second, of what a run can answer on two processors beside the rest.
const GETS: f64 = 400.0;
const GETS_AT_ONCE_MAX: usize = 200;
const SAMPLED_EVERY: Duration = Duration::from_millis(500);
/// Latency is compared between parts of the time.
const PARTS: u32 = 10;
/// Memory is flat when its median in the last third is at most so much of that in the second.
const MEMORY_GROWTH_MAX: f64 = 1.05;
const LATENCY_GROWTH_MAX: f64 = 1.5;
/// Until what clients left behind is given back.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    on_copy(stage.database, "serving_soak", async |url| {
        measure(stage, url, findings).await
    })
    .await
}

async fn measure(stage: &Stage<'_>, url: &str, findings: &mut Findings) -> Result<()> {
    let ops = free_address().await?;
    let service = servers::service_with_ops(url, &stage.database.directory, &ops)?;
    let address = format!("http://{}", service.address);
    let service = stage.reach(service).await?;
    let mut observer = PgConnection::connect(url).await?;
    let drafts = drafts(&mut observer).await?;
    let mut gets = Prepared::clone(&*stage.gets(&service).await?);
    // What is written meanwhile is not what it was.
    gets.exchanges
        .retain(|exchange| !drafts.contains(&exchange.key));
    let gets = Side::new("service", &service, &Arc::new(gets));
    begin_exports(&service).await?;
    let quiet = settled(&ops, &mut observer, None).await?;
    let stop = Stop::default();
    let clients = Clients::start(&address, drafts, &stop);
    let time = stage.options.soak();
    eprintln!("everything at once for {} s", time.as_secs());
    let (latencies, memory) = tokio::try_join!(load(&gets, time), memory(&service, &ops, time))?;
    stop.now();
    let done = clients.done().await?;
    findings.notes.push(format!("soak: {}", done.counts));
    let told = match done.failures.first() {
        Some(first) => format!("{}, the first: {first}", done.failures.len()),
        None => "none".to_owned(),
    };
    findings.hold("soak: no call fails", done.failures.is_empty(), told);
    let after = settled(&ops, &mut observer, Some(&quiet)).await?;
    tell(&latencies, &memory, &quiet, &after, findings);
    observer.close().await?;
    Ok(())
}

/// The first export begins threads that stay (ADR 22).
async fn begin_exports(service: &Server) -> Result<()> {
    let channel = service.channels.first().context("no connection")?;
    let request = ExportRecordsRequest {
        kinds: vec![Kind::Station.into()],
        ..ExportRecordsRequest::default()
    };
    let mut client = TransferServiceClient::new(channel.clone());
    let mut messages = client.export_records(request).await?.into_inner();
    while messages.message().await?.is_some() {}
    Ok(())
}

async fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(listener.local_addr()?.to_string())
}

/// Articles that may be written without a reason.
async fn drafts(observer: &mut PgConnection) -> Result<Vec<String>> {
    let sql =
        "select name from articles where state = 'DRAFT' and not is_deleted order by name limit 50";
    let drafts = sqlx::query_scalar(sql).fetch_all(observer).await?;
    ensure!(!drafts.is_empty(), "the city has no drafts");
    Ok(drafts)
}

/// p99 of gets, in milliseconds, a part each. All must be answered, with what is expected.
async fn load(gets: &Side, time: Duration) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    for part in 0..PARTS {
        let open = Open {
            rate: GETS,
            time: time / PARTS,
            seed: u64::from(part),
            in_flight_max: GETS_AT_ONCE_MAX,
        };
        let got = open::run(&gets.target, &open).await?;
        open::all_answered(&got)?;
        let p99 = got.outcome()?.percentile(99.0);
        eprintln!("  part {} of {PARTS}: p99 of gets {p99:.1} ms", part + 1);
        latencies.push(p99);
    }
    Ok(latencies)
}

/// In MiB.
struct Memory {
    resident: f64,
    /// Of that, what cache and watches' buffer have, each up to its bound.
    bounded: f64,
}

async fn memory(service: &Server, ops: &str, time: Duration) -> Result<Vec<Memory>> {
    const MIB: f64 = 1024.0 * 1024.0;
    let started = Instant::now();
    let mut ticks = interval(SAMPLED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut found = Vec::new();
    while started.elapsed() < time {
        ticks.tick().await;
        let page = scraped(ops).await?;
        let bounded = ["bulletin_cache_bytes", "bulletin_watch_buffer_bytes"];
        found.push(Memory {
            resident: service.gauge.resident_mib()?,
            bounded: bounded.map(|metric| sum(&page, metric)).iter().sum::<f64>() / MIB,
        });
    }
    Ok(found)
}

/// What a service holds for its clients, those that are connected all the time among them.
#[derive(Debug)]
struct Held {
    tasks: f64,
    files: f64,
    watchers: f64,
    in_flight: f64,
    backends: i64,
}

impl Held {
    async fn read(ops: &str, observer: &mut PgConnection) -> Result<Self> {
        let page = scraped(ops).await?;
        let sql = "select count(*) from pg_stat_activity where datname = current_database()";
        Ok(Self {
            tasks: sum(&page, "bulletin_runtime_tasks"),
            files: sum(&page, "process_open_fds"),
            watchers: sum(&page, "bulletin_watchers"),
            in_flight: sum(&page, "bulletin_calls_in_flight"),
            backends: sqlx::query_scalar(sql).fetch_one(observer).await?,
        })
    }

    /// No more than before, but for connections to Postgres, which are kept for a while.
    fn is_within(&self, before: &Self) -> bool {
        let kept = (self.backends - before.backends).max(0) as f64;
        self.tasks <= before.tasks
            && self.files <= before.files + kept
            && self.watchers <= before.watchers
            && self.in_flight <= before.in_flight
    }
}

/// What is held once nothing is asked: as soon as it is what it was before, or after a while.
async fn settled(ops: &str, observer: &mut PgConnection, before: Option<&Held>) -> Result<Held> {
    let started = Instant::now();
    loop {
        sleep(SAMPLED_EVERY).await;
        let held = Held::read(ops, observer).await?;
        if before.is_none_or(|before| held.is_within(before)) || started.elapsed() > SETTLED_WITHIN
        {
            return Ok(held);
        }
    }
}

async fn scraped(ops: &str) -> Result<String> {
    let mut stream = TcpStream::connect(ops).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {ops}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    ensure!(page.starts_with("HTTP/1.1 200"), "metrics are not answered");
    Ok(page)
}

/// Of a metric's series.
fn sum(page: &str, metric: &str) -> f64 {
    let lines = page.lines().filter_map(|line| line.strip_prefix(metric));
    let values = lines
        .filter(|rest| rest.starts_with(['{', ' ']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum()
}

fn tell(latencies: &[f64], memory: &[Memory], quiet: &Held, after: &Held, findings: &mut Findings) {
    let third = memory.len() / 3;
    let thirds = [third..third * 2, third * 2..memory.len()];
    let parts = thirds.map(|third| {
        let part = |of: fn(&Memory) -> f64| median(memory[third.clone()].iter().map(of).collect());
        let besides = part(|memory| memory.resident - memory.bounded);
        let told = format!("{besides:.0} of {:.0} MiB", part(|memory| memory.resident));
        (besides, told)
    });
    let [(early, told_early), (late, told_late)] = parts;
    findings.hold(
        "soak: memory beside cache and watches' buffer is flat within 5 %",
        late <= early * MEMORY_GROWTH_MAX,
        format!("{told_early} in the second third, {told_late} in the last"),
    );
    let half = latencies.len() / 2;
    let (first, second) = latencies.split_at(half);
    let (first, second) = (median(first.to_vec()), median(second.to_vec()));
    findings.hold(
        "soak: p99 of gets does not grow",
        second <= first * LATENCY_GROWTH_MAX,
        format!("{first:.1} ms in the first half, {second:.1} ms in the second"),
    );
    findings.hold(
        "soak: what was taken is given back",
        after.is_within(quiet),
        format!("before {quiet:?}, after {after:?}"),
    );
}

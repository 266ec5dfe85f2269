//! Reading: exports in turns with Postgres's own stream of the same rows, and Gets beside them.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result};
use bulletin::pb::GetArticleRequest;
use bulletin::pb::article_service_client::ArticleServiceClient;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt as _;
use tonic::transport::{Channel, Endpoint};

use crate::service::Service;
use crate::{Options, city, import, rate, raw, report};

/// The rows that an export sends, as a client of Postgres would read them.
const SELECT: &str = "select name, record from changes where kind = 'SOURCE' union all
    select name, record from stations where not is_deleted union all
    select name, record from articles where not is_deleted union all
    select name, record from statistics where not is_deleted";

/// A client's windows bound what is on its way.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;

/// As `bulletin export` asks for.
const FRAME_BYTES: u32 = 256 * 1024;

pub async fn measure(
    service: &Service,
    variant: Option<&Service>,
    url: &str,
    count: usize,
    options: &Options,
) -> Result<()> {
    let channel = connect(service).await?;
    let variant = match variant {
        Some(variant) => Some(connect(variant).await?),
        None => None,
    };
    let gets_alone = gets(service, Duration::from_secs(3)).await?;
    let mut connection = PgConnection::connect(url).await?;
    let idle = memory_kib(service, "VmRSS")?;
    let (mut exports, mut copies, mut fetches) = (Vec::new(), Vec::new(), Vec::new());
    let mut of_variant = Vec::new();
    let is_asked = |what: &str| what.contains(&options.only);
    for _ in 0..options.rounds {
        if is_asked("export") {
            exports.push(timed(export(&channel)).await?);
            if let Some(variant) = &variant {
                of_variant.push(timed(export(variant)).await?);
            }
        }
        if is_asked("copy") {
            copies.push(timed(import::copied_out(&mut connection, SELECT)).await?);
        }
        if is_asked("select") {
            fetches.push(timed(fetched(&mut connection)).await?);
        }
    }
    if !of_variant.is_empty() {
        let (export, variant) = (median(exports.clone()), median(of_variant));
        println!("variant         {}", rate(count, variant));
        println!(
            "export / variant {:.2}",
            variant.as_secs_f64() / export.as_secs_f64()
        );
    }
    if !options.only.is_empty() {
        for (what, times) in [("export", exports), ("copy", copies), ("select", fetches)] {
            if !times.is_empty() {
                println!("{what:15} {}", rate(count, median(times)));
            }
        }
        return Ok(());
    }
    let peak = memory_kib(service, "VmHWM")?;
    let (export, copy, fetch) = (median(exports), median(copies), median(fetches));
    println!("export          {}", rate(count, export));
    println!("copy to stdout  {}", rate(count, copy));
    println!("streamed select {}", rate(count, fetch));
    report(
        "export / copy",
        copy.as_secs_f64() / export.as_secs_f64(),
        0.6,
    );
    report(
        "export / select",
        fetch.as_secs_f64() / export.as_secs_f64(),
        0.6,
    );
    let more = (peak.saturating_sub(idle)) as f64 / 1024.0;
    println!(
        "memory          {more:.0} MiB above {} MiB before (bar 64)",
        idle / 1024
    );
    let exporting = async move {
        loop {
            if let Err(error) = self::export(&channel).await {
                return error;
            }
        }
    };
    let selecting = async move {
        loop {
            if let Err(error) = fetched(&mut connection).await {
                return error;
            }
        }
    };
    let gets_beside_export = beside(service, exporting).await?;
    let gets_beside_select = beside(service, selecting).await?;
    println!("Get alone           {gets_alone}");
    println!("Get beside export   {gets_beside_export}");
    println!("Get beside select   {gets_beside_select}");
    Ok(())
}

async fn connect(service: &Service) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{}", service.address))?;
    let endpoint = endpoint
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES);
    Ok(endpoint.connect().await?)
}

/// Gets while work is done that ends only when it fails.
async fn beside(
    service: &Service,
    work: impl Future<Output = Error> + Send + 'static,
) -> Result<String> {
    let work = tokio::spawn(work);
    let gets = gets(service, Duration::from_secs(3)).await;
    if work.is_finished() {
        return Err(work.await?);
    }
    work.abort();
    gets
}

async fn export(channel: &Channel) -> Result<usize> {
    let mut messages = raw::export(channel).await?;
    let mut bytes = 0;
    while let Some(message) = messages.message().await? {
        bytes += message.len();
    }
    Ok(bytes)
}

async fn fetched(connection: &mut PgConnection) -> Result<usize> {
    let mut rows = sqlx::query(SELECT).fetch(connection);
    let mut count = 0;
    while let Some(row) = rows.next().await {
        row?;
        count += 1;
    }
    Ok(count)
}

async fn timed(work: impl Future<Output = Result<usize>>) -> Result<Duration> {
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long single Gets take, one after the other. They have a thread of their own: what is measured is the
/// service, not how this program shares its own.
async fn gets(service: &Service, during: Duration) -> Result<String> {
    let endpoint = Endpoint::from_shared(format!("http://{}", service.address))?;
    let gets = move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(gets_of(endpoint, during))
    };
    spawn_blocking(gets).await?
}

async fn gets_of(endpoint: Endpoint, during: Duration) -> Result<String> {
    let mut client = ArticleServiceClient::new(endpoint.tcp_nodelay(true).connect().await?);
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < during {
        let request = GetArticleRequest {
            name: city::article_name(times.len() % 1_000),
            ..Default::default()
        };
        let asked = Instant::now();
        client.get_article(request).await?;
        times.push(asked.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
    Ok(format!("p50 {} µs, p99 {} µs", at(0.5), at(0.99)))
}

fn memory_kib(service: &Service, what: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", service.process_id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let words = line.context("the kernel tells no memory")?;
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
}

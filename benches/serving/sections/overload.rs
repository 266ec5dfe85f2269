//! Twice the load that saturates the service, for a while: what it answers, what it keeps in memory, and
//! how soon it is itself again. Nothing is cached, so that Postgres is what saturates.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep_until};

use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::drive::open::{self, Arrived, Open};
use crate::findings::{Findings, Row};
use crate::gauge::Gauge;
use crate::rounds::{Round, Side, round};
use crate::servers::{self, Cache, Server};

/// More than a server would let be under way.
const IN_FLIGHT_MAX: usize = 10_000;
/// A connection takes 1,024 calls at once.
const CHANNELS: usize = 12;
const LIGHT_SHARE: f64 = 0.1;
const LIGHT_TIME: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_millis(100);
const BACK_WITHIN: Duration = Duration::from_secs(1);
const MEMORY_GROWTH_MAX: f64 = 1.1;

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    let database = stage.database;
    let service = servers::service(&database.url, &database.directory, Cache::Off)?;
    let service = Server::reach(service, Some(database.process_id()), CHANNELS).await?;
    let side = Side::new("service, no cache", &service, &stage.gets(&service).await?);
    let load = Closed {
        in_flight: IN_FLIGHT,
        time: stage.options.round(),
        seed: 3,
    };
    round(&side, &load).await?;
    let saturated = round(&side, &load).await?.rate;
    let light = Open {
        rate: saturated * LIGHT_SHARE,
        time: LIGHT_TIME,
        seed: 4,
        in_flight_max: IN_FLIGHT_MAX,
    };
    let before = open::run(&side.target, &light).await?;
    open::all_answered(&before)?;
    let heavy = Open {
        rate: saturated * 2.0,
        time: stage.options.overload(),
        ..light.clone()
    };
    eprintln!("{:.0} arriving a second for {:?}", heavy.rate, heavy.time);
    let used = side.gauge.read()?;
    // What was not answered when the load ends is still there when the light one begins.
    let (overloaded, memory, after) = tokio::join!(
        open::run(&side.target, &heavy),
        memory_over(&side.gauge, heavy.time),
        light_after(&side, &light, heavy.time)
    );
    let (overloaded, memory, after) = (overloaded?, memory?, after?);
    let used = side.gauge.read()?.since(used);
    findings.rows.push(Row {
        case: "get from Postgres, 2× saturation".to_owned(),
        side: side.name.clone(),
        load: format!("{:.0}/s", heavy.rate),
        figures: Round::of(&overloaded.outcome()?, used, &side.gauge)?,
        ratios: None,
    });
    tell(&overloaded, &memory, findings);
    let quiet_ms = before.outcome()?.percentile(50.0);
    let back = back_after(&after, quiet_ms * 2.0);
    let figures = format!("{} ms, p50 before {quiet_ms:.2} ms", back.as_millis());
    findings.hold(
        "overload: back to normal within 1 s",
        back <= BACK_WITHIN,
        figures,
    );
    Ok(())
}

fn tell(overloaded: &Arrived, memory: &[f64], findings: &mut Findings) {
    let codes = overloaded.codes();
    let is_allowed = |code: &String| code == "Ok" || code == "ResourceExhausted";
    let figures = format!("{codes:?}, {} not sent", overloaded.unsent);
    let passes = codes.keys().all(is_allowed);
    findings.hold("overload: no error but RESOURCE_EXHAUSTED", passes, figures);
    // It grows to what so many calls take; from then on it must not.
    let (early, late) = memory.split_at(memory.len() / 2);
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (early, late) = (most(early), most(late));
    let figures = format!("{early:.0} MiB at most in the first half, {late:.0} MiB in the second");
    findings.hold(
        "overload: memory is flat",
        late <= early * MEMORY_GROWTH_MAX,
        figures,
    );
}

async fn memory_over(gauge: &Gauge, time: Duration) -> Result<Vec<f64>> {
    let started = Instant::now();
    let mut found = Vec::new();
    while started.elapsed() < time {
        found.push(gauge.resident_mib()?);
        sleep_until(Instant::now() + time / 20).await;
    }
    Ok(found)
}

async fn light_after(side: &Side, light: &Open, time: Duration) -> Result<Arrived> {
    sleep_until(Instant::now() + time).await;
    open::run(&side.target, light).await
}

/// When the last window ended whose calls were slow or refused.
fn back_after(arrived: &Arrived, p50_ms_max: f64) -> Duration {
    let mut windows: BTreeMap<u128, Vec<f64>> = BTreeMap::new();
    for call in &arrived.calls {
        let ms = match call.code {
            tonic::Code::Ok => call.latency.as_secs_f64() * 1e3,
            _ => f64::INFINITY,
        };
        let window = call.due.as_millis() / WINDOW.as_millis();
        windows.entry(window).or_default().push(ms);
    }
    let is_bad = |latencies: &Vec<f64>| {
        crate::findings::median(latencies.clone()) > p50_ms_max
            || latencies.iter().any(|ms| ms.is_infinite())
    };
    let last = windows.iter().rfind(|(_, latencies)| is_bad(latencies));
    last.map_or(Duration::ZERO, |(window, _)| {
        WINDOW * u32::try_from(window + 1).unwrap_or(u32::MAX)
    })
}

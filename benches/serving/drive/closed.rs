//! A closed loop: so many calls are under way at any time, each caller's next begins when its last has
//! ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use prost::bytes::Bytes;
use tokio::task::JoinSet;

use super::{Outcome, Target};
use crate::city::draw::Draw;
use crate::raw;

/// Streams of random numbers that no record of a city is drawn from.
const STREAM: u64 = 1_000;

/// Decides on a reply to one of the prepared requests, which was sent at this time.
pub type Check = Arc<dyn Fn(usize, Instant, &Bytes) -> Result<()> + Send + Sync>;

#[derive(Clone)]
pub struct Closed {
    pub in_flight: usize,
    pub time: Duration,
    /// Another order of requests each.
    pub seed: u64,
}

/// Replies must be those that are expected.
pub fn as_expected(target: &Target) -> Check {
    let prepared = Arc::clone(&target.prepared);
    Arc::new(move |which, _, reply| Ok(prepared.exchanges[which].expected.check(reply)?))
}

pub async fn run(target: &Target, load: &Closed, check: &Check) -> Result<Outcome> {
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..load.in_flight {
        let (target, check) = (target.clone(), Arc::clone(check));
        let draw = Draw::new(load.seed, STREAM, caller as u64);
        callers.spawn(call_until(target, caller, draw, started + load.time, check));
    }
    let mut latencies = Vec::new();
    while let Some(called) = callers.join_next().await {
        latencies.extend(called??);
    }
    Outcome::of(latencies, started.elapsed())
}

async fn call_until(
    target: Target,
    caller: usize,
    mut draw: Draw,
    end: Instant,
    check: Check,
) -> Result<Vec<Duration>> {
    let path = target.prepared.method.path();
    let count = target.prepared.exchanges.len();
    let channel = target.channel(caller).clone();
    let mut latencies = Vec::new();
    loop {
        let which = draw.below(count);
        let request = target.request(which);
        let started = Instant::now();
        if started >= end {
            return Ok(latencies);
        }
        let reply = raw::call(&channel, &path, request).await;
        latencies.push(started.elapsed());
        let reply = reply.with_context(|| format!("{path} failed under load"))?;
        check(which, started, &reply)?;
    }
}

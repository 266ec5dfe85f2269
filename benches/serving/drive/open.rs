//! An open loop: calls arrive at a fixed rate whatever became of those before, and their latency counts
//! from when they were due, so that a server that stalls does not hide what waited meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::Code;

use super::{Outcome, Target};
use crate::city::draw::Draw;
use crate::raw;

const STREAM: u64 = 2_000;
/// What is due within it is sent together: a thread that wakes more often takes the CPU of the measured.
const TICK: Duration = Duration::from_micros(250);

#[derive(Clone, Debug)]
pub struct Open {
    /// Calls a second.
    pub rate: f64,
    pub time: Duration,
    pub seed: u64,
    /// Calls that are due while so many are under way are not sent.
    pub in_flight_max: usize,
}

/// A call that was due at this time.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// Since the load began.
    pub due: Duration,
    pub latency: Duration,
    pub code: Code,
}

#[derive(Debug, Default)]
pub struct Arrived {
    pub calls: Vec<Called>,
    pub unsent: u64,
    pub elapsed: Duration,
}

impl Arrived {
    /// Of those that were answered.
    pub fn outcome(&self) -> Result<Outcome> {
        let answered = self.calls.iter().filter(|call| call.code == Code::Ok);
        Outcome::of(answered.map(|call| call.latency), self.elapsed)
    }

    pub fn codes(&self) -> BTreeMap<String, usize> {
        let mut codes = BTreeMap::new();
        for call in &self.calls {
            *codes.entry(format!("{:?}", call.code)).or_default() += 1;
        }
        codes
    }
}

/// Statuses are counted; content must be right wherever a call succeeds.
pub async fn run(target: &Target, load: &Open) -> Result<Arrived> {
    let mut draw = Draw::new(load.seed, STREAM, 0);
    let count = target.prepared.exchanges.len();
    let started = Instant::now();
    let mut due = arrivals(started, load);
    let mut calls = JoinSet::new();
    let mut arrived = Arrived::default();
    let mut number = 0;
    let mut are_due = true;
    while are_due || !calls.is_empty() {
        tokio::select! {
            next = due.recv(), if are_due => match next {
                None => are_due = false,
                Some(_) if calls.len() >= load.in_flight_max => arrived.unsent += 1,
                Some(at) => {
                    calls.spawn(call(target.clone(), number, draw.below(count), started, at));
                    number += 1;
                }
            },
            Some(called) = calls.join_next() => arrived.calls.push(called??),
        }
    }
    arrived.elapsed = started.elapsed();
    Ok(arrived)
}

/// When each call is due, since the start, told when it is. The runtime's own timers are a millisecond
/// coarse, which is more than most calls take.
fn arrivals(started: Instant, load: &Open) -> mpsc::UnboundedReceiver<Duration> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let Open { rate, time, .. } = *load;
    std::thread::spawn(move || {
        let count = (rate * time.as_secs_f64()) as u64;
        for number in 0..count {
            let due = Duration::from_secs_f64(number as f64 / rate);
            while started.elapsed() < due {
                std::thread::sleep((due - started.elapsed().min(due)).max(TICK));
            }
            // Nobody listens any more: the run has failed.
            if sender.send(due).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn call(
    target: Target,
    number: usize,
    which: usize,
    started: Instant,
    due: Duration,
) -> Result<Called> {
    let path = target.prepared.method.path();
    let channel = target.channel(number);
    let reply = raw::call(channel, &path, target.request(which)).await;
    let latency = started.elapsed().saturating_sub(due);
    let code = match reply {
        Ok(reply) => {
            target.prepared.exchanges[which].expected.check(&reply)?;
            Code::Ok
        }
        Err(status) => status.code(),
    };
    Ok(Called { due, latency, code })
}

/// As it must be while nothing is refused.
pub fn all_answered(arrived: &Arrived) -> Result<()> {
    if arrived.calls.iter().any(|call| call.code != Code::Ok) {
        bail!("calls failed under load: {:?}", arrived.codes());
    }
    Ok(())
}

//! Makes load and keeps what came of it. A reply that is not what it must be ends the run.

pub mod closed;
pub mod open;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tonic::transport::Channel;

use crate::prepare::Prepared;

/// Calls that were answered as they must be, in so long.
#[derive(Debug)]
pub struct Outcome {
    pub latencies: Histogram<u64>,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn of(latencies: impl IntoIterator<Item = Duration>, elapsed: Duration) -> Result<Self> {
        let mut outcome = Self {
            latencies: Histogram::new(3)?,
            elapsed,
        };
        for latency in latencies {
            let ns = u64::try_from(latency.as_nanos())?;
            outcome.latencies.record(ns)?;
        }
        Ok(outcome)
    }

    pub fn calls(&self) -> u64 {
        self.latencies.len()
    }

    /// A second.
    pub fn rate(&self) -> f64 {
        self.calls() as f64 / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        self.latencies.value_at_percentile(percent) as f64 / 1e6
    }
}

/// A server under load: where it is, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Target {
    pub channels: Arc<[Channel]>,
    pub prepared: Arc<Prepared>,
}

impl Target {
    fn channel(&self, number: usize) -> &Channel {
        &self.channels[number % self.channels.len()]
    }

    fn request(&self, which: usize) -> Bytes {
        self.prepared.exchanges[which].request.clone()
    }
}

//! Measures a case: calls and statements in turns, so that what else the machine does hits both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::call::{Call, Client};
use crate::cases::Case;
use crate::cpu;
use crate::raw::Raw;

/// Turns of calls and statements.
const TURNS: usize = 4;
const WARM_UPS: usize = 8;
/// A side of a case gets fewer calls when they would take longer.
const SIDE_TIME_MAX: Duration = Duration::from_secs(10);
const CALLS_MIN: usize = 12;

/// What a call or statement costs.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    latencies: Vec<Duration>,
    service_ns: u64,
    postgres_ns: u64,
}

/// What was measured of a case; a side that is missing was not served, or has no statement.
#[derive(Debug)]
pub struct Measured {
    pub case: Case,
    pub rows: usize,
    pub served: Option<Cost>,
    pub raw: Option<Cost>,
}

pub struct Bench {
    pub client: Client,
    pub connection: PgConnection,
    pub service_id: u32,
    pub postgres_id: u32,
    pub calls: usize,
    pub concurrency: usize,
}

impl Bench {
    pub async fn measure(&mut self, case: Case) -> Result<Measured> {
        let (mut rows, mut served, mut raw) = (0, None, None);
        let (mut calls, mut statements) = (0, 0);
        if let Some(call) = &case.call {
            let started = Instant::now();
            if let Some(found) = self.warm_up(call).await? {
                rows = found;
                calls = self.turn(started.elapsed());
                served = Some(Cost::default());
            }
        }
        if let Some(statement) = &case.raw {
            let started = Instant::now();
            for _ in 0..WARM_UPS {
                statement.run(&mut self.connection).await?;
            }
            statements = self.turn(started.elapsed());
            raw = Some(Cost::default());
        }
        for _ in 0..TURNS {
            if let (Some(call), Some(cost)) = (&case.call, &mut served) {
                self.call(call, calls, cost).await?;
            }
            if let (Some(statement), Some(cost)) = (&case.raw, &mut raw) {
                self.run(statement, statements, cost).await?;
            }
        }
        Ok(Measured {
            case,
            rows,
            served,
            raw,
        })
    }

    /// The rows of an answer; nothing where the service does not serve such calls.
    async fn warm_up(&self, call: &Call) -> Result<Option<usize>> {
        let mut rows = 0;
        for _ in 0..WARM_UPS {
            match self.client.call(call.clone()).await {
                Ok(answer) => rows = answer.rows,
                Err(status) if status.code() == Code::Unimplemented => return Ok(None),
                Err(status) => return Err(status.into()),
            }
        }
        Ok(Some(rows))
    }

    /// Calls a turn, after warming up took so long.
    fn turn(&self, warmed_up: Duration) -> usize {
        let one = warmed_up / u32::try_from(WARM_UPS).unwrap_or(1);
        let affordable = SIDE_TIME_MAX.as_secs_f64() / one.as_secs_f64().max(1e-6);
        let calls = self.calls.min((affordable as usize).max(CALLS_MIN));
        calls.div_ceil(TURNS)
    }

    async fn call(&self, call: &Call, calls: usize, cost: &mut Cost) -> Result<()> {
        let before = (
            cpu::of_process(self.service_id)?,
            cpu::of_postgres(self.postgres_id)?,
        );
        match self.concurrency {
            1 => cost
                .latencies
                .extend(in_turn(&self.client, call, calls).await?),
            concurrency => {
                let mut callers = JoinSet::new();
                let call = Arc::new(call.clone());
                for _ in 0..concurrency {
                    let (client, call) = (self.client.clone(), Arc::clone(&call));
                    let share = calls.div_ceil(concurrency);
                    callers.spawn(async move { in_turn(&client, &call, share).await });
                }
                while let Some(latencies) = callers.join_next().await {
                    cost.latencies.extend(latencies??);
                }
            }
        }
        // A thread that ended meanwhile takes its time along.
        let service_ns = cpu::of_process(self.service_id)?;
        cost.service_ns += service_ns.saturating_sub(before.0);
        let postgres_ns = cpu::of_postgres(self.postgres_id)?;
        cost.postgres_ns += postgres_ns.saturating_sub(before.1);
        Ok(())
    }

    async fn run(&mut self, statement: &Raw, count: usize, cost: &mut Cost) -> Result<()> {
        let before = cpu::of_postgres(self.postgres_id)?;
        for _ in 0..count {
            let started = Instant::now();
            statement.run(&mut self.connection).await?;
            cost.latencies.push(started.elapsed());
        }
        let postgres_ns = cpu::of_postgres(self.postgres_id)?;
        cost.postgres_ns += postgres_ns.saturating_sub(before);
        Ok(())
    }
}

async fn in_turn(client: &Client, call: &Call, count: usize) -> Result<Vec<Duration>, Status> {
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        let call = call.clone();
        let started = Instant::now();
        client.call(call).await?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

impl Cost {
    pub fn calls(&self) -> usize {
        self.latencies.len()
    }

    /// In milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted
            .get(place)
            .map_or(0.0, |found| found.as_secs_f64() * 1e3)
    }

    /// In microseconds a call.
    pub fn service_us(&self) -> f64 {
        self.service_ns as f64 / 1e3 / self.calls().max(1) as f64
    }

    pub fn postgres_us(&self) -> f64 {
        self.postgres_ns as f64 / 1e3 / self.calls().max(1) as f64
    }
}

//! Rounds in turns, so that what else the machine does hits all sides.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::drive::closed::{self, Closed, as_expected};
use crate::drive::{Outcome, Target};
use crate::findings::{Ratios, Row, median};
use crate::gauge::{Gauge, Usage};
use crate::prepare::Prepared;
use crate::servers::Server;

/// One of those that are compared.
#[derive(Clone, Debug)]
pub struct Side {
    pub name: String,
    pub target: Target,
    pub gauge: Gauge,
}

impl Side {
    pub fn new(name: &str, server: &Server, prepared: &Arc<Prepared>) -> Self {
        Self {
            name: name.to_owned(),
            target: Target {
                channels: Arc::clone(&server.channels),
                prepared: Arc::clone(prepared),
            },
            gauge: server.gauge.clone(),
        }
    }
}

/// What a side did in a round, or the medians of several.
#[derive(Clone, Copy, Debug, Default)]
pub struct Round {
    pub rate: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub program_us: f64,
    pub postgres_us: f64,
    pub client_us: f64,
    pub resident_mib: f64,
}

impl Round {
    pub fn of(outcome: &Outcome, used: Usage, gauge: &Gauge) -> Result<Self> {
        let us = |ns: u64| ns as f64 / 1e3 / outcome.calls().max(1) as f64;
        Ok(Self {
            rate: outcome.rate(),
            p50_ms: outcome.percentile(50.0),
            p99_ms: outcome.percentile(99.0),
            p999_ms: outcome.percentile(99.9),
            program_us: us(used.program_ns),
            postgres_us: us(used.postgres_ns),
            client_us: us(used.client_ns),
            resident_mib: gauge.resident_mib()?,
        })
    }

    /// CPU a call on the server's side, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.program_us + self.postgres_us
    }

    pub fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            rate: of(|round| round.rate),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            p999_ms: of(|round| round.p999_ms),
            program_us: of(|round| round.program_us),
            postgres_us: of(|round| round.postgres_us),
            client_us: of(|round| round.client_us),
            resident_mib: of(|round| round.resident_mib),
        }
    }
}

/// Rounds of a side under a load.
pub async fn round(side: &Side, load: &Closed) -> Result<Round> {
    let check = as_expected(&side.target);
    let before = side.gauge.read()?;
    let outcome = closed::run(&side.target, load, &check).await;
    let outcome = outcome.with_context(|| side.name.clone())?;
    Round::of(&outcome, side.gauge.read()?.since(before), &side.gauge)
}

/// The rounds of each side; every second time they go in the other direction.
pub async fn in_turns(sides: &[Side], load: &Closed, rounds: usize) -> Result<Vec<Vec<Round>>> {
    let mut measured = vec![Vec::new(); sides.len()];
    // Connections, prepared statements and caches are not what is compared.
    for side in sides {
        let warm_up = Closed {
            time: load.time / 4,
            ..load.clone()
        };
        round(side, &warm_up).await?;
    }
    for number in 0..rounds {
        let mut order: Vec<usize> = (0..sides.len()).collect();
        if !number.is_multiple_of(2) {
            order.reverse();
        }
        for at in order {
            let load = Closed {
                seed: load.seed + number as u64,
                ..load.clone()
            };
            measured[at].push(round(&sides[at], &load).await?);
        }
    }
    Ok(measured)
}

/// The median of a figure's ratios, each round's to the one beside it.
pub fn ratio(rounds: &[Round], reference: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let pairs = rounds.iter().zip(reference);
    median(
        pairs
            .map(|(one, other)| figure(one) / figure(other))
            .collect(),
    )
}

pub fn ratios(rounds: &[Round], reference: &[Round]) -> Ratios {
    Ratios {
        rate: ratio(rounds, reference, |round| round.rate),
        cpu: ratio(rounds, reference, Round::cpu_us),
        p99: ratio(rounds, reference, |round| round.p99_ms),
    }
}

/// A row for each side; the first is compared with the second.
pub fn rows(case: &str, load: &str, sides: &[Side], measured: &[Vec<Round>]) -> Vec<Row> {
    let row = |(at, side): (usize, &Side)| Row {
        case: case.to_owned(),
        side: side.name.clone(),
        load: load.to_owned(),
        figures: Round::median(&measured[at]),
        ratios: (at == 0 && measured.len() > 1).then(|| ratios(&measured[0], &measured[1])),
    };
    sides.iter().enumerate().map(row).collect()
}

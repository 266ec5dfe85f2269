//! Latency by the load that arrives, up to what the service can take.

use anyhow::Result;

use super::cached::Cached;
use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::drive::open::{self, Open};
use crate::findings::{Curve, Findings, Row, median};
use crate::rounds::{Round, Side, round};

/// Of the closed loop's requests a second.
const SHARES: [f64; 7] = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0];
/// A server that is further behind is past what it can take.
const IN_FLIGHT_MAX: usize = 4_000;

pub async fn run(stage: &Stage<'_>, cached: &Cached, findings: &mut Findings) -> Result<()> {
    let time = stage.options.round();
    let sides = cached.sides(&cached.get);
    let load = Closed {
        in_flight: IN_FLIGHT,
        time,
        seed: 7,
    };
    let mut rates = Vec::new();
    for _ in 0..3 {
        rates.push(round(&sides[0], &load).await?.rate);
    }
    let saturated = median(rates);
    let mut curves = sides.clone().map(|side| Curve {
        name: side.name,
        points: Vec::new(),
    });
    for share in SHARES {
        let rate = saturated * share;
        eprintln!("get, {rate:.0} arriving a second");
        for (side, curve) in sides.iter().zip(&mut curves) {
            let mut rounds = Vec::new();
            for seed in 0..stage.options.sweep_rounds() {
                rounds.push(arriving(side, rate, stage, seed as u64).await?);
            }
            let figures = Round::median(&rounds);
            curve.points.push((rate, figures.p99_ms));
            findings.rows.push(Row {
                case: format!("get, {:.0} % of saturation", share * 100.0),
                side: side.name.clone(),
                load: format!("{rate:.0}/s"),
                figures,
                ratios: None,
            });
        }
    }
    findings.latency_by_load = curves.into();
    Ok(())
}

async fn arriving(side: &Side, rate: f64, stage: &Stage<'_>, seed: u64) -> Result<Round> {
    let load = Open {
        rate,
        time: stage.options.round(),
        seed,
        in_flight_max: IN_FLIGHT_MAX,
    };
    let before = side.gauge.read()?;
    let arrived = open::run(&side.target, &load).await?;
    // Where it cannot keep up, calls that are not sent are no failure; those that fail are.
    open::all_answered(&arrived)?;
    let used = side.gauge.read()?.since(before);
    Round::of(&arrived.outcome()?, used, &side.gauge)
}

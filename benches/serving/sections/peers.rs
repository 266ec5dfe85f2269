//! Services of the same API that others would write, beside ours as it is shipped.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::cached::Cached;
use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::findings::Findings;
use crate::rounds::{Round, Side, in_turns, ratio, rows};
use crate::servers;

const NAMES: [&str; 3] = ["go", "node", "python"];
const TIMES_MIN: f64 = 4.0;

pub async fn run(stage: &Stage<'_>, cached: &Cached, findings: &mut Findings) -> Result<()> {
    let built = Command::new(servers::peers().join("build"))
        .status()
        .context("benches/peers/build does not run")?;
    ensure!(built.success(), "benches/peers/build failed");
    let mut peers = Vec::new();
    for name in NAMES {
        let peer = servers::peer(stage.database, name)?;
        peers.push((name, stage.reach(peer).await?));
    }
    for case in ["get", "list 50 with bodies"] {
        eprintln!("{case}, beside peers");
        let (in_flight, own) = match case {
            "get" => (IN_FLIGHT, &cached.get),
            _ => (8, &cached.list),
        };
        let mut sides = vec![Side::new("service", &cached.service, own)];
        for (name, peer) in &peers {
            let prepared = match case {
                "get" => stage.gets(peer).await,
                _ => stage.lists(peer).await,
            };
            let prepared = prepared.with_context(|| format!("peer {name}"))?;
            sides.push(Side::new(name, peer, &prepared));
        }
        let load = Closed {
            in_flight,
            time: stage.options.round(),
            seed: 5,
        };
        let measured = in_turns(&sides, &load, stage.options.rounds()).await?;
        let mut found = rows(
            &format!("{case}, peers"),
            &in_flight.to_string(),
            &sides,
            &measured,
        );
        // The second is not the reference here: the best is.
        found[0].ratios = None;
        findings.rows.extend(found);
        hold(case, &sides, &measured, findings);
    }
    Ok(())
}

/// Requests a second per CPU: the less CPU a call, the more.
fn hold(case: &str, sides: &[Side], measured: &[Vec<Round>], findings: &mut Findings) {
    let [service, peers @ ..] = measured else {
        return;
    };
    let times = peers.iter().map(|peer| ratio(peer, service, Round::cpu_us));
    let least = times
        .zip(&sides[1..])
        .min_by(|(one, _), (other, _)| one.total_cmp(other));
    if let Some((times, peer)) = least {
        let what = format!("{case}: requests/s per CPU of the best peer ≥ {TIMES_MIN}×");
        let figures = format!("{times:.1}× {}", peer.name);
        findings.hold(what, times >= TIMES_MIN, figures);
    }
}

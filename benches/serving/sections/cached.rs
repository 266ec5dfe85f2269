//! The service as it is shipped beside an echo of the same bytes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::expected::Different;
use crate::findings::Findings;
use crate::options::ReferenceKind;
use crate::prepare::Prepared;
use crate::reference::replies;
use crate::rounds::{Side, in_turns, ratios, round, rows};
use crate::servers::{self, Cache, Server};

/// Enough of a spoiled echo's calls for a wrong one to be among them.
const SPOILED_ROUND: Duration = Duration::from_millis(500);

/// The service, its echo, and what they are asked.
pub struct Cached {
    pub service: Server,
    pub echo: Server,
    gathered: Server,
    pub get: Arc<Prepared>,
    pub list: Arc<Prepared>,
    batch: Arc<Prepared>,
    statistics: Arc<Prepared>,
}

impl Cached {
    pub async fn start(stage: &Stage<'_>) -> Result<Self> {
        let directory = &stage.database.directory;
        let url = &stage.database.url;
        let service = servers::service(url, directory, Cache::AsShipped)?;
        let service = stage.reach(service).await?;
        let get = stage.gets(&service).await?;
        let list = stage.lists(&service).await?;
        let batch = stage.batches(&service).await?;
        let statistics = stage.statistics(&service).await?;
        let kept = directory.join("replies");
        replies::write(&kept, &[&get, &list, &batch, &statistics])?;
        let channels = stage.options.channels;
        let spoiled = servers::echo(directory, &kept, ReferenceKind::Echo, true)?;
        let spoiled = Server::reach(spoiled, None, channels).await?;
        check_that_a_wrong_byte_is_found(&spoiled, &get).await?;
        let spoil = stage.options.spoil;
        let echo = servers::echo(directory, &kept, ReferenceKind::Echo, spoil)?;
        let echo = Server::reach(echo, None, channels).await?;
        let gathered = servers::echo(directory, &kept, ReferenceKind::EchoGathered, spoil)?;
        let gathered = Server::reach(gathered, None, channels).await?;
        Ok(Self {
            service,
            echo,
            gathered,
            get,
            list,
            batch,
            statistics,
        })
    }

    pub fn sides(&self, prepared: &Arc<Prepared>) -> [Side; 3] {
        [
            Side::new("service", &self.service, prepared),
            Side::new("echo", &self.echo, prepared),
            Side::new("echo, gathered", &self.gathered, prepared),
        ]
    }
}

/// A run that could not fail would prove nothing.
async fn check_that_a_wrong_byte_is_found(echo: &Server, get: &Arc<Prepared>) -> Result<()> {
    let load = Closed {
        in_flight: 4,
        time: SPOILED_ROUND,
        seed: 0,
    };
    match round(&Side::new("spoiled echo", echo, get), &load).await {
        Ok(_) => bail!("a wrong byte in a reply was not found"),
        Err(error) if error.is::<Different>() => Ok(()),
        Err(error) => Err(error),
    }
}

pub async fn run(stage: &Stage<'_>, cached: &Cached, findings: &mut Findings) -> Result<()> {
    let cases = [
        ("get", IN_FLIGHT, &cached.get),
        ("get", 512, &cached.get),
        ("list 50 with bodies", 8, &cached.list),
        ("batch get 100", 8, &cached.batch),
        ("list 1,000 statistics", 8, &cached.statistics),
    ];
    for (case, in_flight, prepared) in cases {
        eprintln!("{case}, {in_flight} in flight");
        let sides = cached.sides(prepared);
        let load = Closed {
            in_flight,
            time: stage.options.round(),
            seed: 1,
        };
        let measured = in_turns(&sides, &load, stage.options.rounds()).await?;
        let found = rows(case, &in_flight.to_string(), &sides, &measured);
        findings.rows.extend(found);
        let of_gathered = ratios(&measured[0], &measured[2]);
        findings.notes.push(format!(
            "{case}, {in_flight} in flight: {:.2}× the CPU of an echo on the service's own connections, {:.2}× its \
             requests/s, {:.2}× its p99",
            of_gathered.cpu, of_gathered.rate, of_gathered.p99
        ));
        let ratios = ratios(&measured[0], &measured[1]);
        match (case, in_flight) {
            ("get", IN_FLIGHT) => {
                findings.hold_at_least("get, cached: requests/s of echo", ratios.rate, 0.9);
                findings.hold_at_most("get, cached: CPU of echo", ratios.cpu, 1.2);
            }
            ("get", _) => {
                let what = format!("get, {in_flight} in flight: p99 of echo");
                findings.hold_at_most(&what, ratios.p99, 1.5);
            }
            _ => findings.hold_at_most(&format!("{case}, cached: CPU of echo"), ratios.cpu, 1.5),
        }
    }
    Ok(())
}

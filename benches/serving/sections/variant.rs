//! The service beside itself, built or set up in another way: what an allocator, a number of threads, or an
//! optimization of the build is worth.

use std::sync::Arc;

use anyhow::Result;

use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::findings::Findings;
use crate::prepare::Prepared;
use crate::rounds::{Side, in_turns, rows};
use crate::servers::{self, Cache};

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    let (options, directory) = (stage.options, &stage.database.directory);
    let url = &stage.database.url;
    let variant = servers::variant(
        options.variant.as_deref(),
        &options.variant_env,
        url,
        directory,
    )?;
    let variant = stage.reach(variant).await?;
    let shipped = stage
        .reach(servers::service(url, directory, Cache::AsShipped)?)
        .await?;
    let cases: [(&str, usize, Arc<Prepared>); 4] = [
        ("get", IN_FLIGHT, stage.gets(&shipped).await?),
        ("list 50 with bodies", 8, stage.lists(&shipped).await?),
        ("batch get 100", 8, stage.batches(&shipped).await?),
        (
            "list 1,000 statistics",
            8,
            stage.statistics(&shipped).await?,
        ),
    ];
    for (case, in_flight, prepared) in cases {
        eprintln!("{case}, {in_flight} in flight");
        let sides = [
            Side::new("variant", &variant, &prepared),
            Side::new("as shipped", &shipped, &prepared),
        ];
        let load = Closed {
            in_flight,
            time: options.round(),
            seed: 7,
        };
        let measured = in_turns(&sides, &load, options.rounds()).await?;
        let found = rows(case, &in_flight.to_string(), &sides, &measured);
        findings.rows.extend(found);
    }
    Ok(())
}

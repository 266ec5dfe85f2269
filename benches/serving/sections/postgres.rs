//! The service without its cache beside a plain handler: what both ask Postgres for.

use anyhow::Result;

use super::{IN_FLIGHT, Stage};
use crate::drive::closed::Closed;
use crate::findings::Findings;
use crate::options::ReferenceKind;
use crate::reference::columns;
use crate::rounds::{Side, in_turns, ratios, rows};
use crate::servers::{self, Cache};

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    let Stage {
        options, database, ..
    } = stage;
    let service = servers::service(&database.url, &database.directory, Cache::Off)?;
    let service = stage.reach(service).await?;
    let plain = stage
        .reach(servers::plain(database, ReferenceKind::Plain)?)
        .await?;
    let unasked = stage
        .reach(servers::plain(database, ReferenceKind::PlainUnasked)?)
        .await?;
    let names = ["service, no cache", "plain", "plain, no ping"];

    eprintln!("get from Postgres");
    let mut sides = Vec::new();
    for (name, server) in names.into_iter().zip([&service, &plain, &unasked]) {
        sides.push(Side::new(name, server, &stage.gets(server).await?));
    }
    let load = Closed {
        in_flight: IN_FLIGHT,
        time: options.round(),
        seed: 1,
    };
    let measured = in_turns(&sides, &load, options.rounds()).await?;
    let found = rows("get from Postgres", "32", &sides, &measured);
    findings.rows.extend(found);
    let of_plain = ratios(&measured[0], &measured[1]);
    findings.hold_at_most("get from Postgres: CPU of plain", of_plain.cpu, 0.6);
    let of_unasked = ratios(&measured[0], &measured[2]);
    findings.notes.push(format!(
        "get from Postgres: {:.2}× the CPU of a plain handler whose pool does not ask connections whether they live",
        of_unasked.cpu
    ));

    eprintln!("list from Postgres");
    columns::fill(&database.url).await?;
    let columns = stage
        .reach(servers::plain(database, ReferenceKind::Columns)?)
        .await?;
    let names = ["service, no cache", "columns", "plain"];
    let mut sides = Vec::new();
    for (name, server) in names.into_iter().zip([&service, &columns, &plain]) {
        sides.push(Side::new(name, server, &stage.lists(server).await?));
    }
    let load = Closed {
        in_flight: 8,
        ..load
    };
    let measured = in_turns(&sides, &load, options.rounds()).await?;
    let case = "list 50 with bodies from Postgres";
    findings.rows.extend(rows(case, "8", &sides, &measured));
    let of_columns = ratios(&measured[0], &measured[1]);
    findings.hold_at_least(
        "list 50 from Postgres: requests/s of decoding columns",
        of_columns.rate,
        1.8,
    );
    let of_plain = ratios(&measured[0], &measured[2]);
    findings.notes.push(format!(
        "list 50 from Postgres: {:.2}× the requests/s of a plain handler that decodes records",
        of_plain.rate
    ));
    Ok(())
}

//! The same calls over cities of different sizes, from Postgres: what more data costs.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bulletin::pb::View;

use super::{PAGE_SIZE, Stage};
use crate::calls::{self, Method};
use crate::city::newspaper;
use crate::city::words::{MARKED, WORDS};
use crate::drive::closed::Closed;
use crate::findings::{Curve, Findings, Row};
use crate::prepare::Prepared;
use crate::rounds::{Round, Side, in_turns, ratio};
use crate::servers::{self, Cache, Server};
use crate::truth::Truth;

/// Newspapers that have a full page of articles in the smallest city too.
const NEWSPAPERS: usize = 4;

pub async fn run(stages: &[Stage<'_>], findings: &mut Findings) -> Result<()> {
    let mut servers = Vec::new();
    for stage in stages {
        let database = stage.database;
        let service = servers::service(&database.url, &database.directory, Cache::Off)?;
        servers.push(stage.reach(service).await?);
    }
    for case in ["get", "list 50", "list 50 of a newspaper", "search"] {
        eprintln!("{case} over {} sizes", stages.len());
        let mut sides = Vec::new();
        for (stage, server) in stages.iter().zip(&servers) {
            let prepared = prepare(case, stage, server).await?;
            let name = format!("{} articles", stage.city.articles);
            sides.push(Side::new(&name, server, &prepared));
        }
        let load = Closed {
            in_flight: 1,
            time: stages[0].options.round(),
            seed: 1,
        };
        let measured = in_turns(&sides, &load, stages[0].options.rounds()).await?;
        tell(case, stages, &sides, &measured, findings);
    }
    Ok(())
}

fn tell(
    case: &str,
    stages: &[Stage<'_>],
    sides: &[Side],
    measured: &[Vec<Round>],
    findings: &mut Findings,
) {
    let mut curve = Curve {
        name: case.to_owned(),
        points: Vec::new(),
    };
    for ((stage, side), rounds) in stages.iter().zip(sides).zip(measured) {
        let figures = Round::median(rounds);
        curve
            .points
            .push((stage.city.articles as f64, figures.cpu_us()));
        findings.rows.push(Row {
            case: format!("{case} by size"),
            side: side.name.clone(),
            load: "1".to_owned(),
            figures,
            ratios: None,
        });
    }
    findings.cost_by_size.push(curve);
    if let [smallest, .., largest] = measured {
        let growth = ratio(largest, smallest, |round| round.p50_ms);
        let (first, last) = (sides[0].name.as_str(), &sides[sides.len() - 1].name);
        findings.hold_at_most(&format!("{case}, {first} to {last}: p50"), growth, 1.3);
    }
}

async fn prepare(case: &str, stage: &Stage<'_>, server: &Server) -> Result<Arc<Prepared>> {
    let truth = &mut Truth(stage.database.connect().await?);
    let mut preparing = stage.preparing(server, truth);
    let size = i32::try_from(PAGE_SIZE)?;
    let (method, requests): (_, Vec<_>) = match case {
        "get" => return stage.gets(server).await,
        "list 50" => return stage.articles(server, View::Basic).await,
        "search" => {
            let words = WORDS.iter().skip(100).take(8).copied();
            let words = words.chain(MARKED.iter().take(3).map(|marked| marked.word));
            let requests = words.map(|word| (word.to_owned(), calls::search(word)));
            (Method::Search, requests.collect())
        }
        _ => {
            let request = |rank| {
                let filter = format!("publication.newspaper = \"{}\"", newspaper(rank));
                let request = calls::list(View::Basic, &filter, "", size);
                (filter, request)
            };
            (Method::List, (0..NEWSPAPERS).map(request).collect())
        }
    };
    let prepared = preparing.all(method, View::Basic, requests).await?;
    for exchange in &prepared.exchanges {
        let fields = crate::expected::fields(&exchange.expected.bytes)?;
        let count = fields.iter().filter(|field| field.tag == 1).count();
        ensure!(
            count == PAGE_SIZE,
            "{} has {count} of {} articles: sizes cannot be compared",
            exchange.key,
            stage.city.articles
        );
    }
    Ok(Arc::new(prepared))
}

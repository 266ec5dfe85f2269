//! `cargo bench --bench serving`: the service beside its references, in one command.

mod calls;
#[path = "../queries/city/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the queries need more of it")]
mod city;
#[path = "../queries/cpu.rs"]
mod cpu;
#[path = "../queries/database.rs"]
mod database;
mod drive;
mod expected;
mod findings;
mod gauge;
#[path = "../queries/load.rs"]
mod load;
mod options;
mod prepare;
mod raw;
mod reference;
mod report;
mod rounds;
mod sections;
mod servers;
#[path = "../queries/service.rs"]
mod service;
mod truth;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use tokio::runtime::Builder;

use city::City;
use database::Database;
use findings::Findings;
use options::{Options, Output, Part, Section};
use report::{docs, json, table};
use sections::cached::Cached;
use sections::{
    Stage, cached, growth, hot, overload, peers, postgres, soak, starts, sweep, variant,
};

fn main() -> ExitCode {
    match start(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serving: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: Options) -> Result<()> {
    match options.part {
        // As the service runs.
        Some(Part::Reference(options)) => Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(reference::serve(options)),
        Some(Part::Dictionary) => {
            starts::tell_dictionary();
            Ok(())
        }
        // The load is made by one thread, which leaves the rest of the machine to the measured.
        None => Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(measure(&options)),
    }
}

async fn measure(options: &Options) -> Result<()> {
    let mut cities = vec![options.city()];
    if options.wants(Section::Growth) {
        cities.extend(options.cities());
    }
    let mut databases = Databases::new();
    let mut outcome = Box::pin(open(&cities, &mut databases)).await;
    if outcome.is_ok() {
        outcome = run(options, &databases).await;
    }
    for database in databases.into_values() {
        database.stop()?;
    }
    outcome
}

/// By what is in them: articles and statistics.
type Databases = BTreeMap<(usize, usize), Database>;

fn key(city: &City) -> (usize, usize) {
    (city.articles, city.statistics)
}

async fn open(cities: &[City], databases: &mut Databases) -> Result<()> {
    for city in cities {
        if let Entry::Vacant(place) = databases.entry(key(city)) {
            place.insert(Box::pin(Database::open(city)).await?);
        }
    }
    Ok(())
}

async fn run(options: &Options, databases: &Databases) -> Result<()> {
    let stage = |city: City| -> Result<Stage<'_>> {
        Ok(Stage {
            options,
            database: databases.get(&key(&city)).context("no such city")?,
            city,
        })
    };
    let findings = &mut Findings::default();
    let main = stage(options.city())?;
    if options.wants(Section::Cached) || options.wants(Section::Sweep) || options.peers {
        let started = Cached::start(&main).await?;
        if options.wants(Section::Cached) {
            cached::run(&main, &started, findings).await?;
        }
        if options.wants(Section::Sweep) {
            sweep::run(&main, &started, findings).await?;
        }
        if options.peers {
            peers::run(&main, &started, findings).await?;
        }
    }
    if options.wants(Section::Postgres) {
        postgres::run(&main, findings).await?;
    }
    if options.wants(Section::Growth) {
        let stages: Result<Vec<_>> = options.cities().into_iter().map(stage).collect();
        growth::run(&stages?, findings).await?;
    }
    if options.wants(Section::Hot) {
        hot::run(&main, findings).await?;
    }
    if options.wants(Section::Overload) {
        overload::run(&main, findings).await?;
    }
    if options.wants(Section::Start) {
        starts::run(&main, findings).await?;
    }
    if options.has_variant() {
        variant::run(&main, findings).await?;
    }
    if options.wants(Section::Soak) {
        soak::run(&main, findings).await?;
    }
    match options.output {
        Output::Text => println!("{}", table::text(findings)),
        Output::Json => println!("{:#}", json::object(findings)),
    }
    if options.write_docs {
        docs::write(findings, &command())?;
    }
    Ok(())
}

/// The command that made it, as it would be typed.
fn command() -> String {
    let given = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let mut command = "cargo bench --bench serving".to_owned();
    for (number, argument) in given.enumerate() {
        command += if number == 0 { " -- " } else { " " };
        command += &argument;
    }
    command
}

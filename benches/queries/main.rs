//! `cargo bench --bench queries`: what lists, searches and aggregates of a large city cost.

mod bars;
mod call;
mod cases;
mod city;
mod cpu;
mod database;
mod load;
mod measure;
mod options;
mod raw;
mod report;
mod service;

use anyhow::{Result, bail};
use clap::Parser as _;

use call::Client;
use city::words::shared_character;
use database::Database;
use measure::Bench;
use options::{Options, Output};
use service::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(shared) = shared_character() {
        bail!("the vocabulary has {shared:?}, which only a word of exact frequency may have");
    }
    let database = Database::open(&options.city()).await?;
    let outcome = run(&options, &database).await;
    database.stop()?;
    outcome
}

async fn run(options: &Options, database: &Database) -> Result<()> {
    let service = Service::start(&database.url, &database.directory.join("service.log"))?;
    let client = Client::connect(&service.address).await?;
    let mut connection = database.connect().await?;
    let city = options.city();
    let cases = cases::all(&city, &client, &mut connection, &options.only).await?;
    let mut bench = Bench {
        client,
        connection,
        service_id: service.process_id(),
        postgres_id: database.process_id(),
        calls: options.calls,
        concurrency: options.concurrency,
    };
    let count = cases.len();
    let mut measured = Vec::with_capacity(count);
    for (number, case) in (1..).zip(cases) {
        eprintln!("{number} of {count}: {}", case.name);
        measured.push(bench.measure(case).await?);
    }
    let verdicts = bars::verdicts(&measured);
    match options.output {
        Output::Text => report::table(&measured, &verdicts),
        Output::Json => report::json(&measured, &verdicts),
    }
    Ok(())
}

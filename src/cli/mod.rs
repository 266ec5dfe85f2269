//! The commands. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.

mod client;
mod count;
mod database;
mod doctor;
mod endpoint;
mod export;
mod file;
mod guard;
mod healthcheck;
mod import;
mod ingest;
pub mod json;
mod marks;
mod serve;
mod show;
mod summary;
mod watch;

pub use client::Interrupted;

use crate::config::{Command, LogFormat};
use crate::telemetry;

/// The names of the environment's variables; never what is in them.
fn environment() -> impl Iterator<Item = String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned())
}

pub async fn run(command: Command) -> anyhow::Result<()> {
    // What serves starts its own, as its options say.
    if !matches!(command, Command::Serve(_)) {
        telemetry::start(LogFormat::Auto);
    }
    match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Migrate(options) => database::migrate(&options).await,
        Command::Seed(options) => database::seed(&options).await,
        Command::Verify(options) => database::verify(&options).await,
        Command::Reindex(options) => database::reindex(&options).await,
        Command::Compact(options) => database::compact(&options).await,
        Command::Export(options) => client::until_interrupted(export::run(options)).await,
        Command::Import(options) => client::until_interrupted(import::run(options)).await,
        Command::Ingest(options) => client::until_interrupted(ingest::run(options)).await,
        Command::Show(options) => client::until_interrupted(show::run(options)).await,
        Command::Watch(options) => client::until_interrupted(watch::run(options)).await,
        Command::Doctor(options) => doctor::run(&options).await,
        Command::Healthcheck(options) => healthcheck::run(&options).await,
    }
}

//! The commands. Exit codes: 0 done, 1 failed, 2 wrong use.

mod database;
mod healthcheck;
mod serve;

use crate::config::Command;

pub async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(options) => serve::run(options).await,
        Command::Migrate(options) => database::migrate(&options).await,
        Command::Seed(options) => database::seed(&options).await,
        Command::Verify(options) => database::verify(&options).await,
        Command::Reindex(options) => database::reindex(&options).await,
        Command::Compact(options) => database::compact(&options).await,
        Command::Healthcheck(options) => healthcheck::run(&options).await,
    }
}

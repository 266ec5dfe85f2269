//! The `bulletin` program.

use std::process::ExitCode;

use bulletin::config::Cli;
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    bulletin::telemetry::start();
    match bulletin::cli::run(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bulletin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

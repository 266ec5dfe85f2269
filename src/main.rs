//! The `bulletin` program.

use std::process::ExitCode;

use bulletin::cli::Interrupted;
use bulletin::config::Cli;
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    bulletin::telemetry::start();
    bulletin::guard::tls::install_provider();
    match bulletin::cli::run(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        // As a shell tells a command that ^C has ended.
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("bulletin: {error}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("bulletin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

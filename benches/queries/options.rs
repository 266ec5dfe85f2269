//! Options of the program.

use clap::{Parser, ValueEnum};

use crate::city::City;

/// Measures lists, searches and aggregates of a generated city over gRPC, beside the statements they
/// run.
#[derive(Clone, Debug, Parser)]
#[command(name = "queries")]
pub struct Options {
    /// Articles of the city
    #[arg(long, default_value_t = 200_000, value_parser = count)]
    pub articles: usize,

    /// Statistics of the city
    #[arg(long, default_value_t = 2_000_000, value_parser = count)]
    pub statistics: usize,

    /// Stations of the city
    #[arg(long, default_value_t = 20_000, value_parser = count)]
    pub stations: usize,

    /// What everything is drawn from: the same seed, the same city
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Calls of a case; slow ones get fewer
    #[arg(long, default_value_t = 400, value_parser = count)]
    pub calls: usize,

    /// Only cases whose name holds this
    #[arg(long, default_value = "")]
    pub only: String,

    /// Calls at once; latencies are then of a service that is shared
    #[arg(long, default_value_t = 1, value_parser = count)]
    pub concurrency: usize,

    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,

    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    pub bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

impl Options {
    pub fn city(&self) -> City {
        City {
            seed: self.seed,
            stations: self.stations,
            articles: self.articles,
            statistics: self.statistics,
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("must be a whole number above 0".to_owned()),
    }
}

//! Options of the program, and how long its parts take.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::city::City;

const STATISTICS_EACH: usize = 10;

/// Measures the service beside references in the same run: requests a second, latencies, CPU and memory.
///
/// Starts its own Postgres on the data of `cargo bench --bench queries`, which is made when it is not
/// there. Ends with 1 when a reply is not what it must be.
#[derive(Clone, Debug, Parser)]
#[command(name = "serving", args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    pub part: Option<Part>,

    /// A run of about a minute: shorter rounds, fewer of them, a small city
    #[arg(long)]
    pub quick: bool,

    /// Articles of the city; it has ten times as many statistics and a tenth as many stations
    /// [default: 100000; quick: 10000]
    #[arg(long, value_parser = count)]
    pub articles: Option<usize>,

    /// Articles of the cities that costs are compared over [default: 10000,100000; quick: 5000,10000]
    #[arg(long, value_delimiter = ',', value_parser = count)]
    pub sizes: Vec<usize>,

    /// Statistics that an article has in those cities: a million articles with ten each take 60 GB
    #[arg(long, default_value_t = STATISTICS_EACH, value_parser = count)]
    pub statistics_each: usize,

    /// What everything is drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Connections of the load generator to each server
    #[arg(long, default_value_t = 4, value_parser = count)]
    pub channels: usize,

    /// Rounds of each case, in turns with its reference [default: 5; quick: 3]
    #[arg(long, value_parser = count)]
    pub rounds: Option<usize>,

    /// How long a round is, in milliseconds [default: 3000; quick: 500]
    #[arg(long, value_parser = count)]
    pub round_ms: Option<usize>,

    /// How long the service is overloaded, in seconds [default: 60; quick: 5]
    #[arg(long, value_parser = count)]
    pub overload_s: Option<usize>,

    /// How long everything is done at once, in seconds [default: 600; quick: 30]
    #[arg(long, value_parser = count)]
    pub soak_s: Option<usize>,

    /// Only these sections
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Section>,

    /// Measure the services of benches/peers too
    #[arg(long)]
    pub peers: bool,

    /// Measure only this: the service beside itself with a variable set
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub variant_env: Vec<(String, String)>,

    /// Measure only this: the service beside another build of it
    #[arg(long, value_name = "PROGRAM")]
    pub variant: Option<PathBuf>,

    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,

    /// Write the table to docs/performance.md and the plots to docs/performance/
    #[arg(long)]
    pub write_docs: bool,

    /// Let the echo answer with a wrong byte now and then: the run must end with 1
    #[arg(long, hide = true)]
    pub spoil: bool,

    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// What this program is when it was started by itself.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {
    /// Serves a reference
    #[command(hide = true)]
    Reference(ReferenceOptions),
    /// Tells how much memory the dictionary and the rules take
    #[command(hide = true)]
    Dictionary,
}

#[derive(Args, Clone, Debug)]
pub struct ReferenceOptions {
    #[arg(value_enum)]
    pub kind: ReferenceKind,

    #[arg(long)]
    pub listen: SocketAddr,

    /// What the echo answers
    #[arg(long)]
    pub replies: Option<PathBuf>,

    #[arg(long)]
    pub spoil: bool,

    #[arg(long, hide = true)]
    pub bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReferenceKind {
    /// Answers from memory with the bytes that the service answers with
    Echo,
    /// The same on the service's own connections
    EchoGathered,
    /// One query a call through sqlx as it is set by default
    Plain,
    /// The same through a pool that does not ask a connection whether it lives
    PlainUnasked,
    /// One query a call of a table that has a column for each field
    Columns,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Section {
    Cached,
    Postgres,
    Sweep,
    Growth,
    Hot,
    Overload,
    Start,
    Soak,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

impl Options {
    /// The city that all but sizes are measured on.
    pub fn city(&self) -> City {
        self.city_of(self.articles(), STATISTICS_EACH)
    }

    /// Those that are compared, the smallest first.
    pub fn cities(&self) -> Vec<City> {
        let sizes = self.sizes().into_iter();
        sizes
            .map(|articles| self.city_of(articles, self.statistics_each))
            .collect()
    }

    fn city_of(&self, articles: usize, statistics_each: usize) -> City {
        City {
            seed: self.seed,
            stations: (articles / 10).max(1_000),
            articles,
            statistics: articles * statistics_each,
        }
    }

    fn articles(&self) -> usize {
        self.articles.unwrap_or(self.either(10_000, 100_000))
    }

    /// In ascending order.
    fn sizes(&self) -> Vec<usize> {
        let mut sizes = self.sizes.clone();
        if sizes.is_empty() {
            sizes = self.either(vec![5_000, 10_000], vec![10_000, 100_000]);
        }
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(self.either(3, 5))
    }

    pub fn round(&self) -> Duration {
        let ms = self.round_ms.unwrap_or(self.either(500, 3_000));
        Duration::from_millis(ms as u64)
    }

    pub fn overload(&self) -> Duration {
        Duration::from_secs(self.overload_s.unwrap_or(self.either(5, 60)) as u64)
    }

    pub fn soak(&self) -> Duration {
        Duration::from_secs(self.soak_s.unwrap_or(self.either(30, 600)) as u64)
    }

    /// Records that are got, drawn from all there are.
    pub fn records(&self) -> usize {
        self.either(1_000, 5_000)
    }

    /// Pages and batches, which are much larger.
    pub fn pages(&self) -> usize {
        self.either(40, 150)
    }

    /// Of each rate that calls arrive at.
    pub fn sweep_rounds(&self) -> usize {
        self.either(1, 3)
    }

    pub fn starts(&self) -> usize {
        self.either(2, 5)
    }

    pub fn has_variant(&self) -> bool {
        self.variant.is_some() || !self.variant_env.is_empty()
    }

    pub fn wants(&self, section: Section) -> bool {
        if self.has_variant() {
            return false;
        }
        self.only.is_empty() || self.only.contains(&section)
    }

    fn either<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("must be a whole number above 0".to_owned()),
    }
}

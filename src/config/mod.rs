//! Commands and options; each option is an environment variable too.

mod bounds;
mod client;
mod guard;
mod seeing;
mod strangers;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

pub use self::bounds::BoundsOptions;
pub use self::client::{
    ClientOptions, ExportOptions, ImportMode, ImportOptions, IngestOptions, Output, RecordKind,
    ServiceAddress, ShowOptions, TextEncoding, WatchFrom, WatchOptions,
};
pub use self::guard::GuardOptions;
pub use self::seeing::{LogFormat, SeeingOptions};
pub use self::strangers::{Stranger, strangers};
use crate::changes::compact::Before;
use crate::db::{Pooler, Settings};
use crate::token::AskedToken;

/// Serves a city's bulletins (articles, stations, statistics) over gRPC.
#[derive(Debug, Parser)]
#[command(name = "bulletin", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service, on a private PostgreSQL unless a database is given
    Serve(ServeOptions),
    /// Bring the database's schema to this release's version
    Migrate(MigrateOptions),
    /// Load records into the database; those that exist are left alone
    Seed(SeedOptions),
    /// Check that the log is whole and that the tables are what it says
    Verify(VerifyOptions),
    /// Make the tables again from the log
    Reindex(DatabaseOptions),
    /// Give up versions of records that were superseded long ago; the log stays verifiable
    Compact(CompactOptions),
    /// Write all records of a running service to a file
    Export(ExportOptions),
    /// Load records from a file into a running service
    Import(ImportOptions),
    /// Read bulletin pages into a running service: articles, stations and statistics
    Ingest(IngestOptions),
    /// Show a record of a running service: an article with every number and unit marked in its text
    Show(ShowOptions),
    /// Print changes of a running service as they happen
    Watch(WatchOptions),
    /// Look whether what `serve` would be given works, and say what to do where it does not
    Doctor(DoctorOptions),
    /// Ask a running service whether it serves
    Healthcheck(HealthcheckOptions),
}

#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Address to serve gRPC on; port 0 takes a free one
    #[arg(
        long,
        env = "BULLETIN_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "ADDR:PORT",
        value_parser = parse_listen
    )]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub guard: GuardOptions,

    /// Database to serve, such as postgres://user@host:5432/bulletin; unset: a private PostgreSQL
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Standbys of that database, separated by commas: reads go to them while they are as fresh as asked
    #[arg(
        long = "database-replica-urls",
        env = "DATABASE_REPLICA_URLS",
        hide_env_values = true,
        value_name = "URL,…",
        value_delimiter = ',',
        requires = "database_url"
    )]
    pub database_replica_urls: Vec<String>,

    /// What stands before the database and its standbys: `none`, or `transaction` for PgBouncer in that mode
    #[arg(
        long,
        env = "BULLETIN_DATABASE_POOLER",
        default_value = "none",
        value_name = "MODE",
        value_parser = parse_pooler()
    )]
    pub database_pooler: Pooler,

    /// Most connections to the database, and to each of its standbys
    #[arg(long, env = "BULLETIN_DATABASE_CONNECTIONS_MAX", default_value_t = 16, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_connections_max: u32,

    /// Where the private PostgreSQL keeps its data [default: /var/lib/bulletin as root, else
    /// ~/.local/state/bulletin]
    #[arg(
        long,
        env = "BULLETIN_STATE_DIR",
        value_name = "DIR",
        conflicts_with = "ephemeral"
    )]
    pub state_dir: Option<PathBuf>,

    /// Keep the private PostgreSQL's data for this run only
    #[arg(long, env = "BULLETIN_EPHEMERAL")]
    pub ephemeral: bool,

    /// Where PostgreSQL's programs are [default: PATH, then where packages put them]
    #[arg(long, env = "BULLETIN_POSTGRES_BIN_DIR", value_name = "DIR")]
    pub postgres_bin_dir: Option<PathBuf>,

    /// Do not load the seed page into an empty private database
    #[arg(long, env = "BULLETIN_NO_SEED")]
    pub no_seed: bool,

    /// How long a watch is silent at most: then it is sent a checkpoint
    #[arg(
        long,
        env = "BULLETIN_WATCH_CHECKPOINT_INTERVAL_MS",
        default_value_t = 5_000,
        value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub watch_checkpoint_interval_ms: u64,

    /// How much of the newest changes is kept in memory for watches; who is further behind reads from the
    /// database
    #[arg(
        long,
        env = "BULLETIN_WATCH_BUFFER_MIB",
        default_value_t = 32,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..=65_536)
    )]
    pub watch_buffer_mib: u32,

    /// How much of records and pages of lists is kept in memory; 0 keeps none, and every read goes to the
    /// database
    #[arg(
        long,
        env = "BULLETIN_CACHE_MIB",
        default_value_t = 128,
        value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(0..=1_048_576)
    )]
    pub cache_mib: u32,

    #[command(flatten)]
    pub bounds: BoundsOptions,

    #[command(flatten)]
    pub seeing: SeeingOptions,

    /// How long calls may take to finish when the service stops
    #[arg(
        long,
        env = "BULLETIN_DRAIN_TIMEOUT_MS",
        default_value_t = 10_000,
        value_name = "MS"
    )]
    pub drain_timeout_ms: u64,
}

#[derive(Args, Clone, Debug)]
pub struct DatabaseOptions {
    /// Database, such as postgres://user@host:5432/bulletin
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: String,
}

#[derive(Args, Clone, Debug)]
pub struct MigrateOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Let this role serve the database, and no more: it may add to the log, and not alter it
    #[arg(long, env = "BULLETIN_GRANT_TO", value_name = "ROLE")]
    pub grant_to: Option<String>,
}

/// The options of `serve`, looked at without serving: the database, its schema and log, what the role may
/// do, clocks, standbys. Prints a line each; ends with 1 when one of them keeps the service from working.
#[derive(Args, Clone, Debug)]
pub struct DoctorOptions {
    #[command(flatten)]
    pub serve: ServeOptions,
}

#[derive(Args, Clone, Debug)]
pub struct SeedOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// JSON lines, one bulletin.v1.Record each [default: the seed page]
    pub file: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct VerifyOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// A token kept elsewhere, which must be one of this history
    #[arg(long, value_name = "TOKEN", value_parser = parse_token)]
    pub expect: Option<AskedToken>,
}

/// A name may stand for several addresses, of which one would be left out.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "must be an address and a port, such as 127.0.0.1:50051, [::1]:50051, or 0.0.0.0:50051 for all \
         that this machine has; names are not looked up"
            .to_owned()
    })
}

fn parse_pooler() -> impl TypedValueParser<Value = Pooler> {
    PossibleValuesParser::new(["none", "transaction"]).map(|mode| match mode.as_str() {
        "transaction" => Pooler::Transaction,
        _ => Pooler::None,
    })
}

fn parse_token(text: &str) -> Result<AskedToken, String> {
    AskedToken::parse("token", text).map_err(|violation| violation.description)
}

#[derive(Args, Clone, Debug)]
pub struct CompactOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// The oldest revision that can be read afterwards: a revision, its token, or a date or time
    ///
    /// Of each record, versions older than the one it had at that revision become empty; their
    /// digests stay. A date or time of RFC 3339 (2026-01-31, which begins at 00:00 UTC, or
    /// 2026-01-31T08:00:00+08:00) stands for the last revision that was committed before it. The
    /// horizon never moves back: what was compacted up to a later revision stays compacted.
    #[arg(long, value_name = "DATE|REVISION", value_parser = parse_before)]
    pub before: Before,
}

fn parse_before(text: &str) -> Result<Before, String> {
    Before::parse(text).map_err(|violation| violation.description)
}

#[derive(Args, Clone, Debug)]
pub struct HealthcheckOptions {
    #[command(flatten)]
    pub service: ServiceAddress,
}

impl DatabaseOptions {
    pub fn settings(&self) -> Settings {
        Settings::direct(self.database_url.clone(), 2)
    }
}

impl ServeOptions {
    pub fn settings(&self, url: String) -> Settings {
        Settings {
            url,
            replica_urls: self.database_replica_urls.clone(),
            connections_max: self.database_connections_max,
            acquire_timeout_ms: 5_000,
            pooler: self.database_pooler,
        }
    }
}

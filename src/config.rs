//! Commands and options; each option is an environment variable too.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::changes::compact::Before;
use crate::db::{Pooler, Settings};
use crate::pb::Date;
use crate::pb::record::Kind;
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
    Migrate(DatabaseOptions),
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
    /// Print changes of a running service as they happen
    Watch(WatchOptions),
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
        value_name = "ADDR:PORT"
    )]
    pub listen: SocketAddr,

    /// Serve without TLS and without authentication on an address that others can reach
    #[arg(long, env = "BULLETIN_INSECURE_PLAINTEXT")]
    pub insecure_plaintext: bool,

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

    /// How long calls may take to finish when the service stops
    #[arg(
        long,
        env = "BULLETIN_DRAIN_TIMEOUT_MS",
        default_value_t = 10_000,
        value_name = "MS"
    )]
    pub drain_timeout_ms: u64,
}

impl RecordKind {
    /// The number of the API's kind.
    pub fn number(self) -> i32 {
        let kind = match self {
            Self::Source => Kind::Source,
            Self::Station => Kind::Station,
            Self::Article => Kind::Article,
            Self::Statistic => Kind::Statistic,
        };
        kind.into()
    }
}

#[derive(Args, Clone, Debug)]
pub struct DatabaseOptions {
    /// Database, such as postgres://user@host:5432/bulletin
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: String,
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
    /// Address of the service
    #[arg(
        long,
        env = "BULLETIN_ADDR",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT"
    )]
    pub addr: String,
}

/// How a client reaches a service.
#[derive(Args, Clone, Debug)]
pub struct ClientOptions {
    /// Address of the service
    #[arg(
        long,
        env = "BULLETIN_ADDR",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT"
    )]
    pub addr: String,

    /// How long a service that cannot be reached is tried again
    #[arg(
        long,
        env = "BULLETIN_RETRY_TIMEOUT_MS",
        default_value_t = 60_000,
        value_name = "MS"
    )]
    pub retry_timeout_ms: u64,
}

/// All records as of one revision, as JSON lines: one bulletin.v1.Record each, in order of kind and name.
///
/// An export that was interrupted goes on where it was when it is run again with the same options: what has
/// come is kept in FILE.partial, and where it goes on in FILE.cursor. FILE is there once it is complete.
#[derive(Args, Clone, Debug)]
pub struct ExportOptions {
    #[command(flatten)]
    pub client: ClientOptions,

    /// Where to write; compressed when it ends in .gz or .zst; - is standard output
    pub file: PathBuf,

    /// Only these kinds, separated by commas: SOURCE, STATION, ARTICLE, STATISTIC
    #[arg(long, value_delimiter = ',', ignore_case = true, value_name = "KINDS")]
    pub kinds: Vec<RecordKind>,

    /// Only records that match this AIP-160 filter; needs exactly one kind
    #[arg(long, default_value = "", value_name = "FILTER")]
    pub filter: String,

    /// Deleted records too
    #[arg(long)]
    pub show_deleted: bool,

    /// Leave out revision and update_time: databases with the same content give the same bytes
    #[arg(long)]
    pub content_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordKind {
    Source,
    Station,
    Article,
    Statistic,
}

/// Records from JSON lines, one bulletin.v1.Record each: sources, stations, articles, statistics, as
/// `bulletin export` writes them.
///
/// Records that are equal to what is kept make nothing, so an import that was interrupted is simply run
/// again. Those that are refused are listed on standard error, and make the command fail; the others are
/// written.
#[derive(Args, Clone, Debug)]
pub struct ImportOptions {
    #[command(flatten)]
    pub client: ClientOptions,

    /// What to read; decompressed when it ends in .gz or .zst; - is standard input
    pub file: PathBuf,

    /// What to do with records that exist
    #[arg(long, value_enum, default_value_t = ImportMode::Upsert)]
    pub mode: ImportMode,

    /// Why; needed when published records change
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub correction_reason: String,

    /// Where to write the records that are refused, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub refused: Option<PathBuf>,
}

/// Bulletin pages, read into articles, stations and statistics.
///
/// A page is known by its text: reading it again writes nothing and shows what is kept. Pages that cannot be
/// read are named on standard error, and make the command fail; the others are written.
#[derive(Args, Clone, Debug)]
pub struct IngestOptions {
    #[command(flatten)]
    pub client: ClientOptions,

    /// Text files, and folders of *.txt; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Show what would be written, and write nothing
    #[arg(long)]
    pub validate_only: bool,

    /// Publish the articles at once; else they are drafts
    #[arg(long)]
    pub publish: bool,

    /// What to print: a summary with every number and unit marked, or one
    /// bulletin.v1.IngestBulletinResponse a page as JSON lines
    #[arg(long, value_enum, default_value_t = IngestOutput::Text)]
    pub output: IngestOutput,

    /// How the files are written; auto takes what is not UTF-8 for GB18030
    #[arg(long, value_enum, default_value_t = TextEncoding::Auto)]
    pub encoding: TextEncoding,

    /// The newspaper, where the pages do not print it
    #[arg(long, default_value = "", value_name = "NAME")]
    pub newspaper: String,

    /// The edition
    #[arg(long, default_value = "", value_name = "NAME")]
    pub edition: String,

    /// The day of print, YYYY-MM-DD
    #[arg(long, value_parser = parse_date, value_name = "DATE")]
    pub date: Option<Date>,

    /// The page, such as A09
    #[arg(long, default_value = "", value_name = "PAGE")]
    pub page: String,

    /// The section
    #[arg(long, default_value = "", value_name = "NAME")]
    pub section: String,

    /// Pages on their way at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64), value_name = "COUNT")]
    pub concurrency: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IngestOutput {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextEncoding {
    Auto,
    #[value(name = "utf-8")]
    Utf8,
    #[value(name = "gb18030")]
    Gb18030,
}

fn parse_date(text: &str) -> Result<Date, String> {
    let form = || format!("must be a date such as 2020-06-12, got {text:?}");
    let date = time::Date::parse(
        text,
        time::macros::format_description!("[year]-[month]-[day]"),
    );
    let date = date.map_err(|_| form())?;
    Ok(Date {
        year: date.year(),
        month: u8::from(date.month()).into(),
        day: date.day().into(),
    })
}

/// Changes as they happen, as JSON lines: one bulletin.v1.WatchChangesResponse each.
///
/// It connects again by itself, and prints every revision once and whole. With --resume-file it goes on where
/// an earlier run has come to, also after ^C; a run that was killed may print its last line again.
#[derive(Args, Clone, Debug)]
pub struct WatchOptions {
    #[command(flatten)]
    pub client: ClientOptions,

    /// Where to begin: now, snapshot (all records first), or after a token [default: now]
    #[arg(long, value_name = "WHERE")]
    pub from: Option<String>,

    /// Keeps where the watch has come to; when it is there already, --from is of no matter
    #[arg(long, value_name = "FILE")]
    pub resume_file: Option<PathBuf>,

    /// Only these kinds, separated by commas: SOURCE, STATION, ARTICLE, STATISTIC
    #[arg(long, value_delimiter = ',', ignore_case = true, value_name = "KINDS")]
    pub kinds: Vec<RecordKind>,

    /// Only this article and its statistics, articles/{article}
    #[arg(long, default_value = "", value_name = "ARTICLE")]
    pub parent: String,

    /// Only records that name this station, stations/{station}, and the station itself
    #[arg(long, default_value = "", value_name = "STATION")]
    pub station: String,

    /// With each record as it was before
    #[arg(long)]
    pub include_old: bool,

    /// Without the records as they are now
    #[arg(long)]
    pub omit_new: bool,

    /// End once all that was there is printed: at the end of the snapshot, or at a checkpoint
    #[arg(long)]
    pub until_checkpoint: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportMode {
    /// Replace them when they differ
    Upsert,
    /// Leave them alone
    SkipExisting,
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

//! Options of the commands that call a running service.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::pb::Date;
use crate::pb::record::Kind;
use crate::token::AskedToken;

/// Where a service is.
#[derive(Args, Clone, Debug)]
pub struct ServiceAddress {
    /// Address of the service
    #[arg(
        long,
        env = "BULLETIN_ADDR",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT"
    )]
    pub addr: String,

    /// Reach it by TLS, and believe the authorities that browsers believe; implied by --ca
    #[arg(long, env = "BULLETIN_TLS")]
    pub tls: bool,

    /// Reach it by TLS, and believe these authorities alone, in PEM
    #[arg(long, env = "BULLETIN_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The name its certificate has, where that is not the host of the address
    #[arg(long, env = "BULLETIN_TLS_SERVER_NAME", value_name = "NAME")]
    pub tls_server_name: Option<String>,

    /// A certificate to be known by, in PEM
    #[arg(
        long,
        env = "BULLETIN_CLIENT_CERTIFICATE",
        value_name = "FILE",
        requires = "client_key"
    )]
    pub client_certificate: Option<PathBuf>,

    /// The private key of that certificate, in PEM
    #[arg(
        long,
        env = "BULLETIN_CLIENT_KEY",
        value_name = "FILE",
        requires = "client_certificate"
    )]
    pub client_key: Option<PathBuf>,
}

impl ServiceAddress {
    /// A certificate cannot be shown, nor a name compared, but by TLS.
    pub fn has_tls(&self) -> bool {
        self.tls
            || self.ca.is_some()
            || self.tls_server_name.is_some()
            || self.client_certificate.is_some()
    }
}

/// How a client reaches a service.
#[derive(Args, Clone, Debug)]
pub struct ClientOptions {
    #[command(flatten)]
    pub service: ServiceAddress,

    /// A file with the token to be known by; read at each call
    #[arg(long, env = "BULLETIN_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,

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
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,

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
pub enum Output {
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

/// A record, for a person: an article's text with every number and unit marked and its statistics below; a
/// statistic with the sentence it came from; a station with its honours. Then what happened to it, newest first.
#[derive(Args, Clone, Debug)]
pub struct ShowOptions {
    #[command(flatten)]
    pub client: ClientOptions,

    /// Name of an article, a statistic or a station, such as articles/traffic-police-tieqi-grid-reform
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What to print: what is said above, or one bulletin.v1.Record as a line of JSON
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
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
    #[arg(long, value_name = "WHERE", value_parser = parse_from)]
    pub from: Option<WatchFrom>,

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

fn parse_from(text: &str) -> Result<WatchFrom, String> {
    match text {
        "now" => Ok(WatchFrom::Now),
        "snapshot" => Ok(WatchFrom::Snapshot),
        token => match AskedToken::parse("token", token) {
            Ok(_) => Ok(WatchFrom::Token(token.to_owned())),
            Err(_) => {
                Err("must be now, snapshot, or a token such as 42-0123456789abcdef".to_owned())
            }
        },
    }
}

/// Where a watch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchFrom {
    Now,
    Snapshot,
    /// After it.
    Token(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportMode {
    /// Replace them when they differ
    Upsert,
    /// Leave them alone
    SkipExisting,
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

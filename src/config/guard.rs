//! Options of `serve` about who may call.

use std::path::PathBuf;

use clap::Args;

use crate::guard::origins::Origin;
use crate::guard::transport::CONNECTIONS_MAX;

#[derive(Args, Clone, Debug)]
pub struct GuardOptions {
    /// Serve without TLS on an address that others can reach
    #[arg(long, env = "BULLETIN_INSECURE_PLAINTEXT")]
    pub insecure_plaintext: bool,

    /// Ask nobody who he is, on an address that others can reach
    #[arg(long, env = "BULLETIN_INSECURE_NO_AUTHENTICATION")]
    pub insecure_no_authentication: bool,

    /// The server's certificate and those above it, in PEM; read again when it changes
    #[arg(
        long,
        env = "BULLETIN_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_certificate: Option<PathBuf>,

    /// The private key of that certificate, in PEM; read again when it changes
    #[arg(
        long,
        env = "BULLETIN_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub tls_key: Option<PathBuf>,

    /// Authorities of clients, in PEM: a client may show a certificate of theirs, and is known by its names;
    /// read again when it changes
    #[arg(
        long,
        env = "BULLETIN_TLS_CLIENT_CA",
        value_name = "FILE",
        requires = "tls_certificate",
        requires = "policy"
    )]
    pub tls_client_ca: Option<PathBuf>,

    /// Turn away clients that show no certificate, whatever token they have
    #[arg(long, env = "BULLETIN_TLS_CLIENT_REQUIRED", requires = "tls_client_ca")]
    pub tls_client_required: bool,

    /// Public keys of the issuer of tokens, a JWKS; read again when it changes
    #[arg(
        long,
        env = "BULLETIN_JWKS",
        value_name = "FILE",
        requires = "jwt_issuer",
        requires = "jwt_audience",
        requires = "policy"
    )]
    pub jwks: Option<PathBuf>,

    /// Who must have issued a token (its iss)
    #[arg(
        long,
        env = "BULLETIN_JWT_ISSUER",
        value_name = "ISSUER",
        requires = "jwks"
    )]
    pub jwt_issuer: Option<String>,

    /// For whom a token must be (its aud, or one of them)
    #[arg(
        long,
        env = "BULLETIN_JWT_AUDIENCE",
        value_name = "AUDIENCE",
        requires = "jwks"
    )]
    pub jwt_audience: Option<String>,

    /// By how much the issuer's clock may differ from this machine's
    #[arg(
        long,
        env = "BULLETIN_JWT_LEEWAY_S",
        default_value_t = 30,
        value_name = "S",
        value_parser = clap::value_parser!(u64).range(0..=600)
    )]
    pub jwt_leeway_s: u64,

    /// Which callers are given which role, as JSON; read again when it changes
    #[arg(long, env = "BULLETIN_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Origins of pages that may call from a browser, separated by commas, such as https://desk.city.example;
    /// unset: none
    #[arg(
        long,
        env = "BULLETIN_WEB_ORIGINS",
        value_name = "ORIGIN,…",
        value_delimiter = ','
    )]
    pub web_origins: Vec<Origin>,

    /// Most connections at once; beyond them new ones are closed
    #[arg(
        long,
        env = "BULLETIN_CONNECTIONS_MAX",
        default_value_t = CONNECTIONS_MAX,
        value_name = "COUNT",
        value_parser = parse_connections_max
    )]
    pub connections_max: usize,

    /// How long a connection is kept, give or take a tenth: then its calls end as they would, and its client
    /// makes another; unset: as long as the client wants
    #[arg(
        long,
        env = "BULLETIN_CONNECTION_MAX_AGE_S",
        value_name = "S",
        value_parser = clap::value_parser!(u64).range(1..=31_536_000)
    )]
    pub connection_max_age_s: Option<u64>,
}

/// As many as a semaphore and a machine can have.
fn parse_connections_max(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    let count = count.filter(|count| (1..=1_000_000).contains(count));
    count.ok_or_else(|| "must be a number from 1 to 1000000".to_owned())
}

impl GuardOptions {
    pub fn has_tls(&self) -> bool {
        self.tls_certificate.is_some()
    }

    /// Whether callers are asked who they are.
    pub fn has_authentication(&self) -> bool {
        self.jwks.is_some() || self.tls_client_ca.is_some()
    }
}

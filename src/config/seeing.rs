//! What is to be seen of the service, and where.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use crate::config::parse_listen;

#[derive(Args, Clone, Debug)]
pub struct SeeingOptions {
    /// Address to serve metrics and probes on, in plain HTTP; port 0 takes a free one
    #[arg(
        long,
        env = "BULLETIN_OPS_LISTEN",
        default_value = "127.0.0.1:9464",
        value_name = "ADDR:PORT",
        value_parser = parse_listen
    )]
    pub ops_listen: SocketAddr,

    /// Show records on that address too, to a browser: pages below /look, to those who may see them, and to
    /// this machine alone unless --insecure-plaintext is said
    #[arg(long, env = "BULLETIN_OPS_PAGE")]
    pub ops_page: bool,

    /// How the log is written: `json`, `text`, or `auto` for text on a terminal and JSON elsewhere
    #[arg(
        long,
        env = "BULLETIN_LOG_FORMAT",
        default_value = "auto",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,

    /// From what duration on a call that is no stream is logged as slow
    #[arg(
        long,
        env = "BULLETIN_SLOW_CALL_MS",
        default_value_t = 1_000,
        value_name = "MS"
    )]
    pub slow_call_ms: u64,

    /// Collector to send traces to by OTLP over gRPC, such as http://127.0.0.1:4317; unset: none are made
    #[arg(long, env = "BULLETIN_OTLP_ENDPOINT", value_name = "URL", value_parser = parse_endpoint)]
    pub otlp_endpoint: Option<String>,

    /// Which share of the calls is traced, from 0 to 1; a call that is part of a trace goes by that
    #[arg(long, env = "BULLETIN_OTLP_SAMPLE_RATIO", default_value = "0.1", value_name = "RATIO",
          value_parser = parse_ratio)]
    pub otlp_sample_ratio: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Auto,
    Json,
    Text,
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok();
    ratio
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    match text.starts_with("http://") {
        true => Ok(text.to_owned()),
        false => Err("must begin with http://: a collector is reached without TLS".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_a_share() {
        assert_eq!(
            (parse_ratio("0"), parse_ratio("1"), parse_ratio("0.25")),
            (Ok(0.0), Ok(1.0), Ok(0.25))
        );
        for odd in ["", "-0.1", "1.1", "NaN", "inf", "10%"] {
            assert!(parse_ratio(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_endpoint_with_tls_is_refused() {
        assert!(parse_endpoint("http://127.0.0.1:4317").is_ok());
        for odd in ["https://collector:4317", "127.0.0.1:4317", ""] {
            assert!(parse_endpoint(odd).is_err(), "{odd}");
        }
    }
}

//! Logs: readable on a terminal, JSON lines elsewhere. Traces: to a collector, when there is one.

mod traces;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

pub use self::traces::Traces;
use crate::config::{LogFormat, SeeingOptions};

/// Starts logging to standard error. `RUST_LOG` chooses what; by default, this service's own INFO.
pub fn start(format: LogFormat) {
    start_with(format, None);
}

/// The same, with traces where the options name a collector. What is given must be held while there are
/// calls.
pub fn start_serving(options: &SeeingOptions) -> anyhow::Result<Option<Traces>> {
    let traces = match &options.otlp_endpoint {
        Some(endpoint) => Some(Traces::to(endpoint, options.otlp_sample_ratio)?),
        None => None,
    };
    start_with(options.log_format, traces.as_ref());
    Ok(traces)
}

fn start_with(format: LogFormat, traces: Option<&Traces>) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,bulletin=info"));
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_span_events(FmtSpan::NONE);
    let is_text = match format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let logs = match is_text {
        true => logs.with_target(false).boxed(),
        false => logs
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(traces.map(Traces::layer))
        .with(logs.with_filter(filter))
        .init();
}

//! Traces of calls, sent to a collector by OTLP.

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Subscriber, level_filters::LevelFilter, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// How long traces that are not sent yet are waited for when the service stops.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(2);

/// Sends traces until it is told to stop.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Connects when there is something to send: a collector that is away costs traces, not calls.
    pub fn to(endpoint: &str, sample_ratio: f64) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .context("--otlp-endpoint cannot be used")?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty()
            .with_service_name("bulletin")
            .with_attribute(version)
            .build();
        // Whoever has begun a trace has decided on it.
        let share = Sampler::TraceIdRatioBased(sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// Takes the spans of calls and nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let scope = InstrumentationScope::builder("bulletin").build();
        let spans = Targets::new().with_target("bulletin::calls", LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer_with_scope(scope))
            .with_location(false)
            .with_threads(false)
            .with_filter(spans)
    }

    /// Sends what is left.
    pub fn stop(self) {
        let stopped = tokio::task::block_in_place(|| self.0.shutdown_with_timeout(FLUSH_TIME_MAX));
        if let Err(error) = stopped {
            warn!(error = %error, "traces that were left could not be sent");
        }
    }
}

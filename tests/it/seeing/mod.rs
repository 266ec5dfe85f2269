//! What is seen of a running service: metrics, probes, the log, traces.

mod collector;
mod metrics;
mod monitoring;
mod probes;
mod requests;

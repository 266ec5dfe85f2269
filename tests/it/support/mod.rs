//! A Postgres for all tests of the process, a database and a service for each.

mod cluster;
mod errors;
pub mod seeds;
mod service;
pub mod spans;

pub use cluster::Database;
pub use errors::Refusal;
pub use service::{Service, statistic};

//! A Postgres for all tests of the process, a database and a service for each.

mod calls;
mod cluster;
mod errors;
mod service;

pub use calls::{Call, mask};
pub use cluster::Database;
pub use errors::Refusal;
pub use service::{Service, statistic};

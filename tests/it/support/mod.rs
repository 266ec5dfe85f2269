//! A Postgres for all tests of the process, a database and a service for each.

pub mod callers;
mod calls;
pub mod certificates;
mod cluster;
pub mod edits;
mod errors;
pub mod folder;
pub mod generated;
mod head_lock;
mod held;
pub mod history;
pub mod http;
pub mod log;
pub mod pgbouncer;
pub mod private;
pub mod program;
pub mod proxy;
pub mod replication;
pub mod seeds;
mod service;
pub mod spans;
mod table_lock;
mod waiting;

pub use calls::{Call, mask};
pub use cluster::{Database, Way, pgbouncer, standby, way};
pub use errors::Refusal;
pub use head_lock::HeadLock;
pub use service::{Service, statistic};
pub use table_lock::TableLock;
pub use waiting::until;

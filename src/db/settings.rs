//! How a process reaches its database.

use crate::db::Pooler;

/// How the service connects.
#[derive(Clone, Debug)]
pub struct Settings {
    pub url: String,
    /// Standbys that reads may go to.
    pub replica_urls: Vec<String>,
    pub connections_max: u32,
    pub acquire_timeout_ms: u64,
    /// What stands between this process and the servers.
    pub pooler: Pooler,
}

impl Settings {
    /// One server with nothing before it, which may take its time to give a connection.
    pub fn direct(url: impl Into<String>, connections_max: u32) -> Self {
        Self {
            url: url.into(),
            replica_urls: Vec::new(),
            connections_max,
            acquire_timeout_ms: 10_000,
            pooler: Pooler::None,
        }
    }
}

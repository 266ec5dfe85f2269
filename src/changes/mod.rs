//! The change log: every version of every record in commit order, hash-chained; and who reads it.

pub mod chain;
pub mod committer;
pub mod compact;
pub mod delta;
pub mod feed;
mod group;
pub mod log;
pub mod needed;
pub mod reindex;
pub mod replay;
pub mod service;
pub mod since;
pub mod snapshot;
pub mod standing;
pub mod tail;
pub mod verify;
pub mod versions;
pub mod view;
pub mod walk;
pub mod write;

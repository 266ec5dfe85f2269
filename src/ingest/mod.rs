//! Reads bulletin pages into records.

pub mod service;

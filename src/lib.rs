//! Bulletin: a city's bulletins as data, served over gRPC. `ARCHITECTURE.md` walks through the files.

pub mod articles;
pub mod cache;
pub mod changes;
pub mod cli;
pub mod columns;
pub mod config;
pub mod context;
pub mod corrections;
pub mod dates;
pub mod db;
pub mod decimal;
pub mod edge;
pub mod embedded;
pub mod error;
pub mod extract;
pub mod filter;
pub mod fold;
pub mod fragments;
pub mod honours;
pub mod ingest;
pub mod listing;
pub mod mask;
pub mod names;
pub mod page;
pub mod paging;
pub mod pb;
pub mod reading;
pub mod record;
pub mod records;
pub mod references;
pub mod resolution;
pub mod route;
pub mod rules;
pub mod seed;
pub mod server;
pub mod span;
pub mod stations;
pub mod statistics;
pub mod tables;
pub mod telemetry;
pub mod token;
pub mod transfer;
pub mod watch;

/// What a page of records, or of text, allocates is small, much and soon given back (ADR 16).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

//! The one integration-test binary: speaks gRPC to the real service on a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails at once")]

mod support;

mod aggregate;
mod bounds;
mod cached;
mod commands;
mod compact;
mod connections;
mod crash;
mod drills;
mod embedded;
mod extract;
mod faults;
mod filters;
mod fitness;
mod floors;
mod follow;
mod fuzzed;
mod groups;
mod guard;
mod honours;
mod hostile;
mod hot_record;
mod ingest;
mod interleavings;
mod lifecycle;
mod look;
mod lost_commits;
mod page_facts;
mod plans;
mod reading;
mod refusals;
mod reindex;
mod replicas;
mod resolution;
mod search;
mod seeing;
mod settings;
mod show;
mod smoke;
mod span_moves;
mod span_pages;
mod span_properties;
mod spans;
mod transfer;
mod unconnected;
mod verify;
mod visibility;
mod ways;
mod writers;

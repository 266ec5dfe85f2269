//! The one integration-test binary: speaks gRPC to the real service on a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails at once")]

mod support;

mod commands;
mod crash;
mod embedded;
mod floors;
mod groups;
mod interleavings;
mod lifecycle;
mod lost_commits;
mod page_facts;
mod plans;
mod reading;
mod refusals;
mod reindex;
mod settings;
mod smoke;
mod verify;
mod writers;

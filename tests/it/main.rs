//! The one integration-test binary: speaks gRPC to the real service on a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails at once")]

mod support;

mod embedded;
mod floors;
mod page_facts;
mod page_silence;
mod smoke;
mod span_moves;
mod span_pages;
mod span_properties;
mod spans;

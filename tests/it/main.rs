//! The one integration-test binary: speaks gRPC to the real service on a real Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails at once")]

mod support;

mod embedded;
mod floors;
mod lifecycle;
mod reading;
mod refusals;
mod smoke;

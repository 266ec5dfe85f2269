//! Requests of any bytes keep what `tests/it/fuzzed/requests.rs` says of them.

#![no_main]

#[expect(dead_code, reason = "each target takes some of it")]
#[path = "../../tests/it/fuzzed/refused.rs"]
mod refused;

#[path = "../../tests/it/fuzzed/requests.rs"]
mod requests;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| requests::hold(bytes));

//! Page tokens of any bytes keep what `tests/it/fuzzed/page_tokens.rs` says of them.

#![no_main]

#[expect(dead_code, reason = "each target takes some of it")]
#[path = "../../tests/it/fuzzed/refused.rs"]
mod refused;

#[path = "../../tests/it/fuzzed/page_tokens.rs"]
mod page_tokens;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| page_tokens::hold(bytes));

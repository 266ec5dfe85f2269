//! Tokens of any text keep what `tests/it/fuzzed/tokens.rs` says of them.

#![no_main]

#[expect(dead_code, reason = "each target takes some of it")]
#[path = "../../tests/it/fuzzed/refused.rs"]
mod refused;

#[path = "../../tests/it/fuzzed/tokens.rs"]
mod tokens;

libfuzzer_sys::fuzz_target!(|text: &str| tokens::hold(text));

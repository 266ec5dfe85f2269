//! Pages of any text keep what `tests/it/extract/properties.rs` says of them.

#![no_main]

#[path = "../../tests/it/extract/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::hold(text));

//! Filters of any text keep what `tests/it/filters/properties.rs` says of them.

#![no_main]

#[path = "../../tests/it/filters/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|filter: &str| properties::hold(filter));

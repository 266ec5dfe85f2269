//! What comes from outside, whatever its bytes. The fuzz targets hold the files beside this one over bytes
//! nobody thought of; here they are held over those that were kept.

mod lines;
mod page_tokens;
mod refused;
mod requests;
mod tokens;

use std::fs;
use std::path::Path;

/// Holds every kept input of a target.
fn each(target: &str, hold: impl Fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut count = 0;
    for entry in fs::read_dir(seeds.join(target)).unwrap() {
        hold(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn kept_tokens_hold_their_properties() {
    each("token", |bytes| {
        tokens::hold(&String::from_utf8_lossy(bytes))
    });
}

#[test]
fn kept_page_tokens_hold_their_properties() {
    each("page_token", page_tokens::hold);
}

#[test]
fn kept_lines_hold_their_properties() {
    each("line", |bytes| lines::hold(&String::from_utf8_lossy(bytes)));
}

#[test]
fn kept_requests_hold_their_properties() {
    each("request", requests::hold);
}

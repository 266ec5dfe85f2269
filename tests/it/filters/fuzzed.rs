//! The filters that fuzzing kept still keep the properties they were kept for.

use std::fs;
use std::path::Path;

use super::properties::hold;

#[test]
fn kept_filters_hold_their_properties() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/filter");
    let mut count = 0;
    for entry in fs::read_dir(seeds).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        hold(&String::from_utf8_lossy(&bytes));
        count += 1;
    }
    assert!(count > 0);
}

//! Ranges of code points: parts, order, and how an error writes them.

use crate::error::Violation;
use crate::pb::Fragment;

/// How many places an error lists.
pub const LISTED_MAX: usize = 10;

/// A part of a text that stands in several fragments, as fragments.
pub fn within(fragments: &[Fragment], start: usize, length: usize) -> Vec<Fragment> {
    let mut skip = i32::try_from(start).unwrap_or(i32::MAX);
    let mut left = i32::try_from(length).unwrap_or(i32::MAX);
    let mut found = Vec::new();
    for fragment in fragments {
        let size = fragment.end - fragment.start;
        if skip >= size {
            skip -= size;
            continue;
        }
        let taken = left.min(size - skip);
        if taken > 0 {
            let start = fragment.start + skip;
            found.push(Fragment {
                start,
                end: start + taken,
            });
        }
        left -= taken;
        skip = 0;
    }
    found
}

/// Refuses ranges that are empty, out of order, or overlap.
pub fn check_order(field: &str, fragments: &[Fragment]) -> Result<(), Violation> {
    let mut end = 0;
    for fragment in fragments {
        if fragment.start < end || fragment.end <= fragment.start {
            let got = listed(fragments);
            let description =
                format!("must be ranges that are not empty, in order, apart, got {got}");
            return Err(Violation::invalid(field, description));
        }
        end = fragment.end;
    }
    Ok(())
}

/// `7..11 + 13..15`
pub fn listed(fragments: &[Fragment]) -> String {
    let ranges = fragments.iter();
    joined(ranges.map(|at| format!("{}..{}", at.start, at.end)), " + ")
}

/// The first items, and a sign when there are more.
pub fn joined(items: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let has_more = items.len() > LISTED_MAX;
    let sign = has_more.then(|| "…".to_owned());
    let shown: Vec<String> = items.take(LISTED_MAX).chain(sign).collect();
    shown.join(separator)
}

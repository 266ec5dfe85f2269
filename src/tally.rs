//! Counts that many threads raise and somebody reads now and then. It knows no names: `ops/metrics` gives
//! them theirs.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn raise(&self) {
        self.add(1);
    }

    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What goes up and down.
#[derive(Debug, Default)]
pub struct Level(AtomicI64);

impl Level {
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many values came up to each bound, and their sum.
#[derive(Debug)]
pub struct Spread<const BOUNDS: usize> {
    bounds: &'static [u64; BOUNDS],
    counts: [AtomicU64; BOUNDS],
    beyond: AtomicU64,
    sum: AtomicU64,
}

/// A spread as it was read: bounds with the values between them and the bound before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub counts: Vec<(u64, u64)>,
    pub beyond: u64,
    pub sum: u64,
}

impl Found {
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum::<u64>() + self.beyond
    }
}

impl<const BOUNDS: usize> Spread<BOUNDS> {
    /// The bounds ascend.
    pub fn of(bounds: &'static [u64; BOUNDS]) -> Self {
        Self {
            bounds,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    pub fn add(&self, value: u64) {
        let place = self.bounds.iter().position(|bound| value <= *bound);
        let count = place.map_or(&self.beyond, |place| &self.counts[place]);
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// In microseconds.
    pub fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2));
    }

    pub fn found(&self) -> Found {
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Found {
            counts: self.bounds.iter().copied().zip(counts).collect(),
            beyond: self.beyond.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// Microseconds up to which calls are told apart: what memory answers takes a fraction of a millisecond.
pub const CALL_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000, 30_000_000,
];

/// The same of waits and transactions.
pub const WORK_US: [u64; 11] = [
    250, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000, 5_000_000, 10_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_at_the_first_bound_that_holds_it() {
        let spread = Spread::of(&[1, 10]);
        for value in [0, 1, 2, 10, 11, 1_000] {
            spread.add(value);
        }
        let found = spread.found();
        assert_eq!(found.counts, [(1, 2), (10, 2)]);
        assert_eq!((found.beyond, found.sum, found.count()), (2, 1_024, 6));
    }

    #[test]
    fn bounds_ascend() {
        assert!(CALL_US.is_sorted() && WORK_US.is_sorted());
    }
}

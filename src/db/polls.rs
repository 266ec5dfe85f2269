//! When the primary was last polled with success, for reads that must not wait for a lock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Times are kept in microseconds after the first poll, and one.
#[derive(Debug)]
pub struct Polls {
    began: Instant,
    polled_us: AtomicU64,
    /// When the primary last showed less than was seen of it.
    doubted_us: AtomicU64,
    /// The newest revision that a poll has told of.
    newest: AtomicI64,
}

impl Polls {
    pub fn beginning_with(polled: Instant) -> Self {
        Self {
            began: polled,
            polled_us: AtomicU64::new(1),
            doubted_us: AtomicU64::new(0),
            newest: AtomicI64::new(0),
        }
    }

    /// A poll that began then found the newest of then.
    pub fn succeeded(&self, polled: Instant) {
        self.polled_us
            .fetch_max(self.after_us(polled), Ordering::SeqCst);
    }

    /// A poll has told of this revision, which may be far ahead.
    pub fn told(&self, newest: i64) {
        self.newest.store(newest, Ordering::Relaxed);
    }

    pub fn newest(&self) -> i64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// How long ago the last poll that succeeded began.
    pub fn age(&self) -> Duration {
        let polled = Duration::from_micros(self.polled_us.load(Ordering::SeqCst));
        self.began.elapsed().saturating_sub(polled)
    }

    pub fn doubt(&self, at: Instant) {
        self.doubted_us
            .fetch_max(self.after_us(at), Ordering::SeqCst);
    }

    /// Whether no poll that began since has succeeded.
    pub fn is_doubted(&self) -> bool {
        self.doubted_us.load(Ordering::SeqCst) >= self.polled_us.load(Ordering::SeqCst)
    }

    fn after_us(&self, at: Instant) -> u64 {
        let after = at.saturating_duration_since(self.began);
        u64::try_from(after.as_micros()).map_or(u64::MAX, |after| after.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_lasts_until_a_poll_that_began_after_it() {
        let began = Instant::now();
        let after = |ms| began + Duration::from_millis(ms);
        let polls = Polls::beginning_with(began);
        assert!(!polls.is_doubted());
        polls.doubt(after(5));
        assert!(polls.is_doubted());
        polls.succeeded(after(4));
        assert!(polls.is_doubted(), "it began before");
        polls.succeeded(after(6));
        assert!(!polls.is_doubted());
        polls.succeeded(after(4));
        assert!(!polls.is_doubted(), "one that ends late says nothing new");
    }
}

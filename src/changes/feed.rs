//! The newest revisions in memory, for all who watch: filled by the tail, read by each at its own pace.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::changes::delta::{Bodies, Delta};
use crate::token::Token;

/// Most bytes that are kept unless told otherwise.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;

#[derive(Debug)]
pub struct Feed {
    /// Most bytes that are kept; who is further behind reads from the database.
    bytes_max: AtomicUsize,
    kept: Mutex<Kept>,
    readers: AtomicUsize,
    readers_of_old: AtomicUsize,
}

/// Consecutive revisions, oldest first.
#[derive(Debug, Default)]
struct Kept {
    deltas: VecDeque<(Arc<Delta>, Bodies)>,
    size: usize,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            bytes_max: AtomicUsize::new(BYTES_MAX),
            kept: Mutex::default(),
            readers: AtomicUsize::new(0),
            readers_of_old: AtomicUsize::new(0),
        }
    }
}

impl Feed {
    /// Keeps this many bytes at most from now on.
    pub fn bound(&self, bytes_max: usize) {
        self.bytes_max.store(bytes_max, Ordering::SeqCst);
    }

    /// To be held while reading. What is polled from now on has the records that are needed.
    pub fn reader(self: &Arc<Self>, with_old: bool) -> FeedReader {
        self.readers.fetch_add(1, Ordering::SeqCst);
        if with_old {
            self.readers_of_old.fetch_add(1, Ordering::SeqCst);
        }
        FeedReader {
            feed: Arc::clone(self),
            with_old,
        }
    }

    /// What is to be read of the next revisions; nothing while nobody watches.
    pub fn wanted(&self) -> Bodies {
        Bodies {
            records: self.readers.load(Ordering::SeqCst) > 0,
            old: self.readers_of_old.load(Ordering::SeqCst) > 0,
        }
    }

    /// Takes what the tail has read, which follows what it gave before.
    pub fn extend(&self, deltas: Vec<Delta>, bodies: Bodies) {
        let mut kept = self.kept();
        if !bodies.records {
            kept.clear();
            return;
        }
        let last = kept.deltas.back().map(|(last, _)| last.token.revision);
        let first = deltas.first().map(|first| first.token.revision);
        // What this process has written itself is not always read.
        if last
            .zip(first)
            .is_some_and(|(last, first)| first != last + 1)
        {
            kept.clear();
        }
        for delta in deltas {
            // Compacted while it was read: whoever is there finds out from the database.
            if !delta.is_whole() {
                kept.clear();
                continue;
            }
            kept.size += delta.size();
            kept.deltas.push_back((Arc::new(delta), bodies));
        }
        while kept.size > self.bytes_max.load(Ordering::SeqCst) {
            let Some((oldest, _)) = kept.deltas.pop_front() else {
                break;
            };
            kept.size -= oldest.size();
        }
    }

    pub fn watchers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    pub fn kept_bytes(&self) -> usize {
        self.kept().size
    }

    /// Drops all that is kept: the history is another one, or was jumped over.
    pub fn clear(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here panics halfway through a change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// One who watches.
#[derive(Debug)]
pub struct FeedReader {
    feed: Arc<Feed>,
    with_old: bool,
}

impl FeedReader {
    /// The revision that follows in the position's own history, while it is kept with what this reader
    /// needs of it.
    pub fn after(&self, position: &Token) -> Option<Arc<Delta>> {
        let kept = self.feed.kept();
        let (first, _) = kept.deltas.front()?;
        let place = usize::try_from(position.revision + 1 - first.token.revision).ok()?;
        let (delta, bodies) = kept.deltas.get(place)?;
        let is_next = delta.previous == position.chain;
        (is_next && (bodies.old || !self.with_old)).then(|| Arc::clone(delta))
    }

    pub fn bodies(&self) -> Bodies {
        Bodies {
            records: true,
            old: self.with_old,
        }
    }
}

impl Drop for FeedReader {
    fn drop(&mut self) {
        self.feed.readers.fetch_sub(1, Ordering::SeqCst);
        if self.with_old {
            self.feed.readers_of_old.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;

    use super::*;
    use crate::token::{CHAIN_LENGTH, Chain};

    fn token(revision: i64) -> Token {
        Token {
            revision,
            chain: Chain([u8::try_from(revision).expect("few are made"); CHAIN_LENGTH]),
        }
    }

    fn delta(revision: i64, reason_length: usize) -> Delta {
        Delta {
            token: token(revision),
            previous: token(revision - 1).chain,
            commit_time: Timestamp::default(),
            reason: "x".repeat(reason_length),
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_reader_finds_what_follows_and_not_what_is_gone() {
        let feed = Arc::new(Feed::default());
        let reader = feed.reader(false);
        let bodies = feed.wanted();
        feed.extend(vec![delta(5, 0), delta(6, 0)], bodies);
        assert_eq!(
            reader.after(&token(4)).map(|delta| delta.token.revision),
            Some(5)
        );
        assert_eq!(
            reader.after(&token(5)).map(|delta| delta.token.revision),
            Some(6)
        );
        assert!(reader.after(&token(3)).is_none() && reader.after(&token(6)).is_none());
        feed.extend(vec![delta(7, BYTES_MAX)], bodies);
        assert!(
            reader.after(&token(4)).is_none(),
            "the oldest went for the newest"
        );
        drop(reader);
        feed.extend(vec![delta(8, 0)], feed.wanted());
        assert!(
            feed.reader(false).after(&token(7)).is_none(),
            "nobody watched"
        );
    }

    #[test]
    fn a_position_of_another_history_has_nothing_that_follows() {
        let feed = Arc::new(Feed::default());
        let reader = feed.reader(false);
        feed.extend(vec![delta(5, 0)], feed.wanted());
        let other = Token {
            chain: Chain([99; CHAIN_LENGTH]),
            ..token(4)
        };
        assert!(reader.after(&token(4)).is_some() && reader.after(&other).is_none());
    }

    #[test]
    fn revisions_that_were_not_read_are_not_passed_over() {
        let feed = Arc::new(Feed::default());
        let reader = feed.reader(false);
        feed.extend(vec![delta(5, 0)], feed.wanted());
        feed.extend(vec![delta(7, 0)], feed.wanted());
        assert!(reader.after(&token(4)).is_none() && reader.after(&token(5)).is_none());
        assert!(reader.after(&token(6)).is_some());
    }

    #[test]
    fn who_needs_old_records_is_not_given_a_revision_without() {
        let feed = Arc::new(Feed::default());
        let plain = feed.reader(false);
        feed.extend(vec![delta(5, 0)], feed.wanted());
        let demanding = feed.reader(true);
        assert!(plain.after(&token(4)).is_some() && demanding.after(&token(4)).is_none());
        feed.extend(vec![delta(6, 0)], feed.wanted());
        assert!(plain.after(&token(5)).is_some() && demanding.after(&token(5)).is_some());
    }
}

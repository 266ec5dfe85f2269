//! The revisions that this process has seen, and those of histories that were lost.

use std::collections::VecDeque;
use std::time::Instant;

use crate::cache::Version;
use crate::token::{Chain, Token};

/// How many revisions are remembered.
pub const REMEMBERED_MAX: usize = 65_536;

/// How many lost histories are remembered.
const LOST_MAX: usize = 4;

/// How many records may wait for the revision that they were read at, and how many bytes of them.
const AHEAD_MAX: usize = 1_024;
pub const AHEAD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Revisions seen, in order and without a gap.
#[derive(Debug)]
pub struct Seen {
    pub first: i64,
    pub chains: VecDeque<(Chain, Instant)>,
    /// When the last poll that succeeded began.
    pub polled: Instant,
    /// When the primary was last heard of, by a poll or otherwise.
    pub heard: Instant,
    /// Whether it was then found that nobody is there, which is more than no answer in time.
    pub is_away: bool,
    /// The newest revision that this process has written, while it is not seen yet, and when.
    pub written: Option<(Token, Instant)>,
    pub lost: VecDeque<Lost>,
    /// What was read in snapshots that are ahead of what is seen.
    pub ahead: Vec<Ahead>,
}

/// A record as of a snapshot, to be kept once the snapshot is known to be of this history.
#[derive(Debug)]
pub struct Ahead {
    pub tip: Token,
    pub name: String,
    pub version: Version,
}

/// Revisions of a history that is gone, after the last one it shares with the next.
#[derive(Debug)]
pub struct Lost {
    pub first: i64,
    pub chains: Vec<Chain>,
    pub last_common: Token,
}

impl Seen {
    /// Keeps what is known as lost, but for what the next history shares with it: the last revision of that, or
    /// none. No earlier history shares more with the next one than this does.
    pub fn lose(&mut self, last_common: Option<Token>) {
        let Some(last_common) = last_common else {
            self.lost.clear();
            return;
        };
        for lost in &mut self.lost {
            if last_common.revision < lost.last_common.revision {
                lost.last_common = last_common;
            }
        }
        let first = last_common.revision + 1;
        let place = usize::try_from(first - self.first).unwrap_or(0);
        let chains = self.chains.iter().skip(place).map(|(chain, _)| *chain);
        self.lost.push_back(Lost {
            first,
            chains: chains.collect(),
            last_common,
        });
        if self.lost.len() > LOST_MAX {
            self.lost.pop_front();
        }
    }

    pub fn begin(&mut self, newest: Token, polled: Instant) {
        self.first = newest.revision;
        self.chains = VecDeque::from([(newest.chain, polled)]);
        self.polled = polled;
        self.heard = self.heard.max(polled);
        self.is_away = false;
        self.written = None;
        self.ahead.clear();
    }

    /// Keeps a record until its snapshot's revision is seen, if there is room.
    pub fn wait_for(&mut self, ahead: Ahead) {
        let waiting = self.ahead.iter().map(|ahead| ahead.version.record.len());
        let bytes = waiting.sum::<usize>() + ahead.version.record.len();
        if self.ahead.len() < AHEAD_MAX && bytes <= AHEAD_BYTES_MAX {
            self.ahead.push(ahead);
        }
    }

    /// The newest revision that is known; there is always one.
    pub fn newest(&self) -> Token {
        let count = i64::try_from(self.chains.len()).unwrap_or(i64::MAX);
        let (chain, _) = self
            .chains
            .back()
            .expect("it begins with one, and keeps the newest");
        Token {
            revision: self.first + count - 1,
            chain: *chain,
        }
    }

    pub fn at(&self, revision: i64) -> Option<(Chain, Instant)> {
        let place = usize::try_from(revision - self.first).ok()?;
        self.chains.get(place).copied()
    }

    pub fn chain_at(&self, revision: i64) -> Option<Chain> {
        self.at(revision).map(|(chain, _)| chain)
    }

    pub fn forget(&mut self) {
        while self.chains.len() > REMEMBERED_MAX {
            self.chains.pop_front();
            self.first += 1;
        }
    }
}

//! What this process knows of the log's history: the newest revision it has seen, the chains of the
//! last 65,536, and the histories that were lost in a failover or a restore.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::db::seen::{Lost, REMEMBERED_MAX, Seen};
use crate::token::{AskedToken, Token};

/// After what time without an answer the primary is taken for lost; a poll that failed outright need
/// not be waited out so long.
const LOST: Duration = Duration::from_secs(1);
const AWAY: Duration = Duration::from_millis(100);

/// After what time calls are given up that nobody but the primary can answer: one that is merely slow
/// must not be taken for one that is gone.
const SILENT: Duration = Duration::from_secs(5);

/// How many lost histories are remembered.
const LOST_MAX: usize = 4;

/// The newest revision that was seen on the primary, and in which history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    pub token: Token,
    /// Raised whenever the history turns out to be another one.
    pub generation: u64,
}

/// Shared by the tail, which writes it, and by every read.
#[derive(Debug)]
pub struct History {
    seen: Mutex<Seen>,
    applied: watch::Sender<Applied>,
    /// Whether another history was just met, and what came before its newest is read.
    reloading: watch::Sender<bool>,
    nudge: Notify,
    is_watched: AtomicBool,
}

impl History {
    /// Begins at a revision of the primary.
    pub fn starting_at(token: Token, polled: Instant) -> Self {
        let applied = Applied {
            token,
            generation: 0,
        };
        Self {
            seen: Mutex::new(Seen {
                first: token.revision,
                chains: VecDeque::from([(token.chain, polled)]),
                polled,
                heard: polled,
                is_away: false,
                written: None,
                lost: VecDeque::new(),
            }),
            applied: watch::Sender::new(applied),
            reloading: watch::Sender::new(false),
            nudge: Notify::new(),
            is_watched: AtomicBool::new(false),
        }
    }

    pub fn applied(&self) -> Applied {
        *self.applied.borrow()
    }

    /// Wakes whenever `applied` moves.
    pub fn subscribe(&self) -> watch::Receiver<Applied> {
        self.applied.subscribe()
    }

    /// The newest revision that is known to be in the log: a read of this process sees its own writes.
    pub fn newest(&self) -> Token {
        let applied = self.applied().token;
        let written = self.seen().written;
        written
            .map(|(token, _)| token)
            .filter(|written| written.revision > applied.revision)
            .unwrap_or(applied)
    }

    /// This process has committed these revisions, which follow `before`, in a transaction that began then.
    /// They are seen at once where they follow the newest that is seen, unless watchers are to be sent
    /// them: then the tail takes them, without waiting for its turn.
    pub fn committed(&self, before: &Token, tokens: &[Token], began: Instant) {
        let Some(last) = tokens.last() else { return };
        let mut seen = self.seen();
        let follows = self.applied().token == *before && seen.newest() == *before;
        if follows && !self.is_watched.load(Ordering::SeqCst) {
            seen.polled = seen.polled.max(began);
            self.take(&mut seen, tokens, began);
            seen.heard = Instant::now();
            seen.is_away = false;
            return;
        }
        seen.written = Some((*last, Instant::now()));
        drop(seen);
        self.heard();
    }

    /// Whether somebody is to be sent what the log does next.
    pub fn watched(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::SeqCst);
    }

    /// Revisions that follow the newest; those that are seen already are left out.
    fn take(&self, seen: &mut Seen, tokens: &[Token], since: Instant) {
        let newest = seen.newest();
        for token in tokens
            .iter()
            .filter(|token| token.revision > newest.revision)
        {
            seen.chains.push_back((token.chain, since));
        }
        seen.forget();
        // Under the lock, so that nobody's older revision comes after a newer one.
        let newest = seen.newest();
        self.applied.send_if_modified(|applied| {
            let is_new = applied.token != newest;
            applied.token = newest;
            is_new
        });
    }

    /// The primary answered somebody; the tail need not wait for its next turn.
    pub fn heard(&self) {
        let mut seen = self.seen();
        seen.heard = Instant::now();
        seen.is_away = false;
        drop(seen);
        self.nudge.notify_one();
    }

    /// Resolves after a write of this process, or when the primary was heard of.
    pub async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// How long ago the last poll that succeeded began: what it saw was the newest then.
    pub fn age(&self) -> Duration {
        self.seen().polled.elapsed()
    }

    /// A poll was refused.
    pub fn away(&self) {
        self.seen().is_away = true;
    }

    /// Whether the primary does not answer: reads go on without it.
    pub fn is_lost(&self) -> bool {
        let seen = self.seen();
        let age = seen.heard.elapsed();
        age > LOST || seen.is_away && age > AWAY
    }

    /// Whether waiting for the primary has become pointless.
    pub fn is_silent(&self) -> bool {
        let seen = self.seen();
        let age = seen.heard.elapsed();
        age > SILENT || seen.is_away && age > LOST
    }

    /// Tells whether the process is taking in another history.
    pub fn reloading(&self) -> watch::Receiver<bool> {
        self.reloading.subscribe()
    }

    /// What came before the newest of another history is read.
    pub fn reloaded(&self) {
        self.reloading.send_if_modified(std::mem::take);
    }

    /// Whether this process has seen the revision with this chain, in the history it is in.
    pub fn has(&self, token: &Token) -> bool {
        self.seen().chain_at(token.revision) == Some(token.chain)
    }

    /// How old what a snapshot shows may be: since when a newer revision is known, else since the
    /// last poll.
    pub fn age_of(&self, token: &Token) -> Duration {
        let seen = self.seen();
        match seen.at(token.revision + 1) {
            Some((_, since)) => since.elapsed(),
            None => seen.polled.elapsed(),
        }
    }

    /// The last revision that a token's history shares with this one, when it is known: its own, unless
    /// that was lost.
    pub fn last_common(&self, asked: &AskedToken) -> Option<Token> {
        let seen = self.seen();
        if let Some(chain) = seen.chain_at(asked.revision)
            && asked.names(&chain)
        {
            return Some(Token {
                revision: asked.revision,
                chain,
            });
        }
        let of = seen.lost.iter().rev().find(|lost| {
            let place = usize::try_from(asked.revision - lost.first).ok();
            place
                .and_then(|place| lost.chains.get(place))
                .is_some_and(|chain| asked.names(chain))
        });
        of.map(|lost| lost.last_common)
    }

    /// A poll that began then found these revisions, which follow the newest, on a primary whose own
    /// newest is this.
    pub fn extend(&self, polled: Instant, tokens: &[Token], newest: &Token) {
        let mut seen = self.seen();
        seen.polled = seen.polled.max(polled);
        seen.heard = seen.heard.max(polled);
        seen.is_away = false;
        // It was on a primary that is gone.
        let is_lost = |(written, at): &mut (Token, Instant)| {
            *at < polled && written.revision > newest.revision
        };
        seen.written.take_if(is_lost);
        self.take(&mut seen, tokens, polled);
    }

    /// Revisions of before the first that is known, newest last, as far as they lead up to it.
    pub fn prepend(&self, tokens: &[Token]) {
        let mut seen = self.seen();
        for token in tokens.iter().rev() {
            if token.revision + 1 == seen.first && seen.chains.len() < REMEMBERED_MAX {
                let known = seen.polled;
                seen.chains.push_front((token.chain, known));
                seen.first = token.revision;
            }
        }
    }

    /// The oldest revision that is known.
    pub fn first(&self) -> i64 {
        self.seen().first
    }

    /// Every revision that is known, oldest first.
    pub fn known(&self) -> Vec<Token> {
        let seen = self.seen();
        let tokens = (seen.first..).zip(&seen.chains);
        tokens
            .map(|(revision, (chain, _))| Token {
                revision,
                chain: *chain,
            })
            .collect()
    }

    /// The history is another one, which has this newest revision and shares this one with what was
    /// known; nothing known is shared when there is none.
    pub fn fork(&self, polled: Instant, last_common: Option<Token>, newest: Token) {
        let mut seen = self.seen();
        if let Some(last_common) = last_common {
            let first = last_common.revision + 1;
            let place = usize::try_from(first - seen.first).unwrap_or(0);
            let chains = seen.chains.iter().skip(place).map(|(chain, _)| *chain);
            let chains = chains.collect();
            seen.lost.push_back(Lost {
                first,
                chains,
                last_common,
            });
            if seen.lost.len() > LOST_MAX {
                seen.lost.pop_front();
            }
        }
        seen.begin(newest, polled);
        self.applied.send_modify(|applied| {
            applied.token = newest;
            applied.generation += 1;
        });
        drop(seen);
        self.reloading.send_replace(true);
    }

    /// Goes on at this revision of the same history, without those between.
    pub fn jump(&self, polled: Instant, newest: Token) {
        let mut seen = self.seen();
        seen.begin(newest, polled);
        self.applied.send_modify(|applied| applied.token = newest);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nothing in here panics halfway through a change.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{CHAIN_LENGTH, Chain};

    fn token(revision: i64, branch: u8) -> Token {
        let mut chain = [branch; CHAIN_LENGTH];
        // A token names the first eight bytes.
        chain[1..8].copy_from_slice(&revision.to_be_bytes()[1..]);
        Token {
            revision,
            chain: Chain(chain),
        }
    }

    #[test]
    fn it_remembers_the_last_revisions_and_no_others() {
        let now = Instant::now();
        let history = History::starting_at(token(5, 1), now);
        let newest = 5 + i64::try_from(REMEMBERED_MAX).expect("it fits");
        let tokens: Vec<Token> = (6..=newest).map(|revision| token(revision, 1)).collect();
        history.extend(now, &tokens, &token(newest, 1));
        assert_eq!(history.applied().token, token(newest, 1));
        assert!(history.has(&token(newest, 1)) && history.has(&token(6, 1)));
        assert!(!history.has(&token(5, 1)) && !history.has(&token(newest + 1, 1)));
        assert!(!history.has(&token(7, 2)));
    }

    #[test]
    fn what_came_before_is_taken_only_without_a_gap() {
        let now = Instant::now();
        let history = History::starting_at(token(5, 1), now);
        history.prepend(&[token(2, 1), token(3, 1)]);
        assert!(!history.has(&token(3, 1)));
        history.prepend(&[token(3, 1), token(4, 1)]);
        assert!(history.has(&token(3, 1)) && history.has(&token(4, 1)));
    }

    #[test]
    fn a_write_that_the_primary_does_not_have_is_not_waited_for() {
        let history = History::starting_at(token(5, 1), Instant::now());
        history.watched(true);
        history.committed(&token(5, 1), &[token(6, 1)], Instant::now());
        assert_eq!(history.newest(), token(6, 1));
        // A poll that began before the write says nothing of it.
        history.extend(Instant::now() - Duration::from_secs(1), &[], &token(5, 1));
        assert_eq!(history.newest(), token(6, 1));
        history.extend(Instant::now() + Duration::from_secs(1), &[], &token(5, 1));
        assert_eq!(history.newest(), token(5, 1));
    }

    #[test]
    fn a_lost_token_knows_where_its_history_ended() {
        let now = Instant::now();
        let history = History::starting_at(token(5, 1), now);
        history.extend(now, &[token(6, 1), token(7, 1)], &token(7, 1));
        history.fork(now, Some(token(5, 1)), token(8, 2));
        assert_eq!(history.applied().generation, 1);
        assert!(history.has(&token(8, 2)) && !history.has(&token(7, 1)));
        assert_eq!(history.last_common(&token(6, 1).into()), Some(token(5, 1)));
        assert_eq!(history.last_common(&token(6, 2).into()), None);
        assert_eq!(history.last_common(&token(8, 2).into()), Some(token(8, 2)));
    }
}

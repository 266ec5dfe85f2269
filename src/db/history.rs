//! What this process knows of the log's history: the newest revision it has seen, the chains of the
//! last 65,536, and the histories that were lost in a failover or a restore. What it moves, the cache
//! moves with.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::cache::{Cache, Page, Step, Version};
use crate::db::polls::Polls;
use crate::db::seen::{Ahead, REMEMBERED_MAX, Seen};
use crate::token::{AskedToken, Token};

/// After what time without an answer the primary is taken for lost; a poll that failed outright need
/// not be waited out so long.
const LOST: Duration = Duration::from_secs(1);
const AWAY: Duration = Duration::from_millis(100);

/// After what time calls are given up that nobody but the primary can answer: one that is merely slow
/// must not be taken for one that is gone.
const SILENT: Duration = Duration::from_secs(5);

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
    /// How far the tail has read, which is what watchers are sent.
    followed: watch::Sender<Applied>,
    cache: Cache,
    polls: Polls,
    /// Whether another history was just met, and what came before its newest is read.
    reloading: watch::Sender<bool>,
    nudge: Notify,
    is_watched: AtomicBool,
}

impl History {
    /// Begins at a revision of the primary.
    pub fn starting_at(token: Token, polled: Instant, cache: Cache) -> Self {
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
                ahead: Vec::new(),
            }),
            applied: watch::Sender::new(applied),
            followed: watch::Sender::new(applied),
            cache,
            polls: Polls::beginning_with(polled),
            reloading: watch::Sender::new(false),
            nudge: Notify::new(),
            is_watched: AtomicBool::new(false),
        }
    }

    pub fn applied(&self) -> Applied {
        *self.applied.borrow()
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Wakes whenever the tail has read on.
    pub fn subscribe(&self) -> watch::Receiver<Applied> {
        self.followed.subscribe()
    }

    /// The tail has read up to here, and given it to the feed.
    pub fn followed(&self, token: Token) {
        self.followed.send_if_modified(|followed| {
            let is_new = followed.token != token;
            followed.token = token;
            is_new
        });
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
    /// They are seen at once where they follow the newest that is seen; else the tail takes them, without
    /// waiting for its turn, and until then nothing is kept of what they changed.
    pub fn committed(&self, before: &Token, steps: &[Step], began: Instant) {
        let Some(last) = steps.last().map(|step| step.token) else {
            return;
        };
        let mut seen = self.seen();
        let follows = self.applied().token == *before && seen.newest() == *before;
        if follows {
            self.take(&mut seen, steps, began);
            self.set_polled(&mut seen, began);
        } else {
            for step in steps {
                self.cache.forget(step.token.revision, &step.changes);
            }
            seen.ahead
                .retain(|ahead| ahead.tip.revision >= last.revision);
            seen.written = Some((last, Instant::now()));
        }
        seen.heard = Instant::now();
        seen.is_away = false;
        drop(seen);
        if !follows || self.is_watched.load(Ordering::SeqCst) {
            self.nudge.notify_one();
        }
    }

    /// Whether somebody is to be sent what the log does next.
    pub fn watched(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::SeqCst);
    }

    /// Revisions that follow the newest; those that are seen already are left out. The cache has taken
    /// a revision before anybody is told of it.
    fn take(&self, seen: &mut Seen, steps: &[Step], since: Instant) {
        for step in steps {
            if step.token.revision <= seen.newest().revision {
                continue;
            }
            self.cache.apply(step.token.revision, &step.changes);
            seen.chains.push_back((step.token.chain, since));
            self.settle(seen);
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

    /// Keeps what was read in a snapshot at the newest revision, and gives up what was read before.
    fn settle(&self, seen: &mut Seen) {
        let newest = seen.newest();
        seen.ahead.retain(|ahead| {
            if ahead.tip == newest {
                self.cache.keep(&ahead.name, ahead.version.clone());
            }
            ahead.tip.revision > newest.revision
        });
    }

    /// Offers a record as a snapshot with this newest revision shows it. It is kept if nothing newer is
    /// seen, so that every later change of it is still to be taken; one of a snapshot that is ahead waits
    /// until that revision is seen.
    pub fn offer(&self, tip: &Token, name: &str, version: Version) {
        let mut seen = self.seen();
        let newest = seen.newest();
        let is_older = |(written, _): (Token, Instant)| tip.revision < written.revision;
        if seen.written.is_some_and(is_older) {
            return;
        }
        if *tip == newest {
            self.cache.keep(name, version);
        } else if tip.revision > newest.revision {
            let (tip, name) = (*tip, name.to_owned());
            seen.wait_for(Ahead { tip, name, version });
        }
    }

    /// Offers a page of a list. It is kept if its snapshot is known to be of this history.
    pub fn offer_page(&self, key: &str, page: Page) {
        let seen = self.seen();
        if seen.chain_at(page.tip.revision) == Some(page.tip.chain) {
            self.cache.keep_page(key, page.into());
        }
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
        self.polls.age()
    }

    /// How many revisions the last poll told of that are not taken yet.
    pub fn behind(&self) -> i64 {
        (self.polls.newest() - self.applied().token.revision).max(0)
    }

    fn set_polled(&self, seen: &mut Seen, polled: Instant) {
        seen.polled = seen.polled.max(polled);
        self.polls.succeeded(seen.polled);
    }

    /// The primary showed a snapshot that lacks what was known of it before: another history, most
    /// likely. Memory serves nothing until a poll that begins now has told.
    pub fn doubt(&self) {
        self.polls.doubt(Instant::now());
        self.nudge.notify_one();
    }

    pub fn is_doubted(&self) -> bool {
        self.polls.is_doubted()
    }

    /// A poll failed: what waits for a later one may wait for long.
    pub fn stalled(&self) {
        self.seen().ahead = Vec::new();
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

    /// Whether a token is of the history this process is in, and seen by it.
    pub fn holds(&self, asked: &AskedToken) -> bool {
        let chain = self.seen().chain_at(asked.revision);
        chain.is_some_and(|chain| asked.names(&chain))
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
    pub fn extend(&self, polled: Instant, steps: &[Step], newest: &Token) {
        self.polls.told(newest.revision);
        let mut seen = self.seen();
        seen.heard = seen.heard.max(polled);
        seen.is_away = false;
        // It was on a primary that is gone.
        let is_lost = |(written, at): &mut (Token, Instant)| {
            *at < polled && written.revision > newest.revision
        };
        seen.written.take_if(is_lost);
        self.take(&mut seen, steps, polled);
        let reached = seen.newest().revision;
        let is_seen = |(written, _): &mut (Token, Instant)| written.revision <= reached;
        seen.written.take_if(is_seen);
        // What was polled is the newest of then only once all of it is taken.
        if reached >= newest.revision {
            self.set_polled(&mut seen, polled);
        }
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
        seen.lose(last_common);
        seen.begin(newest, polled);
        self.set_polled(&mut seen, polled);
        // Before anybody is told of the new history: nothing of the old one is left to be taken for it.
        self.cache.begin(newest.revision);
        for sender in [&self.applied, &self.followed] {
            sender.send_modify(|applied| {
                applied.token = newest;
                applied.generation += 1;
            });
        }
        drop(seen);
        self.reloading.send_replace(true);
    }

    /// Goes on at this revision of the same history, without those between.
    pub fn jump(&self, polled: Instant, newest: Token) {
        let mut seen = self.seen();
        seen.begin(newest, polled);
        self.set_polled(&mut seen, polled);
        self.cache.clear(newest.revision);
        for sender in [&self.applied, &self.followed] {
            sender.send_modify(|applied| applied.token = newest);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nothing in here panics halfway through a change.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

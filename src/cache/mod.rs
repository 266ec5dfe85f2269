//! Records and pages of lists in memory, as of the newest revision that this process has seen.
//!
//! `db/history` alone changes it, under the lock that moves the newest revision; reads look without a
//! lock (ADR 15). It knows names and bytes, never a resource.

pub mod bodies;
pub mod loads;
pub mod serving;

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use prost::bytes::Bytes;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};

use crate::names::Kind;
use crate::record::{Body, is_named};
use crate::sight::Sight;
use crate::tally::Count;
use crate::token::Token;
use crate::visibility::is_public;

/// Most bytes that are kept unless told otherwise.
pub const BYTES_MAX: u64 = 128 * 1024 * 1024;

/// The share of pages, one in so many bytes.
const PAGES_SHARE: u64 = 2;

/// What an item takes beside its bytes: its place in the table, counters.
const ITEM_BYTES: u64 = 160;

/// What a record takes, to begin with tables of the right size.
const RECORD_BYTES: u64 = 4 * 1024;
const PAGE_BYTES: u64 = 64 * 1024;

/// A version of a record, a deletion too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub revision: i64,
    /// In one piece with the counter of those that hold it: in memory, each piece is waited for by itself.
    pub record: Arc<[u8]>,
    /// Told once, so that no read of it need look.
    is_public: bool,
}

impl Version {
    pub fn new(kind: Kind, revision: i64, record: Arc<[u8]>) -> Self {
        Self {
            revision,
            is_public: is_public(kind, &record),
            record,
        }
    }

    /// The record, to be sent.
    pub fn bytes(self) -> Bytes {
        Body::from(self.record).into()
    }

    /// Whether who has this sight is shown it.
    pub fn is_shown(&self, sight: Sight) -> bool {
        self.is_public || sight.is_all()
    }
}

/// A page of a list, as of a snapshot.
#[derive(Clone, Debug)]
pub struct Page {
    /// The snapshot's newest revision.
    pub tip: Token,
    /// Of which kind its records are: a change to any of them may change the page.
    pub kind: Kind,
    /// As `records::as_field` gives them.
    pub records: Bytes,
    /// The sort key after which the next page begins; nothing on the last.
    pub next: Option<Vec<String>>,
}

/// What a revision did to a record.
#[derive(Clone, Debug)]
pub struct Change {
    pub kind: Kind,
    pub name: String,
    /// Nothing when it is not at hand.
    pub record: Option<Bytes>,
}

/// One revision, and what it did.
#[derive(Clone, Debug)]
pub struct Step {
    pub token: Token,
    pub changes: Vec<Change>,
}

type Kept<K, T> = quick_cache::sync::Cache<K, T, OfBytes, DefaultHashBuilder, Evictions>;

pub struct Cache {
    /// By the hash of their names. What is found is of the name only if it says so itself: of two names
    /// with one hash, one is kept.
    records: Kept<u64, Version>,
    names: DefaultHashBuilder,
    pages: Kept<Box<str>, Arc<Page>>,
    counts: Arc<Counts>,
    /// By kind, the newest revision that may have changed a record of it.
    touched: [AtomicI64; Kind::COUNT],
}

/// How often memory was asked, and what came of it.
#[derive(Debug, Default)]
pub struct Counts {
    pub record_hits: Count,
    pub record_misses: Count,
    pub page_hits: Count,
    pub page_misses: Count,
    pub evictions: Count,
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub records: usize,
    pub pages: usize,
    /// Of both.
    pub bytes: u64,
}

impl Cache {
    /// Holds about so many bytes; none: it is off.
    pub fn of(bytes_max: u64) -> Self {
        let of_pages = bytes_max / PAGES_SHARE;
        let of_records = bytes_max - of_pages;
        let count = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX);
        let counts = Arc::<Counts>::default();
        let evictions = || Evictions(Arc::clone(&counts));
        Self {
            records: quick_cache::sync::Cache::with(
                count(of_records, RECORD_BYTES),
                of_records,
                OfBytes,
                DefaultHashBuilder::default(),
                evictions(),
            ),
            names: DefaultHashBuilder::default(),
            pages: quick_cache::sync::Cache::with(
                count(of_pages, PAGE_BYTES),
                of_pages,
                OfBytes,
                DefaultHashBuilder::default(),
                evictions(),
            ),
            counts,
            touched: Default::default(),
        }
    }

    pub fn is_on(&self) -> bool {
        self.records.capacity() > 0
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    pub fn size(&self) -> Size {
        Size {
            records: self.records.len(),
            pages: self.pages.len(),
            bytes: self.records.weight() + self.pages.weight(),
        }
    }

    /// The newest version of a record that is at hand.
    pub fn version(&self, name: &str) -> Option<Version> {
        let found = self.records.get(&self.key(name));
        found.filter(|version| is_named(&version.record, name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.records.contains_key(&self.key(name))
    }

    fn key(&self, name: &str) -> u64 {
        self.names.hash_one(name)
    }

    /// A page that holds as of a revision.
    pub fn page(&self, key: &str, newest: &Token) -> Option<Arc<Page>> {
        let page = self.pages.get(key)?;
        let holds = page.tip.revision <= newest.revision && self.is_untouched(&page);
        holds.then_some(page)
    }

    /// Whether no record of the page's kind has changed since.
    fn is_untouched(&self, page: &Page) -> bool {
        let touched = &self.touched[page.kind.index()];
        touched.load(Ordering::SeqCst) <= page.tip.revision
    }

    /// Takes what a revision did; an older version never replaces a newer one, and a record that nobody
    /// has read is not kept.
    pub fn apply(&self, revision: i64, changes: &[Change]) {
        for change in changes {
            if change.kind == Kind::Log {
                self.clear(revision);
                continue;
            }
            self.touched[change.kind.index()].fetch_max(revision, Ordering::SeqCst);
            let key = self.key(&change.name);
            let Some(kept) = self.records.peek(&key) else {
                continue;
            };
            if kept.revision >= revision {
                continue;
            }
            match &change.record {
                Some(record) => {
                    let version = Version::new(change.kind, revision, record[..].into());
                    self.records.insert(key, version);
                }
                None => drop(self.records.remove(&key)),
            }
        }
    }

    /// Gives up what a revision has changed that is not to be taken in order.
    pub fn forget(&self, revision: i64, changes: &[Change]) {
        for change in changes {
            self.touched[change.kind.index()].fetch_max(revision, Ordering::SeqCst);
            self.records.remove(&self.key(&change.name));
        }
    }

    /// Keeps versions that are known to be the newest.
    pub fn keep(&self, name: &str, version: Version) {
        let key = self.key(name);
        let kept = self.records.peek(&key);
        if kept.is_none_or(|kept| kept.revision < version.revision) {
            self.records.insert(key, version);
        }
    }

    pub fn keep_page(&self, key: &str, page: Arc<Page>) {
        if self.is_untouched(&page) {
            self.pages.insert(key.into(), page);
        }
    }

    /// Gives up everything from before a revision.
    pub fn clear(&self, revision: i64) {
        for touched in &self.touched {
            touched.fetch_max(revision, Ordering::SeqCst);
        }
        self.records.clear();
        self.pages.clear();
    }

    /// Gives up everything: the history is another one, whose revisions may be lower.
    pub fn begin(&self, revision: i64) {
        for touched in &self.touched {
            touched.store(revision, Ordering::SeqCst);
        }
        self.records.clear();
        self.pages.clear();
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Cache")
            .field("records", &self.records.len())
            .field("pages", &self.pages.len())
            .finish_non_exhaustive()
    }
}

/// Counts what had to go for something newer.
#[derive(Clone, Debug)]
struct Evictions(Arc<Counts>);

impl<K, T> Lifecycle<K, T> for Evictions {
    type RequestState = ();

    fn on_evict(&self, _: &mut (), _: K, _: T) {
        self.0.evictions.raise();
    }
}

/// Weighs what is kept in bytes.
#[derive(Clone, Copy, Debug)]
struct OfBytes;

impl Weighter<u64, Version> for OfBytes {
    fn weight(&self, _: &u64, version: &Version) -> u64 {
        weight(version.record.len())
    }
}

impl Weighter<Box<str>, Arc<Page>> for OfBytes {
    fn weight(&self, key: &Box<str>, page: &Arc<Page>) -> u64 {
        weight(key.len() + page.records.len())
    }
}

fn weight(bytes: usize) -> u64 {
    ITEM_BYTES + u64::try_from(bytes).unwrap_or(u64::MAX / 2)
}

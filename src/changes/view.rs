//! What a write asks for under the lock, and the view it decides from: exactly what it asked for, with
//! the group's earlier decisions laid over it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use prost::Message;

use crate::changes::write::{Op, Row};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb;
use crate::record::{Heading, Record, decode, decode_to_change};

/// How many records are looked for that refer to one: more than a chunk has, so that one of them is left as it
/// is if all are found.
pub const REFERRERS_MAX: usize = 501;

/// What a write must read under the lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Current records, deleted ones included.
    pub records: BTreeSet<String>,
    /// Every statistic of these articles, deleted ones included.
    pub statistics_of: BTreeSet<String>,
    /// How many statistics these articles have, deleted ones included.
    pub counts_of: BTreeSet<String>,
    /// Records, not deleted, that refer to this station or statistic: `REFERRERS_MAX` if there are so many.
    pub referrers_of: BTreeSet<String>,
    /// Texts of pages, by hash.
    pub sources: BTreeSet<String>,
    /// Whether there are these pages, by hash.
    pub pages: BTreeSet<String>,
}

impl Needs {
    pub fn record(name: impl Into<String>) -> Self {
        Self::default().and_record(name)
    }

    pub fn and_record(mut self, name: impl Into<String>) -> Self {
        self.records.insert(name.into());
        self
    }

    pub fn and_records<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.records.extend(names.into_iter().map(str::to_owned));
        self
    }

    pub fn and_source(mut self, sha256: &str) -> Self {
        if !sha256.is_empty() {
            self.sources.insert(sha256.to_owned());
        }
        self
    }

    pub fn and_statistics_of(mut self, article: &str) -> Self {
        self.statistics_of.insert(article.to_owned());
        self
    }

    pub fn and_count_of(mut self, article: &str) -> Self {
        self.counts_of.insert(article.to_owned());
        self
    }

    pub fn and_referrers_of(mut self, name: &str) -> Self {
        self.referrers_of.insert(name.to_owned());
        self
    }

    pub fn merge(&mut self, other: Needs) {
        self.records.extend(other.records);
        self.statistics_of.extend(other.statistics_of);
        self.counts_of.extend(other.counts_of);
        self.referrers_of.extend(other.referrers_of);
        self.sources.extend(other.sources);
        self.pages.extend(other.pages);
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many things it names.
    pub fn len(&self) -> usize {
        self.records.len()
            + self.statistics_of.len()
            + self.counts_of.len()
            + self.referrers_of.len()
            + self.sources.len()
            + self.pages.len()
    }
}

/// What was read under the lock, with the writes already decided in this group laid over it.
#[derive(Clone, Debug, Default)]
pub struct View {
    records: HashMap<String, Option<Vec<u8>>>,
    statistics_of: HashMap<String, BTreeSet<String>>,
    counts_of: HashMap<String, usize>,
    referrers_of: HashMap<String, BTreeSet<String>>,
    sources: HashMap<String, Option<Arc<str>>>,
    pages: HashMap<String, bool>,
}

impl View {
    /// What of the needs is not in the view yet.
    pub fn lacks(&self, needs: Needs) -> Option<Needs> {
        let mut lacking = needs;
        lacking
            .records
            .retain(|name| !self.records.contains_key(name));
        lacking
            .statistics_of
            .retain(|name| !self.statistics_of.contains_key(name));
        lacking
            .counts_of
            .retain(|name| !self.counts_of.contains_key(name));
        lacking
            .referrers_of
            .retain(|name| !self.referrers_of.contains_key(name));
        lacking
            .sources
            .retain(|sha256| !self.sources.contains_key(sha256));
        lacking
            .pages
            .retain(|sha256| !self.pages.contains_key(sha256));
        (!lacking.is_empty()).then_some(lacking)
    }

    /// Marks everything asked for as absent, to be overwritten by what is found.
    pub(super) fn expect(&mut self, needs: &Needs) {
        for name in &needs.records {
            self.records.entry(name.clone()).or_default();
        }
        for name in &needs.statistics_of {
            self.statistics_of.entry(name.clone()).or_default();
        }
        for name in &needs.counts_of {
            self.counts_of.entry(name.clone()).or_default();
        }
        for name in &needs.referrers_of {
            self.referrers_of.entry(name.clone()).or_default();
        }
        for sha256 in &needs.sources {
            self.sources.entry(sha256.clone()).or_default();
        }
        for sha256 in &needs.pages {
            self.pages.entry(sha256.clone()).or_default();
        }
    }

    /// Keeps a record that was read, unless this group has written a newer one.
    pub(super) fn found_record(&mut self, name: String, record: Vec<u8>) {
        let known = self.records.entry(name).or_default();
        if known.is_none() {
            *known = Some(record);
        }
    }

    pub(super) fn found_statistic(&mut self, article: String, name: String, record: Vec<u8>) {
        self.statistics_of
            .entry(article)
            .or_default()
            .insert(name.clone());
        self.found_record(name, record);
    }

    pub(super) fn found_count(&mut self, article: String, count: usize) {
        self.counts_of.insert(article, count);
    }

    pub(super) fn found_referrer(&mut self, name: String, by: String) {
        self.referrers_of.entry(name).or_default().insert(by);
    }

    pub(super) fn found_source(&mut self, sha256: String, text: String) {
        self.sources.insert(sha256, Some(text.into()));
    }

    pub(super) fn found_page(&mut self, sha256: String) {
        self.pages.insert(sha256, true);
    }

    /// Lays a decided write over what was read.
    pub fn apply(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            if row.kind == Kind::Source {
                let source =
                    pb::SourceText::decode(row.record.as_slice()).map_err(Error::internal)?;
                self.pages.insert(source.sha256.clone(), true);
                self.sources.insert(source.sha256, Some(source.text.into()));
                continue;
            }
            if let Some((article, _)) = row.name.split_once("/statistics/") {
                if let Some(count) = self.counts_of.get_mut(article)
                    && row.op == Op::Created
                {
                    *count += 1;
                }
                if let Some(names) = self.statistics_of.get_mut(article) {
                    names.insert(row.name.clone());
                }
            }
            self.records
                .insert(row.name.clone(), Some(row.record.clone()));
        }
        Ok(())
    }

    /// The current version of a record, deleted or not, to be changed.
    pub fn record<R: Record>(&self, name: &str) -> Result<Option<R>> {
        self.bytes(name)?.map(decode_to_change).transpose()
    }

    /// The same, only to be looked at: what a newer release added to it does no harm.
    pub fn seen<R: Record>(&self, name: &str) -> Result<Option<R>> {
        self.bytes(name)?.map(decode).transpose()
    }

    /// What it begins with, and nothing else of it.
    pub fn heading(&self, name: &str) -> Result<Option<Heading>> {
        self.bytes(name)?.map(decode).transpose()
    }

    /// Whether it exists, deleted or not.
    pub fn has(&self, name: &str) -> Result<bool> {
        Ok(self.bytes(name)?.is_some())
    }

    fn bytes(&self, name: &str) -> Result<Option<&[u8]>> {
        let known = self.records.get(name).ok_or_else(|| unasked(name))?;
        Ok(known.as_deref())
    }

    /// Every statistic of an article, deleted ones included, by name.
    pub fn statistics_of(&self, article: &str) -> Result<Vec<pb::Statistic>> {
        let names = self
            .statistics_of
            .get(article)
            .ok_or_else(|| unasked(article))?;
        names
            .iter()
            .map(|name| self.record(name)?.ok_or_else(|| unasked(name)))
            .collect()
    }

    pub fn count_of(&self, article: &str) -> Result<usize> {
        self.counts_of
            .get(article)
            .copied()
            .ok_or_else(|| unasked(article))
    }

    /// A record that refers to this one, when there is any.
    pub fn referrer_of(&self, name: &str) -> Result<Option<&str>> {
        Ok(self.referrers_of(name)?.next())
    }

    /// Records that refer to this one.
    pub fn referrers_of(&self, name: &str) -> Result<impl Iterator<Item = &str>> {
        let found = self.referrers_of.get(name).ok_or_else(|| unasked(name))?;
        Ok(found.iter().map(String::as_str))
    }

    pub fn source(&self, sha256: &str) -> Result<Option<Arc<str>>> {
        self.sources
            .get(sha256)
            .cloned()
            .ok_or_else(|| unasked(sha256))
    }
}

impl View {
    /// Whether there is a page with this hash.
    pub fn has_page(&self, sha256: &str) -> Result<bool> {
        self.pages
            .get(sha256)
            .copied()
            .ok_or_else(|| unasked(sha256))
    }
}

fn unasked(what: &str) -> Error {
    Error::internal(format!("{what:?} was decided upon without being read"))
}

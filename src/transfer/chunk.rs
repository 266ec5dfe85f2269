//! Records of all kinds, written as one revision: sources, stations, articles, statistics, in an order
//! in which each finds what it refers to. Each is written, or refused for itself.

use prost::Message as _;

use crate::changes::needed::peek;
use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Write, source_name};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::pb::record::Record as AnyRecord;
use crate::pb::{ImportRecordsResponse, Record};
use crate::record::{Heading, Record as _, Stamp, etag, etag_matches};
use crate::transfer::decide::{Decided, Deciding};
use crate::transfer::needs;
use crate::transfer::proof::{Draft, Proof, Prover, article_of};

/// Takes the place of an article's or station's name as the key: a chunk is decided alone.
const KEY: &str = "chunk";

/// How many pages are held at once to prove records against.
const PAGES_MAX: usize = 64;

/// What becomes of records that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are replaced when they differ.
    Upsert,
    /// They are left alone.
    SkipExisting,
    /// They are refused: all are to be new.
    RefuseExisting,
}

/// One record of a chunk.
pub struct Item {
    place: usize,
    pub given: Option<AnyRecord>,
    pub name: String,
    /// Of the content as it was given; empty for a source.
    pub etag: String,
    pub is_deleted: bool,
    /// Made before the transaction, as far as what it takes was there.
    pub proof: Option<Proof>,
    /// Whether it need not be proven, since the same was kept when it came.
    is_same: bool,
}

impl Item {
    fn of(place: usize, record: Record) -> Self {
        let given = record.record;
        let (name, etag, is_deleted) = match &given {
            Some(AnyRecord::Source(given)) => (source_name(&given.sha256), String::new(), false),
            Some(AnyRecord::Station(given)) => {
                (given.name.clone(), etag(given), given.is_deleted())
            }
            Some(AnyRecord::Article(given)) => {
                (given.name.clone(), etag(given), given.is_deleted())
            }
            Some(AnyRecord::Statistic(given)) => {
                (given.name.clone(), etag(given), given.is_deleted())
            }
            None => (String::new(), String::new(), false),
        };
        Self {
            place,
            given,
            name,
            etag,
            is_deleted,
            proof: None,
            is_same: false,
        }
    }

    /// Its path in the request.
    pub fn path(&self) -> String {
        let kind = match &self.given {
            Some(AnyRecord::Source(_)) => ".source",
            Some(AnyRecord::Station(_)) => ".station",
            Some(AnyRecord::Article(_)) => ".article",
            Some(AnyRecord::Statistic(_)) => ".statistic",
            None => "",
        };
        format!("records[{}]{kind}", self.place)
    }

    /// What was proven before the transaction, if what it was proven against holds.
    pub fn draft(&self, holds: bool) -> Result<Option<&Draft>> {
        match &self.proof {
            Some(proof) if holds => match &proof.outcome {
                Ok(draft) => Ok(Some(draft)),
                Err(violations) => Err(Error::Invalid(violations.clone())),
            },
            _ => Ok(None),
        }
    }

    /// Whether what is kept under its name is the same.
    pub fn is_kept_as(&self, kept: &Heading) -> bool {
        etag_matches(&self.etag, &kept.etag) && self.is_deleted == kept.delete_time.is_some()
    }

    /// Whether it deletes what is kept under its name, and others may refer to that.
    pub fn deletes_named(&self, kept: Option<&Heading>) -> bool {
        let is_live = kept.is_some_and(|kept| kept.delete_time.is_none());
        let may_be_named = matches!(Kind::of(&self.name), Kind::Station | Kind::Statistic);
        self.is_deleted && is_live && may_be_named
    }
}

pub struct Chunk {
    pub items: Vec<Item>,
    pub mode: Mode,
    pub correction_reason: String,
    /// Whether one refused record refuses all, with its own error.
    pub is_whole: bool,
}

impl Chunk {
    pub fn new(records: Vec<Record>, mode: Mode, correction_reason: &str) -> Self {
        let records = records.into_iter().enumerate();
        Self {
            items: records
                .map(|(place, record)| Item::of(place, record))
                .collect(),
            mode,
            correction_reason: correction_reason.to_owned(),
            is_whole: false,
        }
    }

    /// Records to begin with: those that exist are left alone, and all the others are written or none.
    pub fn of_seeds(records: Vec<Record>) -> Self {
        Self {
            is_whole: true,
            ..Self::new(records, Mode::SkipExisting, "")
        }
    }

    /// Records none of which exists: all are written or none. Pages may be kept already.
    pub fn of_new(records: Vec<Record>) -> Self {
        Self {
            is_whole: true,
            ..Self::new(records, Mode::RefuseExisting, "")
        }
    }

    /// Whether there are records whose proof may wait for what is not committed yet.
    pub fn is_unproven(&self) -> bool {
        let mut items = self.items.iter();
        items.any(|item| item.proof.is_none() && !item.is_same)
    }

    /// Proves what can be proven against what is kept now, so that little is left to do under the lock.
    /// What the lock then shows to have changed is proven once more.
    pub async fn prepare(&mut self, db: &Db) -> Result<()> {
        let mut view = View::default();
        peek(db, &self.kept(), &mut view).await?;
        let mut prover = Prover::of(view);
        for place in 0..self.items.len() {
            if prover.lacks(&self.items[place]).is_some() {
                let pages = self.pages_from(place, &mut prover);
                let mut view = View::default();
                peek(db, &pages, &mut view).await?;
                prover.take_pages(&view, &pages.sources);
            }
            let item = &mut self.items[place];
            item.is_same = prover.is_same(item);
            item.proof = prover.prove(item, place);
            // Others have their turn.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// The records it is about, and the articles of its statistics.
    fn kept(&self) -> Needs {
        let mut needs = Needs::default();
        for item in &self.items {
            match &item.given {
                Some(AnyRecord::Source(_)) | None => continue,
                Some(AnyRecord::Statistic(_)) => {
                    needs.records.insert(article_of(&item.name).to_owned());
                }
                Some(_) => {}
            }
            needs.records.insert(item.name.clone());
        }
        needs
    }

    /// The pages that this and the next records are proven against.
    fn pages_from(&self, place: usize, prover: &mut Prover) -> Needs {
        let mut needs = Needs::default();
        for item in &self.items[place..] {
            needs.sources.extend(prover.lacks(item));
            if needs.sources.len() >= PAGES_MAX {
                break;
            }
        }
        needs
    }
}

impl Write for Chunk {
    fn key(&self) -> &str {
        KEY
    }

    fn is_solitary(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        let mut needs = self.kept();
        needs.merge(needs::references(self));
        needs
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        if let Some(more) = needs::lacks(self, view) {
            return Ok(Decision::Read(more));
        }
        let decided = match Deciding::new(self, view, stamp).run()? {
            Decided::All(decided) => decided,
            Decided::Lacks(more) => return Ok(Decision::Read(more)),
        };
        let response = ImportRecordsResponse {
            results: decided.results,
            token: String::new(),
        };
        let answer = response.encode_to_vec();
        if decided.rows.is_empty() {
            return Ok(Decision::Keep { answer });
        }
        Ok(Decision::Write {
            rows: decided.rows,
            answer,
            reason: decided.reason,
        })
    }
}

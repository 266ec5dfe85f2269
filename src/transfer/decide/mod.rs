//! What a chunk comes to, record by record, under the lock: each is decided on what those before it left.

mod along;
mod article;
mod history;
mod station;
mod statistic;

use std::collections::{BTreeSet, HashMap, HashSet};

use self::along::Along;
use crate::changes::view::{Needs, View};
use crate::changes::write::{Op, Row};
use crate::edge::status::described;
use crate::error::{Error, Result, Violation};
use crate::pb::SourceText;
use crate::pb::import_records_response::Result as Answer;
use crate::pb::import_records_response::result::Outcome;
use crate::pb::record::Record as AnyRecord;
use crate::record::{Record, Stamp, etag, seal_as};
use crate::references::{activate, check_references, check_references_of_deleted};
use crate::transfer::chunk::{Chunk, Item, Mode};
use crate::transfer::proof;

/// A chunk's rows, and what became of each record.
#[derive(Default)]
pub struct Decision {
    pub rows: Vec<Row>,
    pub results: Vec<Answer>,
    pub reason: String,
}

pub enum Decided {
    All(Decision),
    /// More must be read first.
    Lacks(Needs),
}

/// What one record comes to.
enum Step {
    Done(Outcome),
    Lacks(Needs),
}

/// A chunk that is being decided.
pub struct Deciding<'a> {
    chunk: &'a Chunk,
    stamp: &'a Stamp,
    /// Of the records that were decided.
    names: HashSet<&'a str>,
    /// With the rows laid over it.
    view: View,
    rows: Vec<Row>,
    /// Where the row of a name is.
    written: HashMap<String, usize>,
    /// Places of records that are now as they were given.
    taken: HashSet<usize>,
    along: Vec<Along>,
    /// Stations that something published names.
    published: BTreeSet<String>,
    /// What live records of the chunk refer to, and by which of them.
    referring: HashMap<String, Vec<String>>,
}

impl<'a> Deciding<'a> {
    pub fn new(chunk: &'a Chunk, view: &View, stamp: &'a Stamp) -> Self {
        Self {
            chunk,
            stamp,
            names: HashSet::new(),
            view: view.clone(),
            rows: Vec::new(),
            written: HashMap::new(),
            taken: HashSet::new(),
            along: Vec::new(),
            published: BTreeSet::new(),
            referring: HashMap::new(),
        }
    }

    pub fn run(mut self) -> Result<Decided> {
        let chunk = self.chunk;
        let mut answers: Vec<Option<Answer>> = chunk.items.iter().map(|_| None).collect();
        for place in self.order()? {
            let item = &chunk.items[place];
            let (outcome, error) = match self.record(place, item) {
                Ok(Step::Done(outcome)) => (outcome, None),
                Ok(Step::Lacks(more)) => return Ok(Decided::Lacks(more)),
                Err(error @ Error::Internal(_)) => return Err(error),
                Err(error) if chunk.is_whole => return Err(error),
                Err(error) => (Outcome::Refused, Some(described(error)?)),
            };
            if matches!(outcome, Outcome::Created | Outcome::Updated) {
                self.taken.insert(place);
            }
            answers[place] = Some(Answer {
                name: item.name.clone(),
                outcome: outcome.into(),
                error,
            });
        }
        let mut decision = Decision {
            results: answers.into_iter().flatten().collect(),
            ..Decision::default()
        };
        for along in std::mem::take(&mut self.along) {
            self.take_along(along)?;
        }
        self.activate()?;
        let is_reasoned = |row: &Row| matches!(row.op, Op::Corrected | Op::Retracted);
        if self.rows.iter().any(is_reasoned) {
            decision.reason.clone_from(&chunk.correction_reason);
        }
        decision.rows = self.rows;
        Ok(Decided::All(decision))
    }

    /// The order in which records are decided: as they came, but for stations and statistics that are to be
    /// deleted. These come last, the last first: what names them may be changed or deleted by the chunk too.
    fn order(&self) -> Result<Vec<usize>> {
        let (mut order, mut last) = (Vec::new(), Vec::new());
        for (place, item) in self.chunk.items.iter().enumerate() {
            let kept = match item.is_deleted {
                true => self.view.heading(&item.name)?,
                false => None,
            };
            match item.deletes_named(kept.as_ref()) {
                true => last.push(place),
                false => order.push(place),
            }
        }
        order.extend(last.into_iter().rev());
        Ok(order)
    }

    fn record(&mut self, place: usize, item: &'a Item) -> Result<Step> {
        // A page is what its name says, so that it may come with each article that it is of.
        let is_page = matches!(item.given, Some(AnyRecord::Source(_)));
        let may_come_again = item.name.is_empty() || is_page;
        if !self.names.insert(item.name.as_str()) && !may_come_again {
            return Err(twice(item));
        }
        match &item.given {
            Some(AnyRecord::Source(given)) => self.source(item, given),
            Some(AnyRecord::Station(given)) => self.station(item, given),
            Some(AnyRecord::Article(given)) => self.article(place, item, given),
            Some(AnyRecord::Statistic(given)) => self.statistic(item, given),
            None => {
                let description = "must be a record of a known kind";
                Err(Error::invalid(item.path(), description))
            }
        }
    }

    /// Whether the record that is kept stays as it is: it is the same, or is not to be replaced.
    fn is_left(&self, item: &Item) -> Result<bool> {
        if matches!(item.given, Some(AnyRecord::Source(_)) | None) {
            return Ok(false);
        }
        let Some(kept) = self.view.heading(&item.name)? else {
            return Ok(false);
        };
        match self.chunk.mode {
            Mode::Upsert => Ok(item.is_kept_as(&kept)),
            Mode::SkipExisting => Ok(true),
            Mode::RefuseExisting => Err(Error::Exists {
                name: item.name.clone(),
                deleted: kept.delete_time.is_some(),
            }),
        }
    }

    fn source(&mut self, item: &Item, given: &SourceText) -> Result<Step> {
        if item.draft(true)?.is_none() {
            proof::source(&item.path(), given)?;
        }
        if self.view.has_page(&given.sha256)? {
            return Ok(Step::Done(Outcome::Unchanged));
        }
        self.push(Row::of_source(&given.sha256, &given.text))?;
        Ok(Step::Done(Outcome::Created))
    }

    fn check_references<'r>(
        &mut self,
        item: &Item,
        references: impl IntoIterator<Item = (String, &'r str)>,
    ) -> Result<()> {
        let field = item.path();
        if item.is_deleted {
            return check_references_of_deleted(&self.view, &field, references);
        }
        let references: Vec<_> = references.into_iter().collect();
        for (_, name) in &references {
            let by = self.referring.entry((*name).to_owned()).or_default();
            by.push(item.name.clone());
        }
        check_references(&self.view, &field, references)
    }

    /// Refuses to delete what another record names: one that the chunk leaves as it is, or has written so.
    fn check_referrers(&self, name: &str) -> Result<()> {
        let is_written = |by: &str| self.written.contains_key(by);
        let mut left = self.view.referrers_of(name)?.filter(|by| !is_written(by));
        let written = self.referring.get(name).into_iter().flatten();
        let mut written = written.map(String::as_str).filter(|by| is_written(by));
        match left.next().or_else(|| written.next()) {
            Some(by) => Err(Error::Referenced {
                name: name.to_owned(),
                by: by.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Writes a record's next version, with the etag of its content if that is known.
    fn write<R: Record>(&mut self, op: Op, mut next: R, known: Option<String>) -> Result<()> {
        let etag = known.unwrap_or_else(|| etag(&next));
        seal_as(&mut next, etag, self.stamp);
        self.push(Row::of(op, &next))
    }

    fn push(&mut self, row: Row) -> Result<()> {
        self.view.apply(std::slice::from_ref(&row))?;
        self.written.insert(row.name.clone(), self.rows.len());
        self.rows.push(row);
        Ok(())
    }

    /// Makes stations ACTIVE that something published names, in their own row where they have one.
    fn activate(&mut self) -> Result<()> {
        let names = self.published.iter().map(String::as_str);
        for row in activate(&self.view, self.stamp, names)? {
            match self.written.get(&row.name) {
                Some(place) => self.rows[*place].record = row.record,
                None => self.rows.push(row),
            }
        }
        Ok(())
    }
}

fn twice(item: &Item) -> Error {
    let shown = Violation::shown(&item.name);
    let description = format!("must come once in a chunk, got {shown} again");
    Error::invalid(format!("{}.name", item.path()), description)
}

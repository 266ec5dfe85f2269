//! What a write to a statistic comes to, decided under the lock.

use std::sync::Arc;

use prost::Message as _;

use crate::changes::view::{Needs, View};
use crate::changes::write::{
    Decision, Op, Row, ToDelete, Write, changed, check_free, deleted, live_seen, to_delete,
};
use crate::corrections::Change;
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::names::StatisticName;
use crate::page::Page;
use crate::pb::article::State;
use crate::pb::{Article, Statistic};
use crate::record::{Record as _, Stamp, check_etag, check_sealed, seal};
use crate::references::{CHAIN_MAX, Walked, activate, check_references, walk};
use crate::statistics::draft::StatisticDraft;
use crate::statistics::{STATISTICS_MAX, references};

const FIELD: &str = "statistic";

/// A draft proven before the transaction, and what it was proven against.
pub struct Proven {
    article_revision: i64,
    /// Of the version it replaces; 0 for a new statistic.
    revision: i64,
    statistic: Statistic,
}

/// Creates a statistic, or changes one.
pub struct Put {
    pub name: StatisticName,
    pub article: String,
    pub statistic: Statistic,
    pub correction_reason: String,
    pub kind: PutKind,
    pub proven: Option<Proven>,
}

pub enum PutKind {
    Create,
    Update { mask: Mask, allow_missing: bool },
}

impl Put {
    /// Proves the draft against what is kept now, so that little is left to do under the lock. What
    /// the lock then shows to have changed is proven once more.
    pub fn prove(
        &mut self,
        article: &Article,
        page: Option<&Page>,
        current: Option<&Statistic>,
    ) -> Result<()> {
        let statistic = self.draft(article, page, current)?;
        self.proven = Some(Proven {
            article_revision: article.revision,
            revision: current.map_or(0, |current| current.revision),
            statistic,
        });
        Ok(())
    }

    fn draft(
        &self,
        article: &Article,
        page: Option<&Page>,
        current: Option<&Statistic>,
    ) -> Result<Statistic> {
        let mut merged = match (&self.kind, current) {
            (PutKind::Update { mask, .. }, Some(current)) => {
                mask.merge(Statistic::MESSAGE, current, &self.statistic)?
            }
            _ => self.statistic.clone(),
        };
        self.name.as_str().clone_into(&mut merged.name);
        Ok(StatisticDraft::prove(FIELD, merged, article, page, current)?.into_statistic())
    }

    /// The version to be replaced, if there is one and it may be.
    fn current(&self, view: &View) -> Result<Option<Statistic>> {
        let name = self.name.as_str();
        let PutKind::Update { allow_missing, .. } = &self.kind else {
            return check_free::<Statistic>(view, name).map(|()| None);
        };
        match view.record::<Statistic>(name)? {
            Some(current) if !current.is_deleted() => {
                check_etag(&self.statistic.etag, &current)?;
                Ok(Some(current))
            }
            Some(_) if *allow_missing => Err(Error::Exists {
                name: name.to_owned(),
                deleted: true,
            }),
            None if *allow_missing => Ok(None),
            _ => Err(Error::missing(name)),
        }
    }

    /// The draft as it is proven against what the lock shows; nothing when the page must be read.
    fn next(
        &self,
        view: &View,
        article: &Article,
        current: Option<&Statistic>,
    ) -> Result<Result<Statistic, Needs>> {
        let revision = current.map_or(0, |current| current.revision);
        if let Some(proven) = &self.proven
            && proven.article_revision == article.revision
            && proven.revision == revision
        {
            return Ok(Ok(proven.statistic.clone()));
        }
        let sha256 = article
            .source
            .as_ref()
            .map_or("", |source| source.sha256.as_str());
        if let Some(more) = view.lacks(Needs::default().and_source(sha256)) {
            return Ok(Err(more));
        }
        let page = match sha256 {
            "" => None,
            _ => view.source(sha256)?.map(|text: Arc<str>| Page::new(&text)),
        };
        self.draft(article, page.as_ref(), current).map(Ok)
    }
}

impl Write for Put {
    fn key(&self) -> &str {
        &self.article
    }

    fn needs(&self) -> Needs {
        let needs = Needs::record(self.name.as_str()).and_record(&self.article);
        needs.and_count_of(&self.article)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let article: Article = live_seen(view, &self.article)?;
        let current = self.current(view)?;
        if current.is_none() && view.count_of(&self.article)? >= STATISTICS_MAX {
            let description =
                format!("must have at most {STATISTICS_MAX} statistics, deleted ones included");
            return Err(Error::invalid("parent", description));
        }
        let mut next = match self.next(view, &article, current.as_ref())? {
            Ok(next) => next,
            Err(more) => return Ok(Decision::Read(more)),
        };
        next.state = article.state;
        if let Some(current) = &current {
            next.create_time = current.create_time;
            next.corrections.clone_from(&current.corrections);
            if !changed(current, &next) {
                return Ok(Decision::Keep {
                    answer: current.encode_to_vec(),
                });
            }
        }
        let change = Change::under(&article, &self.correction_reason)?;
        let needs = references(&next);
        let needs = Needs::default().and_records(needs.iter().map(|(_, name)| *name));
        if let Some(more) = view.lacks(needs) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, references(&next))?;
        if let Some(more) = check_parents(view, FIELD, &next)? {
            return Ok(Decision::Read(more));
        }
        let plain = if current.is_some() {
            Op::Updated
        } else {
            Op::Created
        };
        let op = change.record(plain, &mut next.corrections, &self.correction_reason, stamp);
        seal(&mut next, stamp);
        check_sealed(FIELD, &next)?;
        let activated = activated(view, stamp, &article, &next)?;
        Ok(Decision::write(
            op,
            &next,
            activated,
            &self.correction_reason,
        ))
    }
}

/// Refuses a parent that qualifies the statistic itself; asks for statistics not read yet.
pub fn check_parents(view: &View, field: &str, statistic: &Statistic) -> Result<Option<Needs>> {
    let first = statistic.parent_statistic.as_str();
    let walked = walk(view, &statistic.name, first, |name| {
        let found = view.seen::<Statistic>(name)?;
        Ok(found.map(|found| found.parent_statistic))
    })?;
    let refuse = |allowed: String| {
        let field = format!("{field}.parent_statistic");
        Err(Error::invalid(field, allowed))
    };
    match walked {
        Walked::ToItsEnd => Ok(None),
        Walked::Lacks(more) => Ok(Some(more)),
        Walked::ACircle => refuse(format!("must not qualify the statistic, got {first:?}")),
        Walked::TooFar => refuse(format!("must have at most {CHAIN_MAX} statistics above it")),
    }
}

/// The stations that a statistic makes ACTIVE, if its article is published.
fn activated(
    view: &View,
    stamp: &Stamp,
    article: &Article,
    statistic: &Statistic,
) -> Result<Vec<Row>> {
    match article.state() {
        State::Published => activate(view, stamp, statistic.stations.iter().map(String::as_str)),
        _ => Ok(Vec::new()),
    }
}

pub struct Delete {
    pub name: StatisticName,
    pub article: String,
    pub etag: String,
    pub allow_missing: bool,
    pub correction_reason: String,
}

impl Write for Delete {
    fn key(&self) -> &str {
        &self.article
    }

    fn needs(&self) -> Needs {
        let needs = Needs::record(self.name.as_str()).and_record(&self.article);
        needs.and_referrers_of(self.name.as_str())
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let name = self.name.as_str();
        let mut statistic =
            match to_delete::<Statistic>(view, name, &self.etag, self.allow_missing)? {
                ToDelete::Live(statistic) => statistic,
                ToDelete::Gone(answer) => {
                    return Ok(Decision::Keep {
                        answer: answer.encode_to_vec(),
                    });
                }
            };
        let article: Article = live_seen(view, &self.article)?;
        let change = Change::under(&article, &self.correction_reason)?;
        if let Some(by) = view.referrer_of(name)? {
            return Err(Error::Referenced {
                name: name.to_owned(),
                by: by.to_owned(),
            });
        }
        statistic.delete_time = Some(stamp.time);
        let reason = &self.correction_reason;
        let op = change.record(Op::Deleted, &mut statistic.corrections, reason, stamp);
        seal(&mut statistic, stamp);
        Ok(Decision::write(op, &statistic, Vec::new(), reason))
    }
}

pub struct Undelete {
    pub name: StatisticName,
    pub article: String,
    pub etag: String,
    pub correction_reason: String,
}

impl Write for Undelete {
    fn key(&self) -> &str {
        &self.article
    }

    fn needs(&self) -> Needs {
        Needs::record(self.name.as_str()).and_record(&self.article)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let mut statistic: Statistic = deleted(view, self.name.as_str(), &self.etag)?;
        let article: Article = live_seen(view, &self.article)?;
        let change = Change::under(&article, &self.correction_reason)?;
        let needs = references(&statistic);
        let needs = Needs::default().and_records(needs.iter().map(|(_, name)| *name));
        if let Some(more) = view.lacks(needs) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, references(&statistic))?;
        statistic.delete_time = None;
        statistic.state = article.state;
        let reason = &self.correction_reason;
        let op = change.record(Op::Undeleted, &mut statistic.corrections, reason, stamp);
        seal(&mut statistic, stamp);
        let activated = activated(view, stamp, &article, &statistic)?;
        Ok(Decision::write(op, &statistic, activated, reason))
    }
}

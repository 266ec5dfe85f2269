//! Creates an article, or changes one; a new page moves every span of its statistics too.

use std::collections::BTreeSet;

use prost::Message as _;

use crate::articles::draft::ArticleDraft;
use crate::articles::places::Before;
use crate::articles::station_references;
use crate::articles::write::{FIELD, page, source_sha256};
use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Op, Row, Write, changed, check_free};
use crate::corrections::Change;
use crate::error::{Error, Result, Violation};
use crate::mask::Mask;
use crate::names::ArticleName;
use crate::page::Page;
use crate::pb::article::State;
use crate::pb::{Article, Statistic, span};
use crate::record::{Record as _, Stamp, check_etag, check_sealed, seal};
use crate::references::{activate, check_references};
use crate::span::Anchor;

pub struct Put {
    pub name: ArticleName,
    pub article: Article,
    pub correction_reason: String,
    pub kind: PutKind,
    /// The page the call gives, by its text or by the hash of one that is kept.
    pub page: Option<Page>,
    pub proven: Option<Proven>,
}

pub enum PutKind {
    Create,
    Update { mask: Mask, allow_missing: bool },
}

/// A draft proven before the transaction, and the revision of the version it replaces (0: none).
pub struct Proven {
    revision: i64,
    article: Article,
}

/// Whether a mask asks for the page that is given.
fn covers_page(mask: &Mask) -> bool {
    mask.covers("source_text", true) || mask.covers("source", true)
}

impl Put {
    /// Proves the draft against what is kept now, so that little is left to do under the lock. What
    /// the lock then shows to have changed is proven once more.
    pub fn prove(&mut self, current: Option<(&Article, Option<&Page>)>) -> Result<()> {
        let revision = current.map_or(0, |(article, _)| article.revision);
        self.proven = Some(Proven {
            revision,
            article: self.draft(current)?,
        });
        Ok(())
    }

    fn draft(&self, current: Option<(&Article, Option<&Page>)>) -> Result<Article> {
        let mut merged = match (&self.kind, current) {
            (PutKind::Update { mask, .. }, Some((current, _))) => {
                mask.merge(Article::MESSAGE, current, &self.article)?
            }
            _ => self.article.clone(),
        };
        self.name.as_str().clone_into(&mut merged.name);
        let before = current.map(|(article, page)| Before { article, page });
        let given = match (&self.kind, current) {
            // It was made by another call since the page was read, for which no mask is asked.
            (PutKind::Update { mask, .. }, Some(_)) if !covers_page(mask) => None,
            _ => self.page.as_ref(),
        };
        let page = given.or(before.and_then(|before| before.page));
        Ok(ArticleDraft::prove(FIELD, merged, page, before)?.into_article())
    }

    fn current(&self, view: &View) -> Result<Option<Article>> {
        let name = self.name.as_str();
        let PutKind::Update { allow_missing, .. } = &self.kind else {
            return check_free::<Article>(view, name).map(|()| None);
        };
        match view.record::<Article>(name)? {
            Some(current) if !current.is_deleted() => {
                check_etag(&self.article.etag, &current)?;
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

    /// The draft as it is proven against what the lock shows.
    fn next(&self, view: &View, current: Option<&Article>) -> Result<Article> {
        let revision = current.map_or(0, |current| current.revision);
        if let Some(proven) = self
            .proven
            .as_ref()
            .filter(|proven| proven.revision == revision)
        {
            return Ok(proven.article.clone());
        }
        let Some(current) = current else {
            return self.draft(None);
        };
        let page = page(view, source_sha256(current))?;
        self.draft(Some((current, page.as_ref())))
    }

    /// What deciding takes beside the two versions: the old page, the statistics, the stations.
    fn lacks(&self, view: &View, current: &Article) -> Option<Needs> {
        let is_proven = self
            .proven
            .as_ref()
            .is_some_and(|proven| proven.revision == current.revision);
        let is_new_page = self.is_new_page(current);
        let mut needs = Needs::default();
        if !is_proven || is_new_page {
            needs = needs.and_source(source_sha256(current));
        }
        view.lacks(needs)
    }

    fn is_new_page(&self, current: &Article) -> bool {
        self.page
            .as_ref()
            .is_some_and(|page| page.sha256() != source_sha256(current))
    }
}

impl Write for Put {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        let sha256 = self.page.as_ref().map_or("", Page::sha256);
        Needs::record(self.name.as_str()).and_source(sha256)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let current = self.current(view)?;
        if let Some(more) = current
            .as_ref()
            .and_then(|current| self.lacks(view, current))
        {
            return Ok(Decision::Read(more));
        }
        let next = self.next(view, current.as_ref())?;
        let references = station_references(&next);
        let needs = Needs::default().and_records(references.iter().map(|(_, name)| *name));
        if let Some(more) = view.lacks(needs) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, references)?;
        match current {
            None => self.create(view, stamp, next),
            Some(current) => self.replace(view, stamp, &current, next),
        }
    }
}

impl Put {
    fn create(&self, view: &View, stamp: &Stamp, mut next: Article) -> Result<Decision> {
        next.set_state(State::Draft);
        seal(&mut next, stamp);
        Ok(Decision::write(
            Op::Created,
            &next,
            self.new_source(view)?,
            "",
        ))
    }

    /// The page's text, when no revision has used it before.
    fn new_source(&self, view: &View) -> Result<Vec<Row>> {
        let Some(page) = &self.page else {
            return Ok(Vec::new());
        };
        match view.source(page.sha256())? {
            Some(_) => Ok(Vec::new()),
            None => Ok(vec![Row::of_source(page.sha256(), page.text())]),
        }
    }

    fn replace(
        &self,
        view: &View,
        stamp: &Stamp,
        current: &Article,
        mut next: Article,
    ) -> Result<Decision> {
        next.state = current.state;
        next.create_time = current.create_time;
        next.corrections.clone_from(&current.corrections);
        next.retraction.clone_from(&current.retraction);
        if !changed(current, &next) {
            return Ok(Decision::Keep {
                answer: current.encode_to_vec(),
            });
        }
        let change = Change::under(current, &self.correction_reason)?;
        let is_new_page = self.is_new_page(current);
        let removed = removed_ids(current, &next);
        let mut rows = self.new_source(view)?;
        if is_new_page || !removed.is_empty() {
            if let Some(more) = view.lacks(Needs::default().and_statistics_of(self.name.as_str())) {
                return Ok(Decision::Read(more));
            }
            let statistics = view.statistics_of(self.name.as_str())?;
            check_removed(FIELD, &removed, &statistics)?;
            if is_new_page {
                rows.extend(self.move_statistics(view, stamp, current, &next, change, statistics)?);
            }
        }
        let reason = &self.correction_reason;
        let op = change.record(Op::Updated, &mut next.corrections, reason, stamp);
        seal(&mut next, stamp);
        check_sealed(FIELD, &next)?;
        if next.state() == State::Published {
            let stations = station_references(&next);
            rows.extend(activate(
                view,
                stamp,
                stations.into_iter().map(|(_, name)| name),
            )?);
        }
        Ok(Decision::write(op, &next, rows, reason))
    }

    /// Finds the statistics' spans again in the new page; deleted statistics too, since they may come
    /// back.
    fn move_statistics(
        &self,
        view: &View,
        stamp: &Stamp,
        current: &Article,
        next: &Article,
        change: Change,
        statistics: Vec<Statistic>,
    ) -> Result<Vec<Row>> {
        let (Some(new_page), Some(old_page)) = (&self.page, page(view, source_sha256(current))?)
        else {
            return Ok(Vec::new());
        };
        let anchor = Anchor {
            page: new_page,
            paragraphs: &next.paragraphs,
        };
        let mut rows = Vec::with_capacity(statistics.len());
        for mut statistic in statistics {
            let reason = &self.correction_reason;
            let op = move_statistic(&mut statistic, &anchor, &old_page, change, reason, stamp);
            seal(&mut statistic, stamp);
            rows.push(Row::of(op, &statistic));
        }
        Ok(rows)
    }
}

/// Finds a statistic's span again in the new page; one that is lost is a correction.
pub fn move_statistic(
    statistic: &mut Statistic,
    anchor: &Anchor<'_>,
    old_page: &Page,
    change: Change,
    reason: &str,
    stamp: &Stamp,
) -> Op {
    let mut op = Op::Reanchored;
    if let Some(span) = &mut statistic.span {
        let was_broken = span.state() == span::State::Broken;
        anchor.move_span(old_page, span);
        if span.state() == span::State::Broken && !was_broken {
            change.record(Op::Corrected, &mut statistic.corrections, reason, stamp);
            op = Op::Corrected;
        }
    }
    anchor
        .page
        .sha256()
        .clone_into(&mut statistic.source_sha256);
    op
}

/// Ids of people and honours that the next version no longer has.
pub fn removed_ids(current: &Article, next: &Article) -> Removed {
    let people = |article: &Article| -> BTreeSet<String> {
        article
            .people
            .iter()
            .map(|person| person.id.clone())
            .collect()
    };
    let honours = |article: &Article| -> BTreeSet<String> {
        article
            .honours
            .iter()
            .map(|honour| honour.id.clone())
            .collect()
    };
    Removed {
        people: people(current).difference(&people(next)).cloned().collect(),
        honours: honours(current)
            .difference(&honours(next))
            .cloned()
            .collect(),
    }
}

pub struct Removed {
    people: BTreeSet<String>,
    honours: BTreeSet<String>,
}

impl Removed {
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.honours.is_empty()
    }
}

/// Statistics name people and honours by id; an id they name must stay.
pub fn check_removed(field: &str, removed: &Removed, statistics: &[Statistic]) -> Result<()> {
    let mut violations = Vec::new();
    for statistic in statistics {
        let name = &statistic.name;
        if removed.people.contains(&statistic.speaker) {
            let kept = format!(
                "must keep {:?}: {name:?} has it as speaker",
                statistic.speaker
            );
            violations.push(Violation::invalid(format!("{field}.people"), kept));
        }
        if removed.honours.contains(&statistic.honour) {
            let kept = format!(
                "must keep {:?}: {name:?} has it as honour",
                statistic.honour
            );
            violations.push(Violation::invalid(format!("{field}.honours"), kept));
        }
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(violations))
    }
}

//! An article of a chunk.

use std::sync::Arc;

use super::along::Along;
use super::history::take_article;
use super::{Deciding, Step};
use crate::articles::station_references;
use crate::articles::write::{check_removed, removed_ids, source_sha256};
use crate::changes::view::Needs;
use crate::changes::write::Op;
use crate::corrections::Change;
use crate::error::{Error, Reason, Result, Violation};
use crate::names::ArticleName;
use crate::page::Page;
use crate::pb::Article;
use crate::pb::article::State;
use crate::pb::import_records_response::result::Outcome;
use crate::record::{Record as _, etag};
use crate::transfer::chunk::Item;
use crate::transfer::needs::takes_along;
use crate::transfer::proof::{self, Against, Draft, sha256_of};

impl Deciding<'_> {
    pub(super) fn article(&mut self, place: usize, item: &Item, given: &Article) -> Result<Step> {
        let field = item.path();
        ArticleName::parse(&format!("{field}.name"), &given.name)?;
        if self.is_left(item)? {
            if self
                .view
                .heading(&item.name)?
                .is_some_and(|kept| item.is_kept_as(&kept))
            {
                self.taken.insert(place);
            }
            return Ok(Step::Done(Outcome::Unchanged));
        }
        let current = self.view.record::<Article>(&given.name)?;
        let sha256 = sha256_of(given, current.as_ref()).to_owned();
        if !sha256.is_empty() && !self.view.has_page(&sha256)? {
            let description = format!("{} is no page that is kept", Violation::shown(&sha256));
            let field = format!("{field}.source.sha256");
            return Err(Violation::new(Reason::ReferenceMissing, field, description).into());
        }
        let against = item.proof.as_ref().map(|proof| &proof.against);
        let holds = against == Some(&Against::Page(sha256.clone()));
        let mut next = match item.draft(holds)? {
            Some(Draft::Article(draft)) => draft.clone(),
            _ => {
                if let Some(more) = self.view.lacks(Needs::default().and_source(&sha256)) {
                    return Ok(Step::Lacks(more));
                }
                proof::article(&field, given, self.page(&sha256)?.as_ref())?
            }
        };
        take_article(&field, given, &mut next, current.as_ref())?;
        self.check_references(item, station_references(&next))?;
        let etag = etag(&next);
        let outcome = match current {
            None => {
                self.write(Op::Created, next.clone(), Some(etag))?;
                Outcome::Created
            }
            Some(current) => {
                if etag == current.etag && next.is_deleted() == current.is_deleted() {
                    self.taken.insert(place);
                    return Ok(Step::Done(Outcome::Unchanged));
                }
                let (op, change) = self.transition(&current, &next, &etag)?;
                self.prepare_along(&field, &current, &next, change)?;
                self.write(op, next.clone(), Some(etag))?;
                Outcome::Updated
            }
        };
        if next.state() == State::Published {
            let stations = station_references(&next);
            let stations = stations.into_iter().map(|(_, name)| name.to_owned());
            self.published.extend(stations);
        }
        Ok(Step::Done(outcome))
    }

    /// How the change is logged, if the article may change so.
    fn transition(&self, current: &Article, next: &Article, etag: &str) -> Result<(Op, Change)> {
        let is_changed = etag != current.etag;
        // Only of what is changed: what is withdrawn may be deleted.
        let change = match is_changed {
            true => Change::under(current, &self.chunk.correction_reason)?,
            false => Change::Plain,
        };
        let is_new_state = current.state != next.state;
        if is_new_state && next.state() == State::Draft {
            return Err(Error::IllegalTransition {
                name: current.name.clone(),
                state: current.state().as_str_name(),
                verb: "made a DRAFT again",
                hint: "",
            });
        }
        let op = match (current.is_deleted(), next.is_deleted()) {
            (false, true) => Op::Deleted,
            (true, false) => Op::Undeleted,
            _ if is_new_state && next.state() == State::Published => Op::Published,
            _ if is_new_state => Op::Retracted,
            _ if change == Change::Correction => Op::Corrected,
            _ => Op::Updated,
        };
        Ok((op, change))
    }

    /// Sees to what the kept statistics of a changed article share with it.
    fn prepare_along(
        &mut self,
        field: &str,
        current: &Article,
        next: &Article,
        change: Change,
    ) -> Result<()> {
        if !takes_along(current, next, source_sha256(next)) {
            return Ok(());
        }
        let name = next.name.as_str();
        if self
            .view
            .lacks(Needs::default().and_statistics_of(name))
            .is_some()
        {
            let description = "takes too many statistics along; send it in a chunk of its own";
            return Err(Error::invalid(field, description));
        }
        let removed = removed_ids(current, next);
        check_removed(field, &removed, &self.view.statistics_of(name)?)?;
        let is_new_page = source_sha256(next) != source_sha256(current);
        let pages = match is_new_page {
            true => self
                .page(source_sha256(current))?
                .zip(self.page(source_sha256(next))?),
            false => None,
        };
        self.along.push(Along {
            article: next.clone(),
            pages,
            change,
        });
        Ok(())
    }

    /// A page that was read under the lock.
    pub(super) fn page(&self, sha256: &str) -> Result<Option<Page>> {
        if sha256.is_empty() {
            return Ok(None);
        }
        let text: Option<Arc<str>> = self.view.source(sha256)?;
        Ok(text.map(|text| Page::new(&text)))
    }
}

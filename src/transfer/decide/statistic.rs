//! A statistic of a chunk.

use super::history::take_statistic;
use super::{Deciding, Step};
use crate::articles::write::source_sha256;
use crate::changes::view::Needs;
use crate::changes::write::Op;
use crate::corrections::Change;
use crate::error::{Error, Result, Violation};
use crate::names::StatisticName;
use crate::pb::article::State;
use crate::pb::import_records_response::result::Outcome;
use crate::pb::{Article, Statistic};
use crate::record::{Record as _, etag};
use crate::statistics::write::check_parents;
use crate::statistics::{STATISTICS_MAX, references};
use crate::transfer::chunk::Item;
use crate::transfer::proof::{self, Against, Draft};

impl Deciding<'_> {
    pub(super) fn statistic(&mut self, item: &Item, given: &Statistic) -> Result<Step> {
        let field = item.path();
        let name = StatisticName::parse(&format!("{field}.name"), &given.name)?;
        let article = self.view.seen::<Article>(name.article().as_str())?;
        let article = article
            .filter(|article| item.is_deleted || !article.is_deleted())
            .ok_or_else(|| {
                let shown = Violation::shown(&given.name);
                let description = format!("must be of an article that exists, got {shown}");
                Violation::invalid(format!("{field}.name"), description)
            })?;
        if self.is_left(item)? {
            return Ok(Step::Done(Outcome::Unchanged));
        }
        let current = self.view.record::<Statistic>(&given.name)?;
        if current.is_none() && self.view.count_of(&article.name)? >= STATISTICS_MAX {
            let allowed = format!(
                "must be of an article with fewer than {STATISTICS_MAX} statistics, deleted ones included"
            );
            return Err(Error::invalid(format!("{field}.name"), allowed));
        }
        let mut next = match self.statistic_draft(item, &article)? {
            Some(draft) => draft.clone(),
            None => {
                let sha256 = source_sha256(&article);
                if let Some(more) = self.view.lacks(Needs::default().and_source(sha256)) {
                    return Ok(Step::Lacks(more));
                }
                proof::statistic(&field, given, &article, self.page(sha256)?.as_ref())?
            }
        };
        next.state = article.state;
        take_statistic(&field, given, &mut next, current.as_ref())?;
        self.check_references(item, references(&next))?;
        if let Some(more) = check_parents(&self.view, &field, &next)? {
            return Ok(Step::Lacks(more));
        }
        let etag = etag(&next);
        let (op, outcome) = match current {
            None => (Op::Created, Outcome::Created),
            Some(current) => {
                if etag == current.etag && next.is_deleted() == current.is_deleted() {
                    return Ok(Step::Done(Outcome::Unchanged));
                }
                let op = self.statistic_op(&article, &current, &next)?;
                (op, Outcome::Updated)
            }
        };
        if article.state() == State::Published && !next.is_deleted() {
            self.published.extend(next.stations.iter().cloned());
        }
        self.write(op, next, Some(etag))?;
        Ok(Step::Done(outcome))
    }

    /// What was proven before the lock, if its article is still what it was proven against.
    fn statistic_draft<'i>(
        &self,
        item: &'i Item,
        article: &Article,
    ) -> Result<Option<&'i Statistic>> {
        let holds = match item.proof.as_ref().map(|proof| &proof.against) {
            Some(Against::Kept(revision)) => *revision == article.revision,
            Some(Against::Given(place)) => self.taken.contains(place),
            _ => false,
        };
        Ok(match item.draft(holds)? {
            // The page of an article that was given without one may be another by now.
            Some(Draft::Statistic(draft)) if draft.source_sha256 == source_sha256(article) => {
                Some(draft)
            }
            _ => None,
        })
    }

    /// How the change is logged, if the statistic may change so.
    fn statistic_op(&self, article: &Article, current: &Statistic, next: &Statistic) -> Result<Op> {
        // The rules of an article in the state that the statistic was in until now.
        let until_now = Article {
            name: article.name.clone(),
            state: current.state,
            ..Article::default()
        };
        // It goes with its article, of which no more is asked.
        let goes_along = article.is_deleted() && next.is_deleted() && etag(next) == current.etag;
        let change = match goes_along {
            true => Change::Plain,
            false => Change::under(&until_now, &self.chunk.correction_reason)?,
        };
        let is_new_state = current.state != next.state;
        let op = match (current.is_deleted(), next.is_deleted()) {
            _ if is_new_state && next.state() == State::Published => Op::Published,
            _ if is_new_state && next.state() == State::Retracted => Op::Retracted,
            (false, true) => Op::Deleted,
            (true, false) => Op::Undeleted,
            _ => Op::Updated,
        };
        if op == Op::Deleted || (!current.is_deleted() && next.is_deleted()) {
            self.check_referrers(&next.name)?;
        }
        let is_plain = matches!(op, Op::Deleted | Op::Undeleted | Op::Updated);
        Ok(match change {
            Change::Correction if is_plain => Op::Corrected,
            _ => op,
        })
    }
}

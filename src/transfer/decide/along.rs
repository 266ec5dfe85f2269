//! Statistics that are not given in the chunk, taken along by the article they are of.

use super::Deciding;
use crate::articles::write::move_statistic;
use crate::changes::write::Op;
use crate::corrections::Change;
use crate::error::Result;
use crate::page::Page;
use crate::pb::Article;
use crate::pb::article::State;
use crate::record::{Record as _, etag};
use crate::span::Anchor;

/// An article whose next version its statistics share something of.
pub struct Along {
    pub article: Article,
    /// The old page and the new one, when there is a new one.
    pub pages: Option<(Page, Page)>,
    pub change: Change,
}

impl Deciding<'_> {
    /// State, page and deletion, as the services change them with the article.
    pub(super) fn take_along(&mut self, along: Along) -> Result<()> {
        let article = &along.article;
        for mut statistic in self.view.statistics_of(&article.name)? {
            if self.written.contains_key(&statistic.name) {
                continue;
            }
            let was = (etag(&statistic), statistic.is_deleted());
            let mut op = Op::Updated;
            if let Some((old_page, page)) = &along.pages {
                let paragraphs = &article.paragraphs;
                let anchor = Anchor { page, paragraphs };
                let reason = &self.chunk.correction_reason;
                op = move_statistic(
                    &mut statistic,
                    &anchor,
                    old_page,
                    along.change,
                    reason,
                    self.stamp,
                );
            }
            if statistic.state != article.state {
                statistic.state = article.state;
                op = match article.state() {
                    State::Retracted => Op::Retracted,
                    _ => Op::Published,
                };
            }
            if article.is_deleted() && !statistic.is_deleted() {
                statistic.delete_time = article.delete_time;
                op = Op::Deleted;
            }
            let etag = etag(&statistic);
            if was == (etag.clone(), statistic.is_deleted()) {
                continue;
            }
            if article.state() == State::Published && !statistic.is_deleted() {
                self.published.extend(statistic.stations.iter().cloned());
            }
            self.write(op, statistic, Some(etag))?;
        }
        Ok(())
    }
}

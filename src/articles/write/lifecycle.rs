//! Publish, retract, delete, undelete: each takes the article's statistics along in its revision.

use prost::Message as _;

use crate::articles::station_references;
use crate::articles::write::{FIELD, needs_of, stations};
use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Op, Row, ToDelete, Write, deleted, live, to_delete};
use crate::error::{Error, Result};
use crate::names::ArticleName;
use crate::pb::article::State;
use crate::pb::{Article, Retraction, Statistic};
use crate::record::{Record as _, Stamp, check_etag, seal};
use crate::references::{activate, check_references};

fn needs(name: &ArticleName) -> Needs {
    Needs::record(name.as_str()).and_statistics_of(name.as_str())
}

fn illegal(article: &Article, verb: &'static str, hint: &'static str) -> Error {
    let state = article.state().as_str_name();
    Error::IllegalTransition {
        name: article.name.clone(),
        state,
        verb,
        hint,
    }
}

/// The statistics' next versions, all logged alike.
fn rows(op: Op, statistics: &mut [Statistic], stamp: &Stamp) -> Vec<Row> {
    let sealed = statistics.iter_mut().map(|statistic| {
        seal(statistic, stamp);
        Row::of(op, statistic)
    });
    sealed.collect()
}

pub struct Publish {
    pub name: ArticleName,
    pub etag: String,
}

impl Write for Publish {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        needs(&self.name)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let mut article: Article = live(view, self.name.as_str())?;
        check_etag(&self.etag, &article)?;
        if article.state() != State::Draft {
            return Err(illegal(&article, "published", ""));
        }
        let mut statistics = view.statistics_of(self.name.as_str())?;
        // What deleted ones alone name stays proposed: nobody is shown them.
        let kept = statistics
            .iter()
            .filter(|statistic| !statistic.is_deleted());
        let named = stations(&article, kept);
        if let Some(more) = view.lacks(needs_of(&named)) {
            return Ok(Decision::Read(more));
        }
        let activated = activate(view, stamp, named)?;
        article.set_state(State::Published);
        seal(&mut article, stamp);
        for statistic in &mut statistics {
            statistic.set_state(State::Published);
        }
        let mut rows = rows(Op::Published, &mut statistics, stamp);
        rows.extend(activated);
        Ok(Decision::write(Op::Published, &article, rows, ""))
    }
}

pub struct Retract {
    pub name: ArticleName,
    pub etag: String,
    pub reason: String,
}

impl Write for Retract {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        needs(&self.name)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let mut article: Article = live(view, self.name.as_str())?;
        check_etag(&self.etag, &article)?;
        if article.state() != State::Published {
            return Err(illegal(&article, "retracted", ""));
        }
        article.set_state(State::Retracted);
        article.retraction = Some(Retraction {
            time: Some(stamp.time),
            reason: self.reason.clone(),
        });
        seal(&mut article, stamp);
        let mut statistics = view.statistics_of(self.name.as_str())?;
        for statistic in &mut statistics {
            statistic.set_state(State::Retracted);
        }
        let rows = rows(Op::Retracted, &mut statistics, stamp);
        Ok(Decision::write(Op::Retracted, &article, rows, &self.reason))
    }
}

pub struct Delete {
    pub name: ArticleName,
    pub etag: String,
    pub allow_missing: bool,
    pub force: bool,
    /// Whether the caller may delete what was retracted too.
    pub may_delete_retracted: bool,
}

impl Write for Delete {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        needs(&self.name)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let name = self.name.as_str();
        let mut article = match to_delete::<Article>(view, name, &self.etag, self.allow_missing)? {
            ToDelete::Live(article) => article,
            ToDelete::Gone(answer) => {
                return Ok(Decision::Keep {
                    answer: answer.encode_to_vec(),
                });
            }
        };
        if article.state() == State::Published {
            return Err(illegal(&article, "deleted", "; retract it instead"));
        }
        if article.state() == State::Retracted && !self.may_delete_retracted {
            return Err(Error::PermissionDenied {
                what: "deleting a RETRACTED article".to_owned(),
                role: "admin",
            });
        }
        let mut statistics = view.statistics_of(name)?;
        statistics.retain(|statistic| !statistic.is_deleted());
        if !statistics.is_empty() && !self.force {
            let count = statistics.len();
            return Err(Error::HasChildren {
                name: name.to_owned(),
                count,
            });
        }
        article.delete_time = Some(stamp.time);
        seal(&mut article, stamp);
        for statistic in &mut statistics {
            statistic.delete_time = Some(stamp.time);
        }
        let rows = rows(Op::Deleted, &mut statistics, stamp);
        Ok(Decision::write(Op::Deleted, &article, rows, ""))
    }
}

pub struct Undelete {
    pub name: ArticleName,
    pub etag: String,
}

impl Write for Undelete {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn needs(&self) -> Needs {
        needs(&self.name)
    }

    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        let mut article: Article = deleted(view, self.name.as_str(), &self.etag)?;
        let mut statistics = view.statistics_of(self.name.as_str())?;
        // Those that were deleted with it; the others were deleted before, by themselves. An import may have
        // given each a revision of its own, and keeps the times.
        statistics.retain(|statistic| statistic.delete_time == article.delete_time);
        let named = stations(&article, &statistics);
        if let Some(more) = view.lacks(needs_of(&named)) {
            return Ok(Decision::Read(more));
        }
        check_references(view, FIELD, station_references(&article))?;
        for (index, statistic) in statistics.iter().enumerate() {
            let stations = statistic.stations.iter().enumerate();
            let references = stations.map(|(at, name)| (format!("stations[{at}]"), name.as_str()));
            check_references(view, &format!("statistics[{index}]"), references)?;
        }
        article.delete_time = None;
        seal(&mut article, stamp);
        for statistic in &mut statistics {
            statistic.delete_time = None;
        }
        let rows = rows(Op::Undeleted, &mut statistics, stamp);
        Ok(Decision::write(Op::Undeleted, &article, rows, ""))
    }
}

//! What may change under a published article, and the correction that records it.

use crate::changes::write::Op;
use crate::error::{Error, Result};
use crate::pb::article::State;
use crate::pb::{Article, Correction};
use crate::record::Stamp;
use crate::rules::Check;

pub const REASON_LENGTH_MAX: usize = 1_000;

/// How a change to an article or a statistic of it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Under a draft: without ceremony.
    Plain,
    /// Under a published article: with a reason, kept in the record.
    Correction,
}

impl Change {
    /// What changing an article, or a statistic of it, takes in the article's state.
    pub fn under(article: &Article, reason: &str) -> Result<Self> {
        let name = article.name.clone();
        match article.state() {
            State::Published if reason.is_empty() => {
                Err(Error::CorrectionReasonRequired { article: name })
            }
            State::Published => Ok(Self::Correction),
            State::Retracted => Err(Error::IllegalTransition {
                name,
                state: "RETRACTED",
                verb: "changed",
                hint: "; it is final",
            }),
            State::Draft | State::Unspecified => Ok(Self::Plain),
        }
    }

    /// Records the change, and says how it is logged.
    pub fn record(
        self,
        plain: Op,
        corrections: &mut Vec<Correction>,
        reason: &str,
        stamp: &Stamp,
    ) -> Op {
        match self {
            Self::Plain => plain,
            Self::Correction => {
                corrections.push(Correction {
                    time: Some(stamp.time),
                    reason: reason.to_owned(),
                    revision: stamp.revision,
                });
                Op::Corrected
            }
        }
    }
}

/// A reason that may be left out.
pub fn check_correction_reason(reason: &str) -> Result<()> {
    let mut check = Check::default();
    check.line("correction_reason", reason, REASON_LENGTH_MAX);
    if !reason.is_empty() && reason.trim().is_empty() {
        check.refuse("correction_reason", "must say why, got blanks");
    }
    check.finish()
}

/// A reason that must be given.
pub fn check_reason(field: &str, reason: &str) -> Result<()> {
    let mut check = Check::default();
    check.required_line(field, reason, REASON_LENGTH_MAX);
    check.finish()
}

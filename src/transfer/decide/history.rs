//! What only a service sets, where an import brings it: states, times, corrections.

use prost_types::Timestamp;

use crate::corrections::REASON_LENGTH_MAX;
use crate::error::Result;
use crate::pb::article::State;
use crate::pb::{Article, Correction, Statistic};
use crate::record::{Record, check_length};
use crate::rules::Check;

/// Seconds since 1970 at which the years 1 and 10,000 begin.
const SECONDS_MIN: i64 = -62_135_596_800;
const SECONDS_END: i64 = 253_402_300_800;

/// Takes the times over. A record that has none keeps its own, or is new.
pub fn take_times<R: Record>(
    check: &mut Check,
    field: &str,
    given: &R,
    next: &mut R,
    current: Option<&R>,
) {
    let (created, _) = given.times();
    let kept = current.and_then(|current| current.times().0.copied());
    let (created, deleted) = (created.copied(), given.delete_time().copied());
    check_time(check, &format!("{field}.create_time"), created.as_ref());
    check_time(check, &format!("{field}.delete_time"), deleted.as_ref());
    let header = next.header();
    *header.create_time = created.or(kept);
    *header.delete_time = deleted;
}

fn check_time(check: &mut Check, field: &str, time: Option<&Timestamp>) {
    let is_time = time.is_none_or(|time| {
        (SECONDS_MIN..SECONDS_END).contains(&time.seconds)
            && (0..1_000_000_000).contains(&time.nanos)
    });
    if !is_time {
        check.refuse(field, "must be a time from year 1 to 9999");
    }
}

/// The given corrections, or those that are kept when none are given.
fn corrections(
    check: &mut Check,
    field: &str,
    given: &[Correction],
    current: Option<&[Correction]>,
) -> Vec<Correction> {
    for (index, correction) in given.iter().enumerate() {
        let at = format!("{field}.corrections[{index}]");
        check.line(
            &format!("{at}.reason"),
            &correction.reason,
            REASON_LENGTH_MAX,
        );
        check_time(check, &format!("{at}.time"), correction.time.as_ref());
    }
    match given {
        [] => current.unwrap_or_default().to_vec(),
        given => given.to_vec(),
    }
}

pub fn take_article(
    field: &str,
    given: &Article,
    next: &mut Article,
    current: Option<&Article>,
) -> Result<()> {
    let mut check = Check::default();
    take_times(&mut check, field, given, next, current);
    check.optional_enum::<State>(&format!("{field}.state"), given.state);
    next.state = match (given.state(), current) {
        (State::Unspecified, Some(current)) => current.state,
        (State::Unspecified, None) => State::Draft.into(),
        (state, _) => state.into(),
    };
    let kept = current.map(|current| current.corrections.as_slice());
    next.corrections = corrections(&mut check, field, &given.corrections, kept);
    let kept = current.and_then(|current| current.retraction.clone());
    next.retraction = given.retraction.clone().or(kept);
    if let Some(retraction) = &next.retraction {
        let at = format!("{field}.retraction");
        if next.state() != State::Retracted {
            check.refuse(&at, "must be unset unless the state is RETRACTED");
        }
        check.required_line(
            &format!("{at}.reason"),
            &retraction.reason,
            REASON_LENGTH_MAX,
        );
        check_time(&mut check, &format!("{at}.time"), retraction.time.as_ref());
    }
    if next.is_deleted() && next.state() == State::Published {
        let at = format!("{field}.delete_time");
        check.refuse(&at, "must be unset while the state is PUBLISHED");
    }
    check_length(&mut check, field, next);
    check.finish()
}

pub fn take_statistic(
    field: &str,
    given: &Statistic,
    next: &mut Statistic,
    current: Option<&Statistic>,
) -> Result<()> {
    let mut check = Check::default();
    take_times(&mut check, field, given, next, current);
    let kept = current.map(|current| current.corrections.as_slice());
    next.corrections = corrections(&mut check, field, &given.corrections, kept);
    check_length(&mut check, field, next);
    check.finish()
}

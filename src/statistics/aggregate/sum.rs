//! What figures come to together, or why they come to nothing.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;
use time::Date;

use crate::pb::aggregate_statistics_response::Refusal;
use crate::pb::aggregate_statistics_response::refusal::Reason;
use crate::pb::statistic::{Assertion, Qualifier};
use crate::statistics::aggregate::Figure;

/// Units that are shares or multiples: they have no sum.
const SHARES: [&str; 8] = ["%", "‰", "倍", "百分点", "成", "折", "％", "个百分点"];

/// Most figures that a refusal names: there may be many in each of many groups.
pub const REFUSED_NAMES_MAX: usize = 20;

/// What a group comes to.
#[derive(Default)]
pub struct Outcome {
    pub value: Option<Decimal>,
    pub qualifier: Option<Qualifier>,
    pub bound: Option<Decimal>,
}

/// Names of figures, each once, in order: the first of them.
pub fn names<'a>(
    figures: impl IntoIterator<Item = &'a &'a Figure>,
    count_max: usize,
) -> Vec<String> {
    let names: BTreeSet<&str> = figures
        .into_iter()
        .map(|figure| figure.name.as_str())
        .collect();
    let first = names.into_iter().take(count_max);
    first.map(str::to_owned).collect()
}

fn refuse(reason: Reason, members: &[&Figure]) -> Refusal {
    Refusal {
        reason: reason.into(),
        statistics: names(members, REFUSED_NAMES_MAX),
    }
}

/// The sum, or why there is none.
pub fn sum(members: &[&Figure]) -> Result<Outcome, Refusal> {
    check_additive(members)?;
    check_periods(members)?;
    let qualifier = summed_qualifier(members)?;
    let mut value = Decimal::ZERO;
    let mut bound = Decimal::ZERO;
    for figure in members {
        let added = figure.value.and_then(|one| value.checked_add(one));
        value = added.ok_or_else(|| refuse(Reason::NotAdditive, members))?;
        bound += half_of_last_place(figure);
    }
    let is_vague = members.iter().any(|figure| !is_precise(figure.qualifier));
    let qualifier = match qualifier {
        Qualifier::Exact if bound > Decimal::ZERO => Qualifier::Approximate,
        qualifier => qualifier,
    };
    Ok(Outcome {
        value: Some(value),
        qualifier: Some(qualifier),
        bound: (!is_vague && bound > Decimal::ZERO).then(|| bound.normalize()),
    })
}

fn check_additive(members: &[&Figure]) -> Result<(), Refusal> {
    let stops: Vec<&Figure> = members
        .iter()
        .filter(|figure| {
            figure.assertion != Assertion::Reported
                || matches!(figure.qualifier, Qualifier::Ordinal | Qualifier::Range)
                || !figure.per.is_empty()
                || SHARES.contains(&figure.unit.as_str())
                || figure.value.is_none()
        })
        .copied()
        .collect();
    if !stops.is_empty() {
        return Err(refuse(Reason::NotAdditive, &stops));
    }
    // Whoever received one honour may have received another.
    let counted: Vec<&Figure> = members
        .iter()
        .filter(|figure| !figure.honour.is_empty())
        .copied()
        .collect();
    let honours: BTreeSet<_> = counted
        .iter()
        .map(|figure| (&figure.article, &figure.honour))
        .collect();
    if honours.len() > 1 {
        return Err(refuse(Reason::NotAdditive, &counted));
    }
    Ok(())
}

/// Two figures of one series and place must be of times that are known and apart.
fn check_periods(members: &[&Figure]) -> Result<(), Refusal> {
    let mut series: HashMap<(&str, &str), Vec<&Figure>> = HashMap::new();
    for figure in members {
        let what = if figure.indicator.is_empty() {
            &figure.metric
        } else {
            &figure.indicator
        };
        let figures = series.entry((what, &figure.place)).or_default();
        figures.push(figure);
    }
    let overlapping = series.into_iter().filter(|(_, figures)| overlap(figures));
    match overlapping.min_by_key(|(what, _)| *what) {
        Some((_, figures)) => Err(refuse(Reason::PeriodsOverlap, &figures)),
        None => Ok(()),
    }
}

/// Whether some of several figures are of a common time, or of one that is not known.
fn overlap(figures: &[&Figure]) -> bool {
    if figures.len() == 1 {
        return false;
    }
    let days: Option<Vec<(Date, Date)>> = figures.iter().map(|figure| figure.days).collect();
    let Some(mut days) = days else { return true };
    days.sort_unstable();
    days.windows(2).any(|pair| pair[1].0 <= pair[0].1)
}

fn summed_qualifier(members: &[&Figure]) -> Result<Qualifier, Refusal> {
    let has = |wanted: &[Qualifier]| members.iter().any(|one| wanted.contains(&one.qualifier));
    let from_below = has(&[Qualifier::MoreThan, Qualifier::AtLeast]);
    let from_above = has(&[Qualifier::LessThan, Qualifier::AtMost]);
    match (from_below, from_above) {
        (true, true) => Err(refuse(Reason::QualifiersConflict, members)),
        (true, false) => Ok(Qualifier::AtLeast),
        (false, true) => Ok(Qualifier::AtMost),
        (false, false) if has(&[Qualifier::Approximate]) => Ok(Qualifier::Approximate),
        (false, false) => Ok(Qualifier::Exact),
    }
}

fn is_precise(qualifier: Qualifier) -> bool {
    matches!(
        qualifier,
        Qualifier::Exact | Qualifier::AtLeast | Qualifier::AtMost
    )
}

/// Half of the last written place of a figure that was multiplied out: 50 for 4.75万.
fn half_of_last_place(figure: &Figure) -> Decimal {
    let (Some(value), 1..) = (figure.value, figure.significant_digits) else {
        return Decimal::ZERO;
    };
    let integer_digits = value.trunc().abs().to_string().len();
    let places = integer_digits.saturating_sub(figure.significant_digits as usize);
    let place = u32::try_from(places)
        .ok()
        .and_then(|places| 10_i64.checked_pow(places));
    match place {
        Some(place) if places > 0 => Decimal::from(place) / Decimal::TWO,
        _ => Decimal::ZERO,
    }
}

/// The least or the greatest value, with its own qualifier; of equal ones with one that says more than EXACT, in
/// whatever order they are read.
pub fn extreme(
    members: &[&Figure],
    is_better: fn(Decimal, Decimal) -> bool,
) -> Result<Outcome, Refusal> {
    let without: Vec<&Figure> = members
        .iter()
        .filter(|figure| figure.value.is_none())
        .copied()
        .collect();
    if !without.is_empty() {
        return Err(refuse(Reason::NotAdditive, &without));
    }
    let mut best: Option<(Decimal, Qualifier)> = None;
    for figure in members {
        let Some(value) = figure.value else { continue };
        let is_first = best.is_none_or(|(kept, known)| {
            let says_more = figure.qualifier as i32 > known as i32;
            is_better(value, kept) || value == kept && says_more
        });
        if is_first {
            best = Some((value, figure.qualifier));
        }
    }
    let (value, qualifier) = best.unzip();
    Ok(Outcome {
        value,
        qualifier,
        bound: None,
    })
}

//! The time a figure is of: the last that its sentence names before it.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::{Cue, Hit, UnitKind};
use super::marks;
use super::sheet::Sheet;
use super::times::Moment;
use crate::pb;

/// A period, and where the words stand that say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub period: pb::Period,
    pub text: Option<Range<usize>>,
    pub end_text: Option<Range<usize>>,
}

pub fn told(sheet: &Sheet<'_>, reading: &Reading) -> Option<Told> {
    if let Some(told) = in_a_row(sheet, reading) {
        return Some(told);
    }
    let number = reading
        .before
        .as_ref()
        .map_or(&reading.measure.core, |before| &before.core);
    let start = sentence_start(sheet, reading.clause);
    let range = sheet.within_reach(start.min(number.start)..number.start, number);
    let moment = last_moment(sheet, &range);
    let is_time = |cue| matches!(cue, Cue::Period | Cue::Until | Cue::Every(_));
    let cue = sheet.last_cue(range, is_time);
    match (moment, cue) {
        (Some(moment), Some(cue)) if cue.range.start >= moment.range.start => Some(of_cue(cue)),
        (Some(moment), _) => Some(of_moment(sheet, moment)),
        (None, Some(cue)) => Some(of_cue(cue)),
        (None, None) => None,
    }
}

/// 连续三年: the number is the length of its period itself.
fn in_a_row(sheet: &Sheet<'_>, reading: &Reading) -> Option<Told> {
    let measure = &reading.measure;
    let unit = measure
        .unit
        .filter(|unit| unit.kind == UnitKind::Duration)?;
    let start = sheet.text[..measure.core.start].strip_suffix("连续")?.len();
    let period = pb::Period {
        duration: marks::duration(measure, unit.unit),
        ..pb::Period::default()
    };
    Some(Told {
        period,
        text: Some(start..measure.core.end),
        end_text: None,
    })
}

/// Where the sentence of a clause begins, looking back a bounded way.
pub fn sentence_start(sheet: &Sheet<'_>, clause: usize) -> usize {
    const CLAUSES_MAX: usize = 24;
    let sentence = sheet.clauses[clause].sentence;
    let first = (0..=clause)
        .rev()
        .take(CLAUSES_MAX)
        .take_while(|index| sheet.clauses[*index].sentence == sentence)
        .last();
    sheet.clauses[first.unwrap_or(clause)].range.start
}

fn last_moment<'s>(sheet: &'s Sheet<'_>, range: &Range<usize>) -> Option<&'s Moment> {
    let end = sheet
        .moments
        .partition_point(|moment| moment.range.end <= range.end);
    let before = sheet.moments[..end].iter().rev();
    let mut before = before
        .take_while(|moment| moment.range.start >= range.start)
        .take(8);
    before.find(|moment| moment.period.is_some())
}

fn of_cue(hit: &Hit) -> Told {
    let mut period = pb::Period::default();
    let mut end_text = None;
    match hit.cue {
        Cue::Every(recurrence) => recurrence.clone_into(&mut period.recurrence),
        Cue::Until => end_text = Some(hit.range.clone()),
        _ => {}
    }
    Told {
        period,
        text: Some(hit.range.clone()),
        end_text,
    }
}

fn of_moment(sheet: &Sheet<'_>, moment: &Moment) -> Told {
    let mut period = moment.period.clone().unwrap_or_default();
    let before = &sheet.text[..moment.range.start];
    let after = &sheet.text[moment.range.end..];
    let is_until = ["截至", "截止", "截止至", "截止到", "截至到"]
        .iter()
        .any(|word| before.ends_with(word));
    let is_since =
        after.starts_with("以来") || after.starts_with('起') || after.starts_with("至今");
    if is_until && period.end.is_some() {
        period.start = None;
    } else if is_since && period.start.is_some() {
        period.end = None;
    }
    if [&period.start, &period.end]
        .iter()
        .all(|date| date.is_none())
        && period.duration.is_empty()
        && period.recurrence.is_empty()
    {
        // A day without its month is no date of the records; the words stay.
        period = pb::Period::default();
    }
    Told {
        period,
        text: Some(moment.range.clone()),
        end_text: None,
    }
}

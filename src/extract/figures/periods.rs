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
    let cues = sheet.cues_in(range.clone()).iter().rev();
    let mut cues = cues.filter(|hit| is_time(hit.cue) && !is_basis(sheet, &hit.range));
    let cue = cues.next();
    let told = match (moment, cue) {
        (Some(moment), Some(cue)) if cue.range.start >= moment.range.end => of_cue(cue),
        (Some(moment), _) => of_moment(sheet, moment),
        (None, Some(cue)) => of_cue(cue),
        (None, None) => return None,
    };
    Some(with_words_before(sheet, told, range.start))
}

/// 去年全年, 今年8月以来, 2023年上半年: takes in the times that stand directly before, and their dates.
fn with_words_before(sheet: &Sheet<'_>, mut told: Told, floor: usize) -> Told {
    const WORDS_MAX: usize = 3;
    let Some(mut text) = told.text.clone() else {
        return told;
    };
    let until = told.end_text.as_ref() == Some(&text);
    for _ in 0..WORDS_MAX {
        if let Some(moment) = last_moment(sheet, &(floor..text.start))
            && moment.range.end == text.start
            && let Some(period) = &moment.period
        {
            take_dates(&mut told.period, period);
            text.start = moment.range.start;
        } else if let Some(cue) = sheet.last_cue(floor..text.start, |cue| cue == Cue::Period)
            && cue.range.end == text.start
        {
            text.start = cue.range.start;
        } else {
            break;
        }
    }
    if until {
        told.end_text = Some(text.clone());
    }
    told.text = Some(text);
    told
}

/// Gives a part of a year the year, and words without a date that of the words before.
fn take_dates(period: &mut pb::Period, before: &pb::Period) {
    let year = before.start.as_ref().filter(|date| date.month == 0);
    if period.start.is_none() && period.end.is_none() {
        period.start.clone_from(&before.start);
        period.end.clone_from(&before.end);
    } else if let Some(year) = year.map(|date| date.year) {
        let dates = [&mut period.start, &mut period.end];
        for date in dates.into_iter().flatten() {
            date.year = year;
        }
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

/// 较去年同期, 由2022年的91.2%: a time that something is compared with, and not that of a figure.
fn is_basis(sheet: &Sheet<'_>, time: &Range<usize>) -> bool {
    let before = &sheet.text[..time.start];
    let is_from = before.ends_with(['从', '由']) && sheet.text[time.end..].starts_with('的');
    is_from || before.ends_with(['较', '比'])
}

pub fn is_time(cue: Cue) -> bool {
    matches!(
        cue,
        Cue::Period | Cue::Months(..) | Cue::Until | Cue::Every(_)
    )
}

pub fn last_moment<'s>(sheet: &'s Sheet<'_>, range: &Range<usize>) -> Option<&'s Moment> {
    let end = sheet
        .moments
        .partition_point(|moment| moment.range.end <= range.end);
    let before = sheet.moments[..end].iter().rev();
    let mut before = before
        .take_while(|moment| moment.range.start >= range.start)
        .take(8);
    before.find(|moment| moment.period.is_some() && !is_basis(sheet, &moment.range))
}

fn of_cue(hit: &Hit) -> Told {
    let mut period = pb::Period::default();
    let mut end_text = None;
    match hit.cue {
        Cue::Every(recurrence) => recurrence.clone_into(&mut period.recurrence),
        Cue::Until => end_text = Some(hit.range.clone()),
        Cue::Months(first, last) => {
            period.start = Some(month(first));
            period.end = Some(month(last));
        }
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
    let since = since(after);
    let before = before_which(after);
    if (is_until || !before.is_empty()) && period.end.is_some() {
        period.start = None;
    } else if !since.is_empty() && period.start.is_some() {
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
        text: Some(moment.range.start..moment.range.end + since.len().max(before.len())),
        end_text: None,
    }
}

/// 8月以来, 3月1日起: the word after a date that begins a time without an end.
pub fn since(after: &str) -> &str {
    const OTHERS: [char; 10] = ['火', '诉', '飞', '床', '草', '获', '点', '底', '降', '源'];
    let word = ["以来", "起", "至今"]
        .iter()
        .find(|word| after.starts_with(**word));
    let word = word.map_or("", |word| &after[..word.len()]);
    match word == "起" && after[word.len()..].starts_with(OTHERS) {
        true => "",
        false => word,
    }
}

/// 12月底前: the word after a date that is the end of a time.
pub fn before_which(after: &str) -> &str {
    let word = ["之前", "以前", "前"]
        .iter()
        .find(|word| after.starts_with(**word));
    let word = word.map_or("", |word| &after[..word.len()]);
    let rest = &after[word.len()..];
    match rest.starts_with(['往', '来', '后', '夕', '去', '方', '期', '述']) {
        true => "",
        false => word,
    }
}

fn month(month: i32) -> pb::Date {
    pb::Date {
        month,
        ..pb::Date::default()
    }
}

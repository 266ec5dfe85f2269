//! What a text claims of a number: that it happened, is required, intended, or how something is built.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::{Cue, UnitKind};
use super::sheet::Sheet;
use crate::pb::statistic::{Assertion, Qualifier, TargetKind};

/// The claim, and its words.
#[derive(Debug, Default, PartialEq)]
pub struct Claim {
    pub assertion: Assertion,
    pub target_kind: TargetKind,
    pub hedge: Option<Range<usize>>,
    pub trend: Option<Range<usize>>,
}

pub fn claim(sheet: &Sheet<'_>, reading: &Reading, place: &Range<usize>) -> Claim {
    let number = &reading.measure.core;
    let clause = sheet.clause_of(number);
    let before = clause.start.min(place.start)..number.start;
    let after = number.end..clause.end.max(number.end);
    let hedge = sheet.last_cue(clause.start..number.start, |cue| cue == Cue::Hedge);
    let trend = sheet.last_cue(after.clone(), |cue| cue == Cue::Trend);
    let (assertion, target_kind) = assertion(sheet, reading, before, after);
    let is_plain = assertion == Assertion::Reported;
    Claim {
        assertion,
        target_kind,
        hedge: hedge.filter(|_| !is_plain).map(|hit| hit.range.clone()),
        trend: trend.map(|hit| hit.range.clone()),
    }
}

fn assertion(
    sheet: &Sheet<'_>,
    reading: &Reading,
    before: Range<usize>,
    after: Range<usize>,
) -> (Assertion, TargetKind) {
    let unit = reading.measure.unit;
    let is_share = unit.is_some_and(|unit| unit.kind == UnitKind::Share);
    let lead = &sheet.text[before.clone()];
    let told_after = &sheet.text[after.clone()];
    let happened = lead.contains('已') || lead.ends_with('了');
    if is_criterion(reading, lead) {
        return (Assertion::Target, TargetKind::Criterion);
    }
    if sheet.has_cue(before.clone(), |cue| cue == Cue::Aspiration) && !happened {
        return (Assertion::Target, TargetKind::Aspiration);
    }
    if sheet.has_cue(before.clone(), |cue| cue == Cue::Requirement) && !happened {
        let is_quota = is_share
            && ["比例", "占比", "比重", "率"]
                .iter()
                .any(|word| lead.contains(word));
        let kind = if is_quota {
            TargetKind::Quota
        } else {
            TargetKind::Requirement
        };
        return (Assertion::Target, kind);
    }
    let is_called_for = unit.is_some_and(|unit| unit.word == "方面") && lead.contains('要')
        || told_after.starts_with("方面抓");
    if is_called_for || sheet.has_cue(before.clone(), |cue| cue == Cue::Plan) && !happened {
        return (Assertion::Plan, TargetKind::Unspecified);
    }
    let is_part = sheet
        .cues_in(reading.measure.written.end..after.end)
        .iter()
        .any(|hit| hit.cue == Cue::Part && hit.range.start <= reading.measure.core.end + 40);
    if sheet.has_cue(before, |cue| cue == Cue::Structure) || is_part && !is_share {
        return (Assertion::Structure, TargetKind::Unspecified);
    }
    (Assertion::Reported, TargetKind::Unspecified)
}

/// 要有2年以上…经历: a condition that somebody must meet.
fn is_criterion(reading: &Reading, lead: &str) -> bool {
    const BEFORE: [&str; 10] = [
        "要有", "应有", "须有", "需有", "具有", "具备", "须满", "应满", "年满", "有",
    ];
    let is_length = reading
        .measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Duration);
    let is_bounded = reading.measure.qualifier == Qualifier::AtLeast;
    is_length && is_bounded && BEFORE.iter().any(|word| lead.ends_with(word))
}

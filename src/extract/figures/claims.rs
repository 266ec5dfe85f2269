//! What a text claims of a number: that it happened, is required, intended, or how something is built.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::{Cue, Hit, UnitKind};
use super::periods;
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
    let before_it = goes_on(sheet, reading, lead).filter(|_| !happened);
    match before_it {
        Some(Cue::Aspiration) => return (Assertion::Target, TargetKind::Aspiration),
        Some(Cue::Requirement) => return (Assertion::Target, TargetKind::Requirement),
        _ => {}
    }
    if is_called_for || before_it == Some(Cue::Plan) || has_plan(sheet, before.clone()) && !happened
    {
        return (Assertion::Plan, TargetKind::Unspecified);
    }
    let is_part = is_part(sheet, reading, after.end);
    if sheet.has_cue(before, |cue| cue == Cue::Structure) || is_part && !is_share {
        return (Assertion::Structure, TargetKind::Unspecified);
    }
    (Assertion::Reported, TargetKind::Unspecified)
}

/// 3个“半小时”机动勤务机制: whether what is counted is part of how something is organised.
fn is_part(sheet: &Sheet<'_>, reading: &Reading, end: usize) -> bool {
    const NEAR: usize = 30;
    let number = &reading.measure;
    let mut cues = sheet.cues_in(number.written.end..end).iter();
    cues.any(|hit| {
        let between = sheet.text.get(number.core.end..hit.range.start);
        let is_near = between.is_none_or(|between| {
            between.len() <= NEAR && !between.contains(['该', '了', '推', '和', '、'])
        });
        hit.cue == Cue::Part && is_near
    })
}

/// Whether something is planned; 年度计划的30% and 超计划 only name a plan.
fn has_plan(sheet: &Sheet<'_>, range: Range<usize>) -> bool {
    let mut cues = sheet.cues_in(range).iter();
    cues.any(|hit| {
        let is_named = sheet.text[hit.range.end..].starts_with(['的', '完'])
            || sheet.text[..hit.range.start].ends_with(['度', '超', '该', '本']);
        hit.cue == Cue::Plan && !is_named
    })
}

/// 计划新建警务站6个，安装探头260个: what is planned or striven for goes on to the end of its sentence, until
/// something is told of what there is.
fn goes_on(sheet: &Sheet<'_>, reading: &Reading, lead: &str) -> Option<Cue> {
    const CLAUSES_MAX: usize = 8;
    const NOW: [&str; 5] = ["共", "累计", "目前", "现有", "完成了"];
    const DONE: [char; 2] = ['已', '了'];
    let own = &sheet.clauses[reading.clause];
    let is_done = |text: &str| NOW.iter().any(|word| text.contains(word)) || text.contains(DONE);
    let may_go_on = |cue| matches!(cue, Cue::Plan | Cue::Aspiration | Cue::Requirement);
    let start = periods::sentence_start(sheet, reading.clause);
    // Most sentences claim nothing of the kind.
    if !sheet.has_cue(start..own.range.start.max(start), may_go_on) || is_done(lead) {
        return None;
    }
    let bounds = [Qualifier::AtLeast, Qualifier::AtMost];
    let is_bounded = bounds.contains(&reading.measure.qualifier);
    let before = sheet.clauses[..reading.clause].iter().rev();
    let before = before
        .take(CLAUSES_MAX)
        .take_while(|clause| clause.sentence == own.sentence);
    for clause in before {
        let range = sheet.within_reach(clause.range.clone(), &reading.measure.core);
        if !sheet.text[range.end..].starts_with([',', '、']) {
            return None;
        }
        // 不低于50%，控制在15人以内
        let is_bound = |hit: &&Hit| {
            hit.cue == Cue::Requirement && sheet.text[hit.range.clone()].starts_with('不')
        };
        let required = sheet.cues_in(range.clone()).iter().rev().find(is_bound);
        let strives = sheet.last_cue(range.clone(), |cue| cue == Cue::Aspiration);
        // 为确保安全，出动警力50人 says what for; only a number is striven for.
        let is_of_number = |hit: &&Hit| {
            let rest = &sheet.text[hit.range.end..range.end];
            rest.contains(|char: char| char.is_ascii_digit())
        };
        let has_plan = has_plan(sheet, range.clone());
        match strives.filter(is_of_number) {
            Some(_) => return Some(Cue::Aspiration),
            None if is_bounded && required.is_some_and(|hit| is_of_number(&hit)) => {
                return Some(Cue::Requirement);
            }
            None if has_plan => return Some(Cue::Plan),
            None if is_done(&sheet.text[range]) => return None,
            None => {}
        }
    }
    None
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

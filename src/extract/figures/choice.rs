//! Which numbers are statistics: a number of narrative, or one whose unit nobody prints, is none.

use std::ops::Range;

use rust_decimal::Decimal;

use super::changes::Reading;
use super::lexicon::{Cue, Listed, UnitKind};
use super::measures::{Measure, Measured};
use super::sheet::{Sheet, tail};
use crate::extract::numerals::Form;
use crate::pb::statistic::Qualifier;

/// Keeps what counts or measures, and gives a unit to numbers that print none.
pub fn keep(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut floor = 0;
    let starts: Vec<(usize, usize)> = readings
        .iter()
        .map(|reading| (reading.clause, reading.measure.core.start))
        .collect();
    let mut index = 0;
    readings.retain_mut(|reading| {
        let before = floor;
        floor = reading.measure.whole.end;
        index += 1;
        if reading.before.is_some() {
            return reading.measure.unit.is_some() || reading.measure.significant_digits > 0;
        }
        if reading.measure.unit.is_none() {
            infer_unit(sheet, &mut reading.measure);
        }
        let next = starts
            .get(index)
            .filter(|(clause, _)| *clause == reading.clause);
        let is_class = next.is_some_and(|(_, next)| is_class(sheet, &reading.measure, *next));
        let is_averted = is_averted(sheet, &reading.measure);
        !is_class
            && !is_averted
            && !is_per_so_many(sheet, &reading.measure, next.is_some())
            && !is_of_none(sheet, &reading.measure)
            && counts(sheet, &reading.measure, before)
    });
}

/// 10年以上积案3起: what stands before the things that are counted tells which of them.
fn is_class(sheet: &Sheet<'_>, measure: &Measure, next: usize) -> bool {
    let bound = measure
        .bound
        .as_ref()
        .filter(|bound| bound.start >= measure.core.end);
    let Some(bound) = bound else {
        return false;
    };
    let lead = &sheet.text[..measure.whole.start];
    let is_held = lead.ends_with(['有', '满', '达', '占', '在', '为']);
    let rest = sheet.text.get(bound.end..next).unwrap_or_default();
    let goes_on = rest.starts_with(|char: char| char.is_alphabetic())
        && !rest.starts_with(['和', '及', '与']);
    let is_bounded = matches!(measure.qualifier, Qualifier::AtLeast | Qualifier::AtMost);
    let is_share = measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Share);
    is_bounded && !is_held && !is_share && goes_on && !rest.contains('、')
}

/// 每十万人, 每1000人中有3人, 每抓获1名奖励5万元: what a rate is of.
fn is_per_so_many(sheet: &Sheet<'_>, measure: &Measure, has_next: bool) -> bool {
    let written = &sheet.text[measure.written.clone()];
    let is_round = written.chars().all(|char| "十百千万亿".contains(char));
    let lead = &sheet.text[..measure.whole.start];
    let is_each = lead.ends_with('每') && (is_round || has_next);
    let clause = sheet.clause_of(&measure.core).start.min(lead.len());
    let deed = sheet.last_cue(clause..lead.len(), |cue| cue == Cue::Report);
    let deed = deed.filter(|deed| deed.range.end == lead.len() && has_next);
    let is_each_time = deed.is_some_and(|deed| lead[..deed.range.start].ends_with('每'));
    is_each || is_each_time && measure.value == Decimal::ONE
}

/// 未发生一次死亡3人以上的事故: which of them there were none of.
fn is_of_none(sheet: &Sheet<'_>, measure: &Measure) -> bool {
    let clause = sheet.clause_of(&measure.core);
    let lead = &sheet.text[clause.start.min(measure.whole.start)..measure.whole.start];
    let end = measure.whole.end.min(clause.end);
    let is_bounded = matches!(measure.qualifier, Qualifier::AtLeast | Qualifier::MoreThan);
    is_bounded && end < clause.end && Listed::Absent.is_in(lead)
}

/// 险些被骗5万元: what did not happen is no figure; what was averted, 避免损失20万元, is one.
fn is_averted(sheet: &Sheet<'_>, measure: &Measure) -> bool {
    let clause = sheet.clause_of(&measure.core);
    let lead = clause.start.min(measure.core.start)..measure.core.start;
    let Some(hit) = sheet.last_cue(lead.clone(), |cue| cue == Cue::Averted) else {
        return false;
    };
    // 企图逃跑的3名嫌疑人: who nearly did something may be counted.
    let between = &sheet.text[hit.range.end..lead.end];
    let is_money = measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Money);
    let has_deed = sheet.has_cue(hit.range.end..lead.end, |cue| cue == Cue::Report);
    let is_stopped = has_deed && between.contains('时');
    (is_money || !between.contains('的')) && !is_stopped
}

fn counts(sheet: &Sheet<'_>, measure: &Measure, floor: usize) -> bool {
    let Some(unit) = measure.unit else {
        return is_large_count(measure)
            || is_rounded_down(sheet, measure)
            || is_index(sheet, measure);
    };
    let clause = sheet.clause_of(&measure.core);
    // A clause may begin inside of what is measured.
    let start = clause.start.max(floor).min(measure.whole.start);
    let lead = start..measure.whole.start;
    match unit.kind {
        UnitKind::Duration => is_length_measured(sheet, measure, &clause),
        UnitKind::Area => is_area_counted(measure, &sheet.text[lead]),
        _ if unit.word == "连冠" => true,
        _ if measure.form == Form::Half => unit.kind == UnitKind::Measure,
        _ if is_small_chinese(measure) => is_small_count(sheet, measure, unit, &lead),
        _ => true,
    }
}

/// A number of ten thousands without a unit, or a bounded one.
fn is_large_count(measure: &Measure) -> bool {
    let is_bounded = measure.qualifier != Qualifier::Exact;
    match measure.form {
        Form::Digits => measure.significant_digits > 0,
        Form::Place => is_bounded,
        _ => measure.significant_digits > 0 && is_bounded,
    }
}

/// 警力1500+
fn is_rounded_down(sheet: &Sheet<'_>, measure: &Measure) -> bool {
    let bound = measure
        .bound
        .as_ref()
        .map(|bound| &sheet.text[bound.clone()]);
    bound == Some("+")
}

/// 拥堵指数为1.62: what is told as a number alone.
fn is_index(sheet: &Sheet<'_>, measure: &Measure) -> bool {
    let lead = &sheet.text[..measure.whole.start];
    let lead = lead.trim_end_matches(['为', '达', '是', '到', ':']);
    let rest = &sheet.text[measure.core.end..];
    measure.form == Form::Digits
        && Listed::Index.ends(lead)
        && (rest.is_empty() || rest.starts_with([',', '。', '、', ';', ')']))
}

/// 一 to 十: most of them tell, and do not count.
fn is_small_chinese(measure: &Measure) -> bool {
    let is_plain = matches!(measure.qualifier, Qualifier::Exact | Qualifier::Range);
    let is_share = measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Share);
    measure.form == Form::Chinese && measure.value <= Decimal::TEN && is_plain && !is_share
}

/// Whether a small number is clearly a count: summed up, or right after the deed that is counted.
fn is_small_count(
    sheet: &Sheet<'_>,
    measure: &Measure,
    unit: Measured,
    lead: &Range<usize>,
) -> bool {
    const NEAR: usize = 36;
    let text = &sheet.text[lead.clone()];
    if measure.value <= Decimal::ONE {
        return false;
    }
    let is_summed = text.ends_with(['等', '共']) || text.ends_with("其中");
    let is_plain = matches!(unit.kind, UnitKind::Count | UnitKind::Person);
    let deed = sheet.last_cue(lead.clone(), |cue| cue == Cue::Report);
    let is_right_after = deed.is_some_and(|deed| {
        let between = &sheet.text[deed.range.end..lead.end];
        between.trim_end_matches('了').is_empty()
    });
    let is_near = deed.is_some_and(|deed| deed.range.end + NEAR >= lead.end);
    match unit.word {
        "方面" => text.ends_with('等'),
        "次" | "步" | "条" | "种" | "点" | "道" | "面" | "手" | "片" | "层" | "度" | "级"
        | "门" | "期" => false,
        "个" | "项" | "类" => is_summed || is_right_after,
        _ => is_plain && (is_summed || is_near),
    }
}

/// Whether a length of time was measured, required or served, and is no mere time of narrative.
fn is_length_measured(sheet: &Sheet<'_>, measure: &Measure, clause: &Range<usize>) -> bool {
    const NEAR: usize = 16;
    let lead = &sheet.text[clause.start.min(measure.core.start)..measure.core.start];
    let after = &sheet.text[measure.core.end..clause.end.max(measure.core.end)];
    let is_of = || Listed::LengthOf.begins(after);
    if measure.form == Form::Half {
        return lead.ends_with('“') && after.starts_with('”') || is_of();
    }
    // 不到两年, as a clause of its own only says when.
    let is_vague = matches!(
        measure.qualifier,
        Qualifier::LessThan | Qualifier::Approximate
    );
    let is_long = matches!(
        measure.unit.map(|unit| unit.unit),
        Some("年" | "个月" | "天" | "周")
    );
    let is_whole_clause = is_vague && is_long && sheet.trimmed(clause.clone()) == measure.whole;
    let is_bounded = measure.qualifier != Qualifier::Exact && measure.form != Form::Place;
    let is_small = is_small_chinese(measure) && measure.value <= Decimal::ONE;
    let near = tail(lead, NEAR);
    // 达到139小时: what reaches a length was measured.
    let told = &sheet.text[measure.whole.start..measure.core.start];
    let is_reached = told.contains(['达', '仅']) || told.contains("累计");
    let is_cued = is_reached || Listed::Length.is_in(near);
    !is_small && !is_whole_clause && (is_bounded || is_cued) || is_of()
}

/// 等8省, 覆盖12个县: counted; 四川三省 and 11地 are names as often.
fn is_area_counted(measure: &Measure, lead: &str) -> bool {
    let is_summed = Listed::Area.ends(lead);
    let is_counted = is_summed || measure.qualifier != Qualifier::Exact;
    is_counted && (lead.ends_with('等') || !is_small_chinese(measure))
}

/// The unit of a number that prints none: people for 2000余群众, money for 投资3.5亿.
fn infer_unit(sheet: &Sheet<'_>, measure: &mut Measure) {
    const NEAR: usize = 10;
    let clause = sheet.clause_of(&measure.core);
    let lead = &sheet.text[clause.start..measure.whole.start.max(clause.start)];
    let near = tail(lead, NEAR).trim_end_matches(['却', '也', '还', '才']);
    let after = &sheet.text[measure.core.end..];
    let is_large = sheet.text[measure.written.clone()].contains(['万', '亿']);
    let is_multiplied = measure.significant_digits > 0 || is_large && measure.form == Form::Place;
    let is_bounded = measure.qualifier != Qualifier::Exact || is_multiplied;
    let is_of_people = Listed::People.begins(after);
    let has_people = is_multiplied && Listed::Peopled.ends(near);
    let inferred = |unit, kind| {
        Some(Measured {
            unit,
            word: "",
            kind,
            is_shared: true,
        })
    };
    if is_multiplied && near.ends_with("人次") {
        measure.unit = inferred("人次", UnitKind::Count);
    } else if is_bounded && is_of_people || has_people {
        measure.unit = inferred("人", UnitKind::Person);
    } else if is_multiplied && Listed::Money.is_in(near) {
        measure.unit = inferred("元", UnitKind::Money);
    }
}

//! Which numbers are differences, and of what: 同比下降8.5%、13.2%; 从97.5%上升到98.9%.

use std::ops::Range;

use rust_decimal::Decimal;

use super::bases::{drop_bases, is_right_after, stated};
use super::lexicon::{self, Compare, Cue, Listed, Move, UnitKind};
use super::measures::Measure;
use super::pairs;
use super::sheet::{Sheet, tail};

/// A number, and what it is to its text.
#[derive(Clone, Debug)]
pub struct Reading {
    pub measure: Measure,
    /// Index of its clause.
    pub clause: usize,
    /// The earlier value, of a number that changed: 从97.5%上升到98.9%.
    pub before: Option<Measure>,
    /// The difference that the number is itself, or that is told of it.
    pub change: Option<Change>,
    /// Whether the number is only a difference.
    pub is_change: bool,
    /// Where the clause of its difference ends, when that is told of it elsewhere.
    pub change_end: Option<usize>,
    /// Where its difference begins, when that is told before it.
    pub change_start: Option<usize>,
    /// What it is of, when its difference names that.
    pub name: Option<Range<usize>>,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Change {
    pub direction: Move,
    pub basis: Option<Range<usize>>,
    /// The difference as a number; none of 持平 and 翻番.
    pub delta: Option<Measure>,
    /// What differs, as the clause names it; empty when the clause does not.
    pub name: Range<usize>,
    /// Which of the listed names this is of, and of how many.
    pub turn: (usize, usize),
}

/// Joins what is told of one number, and drops the earlier values that others took.
pub fn read(sheet: &Sheet<'_>, measures: Vec<Measure>) -> Vec<Reading> {
    let readings = measures.into_iter().map(|measure| Reading {
        clause: sheet.clause_at(measure.core.start),
        measure,
        before: None,
        change: None,
        is_change: false,
        change_end: None,
        change_start: None,
        name: None,
    });
    take_earlier_values(sheet, readings.collect())
}

/// 从…到…: the first number is the earlier value of the second.
fn take_earlier_values(sheet: &Sheet<'_>, readings: Vec<Reading>) -> Vec<Reading> {
    let mut kept: Vec<Reading> = Vec::with_capacity(readings.len());
    for mut reading in readings {
        let floor = kept
            .len()
            .checked_sub(2)
            .map_or(0, |index| kept[index].measure.whole.end);
        if let Some(first) = kept.last()
            && first.before.is_none()
            && is_earlier(sheet, first, &reading, floor)
        {
            let first = kept.pop();
            reading.before = first.map(|first| in_unit_of(first.measure, &reading.measure));
            if let Some(before) = reading.before.as_mut() {
                settle_units(before, &mut reading.measure);
            }
        }
        kept.push(reading);
    }
    kept
}

/// How many of a smaller length of time are one of a larger.
fn times(larger: &str, smaller: &str) -> Option<Decimal> {
    let times = match (larger, smaller) {
        ("年", "个月") => 12,
        ("天", "小时") => 24,
        ("小时", "分钟") | ("分钟", "秒") => 60,
        _ => return None,
    };
    Some(Decimal::from(times))
}

/// 由2小时压缩至30分钟: the earlier value is 120 minutes.
fn in_unit_of(mut before: Measure, after: &Measure) -> Measure {
    if let (Some(larger), Some(smaller)) = (before.unit, after.unit)
        && let Some(times) = times(larger.unit, smaller.unit)
        && let Some(value) = before.value.checked_mul(times)
    {
        before.value = value.normalize();
        before.unit = after.unit;
    }
    before
}

/// The unit that only one of two values prints is that of both.
fn settle_units(before: &mut Measure, after: &mut Measure) {
    before.unit = before.unit.or(after.unit);
    after.unit = after.unit.or(before.unit);
}

fn is_earlier(sheet: &Sheet<'_>, first: &Reading, second: &Reading, floor: usize) -> bool {
    const GAP_MAX: usize = 120;
    const FROM: [&str; 14] = [
        "从", "由", "较", "比", "自", "相比", "原来", "原先", "去年", "上年", "以前", "过去",
        "此前", "当初",
    ];
    const MOVES: [&str; 16] = [
        "调整", "扩大", "拓展", "扩", "变", "调", "到", "至", "改", "增", "减", "降", "升", "提",
        "缩", "延长",
    ];
    let (one, two) = (&first.measure, &second.measure);
    let gap = one.whole.end..two.core.start;
    let is_near = first.clause == second.clause || first.clause + 1 == second.clause;
    let is_same_sentence =
        sheet.clauses[first.clause].sentence == sheet.clauses[second.clause].sentence;
    if gap.len() > GAP_MAX || !is_near || !is_same_sentence {
        return false;
    }
    let units = (
        one.unit.map(|unit| unit.unit),
        two.unit.map(|unit| unit.unit),
    );
    let is_length = units
        .0
        .zip(units.1)
        .is_some_and(|(one, two)| times(one, two).is_some());
    let is_same = units.0.is_none() || units.1.is_none() || units.0 == units.1 || is_length;
    let (Some(gap), true) = (sheet.text.get(gap), is_same) else {
        return false;
    };
    let is_moved = MOVES.iter().any(|moves| gap.contains(moves));
    let has_end = gap.contains(['到', '至', '成', '达']) || gap.replace("行为", "").contains('为');
    if !is_moved || !has_end || gap.contains(['、', ';']) {
        return false;
    }
    let lead = sheet.clauses[first.clause].range.start.max(floor)..one.core.start;
    let lead = sheet.within_reach(lead.start.min(lead.end)..lead.end, &one.core);
    let lead = &sheet.text[lead];
    let near_lead = tail(lead, 24).replace("同比", "").replace("环比", "");
    let begins = FROM.iter().any(|from| near_lead.contains(from));
    let is_share = one.unit.is_some_and(|unit| unit.kind == UnitKind::Share);
    let is_difference =
        is_share && lexicon::compare_before(lead.trim_end_matches(['了', '约', '近'])).is_some();
    begins && !is_difference
}

/// Tells differences from values, and gives them to the values they are of.
pub fn compare(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    for index in 0..readings.len() {
        let (done, rest) = readings.split_at_mut(index);
        let Some(reading) = rest.first_mut().filter(|reading| reading.before.is_none()) else {
            continue;
        };
        let change = own_change(sheet, reading, done).or_else(|| continued(sheet, reading, done));
        reading.is_change = change.is_some();
        reading.change = change;
    }
    drop_bases(sheet, readings);
    pairs::pair(sheet, readings);
}

/// The difference a number is by the words right before it.
fn own_change(sheet: &Sheet<'_>, reading: &Reading, done: &[Reading]) -> Option<Change> {
    let measure = &reading.measure;
    // 下降零下1℃: what is below 0 is a level, whatever moved there.
    if measure.value.is_sign_negative() {
        return None;
    }
    let last = done.last();
    let floor = last.filter(|last| last.clause == reading.clause);
    let floor = floor.map_or(0, |last| last.measure.whole.end);
    let start = sheet
        .clause_of(&measure.core)
        .start
        .max(floor)
        .min(measure.whole.start);
    let lead = &sheet.text[start..measure.whole.start];
    // 少了七成 compares, and 少 alone may not.
    let lead = match lexicon::compare_before(lead) {
        Some(_) => lead,
        None => lead.trim_end_matches(['了', ' ', '的']),
    };
    let lead = ["均在", "都在"]
        .iter()
        .find_map(|word| lead.strip_suffix(word))
        .unwrap_or(lead);
    let compare = lexicon::compare_before(lead)?;
    let verb = start + lead.len() - compare.word.len();
    let between = &sheet.text[verb + compare.word.len()..measure.core.start];
    let kind = measure.unit?.kind;
    let last = last.filter(|_| sheet.trimmed(start..verb).is_empty());
    let (start, named) = last
        .and_then(|last| stated(sheet, last, reading))
        .map_or_else(
            || (start, basis(sheet, start..verb)),
            |basis| {
                (
                    sheet.clause_of(&measure.core).start.min(basis.start),
                    Some(basis),
                )
            },
        );
    let name_end = named.as_ref().map_or(verb, |basis| basis.start);
    let basis = named.or_else(|| basis_before(sheet, reading.clause));
    // 提升12处路口的能力: what follows the number is counted, and no difference.
    let rest = &sheet.text[measure.whole.end..];
    // 减少9起下降60%: told once more, as a share.
    let is_told_again = ["下降", "上升", "增长", "降幅", "增幅"]
        .iter()
        .any(|word| rest.starts_with(word));
    let is_bare = is_told_again || !rest.starts_with(char::is_alphanumeric);
    let compare = Compare {
        is_sure: compare.is_sure && is_bare,
        ..compare
    };
    let is_of_last = last.is_some_and(|last| is_right_after(sheet, last, reading, verb));
    // 2210人(+5.3%): a sign in brackets.
    let is_signed = sheet.clauses[reading.clause].is_aside && matches!(lead, "+" | "-");
    let name = trim_name(sheet, start..name_end);
    // 死亡人数减少3人, but not 减少开支20万元.
    let is_of_amount =
        is_bare && !compare.needs_basis && Listed::Varying.ends(&sheet.text[name.clone()]);
    // 下降11%、减少61起
    let goes_on = last.is_some_and(|last| last.is_change && last.clause == reading.clause);
    let has_basis = basis.is_some() || is_of_last || goes_on || is_signed || is_of_amount;
    if !is_difference(compare, kind, between, has_basis) {
        return None;
    }
    Some(Change {
        direction: compare.direction,
        basis,
        delta: Some(measure.clone()),
        name,
        turn: (0, 1),
    })
}

fn is_difference(compare: Compare, kind: UnitKind, between: &str, has_basis: bool) -> bool {
    let reaches = between.contains('为') || between.contains("达到");
    if compare.is_noun {
        return kind == UnitKind::Share;
    }
    let is_new = compare.word == "净增";
    match kind {
        _ if reaches && !between.contains("分别为") => false,
        _ if is_new && kind != UnitKind::Share => false,
        UnitKind::Share => has_basis || !compare.needs_basis,
        _ => has_basis || compare.is_sure,
    }
}

/// What a number is compared with: 同比, or 比 and 较 with a time.
pub fn basis(sheet: &Sheet<'_>, range: Range<usize>) -> Option<Range<usize>> {
    const FAR: usize = 60;
    let text = sheet.text.get(range.clone())?;
    if let Some(hit) = sheet.last_cue(range.clone(), |cue| cue == Cue::Basis) {
        let lead = &sheet.text[range.start..hit.range.start];
        let is_short = sheet.text[hit.range.clone()].starts_with("同期");
        let with = lead
            .rfind(['比', '较', '与'])
            .filter(|at| is_short && lead.len() - at < FAR);
        let start = with.map_or(hit.range.start, |at| range.start + at);
        let rest = &sheet.text[hit.range.end..range.end];
        let rest_is_time = matches!(rest, "末" | "底" | "初" | "年底" | "同期" | "同月" | "年末");
        let end = if rest_is_time {
            range.end
        } else {
            hit.range.end
        };
        return Some(start..end);
    }
    let at = text.rfind(['比', '较'])?;
    let words = &text[at..];
    let is_time = words.contains(['年', '月', '周', '期', '前', '季', '日']);
    let with = text[..at]
        .rfind(['与', '和', '同'])
        .filter(|with| at - with < FAR);
    let start = match with.filter(|_| text[..at].ends_with('相')) {
        Some(with) => with,
        None if words.len() < FAR && is_time => at,
        None => return None,
    };
    Some(range.start + start..range.end).map(|basis| sheet.trimmed(basis))
}

/// 与去年同期相比，起数下降15.8%，死亡人数减少2人: the basis of all that its sentence goes on with.
fn basis_before(sheet: &Sheet<'_>, clause: usize) -> Option<Range<usize>> {
    const FAR: usize = 90;
    const CLAUSES_MAX: usize = 6;
    let sentence = sheet.clauses[clause].sentence;
    let before = sheet.clauses[..clause].iter().rev().take(CLAUSES_MAX);
    let mut before = before.take_while(|before| before.sentence == sentence);
    before.find_map(|before| {
        if !sheet.text[before.range.clone()].ends_with("相比") {
            return None;
        }
        let range = sheet.trimmed(before.range.clone());
        let text = &sheet.text[range.clone()];
        let is_basis = range.len() <= FAR && text.starts_with(['与', '同', '和', '较', '比']);
        is_basis.then_some(range)
    })
}

/// The name of what differs, without words that only lead over to its difference.
pub fn trim_name(sheet: &Sheet<'_>, range: Range<usize>) -> Range<usize> {
    const ENDS: [&str; 17] = [
        "分别", "平均", "日均", "均", "都", "总体", "相比", "大幅", "明显", "的", "全面", "已",
        "则", "累计", "持续", "实现", ",",
    ];
    const STARTS: [&str; 11] = [
        "和", "及", "并", "且", "而", "均", "也", "分别", "其中", "又", "实现",
    ];
    let mut range = sheet.trimmed(range);
    loop {
        let text = &sheet.text[range.clone()];
        if let Some(word) = ENDS.iter().find(|word| text.ends_with(**word)) {
            range.end -= word.len();
        } else if let Some(word) = STARTS.iter().find(|word| text.starts_with(**word)) {
            range.start += word.len();
        } else {
            return range;
        }
        range = sheet.trimmed(range);
    }
}

/// 8.5%、13.2%: a number that goes on with the difference before it.
fn continued(sheet: &Sheet<'_>, reading: &Reading, done: &[Reading]) -> Option<Change> {
    let previous = done
        .last()
        .filter(|last| last.is_change && last.clause == reading.clause)?;
    let between = sheet
        .text
        .get(previous.measure.whole.end..reading.measure.whole.start)?;
    let is_joint = matches!(between, "、" | "和" | "及" | "以及" | "与");
    let units = (previous.measure.unit?.unit, reading.measure.unit?.unit);
    // 21起,伤9人,同比减少4起、2人: each difference has a value of its unit.
    let values = done.iter().rev().skip(1).take(2);
    let units_told = values.filter(|value| !value.is_change);
    let units_told = units_told.filter_map(|value| value.measure.unit.map(|unit| unit.unit));
    let is_paired = units_told.eq([units.1, units.0]);
    let change = previous.change.clone()?;
    let start = change.name.end;
    let told = sheet.text.get(start..previous.measure.core.start);
    let is_each = told.is_some_and(|told| told.contains("分别"));
    if !is_joint || units.0 != units.1 && !is_each && !is_paired {
        return None;
    }
    Some(Change {
        delta: Some(reading.measure.clone()),
        ..change
    })
}

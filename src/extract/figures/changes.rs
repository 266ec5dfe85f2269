//! Which numbers are differences, and of what: 同比下降8.5%、13.2%; 从97.5%上升到98.9%.

use std::ops::Range;

use super::bases::{basis, basis_number, drop_bases, is_right_after};
use super::given::{give, note_words, take_turns};
use super::lexicon::{self, Compare, Move, UnitKind};
use super::scan::Measure;
use super::sheet::Sheet;

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
            reading.before = first.map(|first| first.measure);
            if let Some(before) = reading.before.as_mut() {
                settle_units(before, &mut reading.measure);
            }
        }
        kept.push(reading);
    }
    kept
}

/// The unit that only one of two values prints is that of both.
fn settle_units(before: &mut Measure, after: &mut Measure) {
    before.unit = before.unit.or(after.unit);
    after.unit = after.unit.or(before.unit);
}

fn is_earlier(sheet: &Sheet<'_>, first: &Reading, second: &Reading, floor: usize) -> bool {
    const GAP_MAX: usize = 120;
    const FROM: [&str; 8] = ["从", "由", "较", "比", "自", "相比", "原来", "原先"];
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
    let is_same = units.0.is_none() || units.1.is_none() || units.0 == units.1;
    let (Some(gap), true) = (sheet.text.get(gap), is_same) else {
        return false;
    };
    let lead = sheet.clauses[first.clause].range.start.max(floor)..one.core.start;
    let lead = sheet.within_reach(lead.start.min(lead.end)..lead.end, &one.core);
    let lead = &sheet.text[lead];
    let near_lead: String = lead
        .chars()
        .rev()
        .take(24)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let begins = FROM.iter().any(|from| near_lead.contains(from));
    let is_moved = MOVES.iter().any(|moves| gap.contains(moves));
    let has_end = ["到", "至", "为", "成", "达"]
        .iter()
        .any(|end| gap.replace("行为", "").contains(end));
    // 比去年上升38.7%: a difference itself.
    let is_difference = !near_lead.contains(['从', '由', '自', '原'])
        && lexicon::compare_before(near_lead.trim_end_matches(['了', '的'])).is_some();
    begins && is_moved && has_end && !is_difference && !gap.contains(['、', ';'])
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
    take_turns(readings);
    give(sheet, readings);
    note_words(sheet, readings);
}

/// The difference a number is by the words right before it.
fn own_change(sheet: &Sheet<'_>, reading: &Reading, done: &[Reading]) -> Option<Change> {
    let measure = &reading.measure;
    let last = done.last();
    let floor = last.filter(|last| last.clause == reading.clause);
    let floor = floor.map_or(0, |last| last.measure.whole.end);
    let start = sheet
        .clause_of(&measure.core)
        .start
        .max(floor)
        .min(measure.whole.start);
    let lead = &sheet.text[start..measure.whole.start];
    let lead = lead.trim_end_matches(['了', ' ', '的']);
    let lead = ["均在", "都在"]
        .iter()
        .find_map(|word| lead.strip_suffix(word))
        .unwrap_or(lead);
    let compare = lexicon::compare_before(lead)?;
    let verb = start + lead.len() - compare.word.len();
    let between = &sheet.text[verb + compare.word.len()..measure.core.start];
    let kind = measure.unit?.kind;
    let is_bare = sheet.trimmed(start..verb).is_empty();
    let stated = last
        .filter(|_| is_bare)
        .and_then(|last| basis_number(sheet, last, reading));
    let (start, basis) = match stated {
        Some((name, basis)) => (name.start, Some(basis)),
        None => (start, basis(sheet, start..verb)),
    };
    let is_of_last = is_bare && last.is_some_and(|last| is_right_after(sheet, last, reading, verb));
    // 2210人(+5.3%): a sign in brackets.
    let is_signed = sheet.clauses[reading.clause].is_aside && matches!(lead, "+" | "-");
    let has_basis = basis.is_some() || is_of_last || is_signed;
    if !is_difference(compare, kind, between, has_basis) {
        return None;
    }
    let name_end = basis.as_ref().map_or(verb, |basis| basis.start);
    let name = trim_name(sheet, start.min(name_end)..name_end);
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
        _ => has_basis,
    }
}

/// The name of what differs, without words that only lead over to its difference.
pub fn trim_name(sheet: &Sheet<'_>, range: Range<usize>) -> Range<usize> {
    const ENDS: [&str; 16] = [
        "分别", "均", "都", "总体", "相比", "大幅", "明显", "的", "全面", "已", "平均", "则",
        "累计", "持续", "实现", ",",
    ];
    const STARTS: [&str; 12] = [
        "和", "及", "并", "且", "而", "均", "也", "分别", "其中", "又", "实现", "较",
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
    // 21起,死亡5人,同比减少4起、2人: each difference has a value of its unit.
    let is_paired = || {
        let values = done.iter().rev().skip(1).take(2);
        let units_told: Vec<_> = values
            .filter(|value| !value.is_change)
            .filter_map(|value| value.measure.unit.map(|unit| unit.unit))
            .collect();
        units_told == [units.1, units.0]
    };
    if !is_joint || units.0 != units.1 && !is_paired() {
        return None;
    }
    let change = previous.change.clone()?;
    Some(Change {
        delta: Some(reading.measure.clone()),
        ..change
    })
}

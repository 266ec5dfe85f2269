//! Which numbers are differences, and of what: 同比下降8.5%、13.2%; 从97.5%上升到98.9%.

use std::ops::Range;

use super::lexicon::{self, Compare, Cue, Move, UnitKind};
use super::scan::Measure;
use super::sheet::Sheet;

/// Longest list of differences that is paired with a list of values.
const LIST_MAX: usize = 30;

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
        .any(|end| gap.contains(end));
    begins && is_moved && has_end && !gap.contains(['、', ';'])
}

/// Tells differences from values, and gives them to the values they are of.
pub fn compare(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    for index in 0..readings.len() {
        let (done, rest) = readings.split_at_mut(index);
        let Some(reading) = rest.first_mut().filter(|reading| reading.before.is_none()) else {
            continue;
        };
        let previous = done.last().filter(|last| last.clause == reading.clause);
        let floor = previous.map_or(0, |previous| previous.measure.whole.end);
        let change = own_change(sheet, reading, floor).or_else(|| {
            let previous = previous.filter(|previous| previous.is_change)?;
            continued(sheet, previous, reading)
        });
        reading.is_change = change.is_some();
        reading.change = change;
    }
    take_turns(readings);
    give(sheet, readings);
    note_words(sheet, readings);
}

/// The difference a number is by the words right before it.
fn own_change(sheet: &Sheet<'_>, reading: &Reading, floor: usize) -> Option<Change> {
    let measure = &reading.measure;
    let start = sheet
        .clause_of(&measure.core)
        .start
        .max(floor)
        .min(measure.whole.start);
    let lead = &sheet.text[start..measure.whole.start];
    let lead = lead.trim_end_matches(['了', ' ', '的']);
    let compare = lexicon::compare_before(lead)?;
    let verb = start + lead.len() - compare.word.len();
    let between = &sheet.text[verb + compare.word.len()..measure.core.start];
    let kind = measure.unit?.kind;
    let basis = basis(sheet, start..verb);
    if !is_difference(compare, kind, between, basis.is_some()) {
        return None;
    }
    let name_end = basis.as_ref().map_or(verb, |basis| basis.start);
    let name = trim_name(sheet, start..name_end);
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

/// What a number is compared with: 同比, or 比 and 较 with a time.
pub fn basis(sheet: &Sheet<'_>, range: Range<usize>) -> Option<Range<usize>> {
    if let Some(hit) = sheet.last_cue(range.clone(), |cue| cue == Cue::Basis) {
        return Some(hit.range.clone());
    }
    const FAR: usize = 60;
    let text = sheet.text.get(range.clone())?;
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

/// The name of what differs, without words that only lead over to its difference.
fn trim_name(sheet: &Sheet<'_>, range: Range<usize>) -> Range<usize> {
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
fn continued(sheet: &Sheet<'_>, previous: &Reading, reading: &Reading) -> Option<Change> {
    let between = sheet
        .text
        .get(previous.measure.whole.end..reading.measure.whole.start)?;
    let is_joint = matches!(between, "、" | "和" | "及" | "以及" | "与");
    let units = (previous.measure.unit?, reading.measure.unit?);
    if !is_joint || units.0.unit != units.1.unit {
        return None;
    }
    let change = previous.change.clone()?;
    Some(Change {
        delta: Some(reading.measure.clone()),
        ..change
    })
}

/// Numbers differences of one clause that share their names, or have none of their own.
fn take_turns(readings: &mut [Reading]) {
    let mut start = 0;
    while start < readings.len() {
        let clause = readings[start].clause;
        let mut end = start + 1;
        let name = readings[start]
            .change
            .as_ref()
            .map(|change| change.name.clone());
        let goes_on = |reading: &Reading| {
            let change = reading.change.as_ref().filter(|_| reading.is_change);
            reading.clause == clause
                && change.is_some_and(|change| {
                    Some(&change.name) == name.as_ref() || change.name.is_empty()
                })
        };
        while readings[start].is_change && readings.get(end).is_some_and(goes_on) {
            end += 1;
        }
        let (name, basis) = match &readings[start].change {
            Some(change) => (change.name.clone(), change.basis.clone()),
            None => (0..0, None),
        };
        let count = end - start;
        for (turn, reading) in readings[start..end].iter_mut().enumerate() {
            if let Some(change) = reading.change.as_mut() {
                let has_own_basis = turn > 0 && change.basis.is_some() && change.basis != basis;
                change.name = name.clone();
                change.basis = change.basis.clone().or_else(|| basis.clone());
                change.turn = if has_own_basis { (0, 1) } else { (turn, count) };
            }
        }
        start = end;
    }
}

/// Gives differences that name nothing to the values before them.
fn give(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut taken = vec![false; readings.len()];
    for index in 0..readings.len() {
        let Some(change) = readings[index]
            .change
            .clone()
            .filter(|change| readings[index].is_change && change.name.is_empty())
        else {
            continue;
        };
        let (turn, count) = change.turn;
        if count > LIST_MAX {
            continue;
        }
        let first = index - turn;
        let Some(target) = (first + turn).checked_sub(count) else {
            continue;
        };
        let Some(value) = value_before(sheet, readings, target, first, index) else {
            if let Some(name) = name_before(readings, first)
                && let Some(change) = readings[index].change.as_mut()
            {
                change.name = name;
            }
            continue;
        };
        readings[value].change = Some(change);
        readings[value].change_end = Some(readings[index].measure.whole.end);
        taken[index] = true;
    }
    let mut index = 0;
    readings.retain(|_| {
        index += 1;
        !taken[index - 1]
    });
}

/// The value at an index, when all from it to the difference is said in one breath.
fn value_before(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    target: usize,
    first: usize,
    index: usize,
) -> Option<usize> {
    let value = readings.get(target)?;
    let is_value = readings[target..first]
        .iter()
        .all(|reading| !reading.is_change);
    let last = &readings[first.checked_sub(1)?];
    let difference = &readings[index];
    let is_next = last.clause + 1 >= difference.clause
        || last.clause + 2 == difference.clause && is_by_the_way(sheet, last.clause + 1);
    let is_same_sentence =
        sheet.clauses[value.clause].sentence == sheet.clauses[difference.clause].sentence;
    let is_free = value.change.is_none();
    (is_value && is_next && is_same_sentence && is_free).then_some(target)
}

/// 按可比价格计算: a clause between a value and its difference.
fn is_by_the_way(sheet: &Sheet<'_>, clause: usize) -> bool {
    let range = sheet.clauses[clause].range.clone();
    range.len() <= 60 && sheet.text[range].starts_with('按')
}

/// The name that the difference right before had.
fn name_before(readings: &[Reading], first: usize) -> Option<Range<usize>> {
    let before = readings.get(first.checked_sub(1)?)?;
    let is_near = before.clause + 1 >= readings[first].clause;
    let change = before.change.as_ref().filter(|_| is_near)?;
    Some(change.name.clone()).filter(|name| !name.is_empty())
}

/// 同比持平, 同比翻番: differences told of the value before without a number.
fn note_words(sheet: &Sheet<'_>, readings: &mut [Reading]) {
    for index in 0..readings.len() {
        let next = readings.get(index + 1).map(|next| next.measure.whole.start);
        let reading = &readings[index];
        if reading.change.is_some() || reading.before.is_some() {
            continue;
        }
        let Some(clause) = sheet.clauses.get(reading.clause + 1) else {
            continue;
        };
        let is_next = next.is_none_or(|next| next >= clause.range.end);
        let is_same_sentence = clause.sentence == sheet.clauses[reading.clause].sentence;
        let short = clause.range.len() <= 90 && is_next && is_same_sentence;
        let text = &sheet.text[clause.range.clone()];
        let direction = if text.ends_with("持平") {
            Move::Flat
        } else if text.ends_with("翻番") || text.ends_with("翻了一番") || text.ends_with("翻一番")
        {
            Move::Up
        } else {
            continue;
        };
        let Some(basis) = basis(sheet, clause.range.clone()).filter(|_| short) else {
            continue;
        };
        if !trim_name(sheet, clause.range.start..basis.start).is_empty() {
            continue;
        }
        let end = clause.range.end;
        let change = Change {
            direction,
            name: end..end,
            basis: Some(basis),
            delta: None,
            turn: (0, 1),
        };
        readings[index].change = Some(change);
        readings[index].change_end = Some(end);
    }
}

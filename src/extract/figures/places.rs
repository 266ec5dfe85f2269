//! The words a figure is read from: its clause, or its part of a list.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::UnitKind;
use super::sheet::Sheet;

const JOINTS: [&str; 8] = ["、", "以及", "和", "及", "与", "并", "或", ""];

/// Where each figure stands, and from where its own name is told.
pub fn places(sheet: &Sheet<'_>, readings: &[Reading]) -> Vec<Range<usize>> {
    let mut places = Vec::with_capacity(readings.len());
    let mut shared = 0;
    for index in 0..readings.len() {
        let (start, end) = part_of_list(sheet, readings, index, shared);
        shared = start;
        let reading = &readings[index];
        let number = reading.measure.whole.clone();
        let first = first_of(reading);
        let start = start_of_list_end(sheet, start, first);
        let told = first..number.end.max(reading.change_end.unwrap_or(0));
        let place = sheet.within_reach(start.min(first)..end.max(told.end), &told);
        let place = sheet.trimmed(place);
        let place = place.start.min(first)..place.end.max(number.end);
        places.push(end_at_name(sheet, place, reading));
    }
    places
}

/// The clause, or what of it is between its neighbours in a list.
fn part_of_list(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    index: usize,
    shared: usize,
) -> (usize, usize) {
    let reading = &readings[index];
    let clause = &sheet.clauses[reading.clause];
    let first = first_of(reading);
    let first_clause = sheet.clause_at(first);
    let before = index.checked_sub(1).map(|index| &readings[index]);
    let before = before.filter(|before| last_clause(sheet, before) >= first_clause);
    let start = match before {
        Some(before) => match cut(sheet, before, reading) {
            Some((_, start)) => start,
            None if shared == sheet.clauses[first_clause].range.start => {
                with_clause_before(sheet, reading, first)
            }
            None => shared,
        },
        None => with_clause_before(sheet, reading, first),
    };
    let next = readings
        .get(index + 1)
        .filter(|next| next.clause == reading.clause);
    let end = match next {
        Some(next) => cut(sheet, reading, next).map_or(clause.range.end, |(end, _)| end),
        None => clause.range.end,
    };
    (start, end)
}

/// Where the words of a number begin, with those of its earlier value or its difference.
pub fn first_of(reading: &Reading) -> usize {
    let before = reading.before.as_ref();
    let first = before.map_or(reading.measure.whole.start, |before| before.whole.start);
    reading.change_start.unwrap_or(first)
}

/// The clause that the words of a figure reach into.
fn last_clause(sheet: &Sheet<'_>, reading: &Reading) -> usize {
    reading
        .change_end
        .map_or(reading.clause, |end| sheet.clause_at(end.saturating_sub(1)))
}

/// Where a list is cut between two of its numbers: where the first part ends, and the second begins.
/// Numbers that one name is told of are not cut apart.
fn cut(sheet: &Sheet<'_>, one: &Reading, two: &Reading) -> Option<(usize, usize)> {
    let end = one.measure.whole.end.max(one.change_end.unwrap_or(0));
    let between = sheet.text.get(end..first_of(two))?;
    let is_shared = one
        .measure
        .unit
        .is_some_and(|unit| unit.is_shared && !unit.word.is_empty());
    let is_listed = two
        .change
        .as_ref()
        .is_some_and(|change| two.is_change && change.turn.0 > 0);
    if is_shared || is_listed {
        return None;
    }
    let is_level_list = JOINTS[..5].contains(&between) && two.is_value_of_same_name(one);
    if is_level_list {
        return None;
    }
    let lead = JOINTS
        .iter()
        .find(|joint| between.starts_with(**joint) && !joint.is_empty());
    if let Some(joint) = lead {
        return Some((end, end + joint.len()));
    }
    let tail = JOINTS
        .iter()
        .find(|joint| between.ends_with(**joint) && !joint.is_empty());
    if let Some(joint) = tail {
        let cut = end + between.len() - joint.len();
        return Some((cut, cut + joint.len()));
    }
    let after_brackets = between.rfind(')').map_or(0, |at| at);
    let at = after_brackets + between[after_brackets..].rfind('、')?;
    Some((end + at, end + at + '、'.len_utf8()))
}

impl Reading {
    /// 分别为85%、90%: a value that follows another of its unit with nothing named between.
    fn is_value_of_same_name(&self, before: &Reading) -> bool {
        let (one, two) = (&before.measure, &self.measure);
        let units = one.unit.map(|unit| unit.unit) == two.unit.map(|unit| unit.unit);
        let is_share = one.unit.is_some_and(|unit| unit.kind == UnitKind::Share);
        units && is_share && !before.is_change && !self.is_change
    }
}

/// The start of the clause, and of the clause before where that says until when, or what a required
/// share is of.
fn with_clause_before(sheet: &Sheet<'_>, reading: &Reading, first: usize) -> usize {
    let first_clause = sheet.clause_at(first);
    let clause = &sheet.clauses[first_clause];
    let start = clause.range.start;
    let Some(index) = first_clause.checked_sub(1) else {
        return start;
    };
    let before = &sheet.clauses[index];
    let is_joined = before.sentence == clause.sentence
        && sheet.text[before.range.end..].starts_with(',')
        && !clause.is_aside
        && before.range.len() <= 240;
    if !is_joined {
        return start;
    }
    let text = &sheet.text[before.range.clone()];
    let tells_until = text.len() <= 60 && text.trim_start().starts_with(['截', '迄']);
    let lead = &sheet.text[sheet.within_reach(start..first.max(start), &reading.measure.core)];
    let is_share = reading
        .measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Share);
    let is_required =
        || lead.contains("不低于") || sheet.text[reading.measure.whole.clone()].contains("不低于");
    let is_required_share = is_share && is_required() && lead.contains("比例");
    let holds_no_number = || !text.contains(|char: char| char.is_ascii_digit());
    if tells_until || is_required_share && holds_no_number() {
        return before.range.start;
    }
    start
}

/// After a list of names, the words begin where the list ends: 等4家单位…, 围成的区域….
fn start_of_list_end(sheet: &Sheet<'_>, start: usize, first: usize) -> usize {
    let range = sheet.within_reach(start.min(first)..first, &(first..first));
    let lead = &sheet.text[range.clone()];
    let Some(list) = lead.rfind('、') else {
        return start;
    };
    if lead.ends_with('等') {
        return range.end - '等'.len_utf8();
    }
    let after = &lead[list..];
    let verb = ["围成", "组成", "构成", "合成"]
        .iter()
        .find_map(|verb| after.find(verb));
    match verb {
        Some(at) if lead.contains('由') => range.start + list + at,
        _ => start,
    }
}

/// 近90名“骑士”身着…: people who are named in quotation marks begin the clause, and their words end there.
fn end_at_name(sheet: &Sheet<'_>, place: Range<usize>, reading: &Reading) -> Range<usize> {
    let measure = &reading.measure;
    let is_person = measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Person);
    let after = &sheet.text[measure.core.end..place.end.max(measure.core.end)];
    if !is_person || place.start != measure.whole.start || !after.starts_with('“') {
        return place;
    }
    match after.find('”') {
        Some(at) => place.start..measure.core.end + at + '”'.len_utf8(),
        None => place,
    }
}

/// Where a condition ends that another number of the clause is of: 有2年以上派出所工作经历的比例.
pub fn end_of_condition(sheet: &Sheet<'_>, one: &Reading, two: &Reading) -> Option<usize> {
    const HEADS: [&str; 7] = [
        "的比例",
        "的占比",
        "的比重",
        "的人数",
        "的数量",
        "的人员",
        "的干部",
    ];
    let end = one.measure.whole.end;
    let is_bounded = one.measure.qualifier == crate::pb::statistic::Qualifier::AtLeast;
    let between = sheet
        .text
        .get(end..two.measure.whole.start)
        .filter(|_| one.clause == two.clause && is_bounded)?;
    if between.contains('、') {
        return None;
    }
    let found = HEADS
        .iter()
        .find_map(|head| between.find(head).map(|at| at + head.len()));
    found.map(|at| end + at)
}

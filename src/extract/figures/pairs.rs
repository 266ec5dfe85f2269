//! Gives differences to the values they are of, each in its turn, and names to those that are of none.

use std::ops::Range;

use super::changes::{Change, Reading, basis, trim_name};
use super::lexicon::{Move, UnitKind};
use super::listed;
use super::sheet::Sheet;
use super::turns;

/// Longest list of differences that is paired with a list of values.
pub const LIST_MAX: usize = 30;

/// Gives what is told of values to them, and to values and differences the names they share.
pub fn pair(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    turns::take(sheet, readings);
    give(sheet, readings);
    take_results(sheet, readings);
    listed::name_values(sheet, readings);
    note_words(sheet, readings);
}

/// Gives differences that name nothing to the values before them.
fn give(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut taken = vec![false; readings.len()];
    for index in 0..readings.len() {
        let is_nameless = |change: &Change| readings[index].is_change && change.name.is_empty();
        let Some(change) = readings[index].change.clone().filter(is_nameless) else {
            continue;
        };
        let (turn, count) = change.turn;
        let first = index - turn;
        let in_a_row = name_of_streak(sheet, readings, first);
        let target = target(sheet, readings, &taken, &change, (first, index));
        let target = target.filter(|_| in_a_row.is_none());
        let target =
            target.filter(|target| is_said_of(sheet, readings, &taken, *target, (first, index)));
        let weaker = target.and_then(|target| replaced(readings, target, index));
        let free = target.filter(|target| readings[*target].change.is_none() || weaker.is_some());
        let named = in_a_row
            .or_else(|| name_in_turn(sheet, readings, (first, count), turn))
            .or_else(|| name_before(sheet, readings, &taken, first));
        let name = |reading: &mut Reading| {
            if let (Some(name), Some(change)) = (named, reading.change.as_mut()) {
                change.name = name;
            }
        };
        let Some(value) = free else {
            name(&mut readings[index]);
            continue;
        };
        if let Some(weaker) = weaker {
            taken[weaker] = false;
            name(&mut readings[weaker]);
        }
        if turns::last(readings, index) == index && turn + 1 < count {
            give_flat(sheet, readings, &taken, &change, (first, index));
        }
        let before = readings[value].change.take();
        let basis = change
            .basis
            .clone()
            .or(before.and_then(|before| before.basis));
        readings[value].change = Some(Change { basis, ..change });
        let last = turns::last(readings, index);
        readings[value].change_end = Some(readings[last].measure.whole.end);
        taken[index] = true;
    }
    drop_taken(readings, &taken);
}

/// Says of the last of listed values that it has not changed, which 持平 told in its turn.
fn give_flat(
    sheet: &Sheet<'_>,
    readings: &mut [Reading],
    taken: &[bool],
    last: &Change,
    place: (usize, usize),
) {
    let (turn, count) = last.turn;
    let flat = Change {
        direction: Move::Flat,
        turn: (turn + 1, count),
        ..last.clone()
    };
    let value = target(sheet, readings, taken, &flat, place)
        .filter(|value| readings[*value].change.is_none())
        .filter(|value| is_said_of(sheet, readings, taken, *value, place));
    if let Some(value) = value {
        readings[value].change_end = Some(sheet.clauses[readings[place.1].clause].range.end);
        readings[value].change = Some(Change {
            delta: None,
            ..flat
        });
    }
}

/// Which value before a difference is meant: of a list, its place; of one that counts, one of its unit.
/// What is told in brackets is passed over, and so is 占比19.2% when the difference is a share as well.
fn target(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    taken: &[bool],
    change: &Change,
    (first, index): (usize, usize),
) -> Option<usize> {
    const BACK_MAX: usize = 3;
    let (turn, count) = change.turn;
    let unit = change.delta.as_ref()?.unit?;
    let own_unit = |reading: &Reading| reading.measure.unit.map(|own| own.unit);
    let clause = |reading: &Reading| &sheet.clauses[reading.clause];
    let is_open = |at: &usize| !taken[*at];
    let passes_asides = !clause(&readings[index]).is_aside;
    let is_aside = |reading: &Reading| passes_asides && clause(reading).is_aside;
    // 破获120起，其中积案8起，抓获80人，同比分别上升5%、9%: parts are no values of the list that goes on.
    let is_part_of_last = |reading: &Reading| {
        let words = &sheet.text[clause(reading).range.clone()];
        words.trim_start().starts_with("其中")
    };
    let last = first.checked_sub(1).map(|last| &readings[last]);
    let passes_parts = count > 1 && !last.is_some_and(is_part_of_last);
    let is_passed =
        |reading: &Reading| is_aside(reading) || passes_parts && is_part_of_last(reading);
    let before = (0..first).rev().take(LIST_MAX * 2).filter(is_open);
    let mut before = before.filter(|before| !is_passed(&readings[*before]));
    if count == 1 && unit.kind != UnitKind::Share {
        let sentence = clause(&readings[index]).sentence;
        let is_counted_so = |reading: &Reading| {
            own_unit(reading) == Some(unit.unit) && clause(reading).sentence == sentence
        };
        return before
            .take(BACK_MAX)
            .find(|before| is_counted_so(&readings[*before]));
    }
    let is_part = |reading: &Reading| {
        let words = &sheet.text[clause(reading).range.clone()];
        unit.unit == "%" && own_unit(reading) == Some("%") && words.trim_start().starts_with('占')
    };
    let place = count.checked_sub(turn + 1).filter(|_| count <= LIST_MAX)?;
    before
        .by_ref()
        .filter(|before| !is_part(&readings[*before]))
        .nth(place)
}

/// Whether all from a value to its difference is said in one breath.
fn is_said_of(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    taken: &[bool],
    target: usize,
    (first, index): (usize, usize),
) -> bool {
    let Some(last) = first.checked_sub(1).map(|last| &readings[last]) else {
        return false;
    };
    let (value, difference) = (&readings[target], &readings[index]);
    let is_value = (target..first).all(|at| taken[at] || !readings[at].is_change);
    let is_next = last.clause + 1 >= difference.clause
        || (last.clause + 1..difference.clause).all(|clause| is_by_the_way(sheet, clause));
    let is_same_sentence =
        sheet.clauses[value.clause].sentence == sheet.clauses[difference.clause].sentence;
    is_value && is_next && is_same_sentence
}

/// The difference that a value was given, when what is told after it is a better one: with a basis,
/// or a share where that was a number.
fn replaced(readings: &[Reading], target: usize, index: usize) -> Option<usize> {
    let old = readings[target].change.as_ref()?;
    let new = readings[index].change.as_ref()?;
    let is_share = |change: &Change| {
        let unit = change.delta.as_ref().and_then(|delta| delta.unit);
        unit.is_some_and(|unit| unit.kind == UnitKind::Share)
    };
    let is_weaker = old.basis.is_none() && new.basis.is_some() || !is_share(old) && is_share(new);
    (is_weaker && target + 1 < index).then_some(target + 1)
}

/// 按可比价格计算: a clause between a value and its difference; or nothing, after brackets.
fn is_by_the_way(sheet: &Sheet<'_>, clause: usize) -> bool {
    let range = sheet.clauses[clause].range.clone();
    let text = sheet.text[range].trim();
    text.len() <= 60 && text.starts_with('按') || text.is_empty()
}

/// 警情连续3年下降，降幅分别为8.3%、12.5%和15.1%: what differed each year, and no value is told of it.
fn name_of_streak(sheet: &Sheet<'_>, readings: &[Reading], first: usize) -> Option<Range<usize>> {
    let years = &readings[first.checked_sub(1)?];
    let clauses = (years.clause, readings[first].clause);
    let is_next = clauses.0 + 1 == clauses.1
        && sheet.clauses[clauses.0].sentence == sheet.clauses[clauses.1].sentence;
    if !is_next || !years.measure.is_in_a_row(sheet.text) {
        return None;
    }
    let start = sheet.clause_of(&years.measure.core).start;
    let end = years.measure.core.start - "连续".len();
    let name = trim_name(sheet, start.min(end)..end);
    (!name.is_empty()).then_some(name)
}

/// 起数减少19起，死亡人数减少4人，分别下降32.2%和40%: what as many differences before were of.
fn name_in_turn(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    (first, count): (usize, usize),
    turn: usize,
) -> Option<Range<usize>> {
    let start = first.checked_sub(count).filter(|_| count > 1)?;
    let sentence = |reading: &Reading| sheet.clauses[reading.clause].sentence;
    let is_named = |reading: &Reading| {
        let change = reading.change.as_ref().filter(|_| reading.is_change);
        sentence(reading) == sentence(&readings[first])
            && change.is_some_and(|change| change.turn.1 == 1 && !change.name.is_empty())
    };
    let told = &readings[start..first];
    let change = told[turn.min(count - 1)].change.as_ref();
    let name = change.map(|change| change.name.clone());
    name.filter(|_| told.iter().all(is_named))
}

/// What a difference that is a record of its own is of: as the one right before it, or as the value
/// that was given that, or as the clause before.
fn name_before(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    taken: &[bool],
    first: usize,
) -> Option<Range<usize>> {
    let last = (0..first).rev().find(|before| !taken[*before]);
    let before = last.map(|last| &readings[last]);
    let before = before.filter(|before| before.clause + 2 >= readings[first].clause);
    let own = before.and_then(|before| match &before.change {
        Some(change) if before.is_change => Some(change.name.clone()),
        Some(_) => {
            let start = sheet.clause_of(&before.measure.core).start;
            Some(sheet.trimmed(start..before.measure.whole.start.max(start)))
        }
        None => None,
    });
    own.filter(|name| !name.is_empty())
        .or_else(|| clause_before(sheet, readings, first))
}

/// 流量持续走高，同比上升5.3%: the clause before names what differs, when it holds no number.
fn clause_before(sheet: &Sheet<'_>, readings: &[Reading], first: usize) -> Option<Range<usize>> {
    const LENGTH_MAX: usize = 120;
    let clause = readings[first].clause;
    let before = &sheet.clauses[clause.checked_sub(1)?];
    let is_same = before.sentence == sheet.clauses[clause].sentence;
    let last = first
        .checked_sub(1)
        .map(|last| readings[last].measure.whole.end);
    let is_empty = last.is_none_or(|last| last <= before.range.start);
    let range = sheet.trimmed(before.range.clone());
    (is_same && is_empty && range.len() <= LENGTH_MAX && !range.is_empty()).then_some(range)
}

/// 同比上升15%，达到1230人: the value comes after its difference.
fn take_results(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut taken = vec![false; readings.len()];
    for index in 1..readings.len() {
        let (one, two) = (&readings[index - 1], &readings[index]);
        if !is_result(sheet, one, two) {
            continue;
        }
        let Some(change) = one.change.clone() else {
            continue;
        };
        let value = &mut readings[index];
        value.change_start = Some(change.name.start);
        value.name = Some(change.name.clone());
        value.change = Some(change);
        taken[index - 1] = true;
    }
    drop_taken(readings, &taken);
}

/// Whether a value is what the difference before it led to.
fn is_result(sheet: &Sheet<'_>, one: &Reading, two: &Reading) -> bool {
    let between = sheet
        .text
        .get(one.measure.whole.end..two.measure.core.start);
    let is_value = !two.is_change && two.change.is_none() && two.before.is_none();
    let is_named = one
        .change
        .as_ref()
        .is_some_and(|change| one.is_change && change.turn.1 == 1 && !change.name.is_empty());
    let sentence = |reading: &Reading| sheet.clauses[reading.clause].sentence;
    let unit = |reading: &Reading| reading.measure.unit.map(|unit| unit.unit);
    is_value
        && is_named
        && sentence(one) == sentence(two)
        && unit(one) != unit(two)
        && between.is_some_and(leads_to_result)
}

fn drop_taken(readings: &mut Vec<Reading>, taken: &[bool]) {
    let mut index = 0;
    readings.retain(|_| {
        index += 1;
        !taken[index - 1]
    });
}

/// 达到, 至 and their like, between a difference and the value it led to.
fn leads_to_result(between: &str) -> bool {
    const LEADS: [&str; 18] = [
        "达到",
        "达",
        "至",
        "到",
        "增至",
        "降至",
        "升至",
        "减至",
        "增加到",
        "减少到",
        "上升到",
        "上升至",
        "下降到",
        "下降至",
        "提高到",
        "提升至",
        "回落至",
        "增长至",
    ];
    const FILLERS: [char; 5] = ['约', '近', '了', '超', '逾'];
    let lead = between.trim_start_matches([',', '、', ' ']);
    LEADS.contains(&lead.trim_end_matches(FILLERS))
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

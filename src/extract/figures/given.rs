//! Gives differences to the values they are of.

use super::bases::basis;
use super::changes::{Change, Reading, trim_name};
use super::lexicon::{Move, UnitKind};
use super::sheet::Sheet;

/// Longest list of differences that is paired with a list of values.
const LIST_MAX: usize = 30;

/// Numbers differences of one clause that share their names, or have none of their own.
pub fn take_turns(readings: &mut [Reading]) {
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
pub fn give(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut taken = vec![false; readings.len()];
    for index in 0..readings.len() {
        let is_nameless = |change: &Change| readings[index].is_change && change.name.is_empty();
        let Some(change) = readings[index].change.clone().filter(is_nameless) else {
            continue;
        };
        let Some(target) = target(sheet, readings, &taken, index, change.turn) else {
            continue;
        };
        if !is_said_of(sheet, readings, &taken, target, index) {
            name(sheet, readings, target, index);
            continue;
        }
        if readings[target].change.is_some() {
            let Some(weaker) = replaced(readings, target, index) else {
                name(sheet, readings, target, index);
                continue;
            };
            taken[weaker] = false;
            name(sheet, readings, target, weaker);
        }
        let basis = readings[target]
            .change
            .take()
            .and_then(|change| change.basis);
        readings[target].change = Some(Change {
            basis: change.basis.clone().or(basis),
            ..change
        });
        readings[target].change_end = Some(readings[index].measure.whole.end);
        taken[index] = true;
    }
    let mut index = 0;
    readings.retain(|_| {
        index += 1;
        !taken[index - 1]
    });
}

/// The value that a difference is of when values and differences stand in one order. What is told in
/// brackets is passed over, and so is 占比19.2% when the difference is a share as well.
fn target(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    taken: &[bool],
    index: usize,
    (turn, count): (usize, usize),
) -> Option<usize> {
    let is_aside = |reading: &Reading| sheet.clauses[reading.clause].is_aside;
    let passes = count == 1 && !is_aside(&readings[index]);
    let first = index.checked_sub(turn).filter(|_| count <= LIST_MAX)?;
    let before = (0..first).rev().take(LIST_MAX * 2);
    let unit = |reading: &Reading| reading.measure.unit.map(|unit| unit.unit);
    let is_part = |reading: &Reading| {
        let clause = sheet.clause_of(&reading.measure.core);
        unit(reading) == Some("%")
            && unit(&readings[index]) == Some("%")
            && sheet.text[clause].trim_start().starts_with('占')
    };
    let is_passed = |reading: &Reading| passes && is_aside(reading) || is_part(reading);
    let mut values = before.filter(|at| !taken[*at] && !is_passed(&readings[*at]));
    values.nth(count.checked_sub(turn + 1)?)
}

/// Whether all from a value to its difference is said in one breath.
fn is_said_of(
    sheet: &Sheet<'_>,
    readings: &[Reading],
    taken: &[bool],
    target: usize,
    index: usize,
) -> bool {
    let turn = readings[index]
        .change
        .as_ref()
        .map_or(0, |change| change.turn.0);
    let first = index - turn;
    let Some(last) = first.checked_sub(1).map(|last| &readings[last]) else {
        return false;
    };
    let (value, difference) = (&readings[target], &readings[index]);
    let is_value = (target..first).all(|at| taken[at] || !readings[at].is_change);
    let is_next = last.clause >= difference.clause
        || (last.clause + 1..difference.clause).all(|clause| is_by_the_way(sheet, clause));
    let is_same_sentence =
        sheet.clauses[value.clause].sentence == sheet.clauses[difference.clause].sentence;
    is_value && is_next && is_same_sentence
}

/// The difference that a value was given, when what is told after it is a better one: with a basis,
/// or a share where that was a number.
fn replaced(readings: &[Reading], target: usize, index: usize) -> Option<usize> {
    let (old, new) = (
        readings[target].change.as_ref()?,
        readings[index].change.as_ref()?,
    );
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

/// Names a difference that is a record of its own as the difference or the value before it is named.
fn name(sheet: &Sheet<'_>, readings: &mut [Reading], target: usize, index: usize) {
    let before = &readings[target];
    let name = match &before.change {
        Some(change) if before.is_change => change.name.clone(),
        Some(_) => {
            let start = sheet.clause_of(&before.measure.core).start;
            sheet.trimmed(start..before.measure.whole.start.max(start))
        }
        None => return,
    };
    let is_near = before.clause + 2 >= readings[index].clause;
    if let Some(change) = readings[index].change.as_mut().filter(|_| is_near) {
        change.name = name;
    }
}

/// 同比持平, 同比翻番: differences told of the value before without a number.
pub fn note_words(sheet: &Sheet<'_>, readings: &mut [Reading]) {
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

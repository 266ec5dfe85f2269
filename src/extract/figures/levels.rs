//! Numbers that are no counts: levels, honours won in a row, and things that did not happen.

use std::ops::Range;

use super::sheet::Sheet;
use crate::extract::numerals::{self, Form};

/// A level or a nought, and the words it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub kind: LevelKind,
    pub value: rust_decimal::Decimal,
    pub number: Range<usize>,
    pub place: Range<usize>,
    pub items: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelKind {
    /// 是一级网格
    Grade,
    /// 一级、二级和三级共…: how many levels there are.
    Grades,
    /// 连续三年实现…“零发生”
    Nought,
}

/// The levels and noughts of a text, in order of their numbers.
pub fn levels(sheet: &Sheet<'_>) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut done = 0;
    for (at, _) in sheet.text.match_indices('级') {
        if at < done {
            continue;
        }
        let Some(first) = grade_before(sheet.text, at) else {
            continue;
        };
        let list = list_of_grades(sheet, first.clone());
        done = list.last().map_or(at, |last| last.end);
        let found = if list.len() > 1 {
            grades(sheet, list)
        } else {
            grade(sheet, first)
        };
        levels.extend(found);
    }
    let noughts = sheet
        .text
        .match_indices('零')
        .filter_map(|(at, _)| nought(sheet, at));
    levels.extend(noughts);
    levels.sort_by_key(|level| level.number.start);
    levels
}

/// The grade whose 级 stands at a byte: 一级, 3级.
fn grade_before(text: &str, at: usize) -> Option<Range<usize>> {
    let number = text[..at].chars().next_back()?;
    let start = at - number.len_utf8();
    let is_single = numerals::read(&text[start..at]).is_some_and(|read| read.form != Form::Place);
    let before = text[..start].chars().next_back();
    let is_alone = !before
        .is_some_and(|before| before.is_ascii_alphanumeric() || numerals::is_numeral(before));
    (is_single && is_alone).then_some(start..at + '级'.len_utf8())
}

/// The grades that go on from one: 一级、二级和三级.
fn list_of_grades(sheet: &Sheet<'_>, first: Range<usize>) -> Vec<Range<usize>> {
    let mut list = vec![first];
    while let Some(last) = list.last() {
        let rest = &sheet.text[last.end..];
        let Some(joint) = ["、", "和", "及"]
            .into_iter()
            .find(|joint| rest.starts_with(joint))
        else {
            break;
        };
        let start = last.end + joint.len();
        let mark = sheet.text[start..]
            .chars()
            .nth(1)
            .filter(|mark| *mark == '级');
        let next = mark.and_then(|_| {
            let number = sheet.text[start..].chars().next()?;
            grade_before(sheet.text, start + number.len_utf8())
        });
        match next {
            Some(next) => list.push(next),
            None => break,
        }
    }
    list
}

fn grades(sheet: &Sheet<'_>, list: Vec<Range<usize>>) -> Option<Level> {
    const LIST_MAX: usize = 20;
    let (start, end) = (list.first()?.start, list.last()?.end);
    let rest = &sheet.text[end..];
    if !rest.starts_with('共') || list.len() > LIST_MAX {
        return None;
    }
    let clause = sheet.clause_of(&(start..end));
    Some(Level {
        kind: LevelKind::Grades,
        value: rust_decimal::Decimal::from(list.len()),
        number: start..end,
        place: sheet.trimmed(start..clause.end),
        items: list,
    })
}

/// A grade that something is said to have.
fn grade(sheet: &Sheet<'_>, grade: Range<usize>) -> Option<Level> {
    const BEFORE: [&str; 6] = ["是", "属于", "定为", "升为", "列为", "评定为"];
    let before = &sheet.text[..grade.start];
    BEFORE.iter().find(|word| before.ends_with(**word))?;
    let clause = sheet.clause_of(&grade);
    let lead = &sheet.text[clause.start..grade.start];
    let start = match lead.rfind('、') {
        Some(list) => {
            let verbs = ["围成", "组成", "构成"];
            let verb = verbs.iter().find_map(|verb| lead[list..].find(verb));
            clause.start + list + verb.unwrap_or('、'.len_utf8())
        }
        None => clause.start,
    };
    let number = &sheet.text[grade.clone()];
    Some(Level {
        kind: LevelKind::Grade,
        value: numerals::read(number)?.value,
        number: grade.clone(),
        place: sheet.trimmed(start..clause.end.max(grade.end)),
        items: Vec::new(),
    })
}

/// 连续三年实现“民转刑”案件“零发生”: the years are told first, and what did not happen after them.
fn nought(sheet: &Sheet<'_>, at: usize) -> Option<Level> {
    const EVENTS: [&str; 5] = ["零发生", "零发案", "零事故", "零死亡", "零伤亡"];
    let rest = &sheet.text[at..];
    let event = EVENTS.iter().find(|event| rest.starts_with(**event))?;
    let number = at..at + event.len();
    let clause = sheet.clause_of(&number);
    let lead = &sheet.text[clause.start..at];
    let years = lead.strip_prefix("连续")?;
    let read = numerals::read(years)?;
    let is_told =
        years[read.length..].starts_with("年实现") || years[read.length..].starts_with("年保持");
    is_told.then(|| Level {
        kind: LevelKind::Nought,
        value: rust_decimal::Decimal::ZERO,
        number,
        place: sheet.trimmed(clause),
        items: Vec::new(),
    })
}

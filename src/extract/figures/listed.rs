//! Gives listed values the names that are listed before them.

use std::ops::Range;

use super::changes::{Reading, trim_name};
use super::pairs::LIST_MAX;
use super::sheet::Sheet;

/// 调解率、满意率分别为98.5%、99.2%: listed values take the listed names in turn.
pub fn name_values(sheet: &Sheet<'_>, readings: &mut [Reading]) {
    let mut start = 0;
    while start < readings.len() {
        let goes_on = |pair: &[Reading]| {
            let between = sheet
                .text
                .get(pair[0].measure.whole.end..pair[1].measure.whole.start);
            let is_joint = between
                .is_some_and(|between| matches!(between, "、" | "和" | "及" | "与" | "以及"));
            is_joint && pair[0].clause == pair[1].clause && !pair[1].is_change
        };
        let pairs = readings[start..].windows(2);
        let count = 1 + pairs
            .take_while(|pair| goes_on(pair))
            .take(LIST_MAX)
            .count();
        let first = &readings[start].measure;
        let is_each = sheet.text[first.whole.start..first.core.start].contains("分别");
        if count > 1 && is_each && !readings[start].is_change {
            let clause = sheet.clause_of(&first.core).start;
            let floor = start.checked_sub(1).map_or(clause, |before| {
                readings[before].measure.whole.end.max(clause)
            });
            let name = trim_name(sheet, floor.min(first.whole.start)..first.whole.start);
            let parts = listed(sheet, name);
            if parts.len() == count && !are_places(sheet, &parts) {
                for (reading, part) in readings[start..start + count].iter_mut().zip(parts) {
                    reading.name = Some(part);
                }
            }
        }
        start += count;
    }
}

/// 城东分局、城西分局得分: whose values are listed, and of what is told with the last alone.
fn are_places(sheet: &Sheet<'_>, parts: &[Range<usize>]) -> bool {
    const PLACES: [char; 8] = ['局', '所', '队', '市', '县', '区', '镇', '省'];
    let is_place = |part: &Range<usize>| sheet.text[part.clone()].ends_with(PLACES);
    parts
        .split_last()
        .is_some_and(|(last, rest)| rest.iter().all(is_place) && !is_place(last))
}

/// The parts of a list of names.
fn listed(sheet: &Sheet<'_>, names: Range<usize>) -> Vec<Range<usize>> {
    const JOINTS: [char; 4] = ['、', '和', '及', '与'];
    let mut parts = Vec::new();
    let mut start = names.start;
    let joints = sheet.text[names.clone()].match_indices(JOINTS);
    for (at, joint) in joints {
        let end = names.start + at;
        parts.push(start..end);
        start = end + joint.len();
    }
    parts.push(start..names.end);
    parts.retain(|part| !part.is_empty());
    parts
}

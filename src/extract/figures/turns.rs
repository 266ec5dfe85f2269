//! Differences of one clause, which values and names take in turn: 分别上升5.1%和下降2.3个百分点.

use super::changes::Reading;
use super::sheet::Sheet;

/// Numbers differences of one clause that share their names, or have none of their own.
pub fn take(sheet: &Sheet<'_>, readings: &mut [Reading]) {
    let mut start = 0;
    while start < readings.len() {
        let clause = readings[start].clause;
        let mut end = start + 1;
        let name = readings[start]
            .change
            .as_ref()
            .map(|change| change.name.clone());
        let unit = readings[start].measure.unit.map(|unit| unit.unit);
        let is_each = name.as_ref().is_some_and(|name| {
            let told = sheet.text.get(name.end..readings[start].measure.core.start);
            told.is_some_and(|told| told.contains("分别"))
        });
        let goes_on = |reading: &Reading| {
            let is_same = reading.measure.unit.map(|own| own.unit) == unit;
            let change = reading.change.as_ref().filter(|_| reading.is_change);
            reading.clause == clause
                && change.is_some_and(|change| {
                    let has_own = !change.name.is_empty() || change.basis.is_some();
                    Some(&change.name) == name.as_ref() || (is_same || is_each) && !has_own
                })
        };
        while readings[start].is_change && readings.get(end).is_some_and(goes_on) {
            end += 1;
        }
        let (name, basis) = match &readings[start].change {
            Some(change) => (change.name.clone(), change.basis.clone()),
            None => (0..0, None),
        };
        let count = end - start + usize::from(is_each && ends_in_flat(sheet, &readings[end - 1]));
        for (turn, reading) in readings[start..end].iter_mut().enumerate() {
            if let Some(change) = reading.change.as_mut() {
                change.name = name.clone();
                change.basis = basis.clone();
                change.turn = (turn, count);
            }
        }
        start = end;
    }
}

/// The last of the differences that take turns with one.
pub fn last(readings: &[Reading], index: usize) -> usize {
    let turn = |at: usize| readings.get(at)?.change.as_ref().map(|change| change.turn);
    let mut last = index;
    while let Some((before, count)) = turn(last)
        && turn(last + 1) == Some((before + 1, count))
        && readings[last + 1].is_change
    {
        last += 1;
    }
    last
}

/// 分别下降12%、上升3%和持平: the last of those told has not changed, and takes a turn all the same.
fn ends_in_flat(sheet: &Sheet<'_>, last: &Reading) -> bool {
    let end = sheet.clauses[last.clause].range.end;
    let rest = sheet.text.get(last.measure.whole.end..end);
    let rest = rest
        .unwrap_or_default()
        .trim_start_matches(['、', '和', '与', '及']);
    rest.starts_with("持平") || rest.starts_with("基本持平")
}

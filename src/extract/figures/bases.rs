//! Numbers that differences are counted from.

use std::ops::Range;

use super::changes::{Reading, basis};
use super::sheet::Sheet;

/// 比去年同期160多万人次增长了近两成: the basis that is told with the number before a difference.
pub fn stated(sheet: &Sheet<'_>, number: &Reading, difference: &Reading) -> Option<Range<usize>> {
    let is_value = !number.is_change && number.before.is_none();
    if !is_value || number.clause != difference.clause {
        return None;
    }
    let start = sheet.clause_of(&number.measure.core).start;
    let lead = start..number.measure.whole.start.max(start);
    let basis = basis(sheet, lead.clone())?;
    let rest = sheet.text[basis.end..lead.end].trim_matches(['的', ' ']);
    (rest.is_empty() || rest == "日均").then_some(basis)
}

/// Drops the numbers that differences were counted from.
pub fn drop_bases(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let is_base = |pair: &[Reading]| {
        let basis = stated(sheet, &pair[0], &pair[1]);
        let told = pair[1].change.as_ref().filter(|_| pair[1].is_change);
        basis.is_some() && told.is_some_and(|change| change.basis == basis)
    };
    let bases: Vec<bool> = readings.windows(2).map(is_base).collect();
    let mut bases = bases.into_iter();
    readings.retain(|_| !bases.next().unwrap_or(false));
}

/// 达到500亿斤,增产20亿斤: whether a verb follows the value that its number is a difference of.
pub fn is_right_after(sheet: &Sheet<'_>, value: &Reading, reading: &Reading, verb: usize) -> bool {
    let units = (value.measure.unit, reading.measure.unit);
    let is_same = units.0.map(|unit| unit.unit) == units.1.map(|unit| unit.unit);
    let between = sheet.text.get(value.measure.whole.end..verb);
    !value.is_change && is_same && matches!(between, Some("," | "、"))
}

//! What a number is compared with: a time, or an earlier number.

use std::ops::Range;

use super::changes::Reading;
use super::lexicon::Cue;
use super::sheet::Sheet;

/// Characters of words for a time that something is compared with.
const TIMES: [char; 10] = ['年', '月', '周', '期', '前', '季', '日', '节', '届', '往'];

/// 比2023年同期, 与去年春节同期相比: the basis begins with the word that compares.
fn with_its_year(sheet: &Sheet<'_>, floor: usize, hit: Range<usize>) -> Range<usize> {
    const FAR: usize = 45;
    let lead = &sheet.text[floor..hit.start];
    let words = &sheet.text[hit.clone()];
    if !words.starts_with("同期") {
        return hit;
    }
    let compares: &[char] = match words.ends_with("相比") {
        true => &['与', '和', '同', '跟'],
        false => &['比', '较'],
    };
    let start = lead.rfind(compares).filter(|start| {
        let time = &lead[*start..];
        time.len() <= FAR && time.contains(TIMES) && !time.contains('、')
    });
    start.map_or(hit.start, |start| floor + start)..hit.end
}

/// 比去年同期160多万人次增长了近两成: the number that a difference is counted from, with the name
/// before it and the basis.
pub fn basis_number(
    sheet: &Sheet<'_>,
    number: &Reading,
    difference: &Reading,
) -> Option<(Range<usize>, Range<usize>)> {
    let is_value = !number.is_change && number.before.is_none();
    if !is_value || number.clause != difference.clause {
        return None;
    }
    let start = sheet.clause_of(&number.measure.core).start;
    let lead = start..number.measure.whole.start.max(start);
    let basis = basis(sheet, lead.clone())?;
    let rest = sheet.text[basis.end..lead.end].trim_matches(['的', ' ']);
    (rest.is_empty() || rest == "日均").then_some((start..basis.start, basis))
}

/// Drops the numbers that differences were counted from.
pub fn drop_bases(sheet: &Sheet<'_>, readings: &mut Vec<Reading>) {
    let mut index = 0;
    while index + 1 < readings.len() {
        let (number, difference) = (&readings[index], &readings[index + 1]);
        let basis = basis_number(sheet, number, difference).map(|(_, basis)| basis);
        let told = difference.change.as_ref().filter(|_| difference.is_change);
        if basis.is_some() && told.is_some_and(|change| change.basis == basis) {
            readings.remove(index);
        }
        index += 1;
    }
}

/// 达到500亿斤,增产20亿斤: whether a verb follows the value that its number is a difference of.
pub fn is_right_after(sheet: &Sheet<'_>, value: &Reading, reading: &Reading, verb: usize) -> bool {
    let units = (value.measure.unit, reading.measure.unit);
    let is_same = units.0.map(|unit| unit.unit) == units.1.map(|unit| unit.unit);
    let between = sheet.text.get(value.measure.whole.end..verb);
    !value.is_change && is_same && matches!(between, Some("," | "、"))
}

/// What a number is compared with: 同比, or 比 and 较 with a time.
pub fn basis(sheet: &Sheet<'_>, range: Range<usize>) -> Option<Range<usize>> {
    if let Some(hit) = sheet.last_cue(range.clone(), |cue| cue == Cue::Basis) {
        return Some(with_its_year(sheet, range.start, hit.range.clone()));
    }
    const FAR: usize = 60;
    let text = sheet.text.get(range.clone())?;
    let at = text.rfind(['比', '较'])?;
    let words = &text[at..];
    let is_time = words.contains(TIMES);
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

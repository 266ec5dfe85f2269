//! Goes once through a text and takes out what holds numbers: times, and numbers with their units.

use rust_decimal::Decimal;

use super::lexicon::Unit;
use super::marks::{self, Marks};
use super::measures::{Measure, Measured, measure};
use super::times::{self, Moment};
use crate::extract::numerals::{self, Form, Numeral};

/// What a text holds of numbers, each in its order.
#[derive(Debug, Default)]
pub struct Scan {
    pub measures: Vec<Measure>,
    pub moments: Vec<Moment>,
}

pub fn scan(text: &str) -> Scan {
    let mut found = Scan::default();
    if next_numeral(text, 0).is_none() {
        return found;
    }
    let marks = Marks::of(text);
    let mut names = marks.names.iter().peekable();
    let mut at = 0;
    while let Some((start, first)) = next_numeral(text, at) {
        while names.next_if(|name| name.end <= start).is_some() {}
        let name = names.peek().filter(|name| name.start <= start);
        if let Some(name) = name {
            at = name.end.max(start + first.len_utf8());
            continue;
        }
        at = start + take(text, start, first, &marks, &mut found);
    }
    share_units(text, &mut found.measures);
    found
}

/// The next character that a number may begin with.
fn next_numeral(text: &str, from: usize) -> Option<(usize, char)> {
    text[from..]
        .char_indices()
        .find(|(_, char)| {
            char.is_ascii_digit()
                || !char.is_ascii() && (numerals::is_numeral(*char) || *char == '半')
        })
        .map(|(at, char)| (from + at, char))
}

/// Takes the number that begins at a byte, or leaves it; and how many bytes are done.
fn take(text: &str, at: usize, first: char, marks: &Marks, found: &mut Scan) -> usize {
    let floor = found.measures.last().map_or(0, |last| last.whole.end);
    if marks::is_part_of_code(text, at) {
        return run_of_code(&text[at..]).max(first.len_utf8());
    }
    if let Some(moment) = times::read(text, at).filter(|_| !is_length_of_days(text, at)) {
        let length = moment.range.len();
        found.moments.push(moment);
        return length;
    }
    let Some(mut numeral) = numerals::read(&text[at..]) else {
        return run_of_code(&text[at..]).max(first.len_utf8());
    };
    take_plus(&text[at..], &mut numeral);
    let second = text.as_bytes().get(at + 1);
    let is_code =
        numeral.form == Form::Row || first == '0' && second.is_some_and(u8::is_ascii_digit);
    let rest = &text[at + numeral.length..];
    let is_called =
        numeral.more.is_none() && marks::is_call_number(&text[at..at + numeral.written], rest);
    if is_code || is_called || marks::is_code_after(rest) {
        return numeral.length + run_of_code(rest);
    }
    if let Some(after) = rest.strip_prefix("分之") {
        let below = numerals::read(after).map_or(0, |numeral| numeral.length);
        return numeral.length + "分之".len() + below;
    }
    let length = numeral.length;
    let Some(measure) = measure(text, at, numeral, floor) else {
        return length;
    };
    let length = measure.whole.end.max(measure.core.end) - at;
    if let Some(moment) = marks::period_of(text, &measure) {
        found.moments.push(moment);
        return length;
    }
    if marks.keeps(text, &measure, found.measures.last()) && !marks::is_barred(text, &measure) {
        found.measures.push(measure);
    }
    length
}

/// 10万+份, 300+家: the sign says as much as 余 when a unit or nothing of a code follows.
fn take_plus(text: &str, numeral: &mut Numeral) {
    let Some(rest) = text[numeral.length..].strip_prefix('+') else {
        return;
    };
    let is_plain = numeral.more.is_none() && numeral.value_max.is_none();
    let is_multiplied = numeral.significant_digits > 0
        && !rest.starts_with(|char: char| char.is_ascii_alphanumeric());
    // 警力1500+,车辆280+
    let is_round = numeral.value >= Decimal::ONE_HUNDRED
        && (rest.is_empty() || rest.starts_with([',', '。', '、', ';', '!', ' ']));
    if is_plain && (is_multiplied || is_round || Unit::at(rest).is_some()) {
        numeral.more = Some("+");
        numeral.length += 1;
    }
}

/// 行政拘留10日: a number of days, not a day of the month.
fn is_length_of_days(text: &str, at: usize) -> bool {
    const BEFORE: [&str; 9] = [
        "拘留", "连续", "历时", "长达", "为期", "限期", "共计", "拘役", "超过",
    ];
    let lead = text[..at].trim_end_matches(['了', '达', '处', '罚', '各']);
    let rest = &text[at..];
    let is_days =
        numerals::read(rest).is_some_and(|numeral| rest[numeral.length..].starts_with('日'));
    is_days && BEFORE.iter().any(|word| lead.ends_with(word))
}

/// Bytes of digits and what joins them in codes, versions and telephone numbers.
fn run_of_code(text: &str) -> usize {
    let joins =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'/');
    text.bytes().take_while(joins).count()
}

/// Gives the unit of the last number of a list to those before it: 查获10、20和30件.
fn share_units(text: &str, measures: &mut [Measure]) {
    for index in (1..measures.len()).rev() {
        let (before, after) = measures.split_at_mut(index);
        let (Some(one), Some(next)) = (before.last_mut(), after.first()) else {
            continue;
        };
        let between = text.get(one.core.end..next.core.start).unwrap_or_default();
        let is_list = matches!(between, "、" | "和" | "及" | "或" | "与" | ",");
        // 0.2个、1.3个百分点
        let is_half_told = one.unit.is_none()
            || one.unit.is_some_and(|unit| unit.word == "个")
                && next.unit.is_some_and(|unit| unit.word == "个百分点");
        if let Some(unit) = next.unit.filter(|_| is_half_told && is_list) {
            one.unit = Some(Measured {
                is_shared: true,
                ..unit
            });
        }
    }
}

//! Goes once through a text and takes out what holds numbers: times, and numbers with their units.

use std::ops::Range;

use rust_decimal::Decimal;

use super::lexicon::{self, Unit, UnitKind};
use super::marks::{self, Marks};
use super::times::{self, Moment};
use crate::extract::numerals::{self, Form, Numeral, Share};
use crate::pb::statistic::Qualifier;

/// A number with its unit and what bounds it.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The number as printed, without words around it.
    pub written: Range<usize>,
    /// The number and its unit.
    pub core: Range<usize>,
    /// With the words that bound it.
    pub whole: Range<usize>,
    pub value: Decimal,
    pub value_max: Option<Decimal>,
    pub significant_digits: i32,
    pub form: Form,
    pub unit: Option<Measured>,
    pub qualifier: Qualifier,
    /// The bounding word, as printed.
    pub bound: Option<Range<usize>>,
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub unit: &'static str,
    pub word: &'static str,
    pub kind: UnitKind,
    /// Whether it is printed beside a later number: 10、20和30件.
    pub is_shared: bool,
}

/// What a text holds of numbers, each in its order.
#[derive(Debug, Default)]
pub struct Scan {
    pub measures: Vec<Measure>,
    pub moments: Vec<Moment>,
}

pub fn scan(text: &str) -> Scan {
    let marks = Marks::of(text);
    let mut found = Scan::default();
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
    let is_called = marks::is_call_number(&text[at..at + numeral.written], rest);
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
    if is_plain && (is_multiplied || Unit::at(rest).is_some()) {
        numeral.more = Some("+");
        numeral.length += 1;
    }
}

/// 行政拘留15日: a number of days, not a day of the month.
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

fn measure(text: &str, at: usize, numeral: Numeral, floor: usize) -> Option<Measure> {
    let written = at..at + numeral.written;
    let after = at + numeral.length;
    let mut measure = Measure {
        core: at..after,
        whole: at..after,
        value: numeral.value,
        value_max: numeral.value_max,
        significant_digits: numeral.significant_digits,
        form: numeral.form,
        unit: numeral.share.map(share),
        qualifier: Qualifier::Exact,
        bound: numeral.more.map(|word| {
            let inside = text[at..after].rfind(word).unwrap_or(0);
            at + inside..at + inside + word.len()
        }),
        written,
    };
    if measure.bound.is_some() {
        let is_about = numeral.more == Some("来");
        measure.qualifier = if is_about {
            Qualifier::Approximate
        } else {
            Qualifier::MoreThan
        };
    }
    if measure.value_max.is_some() {
        measure.qualifier = Qualifier::Range;
    }
    if measure.unit.is_none() {
        take_unit(text, &mut measure);
    }
    take_upper_end(text, &mut measure);
    take_bounds(text, &mut measure, floor);
    if numeral.form == Form::Place && measure.qualifier == Qualifier::Exact {
        return None;
    }
    Some(measure)
}

fn share(share: Share) -> Measured {
    let unit = match share {
        Share::Percent => "%",
        Share::Permille => "‰",
    };
    Measured {
        unit,
        word: unit,
        kind: UnitKind::Share,
        is_shared: false,
    }
}

/// Takes the unit after the number: 44起, 3个多小时, 两个半小时, 一年半.
fn take_unit(text: &str, measure: &mut Measure) {
    let at = measure.core.end;
    let rest = &text[at..];
    let spaces = usize::from(rest.starts_with(' '));
    let rest = &rest[spaces..];
    let inner = ["个多", "个余"]
        .into_iter()
        .find(|inner| rest.starts_with(inner));
    let after = inner.map(|inner| &rest[inner.len()..]);
    if let Some((inner, unit)) = inner.zip(after.and_then(length_of_time)) {
        let bound = at + spaces + '个'.len_utf8();
        measure.bound = Some(bound..bound + '多'.len_utf8());
        measure.qualifier = Qualifier::MoreThan;
        measure.unit = Some(unit);
        measure.core.end = at + spaces + inner.len() + unit.word.len();
    } else if let Some(unit) = Unit::at(rest) {
        measure.unit = Some(Measured {
            unit: unit.unit,
            word: unit.word,
            kind: unit.kind,
            is_shared: false,
        });
        measure.core.end = at + spaces + unit.word.len();
        take_half(text, measure, unit);
    }
    measure.whole.end = measure.core.end;
}

/// The unit of a length of time, 月 among them.
fn length_of_time(text: &str) -> Option<Measured> {
    let (word, unit) = match Unit::at(text).filter(|unit| unit.kind == UnitKind::Duration) {
        Some(unit) => (unit.word, unit.unit),
        None => text.starts_with('月').then_some(("月", "个月"))?,
    };
    Some(Measured {
        unit,
        word,
        kind: UnitKind::Duration,
        is_shared: false,
    })
}

fn take_half(text: &str, measure: &mut Measure, unit: &Unit) {
    let half = Decimal::new(5, 1);
    let ends_in_half = text[measure.core.end..].starts_with('半');
    if unit.word == "个半小时" {
        measure.value += half;
    } else if unit.kind == UnitKind::Duration && ends_in_half && measure.form != Form::Half {
        measure.value += half;
        measure.core.end += '半'.len_utf8();
    }
}

/// Takes the other end of a range: 30至50人, 3-5天, 300元~500元.
fn take_upper_end(text: &str, measure: &mut Measure) {
    const JOINTS: [&str; 7] = ["至", "到", "-", "~", "—", "–", "一"];
    let rest = &text[measure.core.end..];
    let joint = JOINTS[..6].iter().find(|joint| rest.starts_with(**joint));
    let Some(joint) = joint.filter(|_| measure.value_max.is_none()) else {
        return;
    };
    let before = text[..measure.core.start].trim_end_matches(['约', '近']);
    if before.ends_with(['从', '由', '自']) {
        return;
    }
    let at = measure.core.end + joint.len();
    let Some(upper) = numerals::read(&text[at..]).filter(|upper| upper.value_max.is_none()) else {
        return;
    };
    let is_number = matches!(upper.form, Form::Digits | Form::Chinese);
    let mut end = Measure {
        written: at..at + upper.written,
        core: at..at + upper.length,
        value: upper.value,
        unit: upper.share.map(share),
        ..measure.clone()
    };
    if end.unit.is_none() {
        take_unit(text, &mut end);
    }
    let is_same = match (&measure.unit, &end.unit) {
        (Some(first), Some(second)) => first.unit == second.unit,
        (None, Some(_)) => true,
        _ => false,
    };
    // 3至5万元 is 30,000 to 50,000: the place stands once.
    let scale = place_of(&text[end.written.clone()]);
    let has_place = place_of(&text[measure.written.clone()]).is_some();
    let lower = match scale.filter(|_| !has_place && measure.unit.is_none()) {
        Some(scale) => measure.value.checked_mul(scale).unwrap_or(measure.value),
        None => measure.value,
    };
    if !is_number || !is_same || lower >= end.value {
        return;
    }
    measure.value = lower.normalize();
    measure.value_max = Some(end.value);
    measure.significant_digits = upper.significant_digits;
    measure.written.end = end.written.end;
    measure.core.end = end.core.end;
    measure.whole.end = end.core.end;
    measure.unit = end.unit;
    measure.qualifier = Qualifier::Range;
}

fn place_of(written: &str) -> Option<Decimal> {
    let place = written.chars().next_back()?;
    match place {
        '万' => Some(Decimal::from(10_000)),
        '亿' => Some(Decimal::from(100_000_000)),
        _ => None,
    }
}

/// Takes the words before and after that bound the number.
fn take_bounds(text: &str, measure: &mut Measure, floor: usize) {
    const WORDS_MAX: usize = 4;
    for _ in 0..WORDS_MAX {
        let lead = text.get(floor..measure.whole.start).unwrap_or_default();
        let lead = lead.strip_suffix(' ').unwrap_or(lead);
        let Some((word, Some(qualifier))) = lexicon::bound_before(lead) else {
            break;
        };
        let is_short = matches!(word, "上" | "破" | "满");
        if is_short
            && !(measure.form == Form::Place || place_of(&text[measure.written.clone()]).is_some())
        {
            break;
        }
        let end = floor + lead.len();
        measure.whole.start = end - word.len();
        bound(measure, qualifier, measure.whole.start..end);
    }
    let after = &text[measure.core.end..];
    if let Some((word, Some(qualifier))) = lexicon::bound_after(after) {
        let is_time = measure
            .unit
            .is_some_and(|unit| unit.kind == UnitKind::Duration);
        let rest = &after[word.len()..];
        let is_inside = word == "内" && (!is_time || rest.starts_with(['部', '容', '外']));
        if !is_inside {
            let end = measure.core.end + word.len();
            bound(measure, qualifier, measure.core.end..end);
            measure.whole.end = end;
        }
    }
    let more = ["多", "余", "有余"]
        .into_iter()
        .find(|word| after.starts_with(word));
    let is_divisible = measure.unit.is_some_and(|unit| {
        let kinds = [UnitKind::Duration, UnitKind::Measure, UnitKind::Money];
        kinds.contains(&unit.kind) || unit.word == "倍"
    });
    if let Some(word) = more.filter(|_| is_divisible) {
        let end = measure.core.end + word.len();
        bound(measure, Qualifier::MoreThan, measure.core.end..end);
        measure.whole.end = end;
    }
}

/// The first word that bounds a number holds.
fn bound(measure: &mut Measure, qualifier: Qualifier, word: Range<usize>) {
    if measure.qualifier == Qualifier::Exact && qualifier != Qualifier::Exact {
        measure.qualifier = qualifier;
        measure.bound = Some(word);
    }
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

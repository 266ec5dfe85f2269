//! Reads a number with its unit, the other end of its range, and the words that bound it.

use std::ops::Range;

use rust_decimal::Decimal;

use super::lexicon::{self, Unit, UnitKind};
use super::sheet::tail;
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

impl Measure {
    /// 连续8年
    pub fn is_in_a_row(&self, text: &str) -> bool {
        let is_length = self
            .unit
            .is_some_and(|unit| unit.kind == UnitKind::Duration);
        is_length && text[..self.core.start].ends_with("连续")
    }
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

/// The measure of a number at a byte; its words begin no earlier than `floor`.
pub fn measure(text: &str, at: usize, numeral: Numeral, floor: usize) -> Option<Measure> {
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
    take_smaller_part(text, &mut measure);
    take_sign(text, &mut measure);
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
        if unit.unit == "元" {
            take_currency(text, measure);
        }
        measure.core.end = at + spaces + unit.word.len();
        take_half(text, measure, unit);
    }
    measure.whole.end = measure.core.end;
}

/// 美元3万元: the currency is named before the number.
fn take_currency(text: &str, measure: &mut Measure) {
    const CURRENCIES: [&str; 8] = [
        "美元", "欧元", "港元", "港币", "日元", "英镑", "韩元", "澳元",
    ];
    let lead = &text[..measure.core.start];
    let named = CURRENCIES.into_iter().find(|named| lead.ends_with(named));
    if let (Some(unit), Some(measured)) = (named, measure.unit.as_mut()) {
        measured.unit = unit;
    }
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

/// Takes the smaller part of a length of time: 三年六个月 is 42 months, 1小时30分钟 is 90 minutes.
fn take_smaller_part(text: &str, measure: &mut Measure) {
    let (smaller, times) = match measure.unit.map(|unit| unit.unit) {
        Some("年") => ("个月", Decimal::from(12)),
        Some("小时") => ("分钟", Decimal::from(60)),
        Some("分钟") => ("秒", Decimal::from(60)),
        _ => return take_minutes(text, measure),
    };
    let rest = &text[measure.core.end..];
    let rest = rest.strip_prefix(['零', '又']).unwrap_or(rest);
    let start = text.len() - rest.len();
    let is_plain = |part: &Numeral| part.more.is_none() && part.value_max.is_none();
    let Some(part) = numerals::read(rest).filter(is_plain) else {
        return;
    };
    let end = start + part.length;
    let mut next = Measure {
        core: start..end,
        value: part.value,
        unit: None,
        ..measure.clone()
    };
    take_unit(text, &mut next);
    let is_small = part.value < times && measure.value < Decimal::from(1_000_000);
    let is_smaller = next.unit.is_some_and(|unit| unit.unit == smaller);
    if is_small && is_smaller && measure.qualifier == Qualifier::Exact {
        measure.value = (measure.value * times + part.value).normalize();
        measure.significant_digits = 0;
        measure.unit = next.unit;
        measure.written.end = next.core.end;
        measure.core.end = next.core.end;
        measure.whole.end = next.core.end;
    }
}

/// 2分30秒: 分 counts points, but before seconds minutes.
fn take_minutes(text: &str, measure: &mut Measure) {
    let rest = &text[measure.core.end..];
    let Some(rest) = rest.strip_prefix('分').or_else(|| {
        let is_points = measure.unit.is_some_and(|unit| unit.word == "分");
        is_points.then_some(rest)
    }) else {
        return;
    };
    let is_plain = |part: &Numeral| part.more.is_none() && part.value_max.is_none();
    let seconds = numerals::read(rest).filter(is_plain);
    let Some(seconds) = seconds.filter(|part| rest[part.length..].starts_with('秒')) else {
        return;
    };
    let is_small = seconds.value < Decimal::from(60) && measure.value < Decimal::from(1_000_000);
    if !is_small || measure.qualifier != Qualifier::Exact {
        return;
    }
    measure.value = (measure.value * Decimal::from(60) + seconds.value).normalize();
    measure.significant_digits = 0;
    measure.unit = Some(Measured {
        unit: "秒",
        word: "秒",
        kind: UnitKind::Duration,
        is_shared: false,
    });
    let end = text.len() - rest.len() + seconds.length + '秒'.len_utf8();
    measure.written.end = end;
    measure.core.end = end;
    measure.whole.end = end;
}

/// 零下12℃ is below 0.
fn take_sign(text: &str, measure: &mut Measure) {
    const BELOW: [&str; 3] = ["零下", "-", "负"];
    let is_degree = measure
        .unit
        .is_some_and(|unit| matches!(unit.unit, "℃" | "度"));
    let lead = &text[..measure.core.start];
    if let Some(word) = BELOW
        .iter()
        .find(|word| is_degree && lead.ends_with(**word))
    {
        measure.value.set_sign_negative(true);
        measure.written.start -= word.len();
        measure.core.start = measure.written.start;
        measure.whole.start = measure.written.start;
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
    take_bound_of_share(text, measure, floor);
    let after = &text[measure.core.end..];
    let spaces = usize::from(after.starts_with(' '));
    if let Some((word, Some(qualifier))) = lexicon::bound_after(&after[spaces..]) {
        let is_time = measure
            .unit
            .is_some_and(|unit| unit.kind == UnitKind::Duration);
        let rest = &after[spaces + word.len()..];
        let is_inside = word == "内" && (!is_time || rest.starts_with(['部', '容', '外']));
        if !is_inside {
            let start = measure.core.end + spaces;
            let end = start + word.len();
            bound(measure, qualifier, start..end);
            measure.whole.end = end;
        }
    }
    let more = ["多", "余", "有余"]
        .into_iter()
        .find(|word| after.starts_with(word));
    let is_tenths = text[measure.core.clone()].ends_with('成') && !after.starts_with("多为");
    let is_divisible = measure.unit.is_some_and(|unit| {
        let kinds = [UnitKind::Duration, UnitKind::Measure, UnitKind::Money];
        kinds.contains(&unit.kind) || unit.word == "倍"
    });
    if let Some(word) = more.filter(|_| is_divisible || is_tenths) {
        let end = measure.core.end + word.len();
        bound(measure, Qualifier::MoreThan, measure.core.end..end);
        measure.whole.end = end;
    }
}

/// 约占全国总量的三成: the word that bounds a share stands before what it is of.
fn take_bound_of_share(text: &str, measure: &mut Measure, floor: usize) {
    const WORDS: [(&str, Qualifier); 5] = [
        ("约占", Qualifier::Approximate),
        ("接近", Qualifier::Approximate),
        ("约为", Qualifier::Approximate),
        ("超过总", Qualifier::MoreThan),
        ("超过全", Qualifier::MoreThan),
    ];
    let is_share = measure
        .unit
        .is_some_and(|unit| unit.kind == UnitKind::Share);
    let lead = text.get(floor..measure.whole.start).unwrap_or_default();
    if !is_share || !lead.ends_with('的') {
        return;
    }
    let near = tail(lead, 20);
    let clause = near.rfind([',', '。', ';', ':', '、']);
    let near = &near[clause.map_or(0, |mark| mark)..];
    let found = WORDS
        .iter()
        .find_map(|(word, qualifier)| Some((near.rfind(word)?, word, *qualifier)));
    if let Some((at, word, qualifier)) = found {
        let start = measure.whole.start - near.len() + at;
        let word = word.trim_end_matches(['占', '总', '全']);
        bound(measure, qualifier, start..start + word.len());
        measure.whole.start = start;
    }
}

/// The first word that bounds a number holds.
fn bound(measure: &mut Measure, qualifier: Qualifier, word: Range<usize>) {
    if measure.qualifier == Qualifier::Exact && qualifier != Qualifier::Exact {
        measure.qualifier = qualifier;
        measure.bound = Some(word);
    }
}

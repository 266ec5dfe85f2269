//! Dates and clock times, which hold numbers that count nothing, and the periods figures are of.

use std::ops::Range;

use crate::dates::{check_date, is_after};
use crate::extract::numerals::{self, Form, Numeral};
use crate::pb;

/// A time a text names.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub range: Range<usize>,
    /// What it says, its words left out; of a clock time, nothing.
    pub period: Option<pb::Period>,
}

/// Words that join two dates.
const JOINTS: [&str; 10] = ["至", "到", "-", "~", "—", "–", "、", "和", "起至", "日至"];

/// A date, a run of dates, or a clock time at a byte of a text, where a number begins.
pub fn read(text: &str, at: usize) -> Option<Moment> {
    let rest = &text[at..];
    let first = part(rest);
    if let Some(length) = clock(rest, first.as_ref()) {
        let range = at..at + length;
        return Some(Moment {
            range,
            period: None,
        });
    }
    let (start, mut length) = match dashed(rest) {
        Some(found) => found,
        None => {
            let first = first?;
            worded(rest, &first).or_else(|| bare_number_of_dates(first))?
        }
    };
    let mut end = start;
    while let Some((next, next_length)) = next_date(&rest[length..], end) {
        end = next;
        length += next_length;
    }
    let date = |date: Date| Some(date.into_pb()).filter(|date| check_date("", date).is_ok());
    let (start, end) = (date(start), date(end));
    let is_in_order = start
        .zip(end)
        .is_none_or(|(start, end)| !is_after(&start, &end));
    let period = pb::Period {
        start,
        end: end.filter(|_| is_in_order),
        ..pb::Period::default()
    };
    let range = at..at + length;
    Some(Moment {
        range,
        period: Some(period),
    })
}

/// A date as far as it is printed; 0 is not printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Date {
    year: i32,
    month: i32,
    day: i32,
}

impl Date {
    fn into_pb(self) -> pb::Date {
        pb::Date {
            year: self.year,
            month: self.month,
            day: self.day,
        }
    }
}

/// A whole number that may be a part of a date, the text behind it, and how it is printed.
type Number<'t> = (i32, &'t str, Numeral);

/// The number at the start of a text.
fn part(text: &str) -> Option<Number<'_>> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let numeral = numerals::read(text)?;
    let is_plain = numeral.share.is_none()
        && numeral.more.is_none()
        && numeral.value_max.is_none()
        && numeral.significant_digits == 0
        && matches!(numeral.form, Form::Digits | Form::Chinese | Form::Row);
    if !is_plain || numeral.value.scale() > 0 {
        return None;
    }
    let number = i32::try_from(numeral.value.mantissa()).ok()?;
    Some((number, at_mark(&text[numeral.length..]), numeral))
}

/// 8 月 17 日: a space between a number and its mark says nothing.
fn at_mark(text: &str) -> &str {
    text.strip_prefix(' ')
        .filter(|rest| rest.starts_with(['年', '月', '日', '时', '点', '分']))
        .unwrap_or(text)
}

fn date(text: &str) -> Option<(Date, usize)> {
    dashed(text).or_else(|| worded(text, &part(text)?))
}

/// 2023年6月1日, 6月1日 and 1日, by the first number of the text.
fn worded(text: &str, first: &Number<'_>) -> Option<(Date, usize)> {
    let (number, rest, numeral) = first;
    let length = |rest: &str| text.len() - rest.len();
    let is_year = numeral.length == 4 && numeral.form == Form::Digits
        || numeral.form == Form::Row && numeral.length == 12;
    if let Some(rest) = rest.strip_prefix('年').filter(|_| is_year) {
        let mut date = Date {
            year: *number,
            ..Date::default()
        };
        let Some((month, rest)) = part(rest).as_ref().and_then(month) else {
            let rest = rest.strip_prefix(['底', '末', '初']).unwrap_or(rest);
            return Some((date, length(rest)));
        };
        date.month = month;
        let Some((day, rest)) = part(rest).as_ref().and_then(day) else {
            return Some((date, length(rest)));
        };
        date.day = day;
        return Some((date, length(rest)));
    }
    if let Some((month, rest)) = month(first) {
        let mut date = Date {
            month,
            ..Date::default()
        };
        if let Some((day, rest)) = part(rest).as_ref().and_then(day) {
            date.day = day;
            return Some((date, length(rest)));
        }
        return Some((date, length(rest)));
    }
    let (day, rest) = day(first)?;
    let date = Date {
        day,
        ..Date::default()
    };
    Some((date, length(rest)))
}

fn month<'t>((number, rest, _): &Number<'t>) -> Option<(i32, &'t str)> {
    let rest = rest.strip_prefix('月')?;
    let after = ["份", "上旬", "中旬", "下旬", "底", "初", "末"];
    let rest = after
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    (1..=12).contains(number).then_some((*number, rest))
}

fn day<'t>((number, rest, _): &Number<'t>) -> Option<(i32, &'t str)> {
    let rest = rest.strip_prefix('日')?;
    // 11日元 is yen, 11日元宵节 a day.
    let is_feast = rest.starts_with("元宵") || rest.starts_with("元旦");
    let is_day = (1..=31).contains(number) && (is_feast || !rest.starts_with(['均', '元']));
    is_day.then_some((*number, rest))
}

/// 2023-06-01, 2023.6.1 and 2023/6/1.
fn dashed(text: &str) -> Option<(Date, usize)> {
    let bytes = text.as_bytes();
    let digits = |from: usize, max: usize| -> Option<(i32, usize)> {
        let rest = bytes.get(from..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = text.get(from..from + count)?.parse().ok()?;
        (1..=max).contains(&count).then_some((number, from + count))
    };
    let (year, at) = digits(0, 4).filter(|(_, at)| *at == 4)?;
    let separator = *bytes.get(at)?;
    if !matches!(separator, b'-' | b'.' | b'/') {
        return None;
    }
    let (month, at) = digits(at + 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (day, at) = digits(at + 1, 2)?;
    Some((Date { year, month, day }, at))
}

/// The first number of 1至6月, 2019-2021年 or 15、16日: what it is, the date after it tells.
fn bare_number_of_dates((number, rest, numeral): Number<'_>) -> Option<(Date, usize)> {
    let joint = JOINTS.iter().find(|joint| rest.starts_with(**joint))?;
    let (next, _) = date(&rest[joint.len()..])?;
    let mut date = Date::default();
    match next {
        Date { year, .. } if year > 0 && number >= 1_000 => date.year = number,
        Date { year: 0, month, .. } if month > 0 && (1..=12).contains(&number) => {
            date.month = number;
        }
        Date {
            year: 0,
            month: 0,
            day,
        } if day > 0 && (1..=31).contains(&number) => date.day = number,
        _ => return None,
    }
    Some((date, numeral.length))
}

/// The date that another goes on with; 11月12日8时至18日8时 is a run of dates too.
fn next_date(text: &str, first: Date) -> Option<(Date, usize)> {
    joined_date(text, first).or_else(|| {
        // Only a number may be an hour.
        if !text.starts_with(|char: char| char.is_ascii_digit()) {
            return None;
        }
        let hour = clock(text, part(text).as_ref()).filter(|_| first.day > 0)?;
        let (next, length) = joined_date(&text[hour..], first)?;
        let rest = &text[hour + length..];
        let last = clock(rest, part(rest).as_ref()).unwrap_or(0);
        Some((next, hour + length + last))
    })
}

/// A date that goes on with another, which has the year and month of the first when it prints none.
fn joined_date(text: &str, first: Date) -> Option<(Date, usize)> {
    let joint = JOINTS
        .iter()
        .rev()
        .find(|joint| text.starts_with(**joint))?;
    let (mut next, length) = date(&text[joint.len()..])?;
    if next.year == 0 {
        next.year = first.year;
    }
    if next.month == 0 && next.day > 0 {
        next.month = first.month;
    }
    Some((next, joint.len() + length))
}

/// 9:30, 9:00-9:30, 9时30分, 十点半; given with the first number of the text.
fn clock(text: &str, first: Option<&Number<'_>>) -> Option<usize> {
    if let Some(length) = clock_of_digits(text) {
        let rest = &text[length..];
        let joint = ["-", "~", "—", "至", "到"]
            .into_iter()
            .find(|joint| rest.starts_with(joint));
        let more = joint.and_then(|joint| {
            clock_of_digits(&rest[joint.len()..]).map(|length| joint.len() + length)
        });
        return Some(length + more.unwrap_or(0));
    }
    let (hour, rest, _) = first?;
    let is_hour = (0..=24).contains(hour);
    let (mark, rest) = ['时', '点']
        .into_iter()
        .find_map(|mark| Some((mark, rest.strip_prefix(mark)?)))
        .filter(|_| is_hour)?;
    let minutes = part(rest).and_then(|(number, after, _)| {
        let is_minute =
            (0..60).contains(&number) && (!rest.starts_with(' ') || after.starts_with('分'));
        is_minute.then(|| after.strip_prefix('分').unwrap_or(after))
    });
    let is_other = match mark {
        '时' => rest.starts_with(['间', '段', '候', '代', '期', '速', '尚', '长']),
        _ => {
            minutes.is_none()
                && !rest.starts_with([
                    '半', '许', '钟', '整', '多', '左', '至', '到', '开', '前', '后', '起', ',',
                ])
        }
    };
    if is_other {
        return None;
    }
    Some(text.len() - minutes.unwrap_or(rest).len())
}

fn clock_of_digits(text: &str) -> Option<usize> {
    let count = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let hours = count(text);
    let rest = text.get(hours..)?.strip_prefix(':')?;
    let minutes = count(rest);
    ((1..=2).contains(&hours) && minutes == 2).then_some(hours + 1 + minutes)
}

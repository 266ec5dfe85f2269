//! Chinese numerals, read and written.

use rust_decimal::Decimal;

use super::{Form, Numeral, more, multiplier, power_of_ten};

/// Longest run of numerals that is looked at.
const RUN_MAX: usize = 24;

/// Whether a Chinese number may begin with, or go on with, a character.
pub fn is_numeral(char: char) -> bool {
    matches!(
        char,
        '零' | '〇' | '一' | '二' | '两' | '三' | '四' | '五' | '六' | '七' | '八' | '九'
    ) || matches!(char, '十' | '百' | '千' | '万' | '亿' | '廿' | '卅')
}

/// The value of a digit, 零 and 两 among them.
pub fn digit(char: char) -> Option<u32> {
    Some(match char {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn place(char: char) -> Option<u64> {
    Some(match char {
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// 廿 and 卅.
fn tens(char: char) -> Option<u64> {
    Some(match char {
        '廿' => 20,
        '卅' => 30,
        _ => return None,
    })
}

pub fn read(text: &str) -> Option<Numeral> {
    let chars: Vec<char> = text
        .chars()
        .take(RUN_MAX)
        .take_while(|char| is_numeral(*char))
        .collect();
    // A place after the number may begin its unit: 二十万千瓦.
    let ends = (1..chars.len())
        .rev()
        .filter(|end| place(chars[*end]).is_some());
    let shorter = || ends.clone().find_map(|end| run(text, &chars[..end]));
    let whole = run(text, &chars).or_else(|| row(text, &chars));
    let mut numeral = whole.or_else(shorter)?;
    if matches!(numeral.form, Form::Row) {
        return Some(numeral);
    }
    add_fraction(text, &mut numeral);
    add_more(text, &mut numeral)?;
    (numeral.value > Decimal::ZERO).then_some(numeral)
}

/// A run of numerals: one number, or two neighbouring ones as in 三四十.
fn run(text: &str, chars: &[char]) -> Option<Numeral> {
    let length = prefix_length(text, chars.len());
    let form = match chars {
        ['百' | '千' | '万' | '亿', ..] => Form::Place,
        _ => Form::Chinese,
    };
    if let Some(value) = value(chars) {
        let mut numeral = Numeral::new(Decimal::from(value), length, form);
        if chars.iter().any(|char| matches!(char, '万' | '亿')) && form == Form::Chinese {
            let known = value.to_string().trim_end_matches('0').len();
            numeral.significant_digits = i32::try_from(known).unwrap_or(0);
        }
        return Some(numeral);
    }
    let at = chars
        .windows(2)
        .position(|pair| digit(pair[0]).is_some() && digit(pair[1]).is_some())?;
    if digit(chars[at])? == 0 || digit(chars[at])? + 1 != digit(chars[at + 1])? {
        return None;
    }
    let without = |index: usize| {
        let mut rest = chars.to_vec();
        rest.remove(index);
        value(&rest)
    };
    let mut numeral = Numeral::new(Decimal::from(without(at + 1)?), length, form);
    numeral.value_max = Some(Decimal::from(without(at)?));
    Some(numeral)
}

/// Three or more digits without places.
fn row(text: &str, chars: &[char]) -> Option<Numeral> {
    if chars.len() < 3 || chars.len() > 12 {
        return None;
    }
    let mut value = 0_u64;
    for char in chars {
        value = value * 10 + u64::from(digit(*char)?);
    }
    let length = prefix_length(text, chars.len());
    Some(Numeral::new(Decimal::from(value), length, Form::Row))
}

fn prefix_length(text: &str, characters: usize) -> usize {
    text.chars().take(characters).map(char::len_utf8).sum()
}

/// The value of one number written out in full, or short as 一万二.
fn value(chars: &[char]) -> Option<u64> {
    let (mut total, mut section) = (0_u64, 0_u64);
    let mut waiting: Option<u64> = None;
    let mut last_place = u64::MAX;
    let mut large_place = u64::MAX;
    let mut after_zero = false;
    for (index, char) in chars.iter().enumerate() {
        if let Some(number) = digit(*char) {
            if waiting.is_some() || number == 0 && (index == 0 || after_zero) {
                return None;
            }
            after_zero = number == 0;
            waiting = (number > 0).then_some(u64::from(number));
        } else if let Some(number) = tens(*char) {
            if waiting.is_some() || last_place <= 10 {
                return None;
            }
            section += number;
            last_place = 10;
        } else {
            let place = place(*char)?;
            let may_stand_alone = index == 0 || place == 10 && section == 0;
            let number = match waiting.take() {
                Some(number) => number,
                None if may_stand_alone => 1,
                None if place >= 10_000 => 0,
                None => return None,
            };
            if place < 10_000 {
                if place >= last_place {
                    return None;
                }
                section += number * place;
                last_place = place;
            } else {
                section += number;
                if section == 0 || section >= 10_000 || place >= large_place {
                    return None;
                }
                total = total.checked_add(section.checked_mul(place)?)?;
                section = 0;
                large_place = place;
                last_place = u64::MAX;
            }
            after_zero = false;
        }
    }
    if after_zero {
        return None;
    }
    let Some(rest) = waiting else {
        return total.checked_add(section);
    };
    let before = chars.len().checked_sub(2).map(|index| chars[index]);
    let short = before.and_then(place).filter(|place| *place >= 100);
    total.checked_add(section + rest * short.map_or(1, |place| place / 10))
}

/// 三点五 is 3.5, but 三点五十 is a clock time.
fn add_fraction(text: &str, numeral: &mut Numeral) {
    if numeral.form != Form::Chinese || numeral.value_max.is_some() {
        return;
    }
    let Some(rest) = text[numeral.length..].strip_prefix('点') else {
        return;
    };
    let digits: Vec<u32> = rest.chars().take(6).map_while(digit).collect();
    let length = prefix_length(rest, digits.len());
    let next = rest[length..].chars().next();
    if digits.is_empty() || next.is_some_and(|next| "十分时刻钟半".contains(next)) {
        return;
    }
    let mut unit = Decimal::new(1, 1);
    for digit in digits {
        numeral.value += unit * Decimal::from(digit);
        unit *= Decimal::new(1, 1);
    }
    numeral.length += '点'.len_utf8() + length;
    numeral.written = numeral.length;
    if let Some((length, power)) = multiplier(&text[numeral.length..]) {
        numeral.significant_digits =
            i32::try_from(numeral.value.mantissa().to_string().len()).unwrap_or(0);
        numeral.value = (numeral.value * power_of_ten(power)).normalize();
        numeral.length += length;
        numeral.written = numeral.length;
    }
}

/// 余, 多 or 几 after the number, and the 万 or 亿 after that.
fn add_more(text: &str, numeral: &mut Numeral) -> Option<()> {
    let Some(word) = more(&text[numeral.length..]) else {
        return Some(());
    };
    let ends_in_digit = text[..numeral.length].chars().next_back().and_then(digit);
    if numeral.value_max.is_some() || ends_in_digit.is_some() && word == "几" {
        return Some(());
    }
    numeral.more = Some(word);
    numeral.length += word.len();
    let mut power = 0;
    let mut at = numeral.length;
    while let Some((length, by)) = multiplier(&text[at..]).filter(|(_, by)| *by >= 4) {
        power += by;
        at += length;
    }
    if power > 0 {
        let scaled = numeral.value.checked_mul(power_of_ten(power.min(16)))?;
        numeral.significant_digits = 0;
        numeral.value = scaled.normalize();
        numeral.written = at;
        numeral.length = at;
    }
    Some(())
}

/// A number below 10^12 as it is written out in Chinese.
pub fn written(number: u64) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digit = |number: u64| DIGITS[usize::try_from(number % 10).unwrap_or(0)];
    let section = |number: u64| {
        let mut text = String::new();
        for (place, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
            let here = number / place % 10;
            if here > 0 {
                let is_gap = !text.is_empty() && (number / (place * 10)).is_multiple_of(10);
                text.extend(is_gap.then_some('零'));
                text.push(digit(here));
                text.push_str(name);
            }
        }
        text
    };
    let mut text = String::new();
    let mut above = 0;
    for (place, name) in [(100_000_000, "亿"), (10_000, "万"), (1, "")] {
        let here = number / place % 10_000;
        if here > 0 {
            let is_gap = !text.is_empty() && (here < 1_000 || above % 10_000 == 0);
            text.extend(is_gap.then_some('零'));
            text.push_str(&section(here));
            text.push_str(name);
        }
        above = here;
    }
    if let Some(rest) = text.strip_prefix("一十") {
        return format!("十{rest}");
    }
    if text.is_empty() {
        text.push('零');
    }
    text
}

//! Numbers in digits, with the Chinese places after them.

use rust_decimal::Decimal;

use super::{Form, Numeral, more, multiplier, power_of_ten};

/// Longest run of digits that can still be kept.
const DIGITS_MAX: usize = 18;

pub fn read(text: &str) -> Option<Numeral> {
    let (mantissa, length) = plain(text)?;
    let mut numeral = Numeral::new(mantissa, length, Form::Digits);
    multiply(text, &mut numeral)?;
    let spaces = space_before(&text[numeral.length..], &['余', '多']);
    if numeral.more.is_none()
        && let Some(word) = more(&text[numeral.length + spaces..])
    {
        numeral.more = Some(word);
        numeral.length += spaces + word.len();
    }
    Some(numeral)
}

/// 4.8 万, 30 余: the bytes of a space before a word that the number has.
fn space_before(text: &str, words: &[char]) -> usize {
    let rest = text.strip_prefix(' ');
    usize::from(rest.is_some_and(|rest| rest.starts_with(words)))
}

/// Digits with thousands separators and a fraction, and their bytes.
fn plain(text: &str) -> Option<(Decimal, usize)> {
    let bytes = text.as_bytes();
    let run = |from: usize| -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut end = run(0);
    let is_spaced = (1..=2).contains(&end) && is_spaced(&text[end..]);
    if (1..=3).contains(&end) {
        let separator = if is_spaced { b' ' } else { b',' };
        while bytes.get(end) == Some(&separator) && run(end + 1) == 3 {
            end += 4;
        }
    }
    if bytes.get(end) == Some(&b'.') && run(end + 1) > 0 {
        end += 1 + run(end + 1);
        if bytes.get(end) == Some(&b'.') && run(end + 1) > 0 {
            return None;
        }
    }
    if end > DIGITS_MAX * 2 {
        return None;
    }
    Some((decimal(&text[..end])?, end))
}

/// 1 864起: whether spaces stand before the thousands that follow, up to what is counted.
fn is_spaced(text: &str) -> bool {
    let digits = |char: char| char.is_ascii_digit();
    let mut rest = text;
    while let Some(next) = rest.strip_prefix(' ') {
        let after = next.trim_start_matches(digits);
        if next.len() - after.len() != 3 {
            return false;
        }
        rest = after;
    }
    rest.len() < text.len() && rest.starts_with(|char: char| char.is_alphabetic() || char == '%')
}

/// The value of digits with thousands separators and a fraction.
fn decimal(text: &str) -> Option<Decimal> {
    if text.len() > DIGITS_MAX {
        return Decimal::from_str_exact(&text.replace([',', ' '], "")).ok();
    }
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let mantissa = digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    let scale = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    Some(Decimal::new(mantissa, u32::try_from(scale).ok()?))
}

/// Takes 百, 千, 万 and 亿 after the digits, and a smaller part after them: 1亿2000万, 3万5千.
fn multiply(text: &str, numeral: &mut Numeral) -> Option<()> {
    let mantissa = numeral.value;
    let mut power = 0;
    let mut at = numeral.length;
    at += space_before(&text[at..], &['万', '亿']);
    while let Some((length, by)) = multiplier(&text[at..]) {
        power += by;
        at += length;
    }
    if power == 0
        && let Some(word) = more(&text[at..])
        && let Some((length, by)) = multiplier(&text[at + word.len()..])
    {
        numeral.more = Some(word);
        at += word.len() + length;
        power = by;
        while let Some((length, by)) = multiplier(&text[at..]) {
            power += by;
            at += length;
        }
    }
    if power == 0 {
        return Some(());
    }
    if power > 16 {
        return None;
    }
    numeral.value = mantissa.checked_mul(power_of_ten(power))?.normalize();
    numeral.significant_digits = known_digits(mantissa);
    numeral.written = at;
    numeral.length = at;
    if numeral.more.is_none() && mantissa.scale() == 0 {
        add_smaller_part(text, numeral, power);
    }
    Some(())
}

fn add_smaller_part(text: &str, numeral: &mut Numeral, power: u32) {
    let rest = &text[numeral.length..];
    let Some((part, length)) = plain(rest).filter(|(part, _)| part.scale() == 0) else {
        return;
    };
    let Some((place, by)) = multiplier(&rest[length..]) else {
        return;
    };
    let Some(part) = part.checked_mul(power_of_ten(by)) else {
        return;
    };
    if by >= power || part >= power_of_ten(power) {
        return;
    }
    numeral.value += part;
    numeral.significant_digits = known_digits(numeral.value / power_of_ten(by));
    numeral.length += length + place;
    numeral.written = numeral.length;
}

/// How many digits a number is written with, from its first that is not 0.
fn known_digits(value: Decimal) -> i32 {
    let digits = value.mantissa().unsigned_abs().to_string();
    i32::try_from(digits.trim_start_matches('0').len()).unwrap_or(0)
}

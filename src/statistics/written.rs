//! Holds a value to how it was written. What cannot be read, or may be meant otherwise, is let pass.

use rust_decimal::Decimal;

use crate::error::Violation;
use crate::extract::numerals::{self, Numeral, Share};
use crate::pb::Quantity;
use crate::rules::Check;

const JOINTS: [char; 6] = ['至', '到', '-', '~', '—', '–'];
const BELOW_ZERO: [&str; 4] = ["零下", "负", "-", "−"];
const SHARES: [&str; 3] = ["%", "‰", "成"];

/// Refuses a value, or a unit, that `as_written` contradicts. A value is good too when the quote says
/// it where `as_written` stands: 47500 of 4.75 in 4.75万起.
pub fn check(
    check: &mut Check,
    field: &str,
    quantity: &Quantity,
    quote: &str,
    (value, value_max): (Option<Decimal>, Option<Decimal>),
) {
    let written = folded(&quantity.as_written);
    let units = Units::of(quantity);
    let Some(said) = units.whole(&written) else {
        return;
    };
    let shown = Violation::shown(&quantity.as_written);
    if let Some(value) = value
        && !said.agrees(value, value_max)
        && !units.quote_agrees(&folded(quote), &written, value, value_max)
    {
        let given = Said::range(value, value_max);
        let allowed = format!(
            "must be {}, as as_written {shown} says, got {}; leave as_written unset for a number \
             that is not printed",
            said.told(),
            given.told()
        );
        check.refuse(&format!("{field}.value"), allowed);
    }
    let unit = &quantity.unit;
    if said
        .place
        .is_some_and(|place| units.unit.starts_with(place))
    {
        let got = Violation::shown(unit);
        let allowed = format!(
            "must not begin with the place that as_written {shown} ends in: the value has it \
             multiplied out, got {got}"
        );
        check.refuse(&format!("{field}.unit"), allowed);
    }
    if let Some(share) = said
        .share
        .filter(|share| SHARES.contains(&units.unit.as_str()) && units.unit != *share)
    {
        let got = Violation::shown(unit);
        let allowed = format!("must be {share}, as as_written {shown} says, got {got}");
        check.refuse(&format!("{field}.unit"), allowed);
    }
}

/// What a text says a number is.
struct Said {
    low: Decimal,
    high: Option<Decimal>,
    /// 3 in 3至5万 may be 30,000.
    place: Option<char>,
    share: Option<&'static str>,
}

impl Said {
    fn range(low: Decimal, high: Option<Decimal>) -> Self {
        Self {
            low,
            high,
            place: None,
            share: None,
        }
    }

    /// A single number may be either end of a range, and one of a range stand for it.
    fn agrees(&self, value: Decimal, value_max: Option<Decimal>) -> bool {
        let scaled = || self.low.checked_mul(scale(self.place?));
        let is_low = |value| self.low == value || scaled() == Some(value);
        match (self.high, value_max) {
            (Some(high), Some(max)) => is_low(value) && high == max,
            (Some(high), None) => self.low <= value && value <= high,
            (None, Some(max)) => self.low == value || self.low == max,
            (None, None) => self.low == value,
        }
    }

    fn told(&self) -> String {
        match self.high {
            Some(high) => format!("{} to {high}", self.low),
            None => self.low.to_string(),
        }
    }
}

/// The unit as it may stand after a number.
struct Units {
    unit: String,
    words: Vec<String>,
}

impl Units {
    fn of(quantity: &Quantity) -> Self {
        let unit = folded(&quantity.unit);
        let without_place = unit.trim_start_matches(['万', '亿']).to_owned();
        let mut words = vec![unit.clone(), without_place, folded(&quantity.unit_text)];
        words.retain(|word| !word.is_empty());
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self { unit, words }
    }

    /// What a text says that is a number, or a range, and its unit, and nothing else.
    fn whole(&self, text: &str) -> Option<Said> {
        // 半数 is 50 %.
        if text.starts_with('半') && self.unit == "%" {
            return None;
        }
        let sign = BELOW_ZERO.iter().find(|sign| text.starts_with(**sign));
        let number = sign.map_or(text, |sign| &text[sign.len()..]);
        let (mut said, rest) = self.read(number)?;
        if sign.is_some() {
            if said.high.is_some() {
                return None;
            }
            said.low.set_sign_negative(true);
        }
        let is_unit = rest.is_empty() || self.words.iter().any(|word| word == rest);
        // 3人 beside no unit; but 三分之二, 两个半小时, 三折 or 一对 are other numbers.
        let is_counted = self.words.is_empty() && rest.chars().all(may_be_counted);
        (is_unit || is_counted).then_some(said)
    }

    /// Whether the quote says the value where the words stand.
    fn quote_agrees(
        &self,
        quote: &str,
        written: &str,
        value: Decimal,
        value_max: Option<Decimal>,
    ) -> bool {
        let half = Decimal::new(5, 1);
        quote.match_indices(written).any(|(at, _)| {
            let Some((said, _)) = self.read(&quote[at..]) else {
                return false;
            };
            let is_below_zero = BELOW_ZERO.iter().any(|sign| quote[..at].ends_with(sign));
            said.agrees(value, value_max)
                || is_below_zero && said.agrees(-value, value_max)
                // 两个半小时, 一年半, 两到三个月半
                || quote.contains('半')
                    && (said.agrees(value - half, value_max)
                        || said.agrees(value, value_max.map(|max| max - half)))
        })
    }

    /// The number or range at the start of a text, and what follows.
    fn read<'t>(&self, text: &'t str) -> Option<(Said, &'t str)> {
        let (first, rest) = number(text)?;
        let said = |last: &Numeral, start: usize| Said {
            low: first.value,
            high: last.value_max,
            place: place(&text[start..start + last.written]),
            share: last.share.map(|share| match share {
                Share::Percent => "%",
                Share::Permille => "‰",
            }),
        };
        if first.value_max.is_some() {
            return Some((said(&first, 0), rest));
        }
        let word = self.words.iter().find(|word| rest.starts_with(*word));
        let after = word.map_or(rest, |word| &rest[word.len()..]);
        let upper = after.strip_prefix(JOINTS).and_then(number);
        let Some((upper, rest)) = upper.filter(|(upper, _)| upper.value_max.is_none()) else {
            return Some((said(&first, 0), rest));
        };
        let start = text.len() - rest.len() - upper.length;
        let mut said = said(&upper, start);
        said.high = Some(upper.value);
        Some((said, rest))
    }
}

/// The number at the start of a text, with what follows; nought among them.
fn number(text: &str) -> Option<(Numeral, &str)> {
    if let "零" | "〇" = text {
        let (mut nought, _) = number("0")?;
        (nought.written, nought.length) = (text.len(), text.len());
        return Some((nought, ""));
    }
    let numeral = numerals::read(text)?;
    let rest = &text[numeral.length..];
    Some((numeral, rest))
}

fn may_be_counted(char: char) -> bool {
    const OTHERWISE: &str = "半分点折打对双刻几成番";
    let is_word = matches!(char, '\u{3400}'..='\u{9fff}');
    is_word && !numerals::is_numeral(char) && !OTHERWISE.contains(char)
}

/// The 万 or 亿 that a number ends in.
fn place(number: &str) -> Option<char> {
    let last = number.chars().next_back();
    last.filter(|last| matches!(last, '万' | '亿'))
}

fn scale(place: char) -> Decimal {
    let power = if place == '万' { 4 } else { 8 };
    Decimal::from(10_i64.pow(power))
}

/// Full width as half width, and the Traditional characters of numbers as Simplified: all that the
/// reading of numbers needs, without the dictionary of all characters.
fn folded(text: &str) -> String {
    let fold = |char| match char {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(char) - 0xfee0).expect("it is an ASCII character")
        }
        '萬' => '万',
        '億' => '亿',
        '兩' => '两',
        '餘' => '余',
        '幾' => '几',
        '點' => '点',
        '個' => '个',
        '負' => '负',
        other => other,
    };
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;

    fn refused(quantity: Quantity, quote: &str) -> Vec<String> {
        let read =
            |decimal: &Option<pb::Decimal>| decimal.as_ref().and_then(crate::decimal::served);
        let values = (read(&quantity.value), read(&quantity.value_max));
        let mut found = Check::default();
        check(&mut found, "quantity", &quantity, quote, values);
        match found.finish() {
            Ok(()) => Vec::new(),
            Err(crate::error::Error::Invalid(violations)) => {
                violations.iter().map(ToString::to_string).collect()
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// `3..5 万元` is a range of 万元.
    fn quantity(written: &str, value: &str) -> Quantity {
        let decimal = |text: &str| {
            Some(pb::Decimal {
                value: text.to_owned(),
            })
        };
        let (value, unit) = value.split_once(' ').unwrap_or((value, ""));
        let (low, high) = match value.split_once("..") {
            Some((low, high)) => (low, decimal(high)),
            None => (value, None),
        };
        Quantity {
            value: decimal(low),
            value_max: high,
            as_written: written.to_owned(),
            unit: unit.to_owned(),
            ..Quantity::default()
        }
    }

    #[test]
    fn a_value_is_what_was_written() {
        for (written, good, bad) in [
            ("3人", "3", "4"),
            ("3人", "3 人", "4 人"),
            ("３人", "3 人", "4 人"),
            ("1,234", "1234 起", "1.234 起"),
            ("4.75万", "47500 起", "4.75 起"),
            ("4.75萬", "47500 起", "475000 起"),
            ("1.2亿", "120000000 元", "12000000 元"),
            ("三百一十六", "316 起", "361 起"),
            ("兩千零八", "2008 起", "2080 起"),
            ("300余万", "3000000 元", "300 元"),
            ("3万5千", "35000 元", "30000 元"),
            ("七成", "70 %", "7 %"),
            ("百分之十二点五", "12.5 %", "0.125 %"),
            ("98.9%", "98.90 %", "0.989 %"),
            ("零下12", "-12 ℃", "12 ℃"),
            ("零", "0 起", "1 起"),
            ("3至5", "3..5 天", "3..6 天"),
            ("3至5万", "30000..50000 元", "3..5 元"),
            ("300元~500元", "300..500 元", "300..600 元"),
            ("两三", "2..3 名", "2..4 名"),
            ("两三", "3 名", "4 名"),
            ("30", "30..50 名", "31..50 名"),
        ] {
            let found = refused(quantity(written, good), written);
            assert_eq!(found, Vec::<String>::new(), "{written}");
            let found = refused(quantity(written, bad), written);
            let at = "quantity.value must be ";
            assert!(
                found.len() == 1 && found[0].starts_with(at),
                "{written}: {found:?}"
            );
        }
    }

    #[test]
    fn the_refusal_says_what_was_written_and_what_was_given() {
        let found = refused(quantity("3人", "4 人"), "3人");
        let said = "quantity.value must be 3, as as_written \"3人\" says, got 4; leave as_written \
                    unset for a number that is not printed";
        assert_eq!(found, [said]);
    }

    #[test]
    fn a_place_is_counted_once_and_a_share_is_of_its_unit() {
        for (written, value, unit) in [
            ("3万", "30000 万元", "万元"),
            ("3亿元", "300000000 亿元", "亿元"),
            ("七成", "70 成", "成"),
            ("千分之三", "3 %", "%"),
        ] {
            let found = refused(quantity(written, value), written);
            assert_eq!(found.len(), 1, "{written}: {found:?}");
            assert!(found[0].starts_with("quantity.unit must "), "{found:?}");
            assert!(found[0].ends_with(&format!("got {unit:?}")), "{found:?}");
        }
        for (written, value) in [("3", "3 万元"), ("1.5万", "15000 亿元"), ("3", "3 成")] {
            assert_eq!(
                refused(quantity(written, value), written).len(),
                0,
                "{written}"
            );
        }
    }

    #[test]
    fn what_may_be_meant_otherwise_is_let_pass() {
        for (written, value, quote) in [
            ("", "4", "3人"),
            ("数百", "300", "数百人"),
            ("三分之二", "66.67 %", "三分之二"),
            ("半小时", "30 分钟", "半小时"),
            ("半", "50 %", "半数以上"),
            ("三年六个月", "42 个月", "三年六个月"),
            ("三折", "30 %", "三折"),
            ("一对", "2", "一对"),
            ("3/5", "60 %", "3/5"),
            ("两", "2.5 小时", "两个半小时"),
            ("两到三", "2..3.5 个月", "两到三个月半"),
            ("4.75", "47500 起", "查处4.75万起"),
            ("12", "-12 ℃", "零下12℃"),
            ("3", "3..5 天", "3至5天"),
        ] {
            let found = refused(quantity(written, value), quote);
            assert_eq!(found, Vec::<String>::new(), "{written}");
        }
    }
}

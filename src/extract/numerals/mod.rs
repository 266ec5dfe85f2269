//! Numbers as they are written: digits, Chinese numerals, and mixtures of them, multiplied out exactly.
//!
//! Fractions such as 三分之二 are no numbers here: no unit of the records holds them exactly.

mod chinese;
mod digits;

pub use chinese::{is_numeral, written};
use rust_decimal::Decimal;

/// A number at the start of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Numeral {
    pub value: Decimal,
    /// The upper end where two neighbouring digits stand together: 两三, 三四十.
    pub value_max: Option<Decimal>,
    /// Bytes of the number itself.
    pub written: usize,
    /// Bytes with a 余 or 多 after it.
    pub length: usize,
    /// The 余, 多, 几 or 来 in or after the number.
    pub more: Option<&'static str>,
    /// Digits that are known, where 万, 亿 or 成 was multiplied out; otherwise 0.
    pub significant_digits: i32,
    /// Whether the number names a share itself: 百分之十二, 七成.
    pub share: Option<Share>,
    pub form: Form,
}

/// What a share is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Percent,
    Permille,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Digits,
    Chinese,
    /// Only a place, such as 百: a number beside 上, 近 or 余 alone.
    Place,
    /// 半
    Half,
    /// Chinese digits in a row, such as 二〇二三: a year or a call number.
    Row,
}

/// Bounds of what a record keeps.
const INTEGER_DIGITS_MAX: u32 = 18;
const FRACTION_DIGITS_MAX: u32 = 9;

/// The longest number at the start of a text that is folded as a passage is.
pub fn read(text: &str) -> Option<Numeral> {
    let numeral = match text.chars().next()? {
        '0'..='9' => digits::read(text)?,
        '半' => half(),
        first if is_numeral(first) => share(text).or_else(|| chinese::read(text))?,
        _ => return None,
    };
    let numeral = tenths(text, numeral);
    let values = [Some(numeral.value), numeral.value_max];
    values.into_iter().flatten().all(is_kept).then_some(numeral)
}

/// A text that is one plain whole number in full, such as 12 or 十二.
pub fn whole(text: &str) -> Option<u64> {
    let numeral = read(text)?;
    let is_plain =
        numeral.length == text.len() && numeral.more.is_none() && numeral.share.is_none();
    let value = numeral.value;
    (is_plain && numeral.value_max.is_none() && value.scale() == 0)
        .then(|| u64::try_from(value).ok())
        .flatten()
}

fn is_kept(value: Decimal) -> bool {
    value < Decimal::from(10_i64.pow(INTEGER_DIGITS_MAX)) && value.scale() <= FRACTION_DIGITS_MAX
}

fn half() -> Numeral {
    let length = '半'.len_utf8();
    Numeral::new(Decimal::new(5, 1), length, Form::Half)
}

/// 百分之…, 千分之…
fn share(text: &str) -> Option<Numeral> {
    let (rest, share) = match text.strip_prefix("百分之") {
        Some(rest) => (rest, Share::Percent),
        None => (text.strip_prefix("千分之")?, Share::Permille),
    };
    let head = text.len() - rest.len();
    let inner = match rest.chars().next()? {
        '0'..='9' => digits::read(rest)?,
        first if is_numeral(first) => chinese::read(rest)?,
        _ => return None,
    };
    Some(Numeral {
        written: head + inner.written,
        length: head + inner.length,
        significant_digits: 0,
        share: Some(share),
        form: Form::Chinese,
        ..inner
    })
}

/// 七成 is 70 %, 三成五 is 35 %.
fn tenths(text: &str, numeral: Numeral) -> Numeral {
    const OTHER_WORDS: &str = "立功为员长果年都效交本绩熟型因人份就品语不新千";
    let Some(rest) = text[numeral.length..].strip_prefix('成') else {
        return numeral;
    };
    let one_to_ten = Decimal::ONE <= numeral.value && numeral.value <= Decimal::TEN;
    let is_plain = numeral.share.is_none() && matches!(numeral.form, Form::Chinese | Form::Digits);
    let mut after = rest.chars();
    let next = after.next();
    if !is_plain || !one_to_ten || next.is_some_and(|next| OTHER_WORDS.contains(next)) {
        return numeral;
    }
    let mut length = numeral.length + '成'.len_utf8();
    let mut hundredths = Decimal::ZERO;
    let mut digits = 1;
    if let Some(digit) = next.and_then(chinese::digit).filter(|digit| *digit > 0) {
        length += next.map_or(0, char::len_utf8);
        hundredths = Decimal::from(digit);
        digits = 2;
    }
    Numeral {
        value: (numeral.value * Decimal::TEN + hundredths).normalize(),
        value_max: numeral
            .value_max
            .map(|max| (max * Decimal::TEN).normalize()),
        written: length,
        length,
        significant_digits: digits,
        share: Some(Share::Percent),
        ..numeral
    }
}

impl Numeral {
    fn new(value: Decimal, length: usize, form: Form) -> Self {
        Self {
            value,
            value_max: None,
            written: length,
            length,
            more: None,
            significant_digits: 0,
            share: None,
            form,
        }
    }
}

/// 余, 多 or 几 at the start of a text, or 来 before what is counted.
fn more(text: &str) -> Option<&'static str> {
    const COUNTED: [char; 20] = [
        '人', '个', '名', '位', '岁', '天', '年', '次', '家', '户', '亩', '斤', '里', '米', '块',
        '元', '件', '辆', '台', '公',
    ];
    if text
        .strip_prefix('来')
        .is_some_and(|rest| rest.starts_with(COUNTED))
    {
        return Some("来");
    }
    ["余", "多", "几"]
        .into_iter()
        .find(|word| text.starts_with(word))
}

/// A place that numbers are multiplied by, at the start of a text: its bytes and its power of ten.
/// 千 in 千克 and 百 in 百分点 belong to the unit.
fn multiplier(text: &str) -> Option<(usize, u32)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let next = chars.next();
    let power = match first {
        '亿' => 8,
        '万' => 4,
        '千' if !next.is_some_and(|next| "克米瓦伏卡帕赫兹".contains(next)) => 3,
        '百' if next != Some('分') => 2,
        _ => return None,
    };
    Some((first.len_utf8(), power))
}

fn power_of_ten(power: u32) -> Decimal {
    Decimal::from(10_i64.pow(power))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Option<(String, usize)> {
        read(text).map(|numeral| {
            let characters = text[..numeral.length].chars().count();
            (numeral.value.to_string(), characters)
        })
    }

    #[test]
    fn numbers_are_multiplied_out_exactly() {
        for (text, value, characters) in [
            ("316起", "316", 3),
            ("1,234,567元", "1234567", 9),
            ("12,5", "12", 2),
            ("9.0%", "9.0", 3),
            ("4.75万起", "47500", 5),
            ("1.2亿元", "120000000", 4),
            ("3千名", "3000", 2),
            ("3千克", "3", 1),
            ("2百分点", "2", 1),
            ("1亿2000万元", "120000000", 7),
            ("3万5千元", "35000", 4),
            ("1.5万亿元", "1500000000000", 5),
            ("300余万元", "3000000", 5),
            ("13万余人次", "130000", 4),
            ("40多名", "40", 3),
            ("三百一十六", "316", 5),
            ("两千零八", "2008", 4),
            ("二十", "20", 2),
            ("廿三", "23", 2),
            ("一万二", "12000", 3),
            ("十七万三千", "173000", 5),
            ("一亿零五百", "100000500", 5),
            ("十余名", "10", 2),
            ("十几名", "10", 2),
            ("三十余万", "300000", 4),
            ("一百多万", "1000000", 4),
            ("百余人", "100", 2),
            ("千名", "1000", 1),
            ("百万元", "1000000", 2),
            ("百分之十二点五", "12.5", 7),
            ("百分之80", "80", 5),
            ("百分之百", "100", 4),
            ("千分之三", "3", 4),
            ("七成以上", "70", 2),
            ("三成五", "35", 3),
            ("8成", "80", 2),
            ("三成立", "3", 1),
            ("三点五倍", "3.5", 3),
            ("二十万千瓦", "200000", 3),
            ("半小时", "0.5", 1),
            ("两三名", "2", 2),
            ("三四十人", "30", 3),
            ("十七八个", "17", 3),
        ] {
            assert_eq!(check(text), Some((value.to_owned(), characters)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in [
            "",
            "起",
            "1.2.3",
            "一一",
            "三五成群",
            "99999999999999999999",
            "零",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn known_digits_are_those_before_what_is_multiplied_out() {
        for (text, digits) in [
            ("4.75万", 3),
            ("300余万", 3),
            ("0.5亿", 1),
            ("316", 0),
            ("三百一十六", 0),
            ("三十万", 1),
            ("一万二", 2),
            ("七成", 1),
            ("三成五", 2),
        ] {
            let numeral = read(text).expect("each is a number");
            assert_eq!(numeral.significant_digits, digits, "{text}");
        }
    }

    #[test]
    fn two_neighbouring_digits_give_a_range() {
        let numeral = read("五六十人").expect("it is a number");
        assert_eq!(numeral.value_max, Some(Decimal::from(60)));
        assert_eq!(read("二〇二三年").map(|read| read.form), Some(Form::Row));
    }

    proptest! {
        #[test]
        fn a_chinese_number_reads_back_as_itself(number in 1_u64..1_000_000_000_000) {
            let text = written(number);
            let numeral = read(&text).expect("each number can be written");
            prop_assert_eq!(numeral.value, Decimal::from(number), "{}", text);
            prop_assert_eq!(numeral.length, text.len());
        }

        #[test]
        fn any_text_is_read_or_not_but_never_past_its_end(text in "[0-9.,零一二两三十百千万亿廿成点半余多几分之]{0,12}") {
            if let Some(numeral) = read(&text) {
                prop_assert!(text.is_char_boundary(numeral.written));
                prop_assert!(numeral.written <= numeral.length && numeral.length <= text.len());
            }
        }
    }
}

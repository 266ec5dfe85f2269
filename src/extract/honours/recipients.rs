//! Who receives an honour: what stands before or after the verb, read against the units found there.

use std::ops::Range;

use crate::extract::bodies;
use crate::extract::marked::Marked;
use crate::extract::people::name;

/// Longest recipient that is no unit, in characters.
const OTHER_CHARS_MAX: usize = 40;

/// Those who receive an honour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipients {
    pub units: Vec<usize>,
    /// Where those stand that are no units.
    pub others: Vec<Range<usize>>,
    /// As stated: 等4家单位.
    pub count: i32,
    pub is_complete: bool,
}

impl Recipients {
    pub fn is_empty(&self) -> bool {
        self.units.is_empty() && self.others.is_empty() && self.count == 0
    }
}

/// The recipients a range of text names: units, or a person, or another body.
pub fn read(marked: &Marked<'_>, range: Range<usize>) -> Recipients {
    let mut range = bodies::without_time(marked.text, range);
    range = bodies::without_adverbs(marked.text, range);
    let (units, end) = list(marked, &range);
    let rest = end..range.end;
    let after = &marked.text[rest.clone()];
    let count = count(after);
    if !units.is_empty() && (count.is_some() || is_no_part_of_subject(after)) {
        let count = count.unwrap_or_default();
        let count = if usize::try_from(count).is_ok_and(|count| count >= units.len()) {
            count
        } else {
            0
        };
        return Recipients {
            is_complete: usize::try_from(count).is_ok_and(|count| count == units.len()),
            units,
            others: Vec::new(),
            count,
        };
    }
    other(marked.text, range)
}

/// The units of the list that comes first in a range, and where it ends.
pub fn list(marked: &Marked<'_>, range: &Range<usize>) -> (Vec<usize>, usize) {
    let mut units: Vec<usize> = Vec::new();
    let mut end = range.start;
    for (place, unit) in marked.units(range) {
        // Only one list: what follows tells where, or from whom.
        let between = &marked.text[end..place.start];
        if !units.is_empty() && !matches!(between, "、" | "和" | "及" | "与" | "以及") {
            break;
        }
        if !units.contains(unit) {
            units.push(*unit);
        }
        end = place.end;
    }
    (units, end)
}

/// Whether what follows a unit leaves it the one who receives.
fn is_no_part_of_subject(after: &str) -> bool {
    let starts = [
        "在",
        "因",
        "以",
        "凭",
        "从",
        "自",
        "于",
        "近",
        "先后",
        "曾",
        "多次",
        "连续",
        "也",
        "还",
        "已",
        "被",
        "等",
        ",",
        "(",
        "又",
        "再",
        "20",
        "19",
        "喜",
        "一举",
        "成功",
        "今年",
        "去年",
        "党支部",
        "同时",
        "均",
        "都",
        "共",
    ];
    let after = after.trim();
    after.is_empty() || starts.iter().any(|start| after.starts_with(start))
}

/// The units that a range lists first, unless it speaks of somebody there.
pub fn subjects(marked: &Marked<'_>, range: &Range<usize>) -> Vec<usize> {
    let (units, end) = list(marked, range);
    match is_of_somebody(&marked.text[end..]) {
        true => Vec::new(),
        false => units,
    }
}

/// 海门派出所的一名民警, 海门派出所所长: whether the words behind a unit speak of somebody there.
fn is_of_somebody(after: &str) -> bool {
    const PEOPLE: [&str; 10] = [
        "的",
        "民警",
        "辅警",
        "所长",
        "教导员",
        "指导员",
        "队长",
        "局长",
        "副",
        "社区民警",
    ];
    PEOPLE.iter().any(|word| after.starts_with(word))
}

/// A person, or a body that is no unit, at the end of the range or all of it.
fn other(text: &str, range: Range<usize>) -> Recipients {
    let mut recipients = Recipients::default();
    let mut words = &text[range.clone()];
    // 30位民警, 有15个部门: only how many.
    if let Some(count) = count(words.trim_start_matches('有')) {
        recipients.count = count;
        return recipients;
    }
    if let Some(at) = words.rfind('等')
        && let Some(count) = count(&words[at..])
    {
        recipients.count = count;
        words = &words[..at];
    } else if let Some(at) = words
        .find(['在', '因', '凭', '于', '以'])
        .filter(|at| *at > 0)
    {
        words = &words[..at];
    }
    let mut at = range.start;
    for item in words.split('、') {
        let count = item.chars().count();
        let is_other = (1..=OTHER_CHARS_MAX).contains(&count)
            && !item.contains([',', '。', ';', ':'])
            && (name::is_name(item) || ends_with_name(item) || is_group(item));
        if !is_other {
            recipients.others.clear();
            break;
        }
        recipients.others.push(at..at + item.len());
        at += item.len() + '、'.len_utf8();
    }
    let named = recipients.others.len();
    recipients.is_complete = named > 0 && usize::try_from(recipients.count) == Ok(named);
    if usize::try_from(recipients.count).is_ok_and(|count| count < named) {
        recipients.count = 0;
    }
    recipients
}

fn ends_with_name(text: &str) -> bool {
    let offices = [
        "民警",
        "辅警",
        "所长",
        "队长",
        "教导员",
        "局长",
        "同志",
        "警长",
        "政委",
        "主任",
    ];
    offices.iter().any(|office| {
        let at = text.find(office).map(|at| at + office.len());
        at.is_some_and(|at| name::is_name(&text[at..]))
    })
}

fn is_group(text: &str) -> bool {
    let ends = [
        "队",
        "组",
        "室",
        "岗",
        "班",
        "社区",
        "村",
        "公司",
        "学校",
        "医院",
        "中心",
        "团队",
        "工作站",
        "窗口",
    ];
    text.chars().count() >= 4 && ends.iter().any(|end| text.ends_with(end))
}

/// How many there are, as in `等4家单位` or `等16个集体`; nothing when no number is stated.
fn count(text: &str) -> Option<i32> {
    let rest = text
        .trim_start()
        .trim_start_matches('等')
        .trim_start_matches('共');
    let digits = rest
        .find(|char: char| !is_digit(char))
        .unwrap_or(rest.len());
    let number = number(&rest[..digits])?;
    let measures = ["家", "个", "名", "位", "支", "人"];
    let is_counted = measures
        .iter()
        .any(|measure| rest[digits..].starts_with(measure));
    is_counted.then_some(number)
}

fn is_digit(char: char) -> bool {
    char.is_ascii_digit() || "一二两三四五六七八九十".contains(char)
}

/// A small number in digits or Chinese numerals.
fn number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let digit = |char: char| {
        let at = "一二三四五六七八九".chars().position(|digit| digit == char);
        match char {
            '两' => Some(2),
            _ => at.and_then(|at| i32::try_from(at + 1).ok()),
        }
    };
    let chars: Vec<char> = text.chars().collect();
    match chars.as_slice() {
        ['十'] => Some(10),
        ['十', one] => Some(10 + digit(*one)?),
        [ten, '十'] => Some(10 * digit(*ten)?),
        [ten, '十', one] => Some(10 * digit(*ten)? + digit(*one)?),
        [one] => digit(*one),
        _ => None,
    }
}

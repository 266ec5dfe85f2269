//! Names of people: where one begins, and where names run together part.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;

/// Longest run of characters that is parted into names.
const RUN_CHARS_MAX: usize = 64;

/// What a family name that no table knows costs; more than any parting of known ones.
const UNKNOWN: u32 = 12;

static SURNAMES: LazyLock<Surnames> = LazyLock::new(Surnames::read);
static NOT_NAMES: LazyLock<NotNames> = LazyLock::new(NotNames::read);

/// A number for each Chinese character of the common block; 0 for none.
struct Table(Vec<u8>);

const TABLE_START: u32 = 0x3400;
const TABLE_END: u32 = 0xa000;

impl Table {
    fn new() -> Self {
        Self(vec![0; (TABLE_END - TABLE_START) as usize])
    }

    fn set(&mut self, char: char, number: u8) {
        if let Some(place) = self.0.get_mut(Self::index(char)) {
            *place = number;
        }
    }

    fn get(&self, char: char) -> u8 {
        self.0.get(Self::index(char)).copied().unwrap_or_default()
    }

    /// Characters outside of the block lie beyond the end.
    fn index(char: char) -> usize {
        (u32::from(char))
            .checked_sub(TABLE_START)
            .map_or(usize::MAX, |index| index as usize)
    }
}

struct Surnames {
    /// One more than what a name that begins so costs: the rarer, the more.
    single: Table,
    compound: BTreeSet<(char, char)>,
    /// The characters that begin those of two.
    compound_first: Table,
    /// Those that are hardly ever a word.
    sure: Table,
}

impl Surnames {
    fn read() -> Self {
        let (mut single, mut compound) = (Table::new(), BTreeSet::new());
        let (mut sure, mut compound_first) = (Table::new(), Table::new());
        for [class, names] in rows::<2>(include_str!("../rules/surnames.tsv")) {
            let cost = match class {
                "sure" | "common" => 0,
                "known" => 2,
                _ => 5,
            };
            for name in names.split_whitespace() {
                let mut chars = name.chars();
                match (chars.next(), chars.next()) {
                    (Some(first), Some(second)) => {
                        compound.insert((first, second));
                        compound_first.set(first, 1);
                    }
                    (Some(only), None) => {
                        single.set(only, cost + 1);
                        sure.set(only, u8::from(class == "sure"));
                    }
                    _ => {}
                }
            }
        }
        Self {
            single,
            compound,
            compound_first,
            sure,
        }
    }

    fn cost(&self, char: char) -> Option<u32> {
        self.single.get(char).checked_sub(1).map(u32::from)
    }

    fn is_compound(&self, first: char, second: char) -> bool {
        self.compound_first.get(first) > 0 && self.compound.contains(&(first, second))
    }
}

struct NotNames {
    never: Table,
    start: Vocabulary<'static, ()>,
    last: Vocabulary<'static, ()>,
    end: Vocabulary<'static, ()>,
}

impl NotNames {
    fn read() -> Self {
        let mut never = Table::new();
        let (mut start, mut last, mut end) = (Vec::new(), Vec::new(), Vec::new());
        for [kind, list] in rows::<2>(include_str!("../rules/not-names.tsv")) {
            let list = list.split_whitespace();
            match kind {
                "never" => {
                    for char in list.flat_map(str::chars) {
                        never.set(char, 1);
                    }
                }
                "start" => start.extend(list),
                "last" => last.extend(list),
                _ => end.extend(list),
            }
        }
        Self {
            never,
            start: Vocabulary::of_bare_starts(start),
            last: Vocabulary::of_bare_ends(last),
            end: Vocabulary::of_bare_ends(end),
        }
    }
}

/// Whether a character can stand in a name written in Chinese characters. 丨 stands for a bar.
pub fn is_han(char: char) -> bool {
    // 丨 is written for a bar.
    matches!(char, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' | '〇') && char != '丨'
}

/// The dot between the parts of a name of another people, such as in 阿迪力·买买提.
pub fn is_dot(char: char) -> bool {
    matches!(char, '·' | '•' | '・' | '‧' | '∙')
}

/// Whether characters may be a name when a role says that one stands here.
pub fn may_be_name(text: &str) -> bool {
    if text.chars().any(is_dot) {
        return is_dotted(text);
    }
    let mut count = 0;
    for char in text.chars() {
        count += 1;
        if count > 4 || !is_han(char) || NOT_NAMES.never.get(char) > 0 {
            return false;
        }
    }
    count >= 2 && !NOT_NAMES.end.is_at(text)
}

fn is_dotted(text: &str) -> bool {
    let mut parts = 0;
    text.split(is_dot).all(|part| {
        parts += 1;
        let count = part.chars().count();
        (1..=9).contains(&count) && part.chars().all(is_han)
    }) && parts <= 4
}

/// Whether characters are a name without anything that says so: known family name, usual length.
pub fn is_name(text: &str) -> bool {
    may_be_name(text) && (text.chars().any(is_dot) || has_surname(text)) && !begins_like_word(text)
}

/// Whether one of the most borne family names begins the text.
pub fn is_common(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|first| SURNAMES.cost(first) == Some(0))
}

/// Whether a family name begins the text that is hardly ever a word.
pub fn is_sure(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|first| SURNAMES.sure.get(first) > 0)
}

/// Whether a name that nothing introduces ends like another word.
pub fn ends_like_word(text: &str) -> bool {
    NOT_NAMES.last.is_at(text)
}

/// Whether a known family name begins the text, and leaves it one or two characters more.
pub fn has_surname(text: &str) -> bool {
    let mut chars = text.chars();
    let (Some(first), Some(second)) = (chars.next(), chars.next()) else {
        return false;
    };
    let more = chars.take(3).count();
    let is_compound = SURNAMES.is_compound(first, second);
    match more {
        0 | 1 if SURNAMES.cost(first).is_some() => !is_compound || more == 1,
        1 | 2 => is_compound,
        _ => false,
    }
}

/// Whether the text begins with a word that only looks like a name.
pub fn begins_like_word(text: &str) -> bool {
    let end = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
    let mut words = NOT_NAMES.start.all_at(text);
    words.any(|entry| entry.word.len() == end)
}

/// Lengths in bytes that a name at the start of the text may have, the usual one first.
pub fn lengths(text: &str) -> Vec<usize> {
    let mut chars = text.chars();
    let (Some(first), Some(second)) = (chars.next(), chars.next()) else {
        return Vec::new();
    };
    let wanted: &[usize] = if SURNAMES.is_compound(first, second) {
        &[4, 3]
    } else if SURNAMES.cost(first).is_some() {
        &[3, 2]
    } else {
        return Vec::new();
    };
    let mut ends = [0; 4];
    let mut count = 0;
    for (at, char) in text.char_indices().take(4) {
        if !is_han(char) {
            break;
        }
        ends[count] = at + char.len_utf8();
        count += 1;
    }
    let ends = &ends[..count];
    wanted
        .iter()
        .filter_map(|count| ends.get(count - 1).copied())
        .filter(|end| is_name(&text[..*end]))
        .collect()
}

/// Parts characters without separators into names, or gives none when they cannot be parted.
///
/// Of all ways the cheapest is taken: three characters are usual, common family names are likely.
pub fn split(text: &str) -> Option<Vec<Range<usize>>> {
    if text.chars().any(is_dot) {
        let whole = std::iter::once(0..text.len());
        return is_dotted(text).then(|| whole.collect());
    }
    let at: Vec<usize> = (text.char_indices().map(|(at, _)| at))
        .chain([text.len()])
        .collect();
    let count = at.len() - 1;
    if !(2..=RUN_CHARS_MAX).contains(&count) {
        return None;
    }
    let mut best: Vec<Option<(u32, usize)>> = vec![None; count + 1];
    best[0] = Some((0, 0));
    for end in 2..=count {
        for length in 2..=end.min(4) {
            let start = end - length;
            let Some((before, _)) = best[start] else {
                continue;
            };
            let Some(cost) = cost(&text[at[start]..at[end]], length, length == count) else {
                continue;
            };
            let total = before + cost;
            if best[end].is_none_or(|(known, _)| total < known) {
                best[end] = Some((total, start));
            }
        }
    }
    let mut names = Vec::new();
    let mut end = count;
    while end > 0 {
        let (_, start) = best[end]?;
        names.push(at[start]..at[end]);
        end = start;
    }
    names.reverse();
    Some(names)
}

fn cost(name: &str, length: usize, is_whole: bool) -> Option<u32> {
    if !may_be_name(name) {
        return None;
    }
    let mut chars = name.chars();
    let (first, second) = (chars.next()?, chars.next()?);
    if SURNAMES.is_compound(first, second) {
        return Some([9, 2, 1][length - 2]);
    }
    let surname = SURNAMES.cost(first);
    match (length, surname) {
        (2, Some(cost)) => Some(3 + cost),
        (3, Some(cost)) => Some(1 + cost),
        // 4: two family names, of which the second is known too.
        (_, Some(cost)) => SURNAMES.cost(second).map(|other| 9 + cost + other),
        (2 | 3, None) => Some(UNKNOWN + if length == 2 { 3 } else { 1 }),
        (_, None) => is_whole.then_some(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, names: &[&str]) {
        let split = split(text).unwrap_or_default();
        let split: Vec<&str> = split.into_iter().map(|range| &text[range]).collect();
        assert_eq!(split, names, "{text}");
    }

    #[test]
    fn names_run_together_part_at_family_names() {
        check("张三", &["张三"]);
        check("张三李四", &["张三", "李四"]);
        check("王小明李建国", &["王小明", "李建国"]);
        check("王芳李小明", &["王芳", "李小明"]);
        check("李小明王芳", &["李小明", "王芳"]);
        check("欧阳小明", &["欧阳小明"]);
        check("欧阳明李雪", &["欧阳明", "李雪"]);
        check("王永刚赵丽娟扈伟", &["王永刚", "赵丽娟", "扈伟"]);
        check("阿依古丽", &["阿依古丽"]);
        check("阿迪力·买买提", &["阿迪力·买买提"]);
        check("王的", &[]);
        check("王", &[]);
    }

    #[test]
    fn a_word_that_begins_like_a_name_is_none() {
        for name in ["闵远", "严和平", "司徒明", "上官云飞", "邢书禾"] {
            assert!(is_name(name), "{name}");
        }
        for word in [
            "高度重",
            "全国",
            "于是",
            "张某",
            "李先生",
            "了解到",
            "有关",
            "王大爷",
        ] {
            assert!(!is_name(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn parted_names_cover_the_text(text in "[张王李赵欧阳明国芳的·a]{0,40}") {
            if let Some(names) = split(&text) {
                let mut end = 0;
                for name in names {
                    prop_assert_eq!(name.start, end);
                    end = name.end;
                }
                prop_assert_eq!(end, text.len());
            }
            let _ = lengths(&text);
        }
    }
}

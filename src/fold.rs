//! One form for all ways to write a character: NFKC, lower case, Traditional as Simplified; and from
//! there the way back to the code points of the text.

use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// A folded character, and the code points of the text it comes from: half-open, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldedChar {
    pub char: char,
    pub start: usize,
    pub end: usize,
}

pub fn fold(text: &str) -> Vec<FoldedChar> {
    let mut folded = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars().enumerate().peekable();
    let mut cluster = String::new();
    while let Some((start, first)) = chars.next() {
        let mut end = start + 1;
        cluster.clear();
        cluster.push(first);
        while let Some((_, next)) = chars.next_if(|(_, next)| joins(*next)) {
            cluster.push(next);
            end += 1;
        }
        if cluster.len() == first.len_utf8() && is_plain(first) {
            let char = simplified(first.to_ascii_lowercase());
            folded.push(FoldedChar { char, start, end });
            continue;
        }
        let lower = cluster.nfkc().flat_map(char::to_lowercase);
        folded.extend(lower.map(|char| FoldedChar {
            char: simplified(char),
            start,
            end,
        }));
    }
    folded
}

/// Characters that normalization leaves as they are.
fn is_plain(char: char) -> bool {
    char.is_ascii() || matches!(char, '\u{3001}'..='\u{3002}' | '\u{3400}'..='\u{9fff}')
}

/// Whether a character makes one with that before it: marks, the later parts of a Korean syllable,
/// half-width voicing marks.
fn joins(char: char) -> bool {
    !is_plain(char)
        && (canonical_combining_class(char) != 0
            || matches!(char, '\u{1160}'..='\u{11ff}' | '\u{ff9e}'..='\u{ff9f}'))
}

/// The Simplified form of a character, or itself.
pub fn simplified(char: char) -> char {
    let at = char as usize;
    // Characters before the first table are no others either.
    let tables = SIMPLIFIED.iter().take_while(|(first, _)| at >= *first);
    let mut places = tables.map(|(first, table)| table.get(at - first));
    places.find_map(|place| place.copied()).unwrap_or(char)
}

/// Where Traditional characters stand.
const RANGES: [std::ops::RangeInclusive<char>; 2] =
    ['\u{3400}'..='\u{9fff}', '\u{20000}'..='\u{3134f}'];

/// Characters one by one, never by phrase: a text and a query must fold alike wherever they are cut. Of
/// each range its first code point, and what every character in it becomes.
static SIMPLIFIED: LazyLock<[(usize, Vec<char>); 2]> = LazyLock::new(|| {
    let converter = OpenCC::from_config(BuiltinConfig::T2s);
    let converter = converter.expect("the dictionary is part of the program");
    RANGES.map(|range| {
        let first = *range.start() as usize;
        let lines: String = range.clone().flat_map(|char| [char, '\n']).collect();
        let converted = converter.convert(&lines);
        let pairs = range.zip(converted.lines());
        let pairs = pairs.map(|(char, line)| {
            let mut simplified = line.chars();
            match (simplified.next(), simplified.next()) {
                (Some(only), None) => only,
                _ => char,
            }
        });
        (first, pairs.collect())
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, folded: &str) {
        let found: String = fold(text).iter().map(|folded| folded.char).collect();
        assert_eq!(found, folded, "{text:?}");
    }

    #[test]
    fn forms_of_a_character_are_one() {
        check("ＡＢＣ１２３％", "abc123%");
        check("Ａ\u{301}é", "áé");
        check("㎡①ﬁ", "m21fi");
        check("ｶﾞ", "ガ");
        check("\u{1112}\u{1161}\u{11ab}", "한");
        check("豈更", "岂更");
    }

    #[test]
    fn traditional_is_simplified_character_by_character() {
        check("楓橋經驗，幹警髮後乾隆", "枫桥经验,干警发后干隆");
        check("枫桥经验", "枫桥经验");
    }

    #[test]
    fn every_character_knows_where_it_comes_from() {
        let folded = fold("e\u{301}㎡經");
        let places: Vec<_> = folded
            .iter()
            .map(|folded| (folded.char, folded.start, folded.end))
            .collect();
        assert_eq!(
            places,
            [('é', 0, 2), ('m', 2, 3), ('2', 2, 3), ('经', 3, 4)]
        );
    }
}

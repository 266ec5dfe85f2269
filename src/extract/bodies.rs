//! Names of bodies that are no units of police too, as far as their endings tell them.

use std::ops::Range;
use std::sync::LazyLock;

use super::table::rows;

/// Longest name of one body, in characters.
const BODY_CHARS_MAX: usize = 30;

static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

#[derive(Default)]
struct Words {
    whole: Vec<&'static str>,
    end: Vec<&'static str>,
    adverb: Vec<&'static str>,
    time: Vec<&'static str>,
    stop: Vec<char>,
}

impl Words {
    fn read() -> Self {
        let mut words = Self::default();
        for [kind, list] in rows::<2>(include_str!("rules/bodies.tsv")) {
            let list = list.split_whitespace();
            match kind {
                "whole" => words.whole.extend(list),
                "end" => words.end.extend(list),
                "adverb" => words.adverb.extend(list),
                "time" => words.time.extend(list),
                _ => words.stop.extend(list.flat_map(str::chars)),
            }
        }
        words
            .adverb
            .sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.time.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words
    }
}

/// Whether a text, all of it, reads as the name of one body.
pub fn is_body(text: &str) -> bool {
    let count = text.chars().take(BODY_CHARS_MAX + 1).count();
    WORDS.whole.contains(&text)
        || (2..=BODY_CHARS_MAX).contains(&count)
            && !text.contains(WORDS.stop.as_slice())
            && WORDS
                .end
                .iter()
                .any(|end| text.ends_with(end) && text.len() > end.len())
}

/// The range without adverbs at its end.
pub fn without_adverbs(text: &str, range: Range<usize>) -> Range<usize> {
    let mut rest = text[range.clone()].trim_end();
    while let Some(short) = WORDS.adverb.iter().find_map(|word| rest.strip_suffix(word)) {
        rest = short.trim_end();
    }
    range.start..range.start + rest.len()
}

/// The range without a date, a time or an adverb at its start.
pub fn without_time(text: &str, range: Range<usize>) -> Range<usize> {
    let mut rest = text[range.clone()].trim_start();
    loop {
        let short = WORDS.time.iter().find_map(|word| rest.strip_prefix(word));
        let short = short
            .or_else(|| without_date(rest))
            .or_else(|| rest.strip_prefix([',', '、', ' ', '“']));
        let Some(short) = short else { break };
        rest = short;
    }
    range.end - rest.len()..range.end
}

/// Without `2023年`, `8月`, `9日` at the start; a number of other things stays.
fn without_date(text: &str) -> Option<&str> {
    let digits = text.find(|char: char| !char.is_ascii_digit())?;
    if !(1..=4).contains(&digits) {
        return None;
    }
    let rest = &text[digits..];
    rest.strip_prefix(['年', '月', '日'])
}

/// The bodies of a list such as `市文明办、市公安局`, or none when an item is no body.
pub fn list(text: &str, range: Range<usize>) -> Option<Vec<Range<usize>>> {
    let mut bodies = Vec::new();
    for item in items(text, range) {
        if !is_body(&text[item.clone()]) {
            return None;
        }
        bodies.push(item);
    }
    (!bodies.is_empty()).then_some(bodies)
}

/// The items of a list divided by `、` `和` `与` `及` `会同` `联合`; `和` divides only between bodies.
fn items(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut start = range.start;
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        let length = divider(rest);
        let is_word = length > '、'.len_utf8() || !rest.starts_with('、');
        if length > 0 && (!is_word || is_body(&text[start..at])) {
            items.push(start..at);
            at += length;
            start = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    items.push(start..range.end);
    items.retain(|item| item.start < item.end);
    items
}

fn divider(text: &str) -> usize {
    let dividers = ["以及", "会同", "联合", "、", "和", "与", "及"];
    let is_name = ["和平", "和县", "和顺", "和田", "和谐"]
        .iter()
        .any(|name| text.starts_with(name));
    let found = dividers.iter().find(|divider| text.starts_with(**divider));
    found
        .filter(|_| !is_name)
        .map_or(0, |divider| divider.len())
}

/// Whether a body that ends at a place in truth goes on: 市公安|局, 市委|员会.
pub fn goes_on(text: &str, end: usize) -> bool {
    let before = text[..end].char_indices().rev().take(4);
    before.into_iter().any(|(at, _)| {
        let words = &text[at..];
        WORDS
            .end
            .iter()
            .any(|word| at + word.len() > end && words.starts_with(word))
    })
}

/// The body a clause begins with. Where its name could end earlier or later, it ends where only adverbs
/// follow up to the end of the range; otherwise at its first ending.
pub fn leading(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let range = without_time(text, range);
    let mut first = None;
    for (count, (at, char)) in text[range.clone()].char_indices().enumerate() {
        if count > BODY_CHARS_MAX || WORDS.stop.contains(&char) || char == '、' {
            break;
        }
        let end = range.start + at + char.len_utf8();
        if !is_body(&text[range.start..end]) || goes_on(text, end) {
            continue;
        }
        if without_adverbs(text, end..range.end).is_empty() {
            return Some(range.start..end);
        }
        first = first.or(Some(range.start..end));
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, body: Option<&str>) {
        let found = leading(text, 0..text.len()).map(|range| &text[range]);
        assert_eq!(found, body, "{text}");
    }

    #[test]
    fn a_clause_begins_with_a_body() {
        check("市公安局已研究", Some("市公安局"));
        check("市公安局东湖分局", Some("市公安局东湖分局"));
        check("近日,江州市政务服务中心", Some("江州市政务服务中心"));
        check("市公安局党委始终把工作放在心上", Some("市公安局"));
        check("8月9日,市文明办联合", Some("市文明办"));
        check("大家在会上", None);
    }

    #[test]
    fn a_list_of_bodies() {
        let text = "市文明办、市公安局和平分局和市妇联";
        let found = list(text, 0..text.len()).unwrap_or_default();
        let found: Vec<&str> = found.into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["市文明办", "市公安局和平分局", "市妇联"]);
        assert_eq!(list("市文明办、大家", 0.."市文明办、大家".len()), None);
    }
}

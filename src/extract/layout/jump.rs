//! Where an article goes on, or came from: 下转A10版, (上接第一版).

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::extract::numerals;
use crate::pb::continuation::Direction;

/// A jump line, or one inside a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub struct Jump {
    pub direction: Direction,
    /// `A10`, `1`
    pub page: String,
    /// The words themselves, without brackets.
    pub words: Range<usize>,
    /// What is no text of the article: the words with brackets and arrows.
    pub whole: Range<usize>,
}

/// Every jump in a text, in ranges of bytes.
pub fn jumps(text: &str) -> impl Iterator<Item = Jump> + '_ {
    // The one character that all of them have spares most lines the search.
    let is_possible = text.contains('版');
    let found = is_possible.then(|| JUMP.captures_iter(text));
    found.into_iter().flatten().filter_map(|found| {
        let (whole, words) = (found.get(0)?, found.name("words")?);
        let direction = match found.name("verb")?.as_str() {
            "上接" | "接" | "紧接" => Direction::ContinuedFrom,
            _ => Direction::ContinuedOn,
        };
        let page = found.name("page")?.as_str();
        let number = numerals::whole(page);
        Some(Jump {
            direction,
            page: number.map_or_else(|| page.to_owned(), |number| number.to_string()),
            words: words.range(),
            whole: whole.range(),
        })
    })
}

static JUMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"[(\[【]?[▶►→>*■●\s]*(?P<words>(?P<verb>上接|下转|紧接|转|接)\s*第?\s*(?P<page>[A-Za-z]?\d{1,3}|[一二三四五六七八九十]{1,3})\s*版)[▶►→>*■●\s]*[)\]】]?",
    )
    .expect("the pattern is valid")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, direction: Direction, page: &str, words: &str) {
        let found: Vec<Jump> = jumps(text).collect();
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(
            (
                found[0].direction,
                found[0].page.as_str(),
                &text[found[0].words.clone()]
            ),
            (direction, page, words)
        );
    }

    #[test]
    fn a_jump_says_where_the_text_goes_on() {
        check("下转A10版", Direction::ContinuedOn, "A10", "下转A10版");
        check("(下转第二版)", Direction::ContinuedOn, "2", "下转第二版");
        check("▶▶下转 12版", Direction::ContinuedOn, "12", "下转 12版");
        check(
            "(上接第一版)推进",
            Direction::ContinuedFrom,
            "1",
            "上接第一版",
        );
        assert_eq!(jumps("在A10版刊登,出版2版").count(), 0);
    }
}

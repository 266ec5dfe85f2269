//! One article as it is laid out on a page, and places in it.

use std::ops::Range;

use super::passage::Passage;
use crate::pb;

/// An article's passages in the order of the page.
#[derive(Clone, Debug, Default)]
pub struct Story<'p> {
    pub parts: Vec<Part<'p>>,
    pub continuation: Option<pb::Continuation>,
    /// Whether the text ends here; not known when nothing says so.
    pub completeness: pb::article::Completeness,
}

/// A passage and what it is for.
#[derive(Clone, Debug)]
pub struct Part<'p> {
    pub role: Role,
    pub passage: Passage<'p>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Kicker,
    Headline,
    Deck,
    Subhead,
    Body,
    Caption,
    /// Who took the picture of the caption before.
    Credit,
    /// A line that only names who wrote the article.
    Byline,
}

/// A range of bytes in the text of one part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub part: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    pub fn new(part: usize, range: Range<usize>) -> Self {
        Self {
            part,
            start: range.start,
            end: range.end,
        }
    }

    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether another place lies in this one.
    pub fn contains(&self, other: &Place) -> bool {
        self.part == other.part && self.start <= other.start && other.end <= self.end
    }
}

impl<'p> Story<'p> {
    pub fn span(&self, place: &Place) -> pb::Span {
        self.parts[place.part].passage.span(place.range())
    }

    /// The words of a place as printed.
    pub fn printed(&self, place: &Place) -> String {
        self.parts[place.part].passage.printed(place.range())
    }

    /// Parts of one role, with their indices.
    pub fn of(&self, role: Role) -> impl Iterator<Item = (usize, &Passage<'p>)> {
        let parts = self.parts.iter().enumerate();
        parts
            .filter(move |(_, part)| part.role == role)
            .map(|(index, part)| (index, &part.passage))
    }

    /// The running text: what sentences are read from.
    pub fn body(&self) -> impl Iterator<Item = (usize, &Passage<'p>)> {
        self.of(Role::Body)
    }
}

/// Sentences of a text as ranges of bytes: up to and with `。` `!` `?` `;` or `…`, and the closing
/// quotation marks after them. A sentence end inside quotation marks or brackets ends one too.
pub fn sentences(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    split(text, |char| matches!(char, '。' | '!' | '?' | ';' | '…'))
}

/// Clauses: as sentences, and at `,` and `:` too. A comma between digits, as in 1,234, ends none.
pub fn clauses(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    split(text, |char| {
        matches!(char, '。' | '!' | '?' | ';' | '…' | ',' | ':')
    })
}

fn split(text: &str, ends: impl Fn(char) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let goes_with = move |char| ends(char) || matches!(char, '”' | '’' | '"' | '」' | '』' | ')');
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let mut marks = rest.char_indices().filter(|(_, char)| ends(*char));
        let mark = marks.find(|(at, char)| !is_in_number(rest, *at, *char));
        let end = mark.map_or(rest.len(), |(at, _)| {
            rest.len() - rest[at..].trim_start_matches(goes_with).len()
        });
        let range = start..start + end;
        start = range.end;
        Some(range)
    })
}

/// Whether a mark at a byte of a text stands between digits.
fn is_in_number(text: &str, at: usize, mark: char) -> bool {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    matches!(mark, ',' | ':') && at > 0 && is_digit(at - 1) && is_digit(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_clauses_cover_the_text() {
        let text = "共查处1,234起,罚款9:30开始。“好!”他说";
        let cut = |ranges: Vec<Range<usize>>| -> Vec<String> {
            ranges
                .into_iter()
                .map(|range| text[range].to_owned())
                .collect()
        };
        assert_eq!(
            cut(sentences(text).collect()),
            ["共查处1,234起,罚款9:30开始。", "“好!”", "他说"]
        );
        assert_eq!(
            cut(clauses(text).collect()),
            ["共查处1,234起,", "罚款9:30开始。", "“好!”", "他说"]
        );
    }
}

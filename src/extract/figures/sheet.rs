//! A text with all that was found in it, by clauses.

use std::ops::Range;

use super::lexicon::{self, Cue, Hit};
use super::measures::Measure;
use super::scan;
use super::times::Moment;

/// Farthest that words of a figure stand from its number, in bytes: text without punctuation is no clause.
const REACH: usize = 600;

/// Most lone quotation marks and brackets that are taken off the ends of a figure's words.
const MARKS_MAX: usize = 6;

/// A clause, and the sentence it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Without the mark that ends it.
    pub range: Range<usize>,
    pub sentence: usize,
    /// Whether it stands in brackets.
    pub is_aside: bool,
}

/// A text as its figures are read from it.
#[derive(Debug)]
pub struct Sheet<'t> {
    pub text: &'t str,
    pub clauses: Vec<Clause>,
    pub cues: Vec<Hit>,
    pub moments: Vec<Moment>,
}

impl<'t> Sheet<'t> {
    /// The sheet of a text, and the numbers on it. In a headline a space divides clauses.
    pub fn of(text: &'t str, is_headline: bool) -> (Self, Vec<Measure>) {
        let found = scan::scan(text);
        // Cues tell of numbers alone, and many texts have none.
        let cues = match found.measures.is_empty() {
            true => Vec::new(),
            false => lexicon::cues(text),
        };
        let sheet = Self {
            text,
            clauses: clauses(text, is_headline),
            cues,
            moments: found.moments,
        };
        (sheet, found.measures)
    }

    /// The index of the clause a byte stands in; a mark belongs to the clause it ends.
    pub fn clause_at(&self, at: usize) -> usize {
        let after = self
            .clauses
            .partition_point(|clause| clause.range.start <= at);
        after.saturating_sub(1)
    }

    /// A range cut to where words of a number may stand.
    pub fn within_reach(&self, range: Range<usize>, number: &Range<usize>) -> Range<usize> {
        let mut start = range.start.max(number.start.saturating_sub(REACH));
        let mut end = range.end.min(number.end.saturating_add(REACH));
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        start..end.max(start)
    }

    /// The part of a clause that is within reach of a number.
    pub fn clause_of(&self, number: &Range<usize>) -> Range<usize> {
        let clause = self.clauses[self.clause_at(number.start)].range.clone();
        self.within_reach(clause.start..clause.end.max(number.end), number)
    }

    /// Cues that lie in a range.
    pub fn cues_in(&self, range: Range<usize>) -> &[Hit] {
        let start = self
            .cues
            .partition_point(|hit| hit.range.start < range.start);
        let end = self.cues.partition_point(|hit| hit.range.end <= range.end);
        self.cues.get(start..end).unwrap_or_default()
    }

    /// The last cue of a kind in a range.
    pub fn last_cue(&self, range: Range<usize>, is: fn(Cue) -> bool) -> Option<&Hit> {
        self.cues_in(range).iter().rev().find(|hit| is(hit.cue))
    }

    pub fn has_cue(&self, range: Range<usize>, is: fn(Cue) -> bool) -> bool {
        self.last_cue(range, is).is_some()
    }

    /// The range without white space and marks at its ends; a quotation mark goes when it has no other.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        const MARKS: [char; 17] = [
            ' ', '\t', '\u{3000}', '、', ',', ':', ';', '。', '(', ')', '-', '—', '…', '·', '!',
            '|', '?',
        ];
        let (mut start, mut end) = (range.start, range.end);
        // Marks are few; where they are many, the text is no sentence.
        for _ in 0..MARKS_MAX {
            let text = &self.text[start..end];
            let rest = text.trim_start_matches(MARKS);
            let is_lone_start = rest.starts_with(['“', '‘', '"']) && !rest.contains(['”', '’'])
                || rest.starts_with(['”', '’', ')', '》']);
            let first = rest.chars().next().filter(|_| is_lone_start);
            start = end - rest.len() + first.map_or(0, char::len_utf8);
            let text = &self.text[start..end];
            let kept = text.trim_end_matches(|char| MARKS.contains(&char) && char != ')');
            let is_lone_end = kept.ends_with(['”', '’']) && !kept.contains(['“', '‘'])
                || kept.ends_with(')') && !kept.contains('(')
                || kept.ends_with(['“', '‘', '(', '《']);
            let last = kept.chars().next_back().filter(|_| is_lone_end);
            end = start + kept.len() - last.map_or(0, char::len_utf8);
            if first.is_none() && last.is_none() {
                break;
            }
        }
        start..end
    }
}

/// The last characters of a text.
pub fn tail(text: &str, characters: usize) -> &str {
    let last = text.char_indices().rev().take(characters).last();
    last.map_or("", |(at, _)| &text[at..])
}

fn clauses(text: &str, is_headline: bool) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let (mut start, mut sentence) = (number_of_item(text), 0);
    let mut is_aside = false;
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let is_in_number =
            matches!(char, ',' | ':' | '.') && before.is_ascii_digit() && next.is_ascii_digit();
        let is_end = match char {
            ',' | ':' => !is_in_number,
            '。' | '!' | '?' | ';' | '…' | '|' | '\n' => true,
            ' ' | '\u{3000}' => is_headline && !before.is_ascii() && !next.is_ascii_punctuation(),
            '(' => holds_a_number(&text[at..]),
            ')' => is_aside,
            _ => false,
        };
        before = char;
        if !is_end {
            continue;
        }
        clauses.push(Clause {
            range: start..at,
            sentence,
            is_aside,
        });
        is_aside = char == '(' || is_aside && char != ')';
        sentence += usize::from(matches!(char, '。' | '!' | '?' | '\n'));
        start = at + char.len_utf8();
    }
    clauses.push(Clause {
        range: start..text.len(),
        sentence,
        is_aside,
    });
    clauses
}

/// How many bytes the number takes with which an item begins: 一、 (三) 2. ④
fn number_of_item(text: &str) -> usize {
    if let Some(circled) = text
        .chars()
        .next()
        .filter(|char| ('①'..='⑳').contains(char))
    {
        return circled.len_utf8();
    }
    const LENGTH_MAX: usize = 3;
    let is_numeral = |char: char| "一二三四五六七八九十".contains(char) || char.is_ascii_digit();
    let (opened, in_brackets) = match text.strip_prefix('(') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let rest = opened.trim_start_matches(is_numeral);
    let number = &opened[..opened.len() - rest.len()];
    let is_number = (1..=LENGTH_MAX).contains(&number.chars().count());
    let is_in_digits = number.starts_with(|char: char| char.is_ascii_digit());
    let mark = match rest.chars().next() {
        Some(')') if in_brackets => ')',
        Some('、') if !in_brackets => '、',
        Some('.') if !in_brackets && is_in_digits => '.',
        _ => return 0,
    };
    let rest = &rest[mark.len_utf8()..];
    // 一、二大队, 1.5万
    match is_number && !rest.starts_with(is_numeral) {
        true => text.len() - rest.len(),
        false => 0,
    }
}

/// Whether brackets at the start of a text hold a number, and so a clause of their own.
fn holds_a_number(text: &str) -> bool {
    const LENGTH_MAX: usize = 120;
    for char in text.chars().take(LENGTH_MAX) {
        match char {
            ')' => return false,
            _ if char.is_ascii_digit() => return true,
            _ => {}
        }
    }
    false
}

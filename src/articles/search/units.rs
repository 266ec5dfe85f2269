//! The units of a text that search compares: characters of Chinese, words and numbers of the rest,
//! each with its place; and the lexemes of the index, which are pairs of neighbouring characters.

use crate::fold::{FoldedChar, fold};

/// The smallest thing a query can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub text: UnitText,
    /// Counted along the text; neighbours differ by one, and by more across a mark of punctuation.
    pub position: usize,
    /// Code points of the text, half-open.
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitText {
    /// A character of a script that is written without spaces.
    Character(char),
    /// A word, a number, or a sign of percent.
    Word(String),
}

impl UnitText {
    pub fn is_character(&self) -> bool {
        matches!(self, Self::Character(_))
    }
}

/// A word of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexeme {
    pub text: String,
    pub position: usize,
}

/// Longest word, in characters: the rest of a longer one is a word of its own.
const WORD_LENGTH_MAX: usize = 64;

/// What a folded character is to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Character,
    /// Of a word or number.
    Letter,
    Sign,
    /// Counts for nothing: names are printed as `王　军`, lines are broken anywhere.
    Space,
    Mark,
}

fn class(char: char) -> Class {
    match char {
        // Kana, Hangul, Bopomofo and Chinese characters of all planes.
        '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Character,
        '%' | '‰' => Class::Sign,
        _ if char.is_alphanumeric() => Class::Letter,
        _ if char.is_whitespace() || is_invisible(char) => Class::Space,
        _ => Class::Mark,
    }
}

fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

/// The units of a text, at positions from `first` on.
pub fn units(text: &str, first: usize) -> Vec<Unit> {
    let folded = fold(text);
    let mut units: Vec<Unit> = Vec::with_capacity(folded.len());
    let mut position = first;
    let mut is_apart = false;
    let mut at = 0;
    while let Some(here) = folded.get(at) {
        let (text, length) = match class(here.char) {
            Class::Space => {
                at += 1;
                continue;
            }
            // Marks in a row part as one does, and those at the start part nothing.
            Class::Mark => {
                is_apart = !units.is_empty();
                at += 1;
                continue;
            }
            Class::Character => (UnitText::Character(here.char), 1),
            Class::Sign => (UnitText::Word(here.char.to_string()), 1),
            Class::Letter => {
                let (word, length) = word(&folded[at..]);
                (UnitText::Word(word), length)
            }
        };
        position += usize::from(is_apart);
        is_apart = false;
        units.push(Unit {
            text,
            position,
            start: here.start,
            end: folded[at + length - 1].end,
        });
        position += 1;
        at += length;
    }
    units
}

/// A word, or a number with its point: `4.75`; commas between thousands are left out: `1,000`.
fn word(folded: &[FoldedChar]) -> (String, usize) {
    let char = |at: usize| folded.get(at).map(|folded| folded.char);
    let is_digit = |at: usize| char(at).is_some_and(|char| char.is_ascii_digit());
    let mut word = String::new();
    let mut at = 0;
    while let Some(here) = char(at) {
        let is_after_digit = at > 0 && is_digit(at - 1);
        match here {
            '.' if is_after_digit && is_digit(at + 1) => word.push('.'),
            ',' if is_after_digit
                && (1..=3).all(|next| is_digit(at + next))
                && !is_digit(at + 4) => {}
            _ if class(here) == Class::Letter && at < WORD_LENGTH_MAX => word.push(here),
            _ => break,
        }
        at += 1;
    }
    (word, at)
}

/// The lexemes of a text: every two neighbouring characters, a character that has no neighbour after
/// it, every word.
pub fn lexemes(units: &[Unit]) -> impl Iterator<Item = Lexeme> {
    units.iter().enumerate().map(|(at, unit)| {
        let text = match &unit.text {
            UnitText::Word(word) => word.clone(),
            UnitText::Character(char) => {
                let next = units.get(at + 1);
                let next = next.filter(|next| next.position == unit.position + 1);
                match next.map(|next| &next.text) {
                    Some(UnitText::Character(second)) => [*char, *second].iter().collect(),
                    _ => char.to_string(),
                }
            }
        };
        Lexeme {
            text,
            position: unit.position,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, usize)]) {
        let found: Vec<_> = lexemes(&units(text, 1))
            .map(|lexeme| (lexeme.text, lexeme.position))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, position)| ((*text).to_owned(), *position))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn neighbouring_characters_are_paired() {
        check(
            "枫桥经验",
            &[("枫桥", 1), ("桥经", 2), ("经验", 3), ("验", 4)],
        );
    }

    #[test]
    fn marks_part_and_spaces_do_not() {
        check(
            "“枫桥”，经验",
            &[("枫桥", 1), ("桥", 2), ("经验", 4), ("验", 5)],
        );
        check("王　军\n说", &[("王军", 1), ("军说", 2), ("说", 3)]);
    }

    #[test]
    fn numbers_and_words_are_whole() {
        check(
            "查处4.75万起，1,000个",
            &[
                ("查处", 1),
                ("处", 2),
                ("4.75", 3),
                ("万起", 4),
                ("起", 5),
                ("1000", 7),
                ("个", 8),
            ],
        );
        check("98.9%。1,2", &[("98.9", 1), ("%", 2), ("1", 4), ("2", 6)]);
        check("New York 3.", &[("new", 1), ("york", 2), ("3", 3)]);
    }
}

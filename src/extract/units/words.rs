//! The words that the rules for units know, and a text cut into them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::regions::{SPELLINGS, Spelling};
use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;
use crate::pb::station::Kind;

/// What kind of name an ending closes; the classes of `units.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Ministry,
    Department,
    Bureau,
    Branch,
    Division,
    Station,
    Post,
    Traffic,
    Force,
    Patrol,
    Office,
    Centre,
    Custody,
    Border,
    Body,
    /// 市局, 省厅: a whole name that says no more than how high it stands.
    Short,
}

/// How the name of a unit ends.
#[derive(Debug)]
pub struct Ending {
    pub text: &'static str,
    pub class: Class,
    /// Nothing where the place decides.
    pub kind: Option<Kind>,
    pub slug: &'static str,
}

/// What a 总队, 支队, 大队 or 中队 does.
#[derive(Debug)]
pub struct Work {
    /// The usual word for it.
    pub usual: &'static str,
    pub slug: &'static str,
}

/// How a word bounds a name that begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Plain,
    /// Units in general follow: 各, 辖区.
    Any,
    /// A character of names too: 和 in 永和.
    Weak,
    /// The same, but never the last of a name: 向 in 向荣.
    Preposition,
    /// Ends a phrase before the name (接警后), or begins the name (后沙峪).
    Position,
}

/// All that the tables say of one word.
#[derive(Debug, Default)]
pub struct Word {
    pub ending: Option<&'static Ending>,
    pub work: Option<&'static Work>,
    pub place: Option<&'static Spelling>,
    pub bound: Option<Bound>,
    /// A word of other bodies.
    pub is_strange: bool,
}

/// A word of the tables, one other character, or a run that is no Chinese word.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub start: usize,
    pub end: usize,
    pub sort: Sort,
}

#[derive(Clone, Copy, Debug)]
pub enum Sort {
    Known(&'static Word),
    /// A Chinese character that begins no word of the tables.
    Plain,
    /// ASCII digits.
    Digits,
    /// Punctuation, white space and the like.
    Gap,
}

impl Token {
    pub fn word(&self) -> Option<&'static Word> {
        match self.sort {
            Sort::Known(word) => Some(word),
            _ => None,
        }
    }

    pub fn ending(&self) -> Option<&'static Ending> {
        self.word()?.ending
    }

    pub fn place(&self) -> Option<&'static Spelling> {
        self.word()?.place
    }

    pub fn bound(&self) -> Option<Bound> {
        self.word()?.bound
    }

    pub fn is_strange(&self) -> bool {
        self.word().is_some_and(|word| word.is_strange)
    }

    /// Whether it is longer than one Chinese character.
    pub fn chars_are_many(&self) -> bool {
        self.end - self.start > '所'.len_utf8()
    }

    pub fn work(&self) -> Option<&'static Work> {
        self.word()?.work
    }
}

static ENDINGS: LazyLock<Vec<Ending>> = LazyLock::new(|| {
    let rows = rows::<4>(include_str!("../rules/units.tsv"));
    rows.map(|[text, class, kind, slug]| Ending {
        text,
        class: class_named(class),
        kind: Kind::from_str_name(kind),
        slug,
    })
    .collect()
});

fn class_named(name: &str) -> Class {
    match name {
        "ministry" => Class::Ministry,
        "department" => Class::Department,
        "bureau" => Class::Bureau,
        "branch" => Class::Branch,
        "division" => Class::Division,
        "station" => Class::Station,
        "post" => Class::Post,
        "traffic" => Class::Traffic,
        "force" => Class::Force,
        "patrol" => Class::Patrol,
        "office" => Class::Office,
        "custody" => Class::Custody,
        "border" => Class::Border,
        "body" => Class::Body,
        "short" => Class::Short,
        _ => Class::Centre,
    }
}

/// Longest first.
static WORKS: LazyLock<Vec<(&str, Work)>> = LazyLock::new(|| {
    let rows = rows::<3>(include_str!("../rules/unit-works.tsv"));
    let works = rows.map(|[word, usual, slug]| {
        let usual = if usual.is_empty() { word } else { usual };
        (word, Work { usual, slug })
    });
    let mut works: Vec<_> = works.collect();
    works.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    works
});

/// All words for a work, longest first.
pub fn writings(work: &Work) -> impl Iterator<Item = &'static str> {
    let works = WORKS.iter().filter(|(_, other)| other.usual == work.usual);
    works.map(|(word, _)| *word)
}

static LEXICON: LazyLock<Vocabulary<'static, Word>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Word> = HashMap::new();
    for [text] in rows::<1>(include_str!("../rules/unit-strangers.tsv")) {
        words.entry(text).or_default().is_strange = true;
    }
    for ending in ENDINGS.iter() {
        words.entry(ending.text).or_default().ending = Some(ending);
    }
    for (text, work) in WORKS.iter() {
        words.entry(text).or_default().work = Some(work);
    }
    for (text, spelling) in SPELLINGS.iter() {
        words.entry(text).or_default().place = Some(spelling);
    }
    let common = rows::<1>(include_str!("../rules/common-words.tsv"));
    for text in common.flat_map(|[line]| line.split_ascii_whitespace()) {
        words.entry(text).or_default().bound = Some(Bound::Plain);
    }
    for [text, mark] in rows::<2>(include_str!("../rules/unit-boundaries.tsv")) {
        words.entry(text).or_default().bound = Some(match mark {
            "any" => Bound::Any,
            "weak" => Bound::Weak,
            "preposition" => Bound::Preposition,
            "position" => Bound::Position,
            _ => Bound::Plain,
        });
    }
    for [text] in rows::<1>(include_str!("../rules/unit-names.tsv")) {
        words.entry(text).or_default().bound = None;
    }
    Vocabulary::of_starts(words)
});

/// A folded text as words, the longest of the tables first.
pub fn tokens(text: &str) -> Vec<Token> {
    let lexicon: &'static Vocabulary<'static, Word> = &LEXICON;
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut end = 0;
    for (range, entry) in lexicon.all_in(text) {
        others(text, end, range.start, &mut tokens);
        end = range.end;
        tokens.push(Token {
            start: range.start,
            end,
            sort: Sort::Known(&entry.known),
        });
    }
    others(text, end, text.len(), &mut tokens);
    tokens
}

/// What lies between two words of the tables.
fn others(text: &str, start: usize, end: usize, tokens: &mut Vec<Token>) {
    for (at, char) in text[start..end].char_indices() {
        let sort = match char {
            '0'..='9' => Sort::Digits,
            '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' | '〇' => Sort::Plain,
            _ => Sort::Gap,
        };
        let token = Token {
            start: start + at,
            end: start + at + char.len_utf8(),
            sort,
        };
        match tokens.last_mut() {
            Some(last)
                if last.end == token.start
                    && matches!((last.sort, sort), (Sort::Digits, Sort::Digits)) =>
            {
                last.end = token.end;
            }
            _ => tokens.push(token),
        }
    }
}

//! The words of a credit line.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::extract::table::rows;
use crate::pb::byline::Role;

static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

/// What a word says of the names around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Names follow, or, at the end, came before.
    Role(Role),
    /// Names came before, and have this role unless they have one.
    After(Role),
    /// Names came before, and took the picture.
    Photo,
    /// Names came before, and wrote and took the picture.
    Join,
    /// The names that follow are not kept.
    Skip,
    /// Names nobody.
    Nobody,
}

struct Words {
    /// Finds whether a text has any word of a role.
    any: AhoCorasick,
    /// The same of the roles that may begin a text.
    sure: AhoCorasick,
    /// By first character, the longest first.
    words: HashMap<char, Vec<(&'static str, Word)>>,
    media: Vec<&'static str>,
    said: Vec<&'static str>,
}

impl Words {
    fn read() -> Self {
        let finder = |fits: fn(&str, &str) -> bool| {
            let rows = rows::<3>(include_str!("../rules/bylines.tsv"));
            let rows = rows.filter(|[kind, role, _]| fits(kind, role));
            let words = rows.flat_map(|[_, _, list]| list.split_whitespace());
            let finder = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .build(words);
            finder.expect("a table of words is small")
        };
        let mut words = Self {
            any: finder(|kind, _| matches!(kind, "role" | "after" | "photo" | "join" | "skip")),
            sure: finder(|kind, role| {
                kind == "role" && matches!(role, "REPORTER" | "CORRESPONDENT" | "INTERN")
            }),
            words: HashMap::new(),
            media: Vec::new(),
            said: Vec::new(),
        };
        for [kind, role, list] in rows::<3>(include_str!("../rules/bylines.tsv")) {
            let list = list.split_whitespace();
            let role = Role::from_str_name(role).unwrap_or(Role::Author);
            let word = match kind {
                "role" => Word::Role(role),
                "after" => Word::After(role),
                "photo" => Word::Photo,
                "join" => Word::Join,
                "skip" => Word::Skip,
                "medium" => {
                    words.media.extend(list);
                    continue;
                }
                "said" => {
                    words.said.extend(list);
                    continue;
                }
                _ => Word::Nobody,
            };
            for text in list {
                let first = text.chars().next().unwrap_or_default();
                words.words.entry(first).or_default().push((text, word));
            }
        }
        for list in words.words.values_mut() {
            // A stable sort: of equal words, the earlier row counts.
            list.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
        words
    }
}

/// Whether a text has a word of a role, so that it may be a credit.
pub fn is_hinted(text: &str) -> bool {
    WORDS.any.is_match(text)
}

/// Whether a text has a role that may begin an article.
pub fn is_surely_hinted(text: &str) -> bool {
    WORDS.sure.is_match(text)
}

/// The longest word that begins the text, of at least two characters.
pub fn long_at(text: &str) -> Option<(usize, Word)> {
    let list = WORDS.words.get(&text.chars().next()?)?;
    let mut found = list
        .iter()
        .filter(|(word, _)| text.starts_with(word) && word.chars().nth(1).is_some());
    found.next().map(|(word, kind)| (word.len(), *kind))
}

/// What a run of characters may mean that stands alone.
fn meanings(text: &str) -> impl Iterator<Item = Word> + '_ {
    let first = text.chars().next();
    let list = first.and_then(|first| WORDS.words.get(&first)).into_iter();
    let same = list.flatten().filter(move |(word, _)| *word == text);
    same.map(|(_, kind)| *kind)
}

/// What a run of characters means that stands alone; a role that may also follow its names first.
pub fn alone(text: &str) -> Option<Word> {
    meanings(text).next()
}

/// Whether a word at the end of a credit says that a picture was taken.
pub fn is_photo(text: &str) -> bool {
    meanings(text).any(|kind| kind == Word::Photo)
}

/// Whether the word says both, text and picture.
pub fn is_join(text: &str) -> bool {
    meanings(text).any(|kind| kind == Word::Join)
}

/// Whether a run of characters ends as names of papers, stations and offices do.
pub fn is_medium(text: &str) -> bool {
    WORDS.media.iter().any(|end| {
        let is_long = end.chars().nth(1).is_some() || text.chars().nth(2).is_some();
        text.ends_with(end) && (is_long || matches!(*end, "报" | "网" | "社"))
    })
}

/// Whether the text goes on as a sentence about a reporter does, not as a credit.
pub fn is_said(text: &str) -> bool {
    WORDS.said.iter().any(|word| text.starts_with(word))
}

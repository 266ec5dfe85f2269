//! The words of a credit line.

use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;
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
    any: Vocabulary<'static, ()>,
    /// The same of the roles that may begin a text.
    sure: Vocabulary<'static, ()>,
    words: Vocabulary<'static, Word>,
    media: Vocabulary<'static, ()>,
    said: Vocabulary<'static, ()>,
}

impl Words {
    fn read() -> Self {
        let finder = |fits: fn(&str, &str) -> bool| {
            let rows = rows::<3>(include_str!("../rules/bylines.tsv"));
            let rows = rows.filter(|[kind, role, _]| fits(kind, role));
            Vocabulary::of_bare_starts(rows.flat_map(|[_, _, list]| list.split_whitespace()))
        };
        let (mut words, mut media) = (Vec::new(), Vec::new());
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
                    media.extend(list);
                    continue;
                }
                "said" => continue,
                _ => Word::Nobody,
            };
            words.extend(list.map(|text| (text, word)));
        }
        Self {
            any: finder(|kind, _| matches!(kind, "role" | "after" | "photo" | "join" | "skip")),
            sure: finder(|kind, role| {
                kind == "role" && matches!(role, "REPORTER" | "CORRESPONDENT" | "INTERN")
            }),
            words: Vocabulary::of_starts(words),
            media: Vocabulary::of_bare_ends(media),
            said: finder(|kind, _| kind == "said"),
        }
    }
}

/// Whether a text has a word of a role, so that it may be a credit.
pub fn is_hinted(text: &str) -> bool {
    WORDS.any.is_in(text)
}

/// Whether a text has a role that may begin an article.
pub fn is_surely_hinted(text: &str) -> bool {
    WORDS.sure.is_in(text)
}

/// The longest word that begins the text, of at least two characters.
pub fn long_at(text: &str) -> Option<(usize, Word)> {
    let mut found = WORDS.words.all_at(text);
    let found = found.find(|entry| entry.word.chars().nth(1).is_some());
    found.map(|entry| (entry.word.len(), entry.known))
}

/// What a run of characters may mean that stands alone.
fn meanings(text: &str) -> impl Iterator<Item = Word> + '_ {
    let all = WORDS.words.all_at(text);
    let same = all.take_while(|entry| entry.word.len() == text.len());
    same.map(|entry| entry.known)
}

/// What a run of characters means that stands alone; a role that may also follow its names first.
pub fn alone(text: &str) -> Option<Word> {
    meanings(text).next()
}

/// Whether a word at the end of a credit says that a picture was taken.
pub fn is_photo(text: &str) -> bool {
    meanings(text).any(|kind| kind == Word::Photo)
}

/// Whether the word says where the article was taken from.
pub fn is_source(word: &str) -> bool {
    matches!(word, "来源" | "稿源")
}

/// Whether the word says both, text and picture.
pub fn is_join(text: &str) -> bool {
    meanings(text).any(|kind| kind == Word::Join)
}

/// Whether a run of characters ends as names of papers, stations and offices do.
pub fn is_medium(text: &str) -> bool {
    WORDS.media.all_at(text).any(|entry| {
        let is_long = entry.word.chars().nth(1).is_some() || text.chars().nth(2).is_some();
        is_long || matches!(entry.word, "报" | "网" | "社")
    })
}

/// Whether the text goes on as a sentence about a reporter does, not as a credit.
pub fn is_said(text: &str) -> bool {
    WORDS.said.is_at(text)
}

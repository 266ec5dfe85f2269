//! The words of honours: verbs, endings of titles, and what makes an award none.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::extract::table::rows;

pub static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

/// How a verb is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// The subject gives, unless 被 stands before.
    Given,
    /// The subject receives.
    Won,
    /// The same, but the verb is used of much else.
    Weak,
    /// The same, of one character: the title follows at once.
    Near,
    /// The subject strives for it.
    Aspired,
}

pub struct Words {
    verbs: AhoCorasick,
    verb_kinds: Vec<Verb>,
    /// Endings of titles, and after them what only looks like one.
    ends: AhoCorasick,
    ends_count: usize,
    end: Vec<&'static str>,
    quoted: Vec<&'static str>,
    praise: Vec<&'static str>,
    none: Vec<&'static str>,
    after: Vec<&'static str>,
    object: Vec<&'static str>,
    campaign: Vec<&'static str>,
    hope: Vec<&'static str>,
    not: Vec<&'static str>,
}

impl Words {
    fn read() -> Self {
        let of = |wanted: &str| -> Vec<&'static str> {
            let rows = rows::<2>(include_str!("../rules/honours.tsv"));
            let rows = rows.filter(|[kind, _]| *kind == wanted);
            let mut words: Vec<_> = rows.flat_map(|[_, list]| list.split_whitespace()).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words
        };
        let (mut verbs, mut verb_kinds) = (Vec::new(), Vec::new());
        let kinds = [
            ("given", Verb::Given),
            ("won", Verb::Won),
            ("weak", Verb::Weak),
            ("near", Verb::Near),
            ("aspired", Verb::Aspired),
        ];
        for (kind, verb) in kinds {
            let list = of(kind);
            verb_kinds.resize(verb_kinds.len() + list.len(), verb);
            verbs.extend(list);
        }
        let (end, none) = (of("end"), of("none"));
        let ends_count = end.len();
        Self {
            verbs: longest(&verbs),
            verb_kinds,
            ends: longest(&[end.clone(), none.clone()].concat()),
            ends_count,
            end,
            quoted: of("quoted"),
            praise: of("praise"),
            none,
            after: of("after"),
            object: of("object"),
            campaign: of("campaign"),
            hope: of("hope"),
            not: of("not"),
        }
    }

    /// The verbs of a text.
    pub fn verbs<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (Range<usize>, Verb)> + 't {
        let found = self.verbs.find_iter(text);
        found
            .map(|verb| (verb.range(), self.verb_kinds[verb.pattern().as_usize()]))
            .filter(|(range, verb)| *verb != Verb::Near || stands_free(text, range))
    }

    /// Where endings of titles end in a text.
    pub fn ends<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let found = self.ends.find_iter(text);
        found
            .filter(|end| end.pattern().as_usize() < self.ends_count)
            .map(|end| end.end())
    }

    /// Whether words in quotation marks end as titles do.
    pub fn is_title(&self, quoted: &str) -> bool {
        (self.end.iter().chain(&self.quoted)).any(|end| quoted.ends_with(end))
            || self.praise.iter().any(|word| quoted.contains(word))
    }

    /// Whether a text is known to be no title.
    pub fn is_none(&self, title: &str) -> bool {
        self.none.iter().any(|word| title.contains(word))
    }

    pub fn is_praise(&self, text: &str) -> bool {
        self.praise.iter().any(|word| text.contains(word))
    }

    /// The length of words such as 荣誉称号 that follow a title.
    pub fn after(&self, text: &str) -> usize {
        let found = self.after.iter().find(|word| text.starts_with(**word));
        found.map_or(0, |word| word.len())
    }

    /// Whether what follows a quotation makes it the name of another thing than a title.
    pub fn is_object(&self, after: &str) -> bool {
        self.object.iter().any(|word| after.starts_with(word))
    }

    /// Whether what follows a title makes striving for it a campaign.
    pub fn is_campaign(&self, after: &str) -> bool {
        self.campaign.iter().any(|word| after.starts_with(word))
    }

    /// Whether words before a verb make it striving.
    pub fn is_hope(&self, before: &str) -> bool {
        self.hope.iter().any(|word| before.contains(word))
    }

    /// Whether words right before a verb make it no award.
    pub fn is_not(&self, before: &str) -> bool {
        self.not.iter().any(|word| before.ends_with(word))
    }
}

fn longest(words: &[&str]) -> AhoCorasick {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("a table of words is small")
}

/// Whether a verb of one character is no part of another word, such as 查获 or 成立.
fn stands_free(text: &str, verb: &Range<usize>) -> bool {
    let before = text[..verb.start].chars().next_back();
    let after = text[verb.end..].chars().next();
    let is_part = match &text[verb.clone()] {
        "获" => {
            before.is_some_and(|char| "查抓捕破缴截起收抢俘擒猎拿".contains(char))
                || after.is_some_and(|char| "悉取救利知得释益刑罪赠准胜".contains(char))
        }
        "立" => {
            before.is_some_and(|char| "成设建树创独确订对自中公国".contains(char))
                || !after.is_some_and(|char| "个集一二三特大".contains(char))
        }
        _ => {
            before.is_some_and(|char| "登书标日铭牢笔忘传".contains(char))
                || !after.is_some_and(|char| "个集一二三特大嘉".contains(char))
        }
    };
    !is_part
}

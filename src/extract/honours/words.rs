//! The words of honours: verbs, endings of titles, and what makes an award none.

use std::ops::Range;
use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;

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
    verbs: Vocabulary<'static, Verb>,
    /// Endings of titles, and what only looks like one: whether it is one.
    ends: Vocabulary<'static, bool>,
    /// Endings of titles, in quotation marks.
    end: Vocabulary<'static, ()>,
    short: Vec<&'static str>,
    last: Vocabulary<'static, ()>,
    praise: Vocabulary<'static, ()>,
    none: Vocabulary<'static, ()>,
    after: Vocabulary<'static, ()>,
    object: Vocabulary<'static, ()>,
    campaign: Vocabulary<'static, ()>,
    hope: Vocabulary<'static, ()>,
    not: Vocabulary<'static, ()>,
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
        let kinds = [
            ("given", Verb::Given),
            ("won", Verb::Won),
            ("weak", Verb::Weak),
            ("near", Verb::Near),
            ("aspired", Verb::Aspired),
        ];
        let verbs = kinds.map(|(kind, verb)| of(kind).into_iter().map(move |word| (word, verb)));
        let as_ends = |words: &str, is_end| of(words).into_iter().map(move |word| (word, is_end));
        let starts = |wanted: &str| Vocabulary::of_bare_starts(of(wanted));
        Self {
            verbs: Vocabulary::of_starts(verbs.into_iter().flatten()),
            ends: Vocabulary::of_starts(as_ends("end", true).chain(as_ends("none", false))),
            end: Vocabulary::of_bare_ends(of("end").into_iter().chain(of("quoted"))),
            short: of("short"),
            last: Vocabulary::of_bare_ends(of("last")),
            praise: starts("praise"),
            none: starts("none"),
            after: starts("after"),
            object: starts("object"),
            campaign: starts("campaign"),
            hope: starts("hope"),
            not: Vocabulary::of_bare_ends(of("not")),
        }
    }

    /// Whether a text has a verb.
    pub fn may_award(&self, text: &str) -> bool {
        self.verbs.is_in(text)
    }

    /// The verbs of a text.
    pub fn verbs<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (Range<usize>, Verb)> + 't {
        let found = self.verbs.all_in(text);
        found
            .map(|(range, entry)| (range, entry.known))
            .filter(|(range, verb)| *verb != Verb::Near || stands_free(text, range))
    }

    /// Where endings of titles end in a text.
    pub fn ends<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let found = self.ends.all_in(text);
        found
            .filter(|(_, entry)| entry.known)
            .map(|(range, _)| range.end)
    }

    /// Whether words end as titles in quotation marks do.
    pub fn ends_title(&self, words: &str) -> bool {
        self.end.is_at(words)
    }

    /// Whether words in quotation marks are a title.
    pub fn is_title(&self, quoted: &str) -> bool {
        self.ends_title(quoted) || self.praise.is_in(quoted)
    }

    /// Whether a text is the ending of a title that stands for itself: 嘉奖.
    pub fn is_short(&self, title: &str) -> bool {
        self.short.contains(&title)
    }

    /// Whether a text is known to be no title.
    pub fn is_none(&self, title: &str) -> bool {
        // 奉献奖金奖 is a 金奖.
        self.none.is_in(&title.replace("奖金奖", "奖")) || self.last.is_at(title)
    }

    pub fn is_praise(&self, text: &str) -> bool {
        self.praise.is_in(text)
    }

    /// The length of words such as 荣誉称号 that follow a title.
    pub fn after(&self, text: &str) -> usize {
        self.after.at(text).map_or(0, |entry| entry.word.len())
    }

    /// Whether what follows a quotation makes it the name of another thing than a title.
    pub fn is_object(&self, after: &str) -> bool {
        self.object.is_at(after)
    }

    /// Whether what follows a title makes striving for it a campaign.
    pub fn is_campaign(&self, after: &str) -> bool {
        self.campaign.is_at(after)
    }

    /// Whether words before a verb make it striving.
    pub fn is_hope(&self, before: &str) -> bool {
        self.hope.is_in(before)
    }

    /// Whether words right before a verb make it no award.
    pub fn is_not(&self, before: &str) -> bool {
        self.not.is_at(before)
    }
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

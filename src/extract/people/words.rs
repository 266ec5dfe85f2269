//! The words of people: offices, duties, what they do and how they say it.

use std::ops::Range;
use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::vocabulary::Vocabulary;
use crate::pb::station::Kind;

pub static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

/// What a word before a name says of who bears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// At the head of a unit.
    Head,
    Other,
    /// Had by many; the name must be certain.
    Duty,
    /// A person without an office.
    Lay,
    /// Somebody who is not named here.
    Barred,
}

pub struct Words {
    offices: Vocabulary<'static, Office>,
    heads: Vec<(&'static str, Kind)>,
    party: Vocabulary<'static, ()>,
    attend: Vocabulary<'static, ()>,
    speak: Vocabulary<'static, ()>,
    chair: Vocabulary<'static, ()>,
    say: Vocabulary<'static, ()>,
    said: Vocabulary<'static, ()>,
    follow: Vocabulary<'static, ()>,
    start: Vec<&'static str>,
}

const HEADS: [(&str, &[Kind]); 6] = [
    (
        "bureau",
        &[
            Kind::MunicipalBureau,
            Kind::CountyBureau,
            Kind::BranchBureau,
        ],
    ),
    ("station", &[Kind::PoliceStation]),
    ("brigade", &[Kind::Brigade]),
    ("squadron", &[Kind::Squadron]),
    ("detachment", &[Kind::Detachment, Kind::TrafficBureau]),
    ("corps", &[Kind::Corps]),
];

impl Words {
    fn read() -> Self {
        let of = |wanted: &str| -> Vec<&'static str> {
            let rows = rows::<2>(include_str!("../rules/people.tsv"));
            let rows = rows.filter(|[kind, _]| *kind == wanted);
            let mut words: Vec<_> = rows.flat_map(|[_, list]| list.split_whitespace()).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words
        };
        let mut heads = Vec::new();
        let mut offices = Vec::new();
        for (row, unit_kinds) in HEADS {
            for word in of(row) {
                heads.extend(unit_kinds.iter().map(|kind| (word, *kind)));
                offices.push((word, Office::Head));
            }
        }
        let rest = [
            ("office", Office::Other),
            ("duty", Office::Duty),
            ("lay", Office::Lay),
            ("barred", Office::Barred),
        ];
        for (row, office) in rest {
            offices.extend(of(row).into_iter().map(|word| (word, office)));
        }
        let starts = |wanted: &str| Vocabulary::of_bare_starts(of(wanted));
        Self {
            offices: Vocabulary::of_starts(offices),
            heads,
            party: starts("party"),
            attend: starts("attend"),
            speak: starts("speak"),
            chair: starts("chair"),
            say: starts("say"),
            said: Vocabulary::of_bare_ends(of("say")),
            follow: starts("follow"),
            start: of("start"),
        }
    }

    /// The words of a text after which a name may stand.
    pub fn offices<'t>(
        &'t self,
        text: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, Office)> + 't {
        let found = self.offices.all_in(text);
        found.map(|(range, entry)| (range, entry.known))
    }

    /// The office a text ends with: where it begins.
    pub fn office_at_end(&self, text: &str) -> Option<(usize, Office)> {
        let last = self.offices(text).last()?;
        (last.0.end == text.len()).then_some((last.0.start, last.1))
    }

    /// Whether an office is at the head of units of a kind.
    pub fn is_head_of(&self, office: &str, kind: Kind) -> bool {
        self.heads.contains(&(office, kind))
    }

    /// The length of the body of the party whose office a text is: 党委 of 党委副书记.
    pub fn party(&self, text: &str) -> Option<usize> {
        length(&self.party, text)
    }

    /// Where the verb of saying begins that a text ends with.
    pub fn said_at_end(&self, text: &str) -> Option<usize> {
        let found = self.said.at(text);
        found.map(|entry| text.len() - entry.word.len())
    }

    /// The length of the verb of saying a text begins with.
    pub fn say(&self, text: &str) -> Option<usize> {
        length(&self.say, text)
    }

    /// The length of the words of attending, speaking or chairing that a text begins with.
    pub fn attend(&self, text: &str) -> Option<usize> {
        length(&self.attend, text)
    }

    pub fn chair(&self, text: &str) -> Option<usize> {
        length(&self.chair, text)
    }

    pub fn speaks(&self, text: &str) -> bool {
        self.speak.is_in(text)
    }

    /// How sure the text after a name makes it: 0 not, 1 perhaps, 3 surely.
    pub fn certainty(&self, after: &str) -> u32 {
        let Some(char) = after.chars().next() else {
            return 3;
        };
        if matches!(char, '某' | '×' | '*') {
            return 0;
        }
        if !super::name::is_han(char) {
            return 3;
        }
        if self.say(after).is_some() {
            return 3;
        }
        match length(&self.follow, after) {
            None => 0,
            Some(length) if length > char.len_utf8() => 3,
            Some(_) => 1,
        }
    }

    /// Where an office and its body can begin, after the last word that cannot belong to them.
    pub fn office_start(&self, text: &str) -> usize {
        let ends = self
            .start
            .iter()
            .filter_map(|word| Some(text.rfind(word)? + word.len()));
        ends.max().unwrap_or_default()
    }
}

/// The length of the word a text begins with.
fn length(words: &Vocabulary<'static, ()>, text: &str) -> Option<usize> {
    words.at(text).map(|entry| entry.word.len())
}

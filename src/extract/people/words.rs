//! The words of people: offices, duties, what they do and how they say it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::extract::table::rows;
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

/// Words by their first character, the longest first.
struct Starts(HashMap<char, Vec<&'static str>>);

impl Starts {
    /// The longest come first in the list, too.
    fn new(words: &[&'static str]) -> Self {
        let mut starts: HashMap<char, Vec<&'static str>> = HashMap::new();
        for word in words {
            starts
                .entry(word.chars().next().unwrap_or_default())
                .or_default()
                .push(word);
        }
        Self(starts)
    }

    /// The length of the word a text begins with.
    fn length(&self, text: &str) -> Option<usize> {
        length(self.0.get(&text.chars().next()?)?, text)
    }
}

pub struct Words {
    offices: AhoCorasick,
    kinds: Vec<Office>,
    heads: Vec<(&'static str, Kind)>,
    party: Vec<&'static str>,
    attend: Vec<&'static str>,
    speak: Vec<&'static str>,
    chair: Vec<&'static str>,
    say: Vec<&'static str>,
    says: Starts,
    follow: Starts,
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
        let (mut words, mut kinds) = (Vec::new(), Vec::new());
        for (row, unit_kinds) in HEADS {
            for word in of(row) {
                heads.extend(unit_kinds.iter().map(|kind| (word, *kind)));
                words.push(word);
            }
        }
        kinds.resize(words.len(), Office::Head);
        let rest = [
            ("office", Office::Other),
            ("duty", Office::Duty),
            ("lay", Office::Lay),
            ("barred", Office::Barred),
        ];
        for (row, office) in rest {
            words.extend(of(row));
            kinds.resize(words.len(), office);
        }
        let offices = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .expect("a table of words is small");
        Self {
            offices,
            kinds,
            heads,
            party: of("party"),
            attend: of("attend"),
            speak: of("speak"),
            chair: of("chair"),
            says: Starts::new(&of("say")),
            say: of("say"),
            follow: Starts::new(&of("follow")),
            start: of("start"),
        }
    }

    /// The words of a text after which a name may stand.
    pub fn offices<'t>(
        &'t self,
        text: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, Office)> + 't {
        let found = self.offices.find_iter(text);
        found.map(|word| (word.range(), self.kinds[word.pattern().as_usize()]))
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
        let found = self.say.iter().find(|word| text.ends_with(**word));
        found.map(|word| text.len() - word.len())
    }

    /// The length of the verb of saying a text begins with.
    pub fn say(&self, text: &str) -> Option<usize> {
        self.says.length(text)
    }

    /// The length of the words of attending, speaking or chairing that a text begins with.
    pub fn attend(&self, text: &str) -> Option<usize> {
        length(&self.attend, text)
    }

    pub fn chair(&self, text: &str) -> Option<usize> {
        length(&self.chair, text)
    }

    pub fn speaks(&self, text: &str) -> bool {
        self.speak.iter().any(|word| text.contains(word))
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
        match self.follow.length(after) {
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

fn length(words: &[&str], text: &str) -> Option<usize> {
    let found = words.iter().find(|word| text.starts_with(**word));
    found.map(|word| word.len())
}

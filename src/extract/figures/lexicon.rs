//! What the rules know of words beside numbers: the tables of `rules/`, ready to be asked.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::vocabulary::{Entry, Vocabulary};
use crate::pb::statistic::Qualifier;

/// What a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    Count,
    Person,
    Money,
    Share,
    Measure,
    Duration,
    /// Provinces, cities and the like, which stand beside numbers in names as well.
    Area,
}

/// A unit word.
#[derive(Clone, Debug)]
pub struct Unit {
    /// As printed.
    pub word: &'static str,
    /// As kept.
    pub unit: &'static str,
    pub kind: UnitKind,
    /// Words after it that show it is no unit, each with what makes it one again.
    bars: Vec<(&'static str, Option<&'static str>)>,
}

static UNITS: LazyLock<Vocabulary<'static, Unit>> = LazyLock::new(|| {
    let units = rows(include_str!("../rules/measures.tsv")).map(|[word, kind, unit, bars]| {
        let kind = match kind {
            "person" => UnitKind::Person,
            "money" => UnitKind::Money,
            "share" => UnitKind::Share,
            "measure" => UnitKind::Measure,
            "duration" => UnitKind::Duration,
            "area" => UnitKind::Area,
            _ => UnitKind::Count,
        };
        let unit = if unit.is_empty() { word } else { unit };
        let bars = bars
            .split_whitespace()
            .map(|bar| match bar.split_once('^') {
                Some((head, but)) => (head, Some(but)),
                None => (bar, None),
            });
        let bars = bars.collect();
        (
            word,
            Unit {
                word,
                unit,
                kind,
                bars,
            },
        )
    });
    Vocabulary::of_starts(units)
});

impl Unit {
    /// The longest unit word at the start of a text, unless what follows bars it.
    pub fn at(text: &str) -> Option<&'static Unit> {
        let words = UNITS.all_at(text).map(|entry| &entry.known);
        let mut units = words.filter(|unit| !unit.is_barred_by(&text[unit.word.len()..]));
        units.next()
    }

    fn is_barred_by(&self, rest: &str) -> bool {
        let is_latin = self.word.ends_with(|char: char| char.is_ascii_alphabetic());
        if is_latin && rest.starts_with(|char: char| char.is_ascii_alphanumeric()) {
            return true;
        }
        self.bars.iter().any(|(bar, but)| {
            let after = rest.strip_prefix(bar);
            after.is_some_and(|after| !but.is_some_and(|but| after.starts_with(but)))
        })
    }
}

/// A word beside a number; of one that bounds nothing, no qualifier.
type Bound = Option<Qualifier>;

fn bounds(side: &'static str) -> impl Iterator<Item = (&'static str, Bound)> {
    let rows = rows(include_str!("../rules/qualifiers.tsv"));
    rows.filter(move |[_, where_, _]| *where_ == side)
        .map(|[word, _, name]| (word, Qualifier::from_str_name(name)))
}

/// The word that bounds a number, at the end of the text before it.
pub fn bound_before(text: &str) -> Option<(&'static str, Bound)> {
    static BEFORE: LazyLock<Vocabulary<'static, Bound>> =
        LazyLock::new(|| Vocabulary::of_ends(bounds("before")));
    BEFORE.at(text).map(|entry| (entry.word, entry.known))
}

/// The word that bounds a number, at the start of the text after its unit.
pub fn bound_after(text: &str) -> Option<(&'static str, Bound)> {
    static AFTER: LazyLock<Vocabulary<'static, Bound>> =
        LazyLock::new(|| Vocabulary::of_starts(bounds("after")));
    AFTER.at(text).map(|entry| (entry.word, entry.known))
}

/// How a number differs from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Up,
    Down,
    Flat,
}

/// A word of comparison that ends a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compare {
    pub word: &'static str,
    pub direction: Move,
    /// 增幅 and its like: a noun, after which 达 or 为 may stand.
    pub is_noun: bool,
    /// Compares only where a basis is named.
    pub needs_basis: bool,
    /// Makes any number a difference, and not only a share.
    pub is_sure: bool,
}

static COMPARES: LazyLock<Vocabulary<'static, Compare>> = LazyLock::new(|| {
    let table = rows(include_str!("../rules/comparisons.tsv"));
    let words = table.filter_map(|[word, kind, scope]| {
        let (direction, is_noun) = match kind {
            "up" => (Move::Up, false),
            "down" => (Move::Down, false),
            "flat" => (Move::Flat, false),
            "swing-up" => (Move::Up, true),
            "swing-down" => (Move::Down, true),
            _ => return None,
        };
        let (needs_basis, is_sure) = (scope == "basis", scope == "all");
        let compare = Compare {
            word,
            direction,
            is_noun,
            needs_basis,
            is_sure,
        };
        Some((word, compare))
    });
    Vocabulary::of_ends(words)
});

/// The word of comparison at the end of a text.
pub fn compare_before(text: &str) -> Option<Compare> {
    COMPARES.at(text).map(|entry| entry.known)
}

/// What a word says of the numbers in its clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    Basis,
    Requirement,
    Aspiration,
    Plan,
    Criterion,
    /// How something is organised, before a number.
    Structure,
    /// What something is organised into, after a number.
    Part,
    /// What nearly happened, and did not.
    Averted,
    Hedge,
    Trend,
    /// A deed or an outcome that is counted.
    Report,
    /// No deed, though it begins as one: 派出所.
    Other,
    Place,
    Period,
    /// A part of a year, by its first and last month.
    Months(i32, i32),
    Until,
    /// An ISO 8601 recurrence.
    Every(&'static str),
}

/// A cue and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub range: Range<usize>,
    pub cue: Cue,
}

/// The cues of a text, in order; where several begin, the longest.
pub fn cues(text: &str) -> Vec<Hit> {
    static CUES: LazyLock<Vocabulary<'static, Cue>> = LazyLock::new(|| {
        let claims = rows(include_str!("../rules/claims.tsv")).map(|[word, kind]| (word, kind, ""));
        let times = rows(include_str!("../rules/times.tsv"));
        let times = times.map(|[word, kind, duration]| (word, kind, duration));
        let compares = rows(include_str!("../rules/comparisons.tsv"));
        let compares = compares.map(|[word, kind]| (word, kind, ""));
        let all = claims.chain(times).chain(compares);
        Vocabulary::of_starts(
            all.filter_map(|(word, kind, duration)| Some((word, cue(kind, duration)?))),
        )
    });
    let hits = CUES.all_in(text);
    hits.map(|(range, entry)| Hit {
        range,
        cue: entry.known,
    })
    .collect()
}

fn cue(kind: &str, duration: &'static str) -> Option<Cue> {
    Some(match kind {
        "basis" => Cue::Basis,
        "requirement" => Cue::Requirement,
        "aspiration" => Cue::Aspiration,
        "plan" => Cue::Plan,
        "criterion" => Cue::Criterion,
        "structure" => Cue::Structure,
        "part" => Cue::Part,
        "averted" => Cue::Averted,
        "hedge" => Cue::Hedge,
        "trend" => Cue::Trend,
        "report" => Cue::Report,
        "other" => Cue::Other,
        "place" => Cue::Place,
        "period" => match duration.split_once('-') {
            Some((first, last)) => Cue::Months(first.parse().ok()?, last.parse().ok()?),
            None => Cue::Period,
        },
        "until" => Cue::Until,
        "every" => Cue::Every(duration),
        _ => return None,
    })
}

/// Names and idioms in which a numeral counts nothing, in order.
pub fn numeral_names(text: &str) -> Vec<Range<usize>> {
    static NAMES: LazyLock<Vocabulary<'static, ()>> = LazyLock::new(|| {
        let rows = rows(include_str!("../rules/numeral_names.tsv"));
        Vocabulary::of_bare_starts(rows.map(|[word]| word))
    });
    NAMES.all_in(text).map(|(range, _)| range).collect()
}

/// Words around a number, by what they tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    Length,
    LengthOf,
    Area,
    People,
    Peopled,
    Money,
    Subject,
    Title,
    Region,
    LeadStart,
    LeadEnd,
    NounEnd,
    Outcome,
    Varying,
    Excess,
    Absent,
    Index,
    CallNumber,
    Called,
}

impl Listed {
    fn named(kind: &str) -> Option<Self> {
        Some(match kind {
            "length" => Self::Length,
            "length-of" => Self::LengthOf,
            "area" => Self::Area,
            "people" => Self::People,
            "peopled" => Self::Peopled,
            "money" => Self::Money,
            "subject" => Self::Subject,
            "title" => Self::Title,
            "region" => Self::Region,
            "lead-start" => Self::LeadStart,
            "lead-end" => Self::LeadEnd,
            "noun-end" => Self::NounEnd,
            "outcome" => Self::Outcome,
            "varying" => Self::Varying,
            "excess" => Self::Excess,
            "absent" => Self::Absent,
            "index" => Self::Index,
            "call-number" => Self::CallNumber,
            "called" => Self::Called,
            _ => return None,
        })
    }

    fn list(self) -> &'static List {
        static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
            let mut words = vec![Vec::new(); Listed::Called as usize + 1];
            for [word, kind] in rows(include_str!("../rules/figure_words.tsv")) {
                if let Some(listed) = Listed::named(kind) {
                    words[listed as usize].push(word);
                }
            }
            words.into_iter().map(List::of).collect()
        });
        &LISTS[self as usize]
    }

    pub fn has(self, text: &str) -> bool {
        self.list()
            .starts
            .at(text)
            .is_some_and(|entry| entry.word == text)
    }

    /// Whether one of the words begins a text.
    pub fn begins(self, text: &str) -> bool {
        self.list().starts.is_at(text)
    }

    /// Whether one of the words ends a text.
    pub fn ends(self, text: &str) -> bool {
        self.list().ends.is_at(text)
    }

    pub fn is_in(self, text: &str) -> bool {
        self.list().starts.is_in(text)
    }

    /// Where the first of the words in a text begins.
    pub fn find_in(self, text: &str) -> Option<usize> {
        self.list().starts.next_in(text, 0).map(|(at, _)| at)
    }

    /// Of the words that begin a text, the first of the table.
    pub fn first_at(self, text: &str) -> Option<&'static str> {
        first_of_table(self.list().starts.all_at(text))
    }

    /// Of the words that end a text, the first of the table.
    pub fn first_before(self, text: &str) -> Option<&'static str> {
        first_of_table(self.list().ends.all_at(text))
    }

    /// The words that stand in a text, in the order of the table.
    pub fn all_in(self, text: &str) -> impl Iterator<Item = &'static str> {
        let list = self.list();
        let found = list.starts.every_in(text).map(|entry| entry.known);
        let found: BTreeSet<usize> = found.collect();
        found.into_iter().map(|index| list.words[index])
    }
}

fn first_of_table<'e>(
    entries: impl Iterator<Item = &'e Entry<'static, usize>>,
) -> Option<&'static str> {
    let first = entries.min_by_key(|entry| entry.known);
    first.map(|entry| entry.word)
}

/// A list of words, in the order of their table.
struct List {
    words: Vec<&'static str>,
    /// Each with its place in the list.
    starts: Vocabulary<'static, usize>,
    /// The same, by their ends.
    ends: Vocabulary<'static, usize>,
}

impl List {
    fn of(words: Vec<&'static str>) -> Self {
        let placed = || words.iter().enumerate().map(|(place, word)| (*word, place));
        Self {
            starts: Vocabulary::of_starts(placed()),
            ends: Vocabulary::of_ends(placed()),
            words,
        }
    }
}

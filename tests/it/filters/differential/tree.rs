//! Random filters as trees, written with no more parentheses than precedence asks for.

use super::random::Random;
use super::reading::Read;
use super::terms::{Ground, Term};

const DEPTH_MAX: usize = 3;

#[derive(Clone, Debug)]
pub enum Tree {
    Term(Term),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    /// Terms of one field and comparator: `field:(a OR b)`.
    Of(Box<Tree>),
}

/// How tightly a tree holds together as it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Between `AND`, or the whole filter.
    Expression,
    /// Between `OR`.
    Factor,
    /// After `NOT`.
    Term,
    /// Alone.
    Simple,
}

impl Tree {
    pub fn draw(random: &mut Random, ground: &Ground) -> Self {
        Self::drawn(random, 0, &mut |random, depth| {
            if depth < DEPTH_MAX && random.one_in(12) {
                return Self::of_one_field(random, ground);
            }
            Self::Term(Term::draw(random, ground))
        })
    }

    fn of_one_field(random: &mut Random, ground: &Ground) -> Self {
        loop {
            let Some((field, by)) = Term::draw(random, ground).field else {
                continue;
            };
            let inner = Self::drawn(random, DEPTH_MAX - 1, &mut |random, _| {
                Self::Term(Term::of(random, ground, field, by))
            });
            return Self::Of(Box::new(inner));
        }
    }

    fn drawn(
        random: &mut Random,
        depth: usize,
        leaf: &mut impl FnMut(&mut Random, usize) -> Self,
    ) -> Self {
        let shape = if depth == DEPTH_MAX {
            0
        } else {
            random.below(10)
        };
        let mut several = |random: &mut Random| {
            let count = 2 + random.below(2);
            (0..count)
                .map(|_| Self::drawn(random, depth + 1, leaf))
                .collect()
        };
        match shape {
            0..4 => leaf(random, depth),
            4 | 5 => Self::Not(Box::new(Self::drawn(random, depth + 1, leaf))),
            6 | 7 => Self::All(several(random)),
            _ => Self::Any(several(random)),
        }
    }

    pub fn holds(&self, ground: &Ground, record: &Read) -> bool {
        let holds = |tree: &Self| tree.holds(ground, record);
        match self {
            Self::Term(term) => term.holds(ground, record),
            Self::Not(inner) => !holds(inner),
            Self::All(several) => several.iter().all(holds),
            Self::Any(several) => several.iter().any(holds),
            Self::Of(inner) => holds(inner),
        }
    }

    pub fn written(&self, random: &mut Random) -> String {
        self.at(Place::Expression, false, random)
    }

    fn at(&self, place: Place, is_value: bool, random: &mut Random) -> String {
        let (own, written) = match self {
            Self::Term(term) if is_value => (Place::Simple, term.value.clone()),
            Self::Term(term) => (Place::Simple, format!("{}{}", term.before, term.value)),
            Self::Not(inner) => {
                let inner = inner.at(Place::Simple, is_value, random);
                // A minus before a digit or a minus is a number's or a date's.
                let is_minus = !inner.starts_with(|c: char| c.is_ascii_digit() || c == '-');
                let not = if is_minus && random.one_in(2) {
                    "-"
                } else {
                    "NOT "
                };
                (Place::Term, format!("{not}{inner}"))
            }
            Self::All(several) => {
                let mut written = String::new();
                for one in several {
                    if !written.is_empty() {
                        written.push_str(random.of(&[" ", " AND ", " AND "]));
                    }
                    written.push_str(&one.at(Place::Factor, is_value, random));
                }
                (Place::Expression, written)
            }
            Self::Any(several) => {
                let parts = several.iter();
                let parts: Vec<String> = parts
                    .map(|one| one.at(Place::Term, is_value, random))
                    .collect();
                (Place::Factor, parts.join(" OR "))
            }
            Self::Of(inner) => {
                let inner_written = inner.at(Place::Expression, true, random);
                (
                    Place::Simple,
                    format!("{}({inner_written})", inner.first_term().before),
                )
            }
        };
        if own >= place && !random.one_in(10) {
            return written;
        }
        match self {
            // Parentheses around a value would be a filter of its own.
            Self::Term(_) if is_value => written,
            _ => format!("({written})"),
        }
    }

    fn first_term(&self) -> &Term {
        match self {
            Self::Term(term) => term,
            Self::Not(inner) | Self::Of(inner) => inner.first_term(),
            Self::All(several) | Self::Any(several) => several[0].first_term(),
        }
    }

    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Term(term) => vec![term],
            Self::Not(inner) | Self::Of(inner) => inner.terms(),
            Self::All(several) | Self::Any(several) => {
                several.iter().flat_map(Self::terms).collect()
            }
        }
    }

    /// Trees that a part of this one makes.
    pub fn smaller(&self) -> Vec<Self> {
        let without = |several: &[Self], at: usize| {
            let mut several = several.to_vec();
            several.remove(at);
            several
        };
        match self {
            Self::Term(_) => Vec::new(),
            Self::Not(inner) | Self::Of(inner) => vec![(**inner).clone()],
            Self::All(several) => {
                let fewer = (0..several.len()).map(|at| Self::All(without(several, at)));
                let fewer = fewer.filter(|_| several.len() > 2);
                several.iter().cloned().chain(fewer).collect()
            }
            Self::Any(several) => {
                let fewer = (0..several.len()).map(|at| Self::Any(without(several, at)));
                let fewer = fewer.filter(|_| several.len() > 2);
                several.iter().cloned().chain(fewer).collect()
            }
        }
    }
}

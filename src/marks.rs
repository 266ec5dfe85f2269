//! What of an article's text was read as what: the text cut into runs that are of the same records.

use std::collections::{BTreeSet, HashSet};

use crate::fragments::within;
use crate::pb::{Article, Fragment, Span, Statistic};

/// What a place was read as. Where several meet, the greater says more about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The words of a statistic.
    Statistic,
    Quotation,
    Event,
    Honour,
    Work,
    Byline,
    Person,
    Unit,
    /// The number of a statistic, as it is written.
    Number,
}

/// Which fact: what it was read as, and which of its kind, by the index in the article's list or in that
/// of its statistics.
type Key = (Kind, usize);

/// How many marks of a place are told: where there are more, those that say most.
const TOLD_MAX: usize = 16;

/// All that was read of one article, and where. What stands nowhere any more has no mark.
#[derive(Debug, Default)]
pub struct Marks {
    places: Vec<(Key, Vec<Fragment>)>,
    keys: HashSet<Key>,
}

/// A part of a text, all of it of the same marks, the one that says most last.
#[derive(Debug, PartialEq, Eq)]
pub struct Run<'t> {
    pub text: &'t str,
    pub marks: Vec<Key>,
}

impl Marks {
    pub fn of(article: &Article, statistics: &[&Statistic]) -> Self {
        let mut marks = Self::default();
        for (index, statistic) in statistics.iter().enumerate() {
            let span = statistic.span.as_ref();
            marks.put((Kind::Statistic, index), span.map(places));
            marks.put((Kind::Number, index), number(statistic));
        }
        /// Each item of a list by its span.
        macro_rules! put {
            ($kind:ident, $list:ident) => {
                for (index, item) in article.$list.iter().enumerate() {
                    marks.put((Kind::$kind, index), item.span.as_ref().map(places));
                }
            };
        }
        put!(Quotation, quotations);
        put!(Event, events);
        put!(Honour, honours);
        put!(Work, works);
        put!(Byline, bylines);
        put!(Person, people);
        put!(Unit, mentions);
        marks
    }

    fn put(&mut self, key: Key, places: Option<Vec<Fragment>>) {
        if let Some(places) = places.filter(|places| !places.is_empty()) {
            self.places.push((key, places));
            self.keys.insert(key);
        }
    }

    pub fn has(&self, kind: Kind, index: usize) -> bool {
        self.keys.contains(&(kind, index))
    }

    /// Cuts a text that stands at these places of the page where marks begin and end.
    pub fn runs<'t>(&self, text: &'t str, fragments: &[Fragment]) -> Vec<Run<'t>> {
        let mut edges = self.edges(fragments);
        // At one place marks end before others begin: what goes on behind a page break is not cut there.
        edges.sort_unstable();
        let mut bytes = text.char_indices().map(|(byte, _)| byte);
        let mut byte_at = {
            let mut passed = 0;
            move |code_point: usize| {
                let byte = bytes.nth(code_point - passed);
                passed = code_point + 1;
                byte.unwrap_or(text.len())
            }
        };
        let mut runs: Vec<Run<'t>> = Vec::new();
        let mut active: BTreeSet<Key> = BTreeSet::new();
        let mut begin = 0;
        for place in edges.chunk_by(|one, other| one.0 == other.0) {
            let (ended, begun) = place.split_at(place.partition_point(|(_, begins, _)| !begins));
            let keys = |edges: &[Edge]| edges.iter().map(|(.., key)| *key).collect::<Vec<Key>>();
            if keys(ended) == keys(begun) {
                continue;
            }
            let end = byte_at(place[0].0);
            push(&mut runs, &text[begin..end], &active);
            begin = end;
            active.retain(|key| ended.binary_search(&(place[0].0, false, *key)).is_err());
            active.extend(begun.iter().map(|(.., key)| *key));
        }
        push(&mut runs, &text[begin..], &active);
        runs
    }

    /// Where in the text marks begin and end.
    fn edges(&self, fragments: &[Fragment]) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut before = 0;
        for here in fragments {
            for (key, places) in &self.places {
                // They are in order, and apart.
                let first = places.partition_point(|there| there.end <= here.start);
                let found = places[first..].iter();
                for there in found.take_while(|there| there.start < here.end) {
                    let (start, end) = (there.start.max(here.start), there.end.min(here.end));
                    for (place, begins) in [(start, true), (end, false)] {
                        let place = usize::try_from(before + place - here.start).unwrap_or(0);
                        edges.push((place, begins, *key));
                    }
                }
            }
            before += here.end - here.start;
        }
        edges
    }
}

/// A code point of a text at which a mark begins (true) or ends.
type Edge = (usize, bool, Key);

/// Adds a part to the runs, unless there is nothing of it.
fn push<'t>(runs: &mut Vec<Run<'t>>, text: &'t str, active: &BTreeSet<Key>) {
    if !text.is_empty() {
        let told = active.iter().skip(active.len().saturating_sub(TOLD_MAX));
        let marks = told.copied().collect();
        runs.push(Run { text, marks });
    }
}

fn places(span: &Span) -> Vec<Fragment> {
    span.fragments.clone()
}

/// Where the number itself stands.
fn number(statistic: &Statistic) -> Option<Vec<Fragment>> {
    part(
        statistic.span.as_ref()?,
        &statistic.quantity.as_ref()?.as_written,
    )
}

/// Where a part of a quote stands: where it is no part of a longer number, if there is such a place.
fn part(span: &Span, part: &str) -> Option<Vec<Fragment>> {
    if part.is_empty() || span.fragments.is_empty() {
        return None;
    }
    let quote = &span.quote;
    let mut places = quote.match_indices(part).map(|(at, _)| at);
    let alone = places.clone().find(|at| is_alone(quote, *at, part.len()));
    let at = alone.or_else(|| places.next())?;
    let start = quote[..at].chars().count();
    Some(within(&span.fragments, start, part.chars().count()))
}

fn is_alone(quote: &str, at: usize, length: usize) -> bool {
    let is_digit = |char: Option<char>| char.is_some_and(char::is_numeric);
    let before = quote[..at].chars().next_back();
    let mut after = quote[at + length..].chars();
    let next = after.next();
    let goes_on = is_digit(next) || next == Some('.') && is_digit(after.next());
    !(is_digit(before) || before == Some('.') || goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::{Mention, Quantity};

    fn span(quote: &str, places: &[(i32, i32)]) -> Option<Span> {
        let fragments = places.iter();
        Some(Span {
            quote: quote.to_owned(),
            fragments: fragments
                .map(|(start, end)| Fragment {
                    start: *start,
                    end: *end,
                })
                .collect(),
            ..Span::default()
        })
    }

    fn statistic(quote: &str, places: &[(i32, i32)], as_written: &str) -> Statistic {
        Statistic {
            span: span(quote, places),
            quantity: Some(Quantity {
                as_written: as_written.to_owned(),
                ..Quantity::default()
            }),
            ..Statistic::default()
        }
    }

    #[track_caller]
    fn check(text: &str, places: &[(i32, i32)], marks: &Marks, expected: &[(&str, &[Kind])]) {
        let fragments = span("", places).unwrap().fragments;
        let runs = marks.runs(text, &fragments);
        let joined: String = runs.iter().map(|run| run.text).collect();
        assert_eq!(joined, text);
        let runs: Vec<(&str, Vec<Kind>)> = runs
            .into_iter()
            .map(|run| {
                (
                    run.text,
                    run.marks.into_iter().map(|(kind, _)| kind).collect(),
                )
            })
            .collect();
        let expected: Vec<(&str, Vec<Kind>)> = expected
            .iter()
            .map(|(text, kinds)| (*text, kinds.to_vec()))
            .collect();
        assert_eq!(runs, expected);
    }

    #[test]
    fn a_text_is_cut_where_marks_begin_and_end_and_not_at_a_page_break() {
        use Kind::{Number, Statistic, Unit};
        // The page is 甲所查处3起 and, behind two line feeds, 🚓。乙所; the paragraph joins both.
        let statistic = statistic("查处3起🚓", &[(2, 6), (8, 9)], "3");
        let article = Article {
            mentions: [("甲所", 0), ("乙所", 10)]
                .map(|(name, at)| Mention {
                    surface: name.to_owned(),
                    span: span(name, &[(at, at + 2)]),
                    ..Mention::default()
                })
                .to_vec(),
            ..Article::default()
        };
        let marks = Marks::of(&article, &[&statistic]);
        let expected: &[(&str, &[Kind])] = &[
            ("甲所", &[Unit]),
            ("查处", &[Statistic]),
            ("3", &[Statistic, Number]),
            ("起🚓", &[Statistic]),
            ("。", &[]),
            ("乙所", &[Unit]),
        ];
        let whole = "甲所查处3起🚓。乙所";
        check(whole, &[(0, 6), (8, 12)], &marks, expected);
        check("别的", &[(20, 22)], &marks, &[("别的", &[])]);
        check("没有地方", &[], &marks, &[("没有地方", &[])]);
        check("", &[], &marks, &[]);
    }

    #[test]
    fn a_number_is_not_marked_inside_another() {
        let place = |quote: &str, written: &str| {
            let length = i32::try_from(quote.chars().count()).unwrap();
            let of = statistic(quote, &[(0, length)], written);
            let found = part(of.span.as_ref().unwrap(), written)?;
            Some(found[0].start)
        };
        assert_eq!(place("查处13起,3人", "3"), Some(6));
        assert_eq!(place("占3.5成,3人", "3"), Some(6));
        assert_eq!(place("占0.3成,3人", "3"), Some(6));
        assert_eq!(place("13起", "3"), Some(1));
        assert_eq!(place("13起", "4"), None);
        assert_eq!(place("13起", ""), None);
    }

    #[test]
    fn what_was_lost_has_no_mark() {
        let lost = statistic("3起", &[], "3");
        let marks = Marks::of(&Article::default(), &[&lost]);
        assert!(!marks.has(Kind::Statistic, 0) && !marks.has(Kind::Number, 0));
    }
}

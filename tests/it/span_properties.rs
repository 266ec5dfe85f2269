//! Whatever the text, a span that is proven or moved cuts its quote out of it.

use std::ops::Range;

use bulletin::error::{Error, Reason};
use bulletin::page::Page;
use bulletin::pb::{Fragment, Paragraph, Span, paragraph, span};
use bulletin::rules::Check;
use bulletin::span::Anchor;
use proptest::prelude::*;

use crate::support::spans::cut;

/// Few characters, so that quotes repeat; of one to four bytes, some alike in some of them.
const CHARACTERS: [&str; 12] = [
    "3", "起", "所", "耀", "甲", "申", "🚓", "\u{301}", " ", "\n", "\n\n", "\r\n",
];

fn texts(length: Range<usize>) -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(&CHARACTERS[..]), length);
    pieces.prop_map(|pieces| pieces.concat())
}

fn length(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap()
}

/// A text with one to three ranges of it, in order and apart.
fn cut_texts() -> impl Strategy<Value = (String, Vec<Fragment>)> {
    let has_room = |text: &String| length(text) >= 2;
    let texts = texts(2..60).prop_filter("no room for a range", has_room);
    (
        texts,
        prop::collection::vec(any::<prop::sample::Index>(), 2..7),
    )
        .prop_filter_map("no range", |(text, bounds)| {
            let places = text.chars().count() + 1;
            let mut bounds: Vec<usize> = bounds.iter().map(|bound| bound.index(places)).collect();
            bounds.sort_unstable();
            bounds.dedup();
            let fragment = |bounds: &[usize]| Fragment {
                start: i32::try_from(bounds[0]).unwrap(),
                end: i32::try_from(bounds[1]).unwrap(),
            };
            let fragments: Vec<_> = bounds.chunks_exact(2).map(fragment).collect();
            (!fragments.is_empty()).then_some((text, fragments))
        })
}

/// The paragraphs of a page, each joined of two lines.
fn paragraphs(page: &Page) -> Vec<Paragraph> {
    let mut lines = Vec::new();
    let mut line: Option<Fragment> = None;
    for (at, c) in (0..).zip(page.text().chars()) {
        match (&mut line, matches!(c, '\n' | '\r')) {
            (Some(line), false) => line.end = at + 1,
            (None, false) => {
                line = Some(Fragment {
                    start: at,
                    end: at + 1,
                })
            }
            (_, true) => lines.extend(line.take()),
        }
    }
    lines.extend(line);
    let joined = lines.chunks(2).map(|fragments| Paragraph {
        text: page.cut_all(fragments).unwrap(),
        kind: paragraph::Kind::Body.into(),
        fragments: fragments.to_vec(),
    });
    joined.collect()
}

fn prove(anchor: Anchor<'_>, span: &Span) -> Result<Span, Reason> {
    let mut span = span.clone();
    let mut check = Check::default();
    anchor.prove(&mut check, "span", &mut span);
    match check.finish() {
        Ok(()) => Ok(span),
        Err(Error::Invalid(violations)) => Err(violations[0].reason),
        Err(other) => panic!("no other error is possible: {other}"),
    }
}

fn proven(page: &Page, fragments: &[Fragment]) -> Span {
    Span {
        quote: cut(page.text(), fragments).unwrap(),
        fragments: fragments.to_vec(),
        state: span::State::Verified.into(),
        ..Span::default()
    }
}

#[test]
fn a_correction_moves_spans_by_their_surroundings_and_breaks_what_is_gone() {
    let before = Page::new("甲所3起,乙所3起,丙所5起。");
    let after = Page::new("更正:乙所3起,甲所3起。");
    let anchor = Anchor {
        page: &after,
        paragraphs: &[],
    };
    let moved = |start: i32, end: i32| {
        let fragments = vec![Fragment { start, end }];
        let mut span = proven(&before, &fragments);
        anchor.move_span(&before, &mut span);
        span
    };
    let first = moved(2, 4);
    assert_eq!(
        (first.fragments[0].start, first.state),
        (10, span::State::Moved.into())
    );
    let second = moved(7, 9);
    assert_eq!(
        (second.fragments[0].start, second.state),
        (5, span::State::Moved.into())
    );
    let gone = moved(10, 14);
    assert_eq!(
        (gone.fragments.len(), gone.state),
        (0, span::State::Broken.into())
    );
}

proptest! {
    #[test]
    fn a_given_place_is_proven_exactly_when_it_cuts_the_quote(
        (text, fragments) in cut_texts(),
        other in texts(1..4),
    ) {
        let page = Page::new(&text);
        let anchor = Anchor { page: &page, paragraphs: &[] };
        let span = proven(&page, &fragments);
        prop_assert_eq!(prove(anchor, &span), Ok(span.clone()));
        let wrong = Span { quote: other, ..span.clone() };
        let expected = if wrong.quote == span.quote { Ok(span) } else { Err(Reason::SpanMismatch) };
        prop_assert_eq!(prove(anchor, &wrong), expected);
    }

    #[test]
    fn a_quote_of_a_line_or_of_joined_lines_is_found_or_ambiguous(
        (text, fragments) in cut_texts(),
        with_paragraphs in any::<bool>(),
    ) {
        let page = Page::new(&text);
        let paragraphs = if with_paragraphs { paragraphs(&page) } else { Vec::new() };
        let anchor = Anchor { page: &page, paragraphs: &paragraphs };
        // From the start of the first range to the end of the last, line ends left out.
        let whole = Fragment { start: fragments[0].start, end: fragments[fragments.len() - 1].end };
        let printed = cut(&text, &[whole]).unwrap();
        let joined: String = printed.split(['\n', '\r']).collect();
        for quote in [printed, joined] {
            let sought = Span { quote, ..Span::default() };
            match prove(anchor, &sought) {
                Ok(found) => {
                    prop_assert_eq!(cut(&text, &found.fragments), Some(sought.quote));
                    prop_assert_eq!(prove(anchor, &found), Ok(found.clone()));
                }
                Err(Reason::FieldInvalid) => prop_assert!(sought.quote.is_empty()),
                Err(reason) => prop_assert_eq!(reason, Reason::SpanAmbiguous),
            }
        }
    }

    #[test]
    fn a_moved_span_cuts_its_quote_whatever_happened_to_the_text(
        (text, fragments) in cut_texts(),
        after in texts(0..60),
        with_paragraphs in any::<bool>(),
    ) {
        let (before, after) = (Page::new(&text), Page::new(&after));
        let paragraphs = if with_paragraphs { paragraphs(&after) } else { Vec::new() };
        let anchor = Anchor { page: &after, paragraphs: &paragraphs };
        let mut span = proven(&before, &fragments);
        let quote = span.quote.clone();
        anchor.move_span(&before, &mut span);
        prop_assert_eq!(&span.quote, &quote);
        if span.state() == span::State::Broken {
            prop_assert!(span.fragments.is_empty());
        } else {
            prop_assert!(!span.fragments.is_empty());
            prop_assert_eq!(cut(after.text(), &span.fragments), Some(quote));
        }
    }

    #[test]
    fn a_change_elsewhere_breaks_no_span_and_moves_it_by_its_length(
        (text, fragments) in cut_texts(),
        added in texts(0..8),
        at in any::<prop::sample::Index>(),
        removed in 0..20_usize,
        is_behind in any::<bool>(),
        with_paragraphs in any::<bool>(),
    ) {
        let characters: Vec<char> = text.chars().collect();
        let start = usize::try_from(fragments[0].start).unwrap();
        let end = usize::try_from(fragments[fragments.len() - 1].end).unwrap();
        let free = if is_behind { end..characters.len() } else { 0..start };
        let from = free.start + at.index(free.len() + 1);
        let to = (from + removed).min(free.end);
        let edited = characters[..from].iter().copied();
        let edited = edited.chain(added.chars()).chain(characters[to..].iter().copied());
        let (before, after) = (Page::new(&text), Page::new(&edited.collect::<String>()));
        let paragraphs = if with_paragraphs { paragraphs(&after) } else { Vec::new() };
        let anchor = Anchor { page: &after, paragraphs: &paragraphs };

        let mut span = proven(&before, &fragments);
        anchor.move_span(&before, &mut span);
        prop_assert_eq!(cut(after.text(), &span.fragments), Some(span.quote.clone()));
        let by = if is_behind { 0 } else { length(after.text()) - length(&text) };
        // Of texts that repeat, more than one edit makes the one of the other.
        let stayed = span.fragments == fragments;
        let moved = fragments.iter().map(|fragment| Fragment {
            start: fragment.start + by,
            end: fragment.end + by,
        });
        prop_assert!(stayed || span.fragments == moved.collect::<Vec<_>>(), "{:?}", span);
        let state = if stayed { span::State::Verified } else { span::State::Moved };
        prop_assert_eq!(span.state(), state);
    }
}

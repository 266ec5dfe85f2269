//! Ties quotes to the page: proves given places, finds missing ones, and finds them again after the
//! page's text was corrected.

use crate::error::{Reason, Violation};
use crate::fragments::{check_order, joined, listed, within};
use crate::page::{FRAGMENTS_MAX, Page, find_all};
use crate::pb::span::State;
use crate::pb::{Fragment, Paragraph, Span};
use crate::rules::Check;

pub const QUOTE_LENGTH_MAX: usize = 20_000;
const CONTEXT_LENGTH_MAX: usize = 1_000;

/// Code points on each side that are compared to find a moved quote again.
const REMEMBERED_CONTEXT: usize = 40;

/// A page and the paragraphs an article made of it: where quotes are looked up.
#[derive(Clone, Copy)]
pub struct Anchor<'a> {
    pub page: &'a Page,
    pub paragraphs: &'a [Paragraph],
}

impl Anchor<'_> {
    /// Proves a span, or finds its place. Leaves it as it is kept: VERIFIED, without context.
    pub fn prove(&self, check: &mut Check, field: &str, span: &mut Span) {
        // To look for a quote in a long page takes a while: not for what would not be told.
        if check.is_full() {
            return;
        }
        let quote_field = format!("{field}.quote");
        if span.quote.is_empty() {
            let description = format!("must have 1 to {QUOTE_LENGTH_MAX} code points, got none");
            return check.refuse(&quote_field, description);
        }
        check.page_text(&quote_field, &span.quote, QUOTE_LENGTH_MAX);
        check.page_text(&format!("{field}.prefix"), &span.prefix, CONTEXT_LENGTH_MAX);
        check.page_text(&format!("{field}.suffix"), &span.suffix, CONTEXT_LENGTH_MAX);
        check.count(
            &format!("{field}.fragments"),
            span.fragments.len(),
            FRAGMENTS_MAX,
        );
        if !check.is_clean() && span.fragments.len() > FRAGMENTS_MAX {
            return;
        }
        let proven = if span.fragments.is_empty() {
            self.locate(&quote_field, span)
                .map(|fragments| span.fragments = fragments)
        } else {
            self.stands(field, &span.quote, &span.fragments)
        };
        check.take(proven);
        span.state = State::Verified.into();
        span.prefix.clear();
        span.suffix.clear();
    }

    /// Proves a span of a record that was kept elsewhere: what was moved there is marked as moved here,
    /// and what was lost, and so claims no place, stays lost.
    pub fn prove_imported(&self, check: &mut Check, field: &str, span: &mut Span) {
        let is_placed = !span.fragments.is_empty();
        match span.state() {
            State::Broken if !is_placed && !is_sought(span) => {
                check.required_page_text(&format!("{field}.quote"), &span.quote, QUOTE_LENGTH_MAX);
            }
            State::Moved if is_placed => {
                self.prove(check, field, span);
                span.state = State::Moved.into();
            }
            _ => self.prove(check, field, span),
        }
    }

    /// Checks that a text stands at the given fragments.
    pub fn stands(
        &self,
        field: &str,
        quote: &str,
        fragments: &[Fragment],
    ) -> Result<(), Violation> {
        check_order(&format!("{field}.fragments"), fragments)?;
        let mismatch = |description| {
            Err(Violation::new(
                Reason::SpanMismatch,
                format!("{field}.quote"),
                description,
            ))
        };
        let shown = Violation::shown(quote);
        let places = listed(fragments);
        match self.page.cut_all(fragments) {
            Some(cut) if cut == quote => Ok(()),
            Some(cut) => {
                let stands = Violation::shown(&cut);
                mismatch(format!(
                    "{shown} does not stand at {places}; there stands {stands}"
                ))
            }
            None => {
                let length = self.page.length();
                mismatch(format!(
                    "{shown} cannot stand at {places}: the text has {length} code points"
                ))
            }
        }
    }

    /// The one place where a quote stands.
    fn locate(&self, field: &str, span: &Span) -> Result<Vec<Fragment>, Violation> {
        let mut places = self.places(&span.quote, &span.prefix, &span.suffix);
        let shown = Violation::shown(&span.quote);
        match places.len() {
            1 => Ok(places.swap_remove(0)),
            0 => {
                let description = format!("{shown} does not stand in the source text");
                Err(Violation::new(Reason::SpanMismatch, field, description))
            }
            count => {
                let places = joined(places.iter().map(|place| listed(place)), ", ");
                let description = format!(
                    "{shown} stands at {count} places: {places}; give fragments, or prefix and suffix"
                );
                Err(Violation::new(Reason::SpanAmbiguous, field, description))
            }
        }
    }

    /// Where a quote stands: in the joined paragraphs; else in the source; else across its lines.
    fn places(&self, quote: &str, prefix: &str, suffix: &str) -> Vec<Vec<Fragment>> {
        let mut found: Vec<Vec<Fragment>> = Vec::new();
        let quote_length = quote.chars().count();
        for paragraph in self
            .paragraphs
            .iter()
            .filter(|paragraph| !paragraph.fragments.is_empty())
        {
            // Counted on from place to place: a common word in a long text costs one pass.
            let (mut byte, mut code_point) = (0, 0);
            for at in find_all(&paragraph.text, quote, prefix, suffix) {
                code_point += paragraph.text[byte..at].chars().count();
                byte = at;
                found.push(within(&paragraph.fragments, code_point, quote_length));
            }
        }
        if found.is_empty() {
            found = self.page.places(quote, prefix, suffix);
        }
        if found.is_empty() {
            found = self.page.places_across_lines(quote, prefix, suffix);
        }
        found
    }

    /// Finds a span again after the text changed; `before` is the page it was proven against.
    pub fn move_span(&self, before: &Page, span: &mut Span) {
        let again = if span.fragments.is_empty() {
            // A quote that was lost comes back only where nothing is to be guessed.
            let mut places = self.places(&span.quote, "", "");
            (places.len() == 1).then(|| places.swap_remove(0))
        } else {
            self.page
                .carry(before, &span.fragments)
                .or_else(|| self.most_alike(before, &span.fragments, &span.quote))
        };
        match again {
            Some(fragments) if fragments == span.fragments => {}
            Some(fragments) => {
                span.fragments = fragments;
                span.state = State::Moved.into();
            }
            None => {
                span.fragments.clear();
                span.state = State::Broken.into();
            }
        }
    }

    /// The place whose surroundings are most like those of the old one; of equals, the nearest.
    ///
    /// What stands before a number says what it counts, so it tells twice as much.
    fn most_alike(&self, before: &Page, old: &[Fragment], quote: &str) -> Option<Vec<Fragment>> {
        let (first, last) = (old.first()?, old.last()?);
        // Headlines and captions stand in no paragraph, and may say what one says.
        let mut places = self.places(quote, "", "");
        places.extend(self.page.places(quote, "", ""));
        let left = before.before(first, REMEMBERED_CONTEXT);
        let right = before.after(last, REMEMBERED_CONTEXT);
        places.into_iter().max_by_key(|place| {
            let (Some(start), Some(end)) = (place.first(), place.last()) else {
                return (0, i32::MIN);
            };
            let same_left = same(
                left.chars().rev(),
                self.page.before(start, REMEMBERED_CONTEXT).chars().rev(),
            );
            let same_right = same(
                right.chars(),
                self.page.after(end, REMEMBERED_CONTEXT).chars(),
            );
            (
                2 * same_left + same_right,
                -(start.start - first.start).abs(),
            )
        })
    }

    /// Proves where a paragraph stands, or finds it.
    pub fn prove_paragraph(&self, check: &mut Check, field: &str, paragraph: &mut Paragraph) {
        if check.is_full() {
            return;
        }
        check.count(
            &format!("{field}.fragments"),
            paragraph.fragments.len(),
            FRAGMENTS_MAX,
        );
        if paragraph.fragments.len() > FRAGMENTS_MAX {
            return;
        }
        if !paragraph.fragments.is_empty() {
            check.take(
                self.stands(field, &paragraph.text, &paragraph.fragments)
                    .map_err(|violation| Violation {
                        field: violation.field.replace(".quote", ".text"),
                        ..violation
                    }),
            );
            return;
        }
        let sought = Span {
            quote: paragraph.text.clone(),
            ..Span::default()
        };
        let alone = Anchor {
            page: self.page,
            paragraphs: &[],
        };
        if let Some(fragments) = check.take(alone.locate(&format!("{field}.text"), &sought)) {
            paragraph.fragments = fragments;
        }
    }

    /// Finds a paragraph again after the text changed; one that is gone has no fragments.
    pub fn move_paragraph(&self, before: &Page, paragraph: &mut Paragraph) {
        let mut span = Span {
            quote: paragraph.text.clone(),
            fragments: std::mem::take(&mut paragraph.fragments),
            ..Span::default()
        };
        Anchor {
            page: self.page,
            paragraphs: &[],
        }
        .move_span(before, &mut span);
        paragraph.fragments = span.fragments;
    }
}

/// Whether a span comes as it is kept: the same words at the same place, whatever became of them since,
/// and no context to find a lost place by.
pub fn is_kept(kept: &Span, span: &Span) -> bool {
    kept.quote == span.quote && kept.fragments == span.fragments && !is_sought(span)
}

/// Whether a span asks to be looked up where its context says.
pub fn is_sought(span: &Span) -> bool {
    span.fragments.is_empty() && !(span.prefix.is_empty() && span.suffix.is_empty())
}

fn same(left: impl Iterator<Item = char>, right: impl Iterator<Item = char>) -> usize {
    left.zip(right)
        .take_while(|(left, right)| left == right)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "标题\n\n城东所查处3起,培育“枫桥\n\n经验”品牌,城西所查处3起🚓。";

    fn paragraphs(page: &Page) -> Vec<Paragraph> {
        let text = TEXT.split("\n\n").skip(1).collect::<String>();
        let mut paragraph = Paragraph {
            text,
            kind: 1,
            fragments: Vec::new(),
        };
        let mut check = Check::default();
        Anchor {
            page,
            paragraphs: &[],
        }
        .prove_paragraph(&mut check, "paragraphs[0]", &mut paragraph);
        check
            .finish()
            .expect("the paragraph stands across the page break");
        vec![paragraph]
    }

    fn prove(mut span: Span) -> Result<Span, String> {
        let page = Page::new(TEXT);
        let paragraphs = paragraphs(&page);
        let mut check = Check::default();
        Anchor {
            page: &page,
            paragraphs: &paragraphs,
        }
        .prove(&mut check, "span", &mut span);
        check.finish().map_err(|error| error.to_string())?;
        assert_eq!(
            page.cut_all(&span.fragments).as_deref(),
            Some(span.quote.as_str())
        );
        Ok(span)
    }

    fn quote(text: &str) -> Span {
        Span {
            quote: text.to_owned(),
            ..Span::default()
        }
    }

    #[test]
    fn a_quote_is_found_across_a_page_break() {
        let span = prove(quote("“枫桥经验”")).expect("it stands once");
        assert_eq!(span.fragments.len(), 2);
        assert_eq!(span.state, i32::from(State::Verified));
    }

    #[test]
    fn an_ambiguous_quote_is_refused_and_context_decides() {
        let refusal = prove(quote("查处3起")).expect_err("it stands twice");
        assert!(
            refusal.contains("stands at 2 places: 7..11, 28..32"),
            "{refusal}"
        );
        let span = Span {
            prefix: "城西所".to_owned(),
            ..quote("查处3起")
        };
        assert_eq!(prove(span).expect("context decides").fragments[0].start, 28);
    }

    #[test]
    fn a_wrong_place_is_refused_with_what_stands_there() {
        let at = |start, end| Span {
            fragments: vec![Fragment { start, end }],
            ..quote("查处3起")
        };
        assert!(prove(at(7, 11)).is_ok());
        let refusal = prove(at(8, 12)).expect_err("it stands one further left");
        assert!(refusal.contains("there stands \"处3起,\""), "{refusal}");
        assert!(prove(at(7, 999)).is_err());
        assert!(prove(at(11, 7)).is_err());
        assert!(prove(quote("查处4起")).is_err());
        assert!(prove(quote("")).is_err());
    }
}

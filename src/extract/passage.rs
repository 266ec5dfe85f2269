//! A run of a page as the rules read it: page breaks joined, and all ways to write a character made one.

use std::iter::repeat_n;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use crate::fold::simplified;
use crate::page::Page;
use crate::pb;

/// Folded text that knows where each character stands in the page.
///
/// Ranges are in bytes of `text`, on character boundaries; one character here is one of the page.
#[derive(Clone, Debug)]
pub struct Passage<'p> {
    page: &'p Page,
    text: String,
    /// Of each byte of the text, the code point of the page it comes from; and where the text ends.
    places: Vec<u32>,
}

impl<'p> Passage<'p> {
    /// A passage of the given ranges of code points of the page, in order.
    pub fn new(page: &'p Page, ranges: &[Range<usize>]) -> Self {
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut end = 0;
        for range in ranges {
            let fragment = fragment(range.start, range.end);
            let cut = page.cut(&fragment).unwrap_or_default();
            text.reserve(cut.len());
            places.reserve(cut.len() + 1);
            for (at, char) in (range.start..).zip(cut.chars()) {
                let char = folded(char);
                text.push(char);
                places.extend(repeat_n(code_point(at), char.len_utf8()));
                end = at + 1;
            }
        }
        places.push(code_point(end));
        Self { page, text, places }
    }

    /// A passage of pieces of others, each given with its range of code points of the page.
    pub fn joined<'a>(
        page: &'p Page,
        pieces: impl Iterator<Item = (&'a Self, Range<usize>)>,
    ) -> Self
    where
        'p: 'a,
    {
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut end = 0;
        for (whole, range) in pieces {
            let byte = |at| whole.places.partition_point(|place| (*place as usize) < at);
            let bytes = byte(range.start)..byte(range.end);
            text.push_str(&whole.text[bytes.clone()]);
            places.reserve(bytes.len() + 1);
            places.extend_from_slice(&whole.places[bytes]);
            end = range.end;
        }
        places.push(code_point(end));
        Self { page, text, places }
    }

    /// The text as the rules read it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a range stands in the page; empty ranges stand nowhere.
    pub fn fragments(&self, range: Range<usize>) -> Vec<pb::Fragment> {
        if let Some(only) = self.only_fragment(&range) {
            return vec![only];
        }
        let mut fragments: Vec<pb::Fragment> = Vec::new();
        for place in &self.places[range] {
            let at = i32::try_from(*place).unwrap_or(i32::MAX);
            match fragments.last_mut() {
                // Another byte of the same character.
                Some(last) if last.end == at + 1 => {}
                Some(last) if last.end == at => last.end = at + 1,
                _ => fragments.push(pb::Fragment {
                    start: at,
                    end: at + 1,
                }),
            }
        }
        fragments
    }

    /// Where a range stands in the page that no page break cuts.
    fn only_fragment(&self, range: &Range<usize>) -> Option<pb::Fragment> {
        let places = &self.places[range.clone()];
        let (first, last) = (*places.first()? as usize, *places.last()? as usize);
        // One character a place: as many of both are one piece.
        let is_whole = last - first + 1 == self.text[range.clone()].chars().count();
        is_whole.then(|| fragment(first, last + 1))
    }

    /// A range as printed, page breaks joined, tabs as spaces: a label has none.
    pub fn printed(&self, range: Range<usize>) -> String {
        let printed = match self.only_fragment(&range) {
            Some(only) => self.page.cut(&only).map(str::to_owned),
            None => self.page.cut_all(&self.fragments(range)),
        };
        let printed = printed.unwrap_or_default();
        if printed.contains(char::is_control) {
            return printed.replace(char::is_control, " ");
        }
        printed
    }

    /// A range with its words and its place, to be proven by a draft.
    pub fn span(&self, range: Range<usize>) -> pb::Span {
        let fragments = self.fragments(range);
        pb::Span {
            quote: self.page.cut_all(&fragments).unwrap_or_default(),
            fragments,
            ..pb::Span::default()
        }
    }

    /// The code point of the page at which a byte of the text stands.
    pub fn place(&self, byte: usize) -> usize {
        self.places[byte] as usize
    }

    pub fn whole(&self) -> Range<usize> {
        0..self.text.len()
    }

    /// The range without white space at its ends.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.text[range.clone()];
        let start = range.start + (text.len() - text.trim_start().len());
        let end = range.end - (text.len() - text.trim_end().len());
        start..end.max(start)
    }
}

fn code_point(at: usize) -> u32 {
    u32::try_from(at).expect("a page has at most 1 MiB")
}

fn fragment(start: usize, end: usize) -> pb::Fragment {
    let at = |at: usize| i32::try_from(at).expect("a page has at most 1 MiB");
    pb::Fragment {
        start: at(start),
        end: at(end),
    }
}

/// One character for one: full width as half width, Traditional as Simplified. Characters that would
/// become several, or become a number they are not (① ²), stay as they are.
pub fn folded(char: char) -> char {
    if char.is_ascii() {
        return char;
    }
    if matches!(char, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{209f}' | '\u{2460}'..='\u{24ff}')
    {
        return char;
    }
    if matches!(char, '\u{3400}'..='\u{9fff}') {
        return simplified(char);
    }
    // The marks of every sentence, which many lines of text are full of.
    match char {
        '“' | '”' | '‘' | '’' | '、' | '。' | '《' | '》' | '·' | '—' | '…' => {
            return char;
        }
        '\u{ff01}'..='\u{ff5e}' => return half_width(char),
        _ => {}
    }
    let mut normal = std::iter::once(char).nfkc();
    match (normal.next(), normal.next()) {
        (Some(only), None) => simplified(only),
        _ => char,
    }
}

/// The ASCII character that a full-width one is.
fn half_width(char: char) -> char {
    char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_folded_and_knows_its_places() {
        let page = Page::new("近３００個，\n\n品牌１０％。");
        let passage = Passage::new(&page, &[0..6, 8..14]);
        assert_eq!(passage.text(), "近300个,品牌10%。");
        let start = passage.text().find("个").expect("it is there");
        let end = passage.text().find("10").expect("it is there");
        let span = passage.span(start..end);
        assert_eq!(span.quote, "個，品牌");
        let places: Vec<_> = span.fragments.iter().map(|at| (at.start, at.end)).collect();
        assert_eq!(places, [(4, 6), (8, 10)]);
    }
}

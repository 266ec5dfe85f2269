//! The text of a page, indexed by Unicode code points: the unit of every span.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use memchr::memmem;

use crate::pb;
use crate::token::hex;

/// Longest page, in UTF-8 bytes.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// The media type of every page kept.
pub const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// Most pieces a quote is found in; a quote that crosses more line breaks stands nowhere.
pub const FRAGMENTS_MAX: usize = 100;

/// Most places of one quote that are looked at; a quote found this often names nothing.
const PLACES_MAX: usize = 10_000;

/// A page's text with its hash and an index of its code points.
#[derive(Clone, Debug)]
pub struct Page {
    text: Arc<str>,
    sha256: String,
    /// Byte offset of each code point, and of the end.
    offsets: Vec<u32>,
    /// Made when a quote is first looked for across lines.
    joined: OnceLock<Joined>,
}

/// A text without its line breaks.
#[derive(Clone, Debug)]
struct Joined {
    text: String,
    /// Of each line: where it begins here, where it begins in the page, and its length, in bytes.
    lines: Vec<(usize, usize, usize)>,
}

impl Joined {
    fn of(text: &str) -> Self {
        let mut joined = Self {
            text: String::with_capacity(text.len()),
            lines: Vec::new(),
        };
        for (at, line) in lines(text) {
            joined.lines.push((joined.text.len(), at, line.len()));
            joined.text.push_str(line);
        }
        joined
    }
}

impl Page {
    /// A leading byte order mark is left out, before hashing and counting.
    pub fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let sha256 = hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let starts = text
            .char_indices()
            .map(|(byte, _)| byte)
            .chain([text.len()]);
        // Most characters have three bytes.
        let mut offsets = Vec::with_capacity(text.len() / 2);
        offsets.extend(
            starts.map(|byte| u32::try_from(byte).expect("a message is bounded far below 4 GiB")),
        );
        Self {
            text: text.into(),
            sha256,
            offsets,
            joined: OnceLock::new(),
        }
    }

    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Length in code points.
    pub fn length(&self) -> usize {
        self.offsets.len() - 1
    }

    /// What an article says of the page it was read from.
    pub fn source(&self) -> pb::Source {
        pb::Source {
            sha256: self.sha256.clone(),
            media_type: MEDIA_TYPE.to_owned(),
            length: i32::try_from(self.length()).expect("a page has at most 1 MiB"),
        }
    }

    /// The text of a range of code points; nothing when it is no range of this page.
    pub fn cut(&self, fragment: &pb::Fragment) -> Option<&str> {
        let start = usize::try_from(fragment.start).ok()?;
        let end = usize::try_from(fragment.end).ok()?;
        if start >= end || end > self.length() {
            return None;
        }
        Some(&self.text[self.offsets[start] as usize..self.offsets[end] as usize])
    }

    /// The text of several ranges, joined.
    pub fn cut_all(&self, fragments: &[pb::Fragment]) -> Option<String> {
        if let [only] = fragments {
            return self.cut(only).map(str::to_owned);
        }
        fragments
            .iter()
            .map(|fragment| self.cut(fragment))
            .collect()
    }

    /// Code points before a fragment, at most `count`.
    pub fn before(&self, fragment: &pb::Fragment, count: usize) -> &str {
        let end = usize::try_from(fragment.start)
            .unwrap_or(0)
            .min(self.length());
        let start = end.saturating_sub(count);
        &self.text[self.offsets[start] as usize..self.offsets[end] as usize]
    }

    /// Code points after a fragment, at most `count`.
    pub fn after(&self, fragment: &pb::Fragment, count: usize) -> &str {
        let start = usize::try_from(fragment.end)
            .unwrap_or(0)
            .min(self.length());
        let end = (start + count).min(self.length());
        &self.text[self.offsets[start] as usize..self.offsets[end] as usize]
    }

    /// Where fragments of an earlier text are in this one, when all of them stand before, or all behind,
    /// everything that changed: there no search is needed, and none could be as sure.
    pub fn carry(&self, before: &Page, fragments: &[pb::Fragment]) -> Option<Vec<pb::Fragment>> {
        let code_points = |count: usize| i32::try_from(count).expect("a page has at most 1 MiB");
        let (first, last) = (fragments.first()?, fragments.last()?);
        let by = if last.end <= code_points(before.same_start(self)) {
            0
        } else if first.start >= code_points(before.same_end(self)) {
            code_points(self.length()) - code_points(before.length())
        } else {
            return None;
        };
        let moved = |fragment: &pb::Fragment| pb::Fragment {
            start: fragment.start + by,
            end: fragment.end + by,
        };
        Some(fragments.iter().map(moved).collect())
    }

    /// The code point up to which another text begins as this one does.
    fn same_start(&self, other: &Page) -> usize {
        let bytes = same(&self.text, &other.text, |text, at, length| {
            &text[at..at + length]
        });
        // A character that is the same only in part is another.
        self.offsets
            .partition_point(|offset| *offset as usize <= bytes)
            - 1
    }

    /// The code point from which on another text ends as this one does.
    fn same_end(&self, other: &Page) -> usize {
        let bytes = same(&self.text, &other.text, |text, at, length| {
            &text[text.len() - at - length..text.len() - at]
        });
        let from = self.text.len() - bytes;
        self.offsets
            .partition_point(|offset| (*offset as usize) < from)
    }

    /// Every place where a text stands as is, with its context.
    pub fn places(&self, quote: &str, prefix: &str, suffix: &str) -> Vec<Vec<pb::Fragment>> {
        find_all(&self.text, quote, prefix, suffix)
            .map(|byte| vec![self.fragment(byte, byte + quote.len())])
            .collect()
    }

    /// Every place where a text stands when line breaks are left out, one fragment a line, at most
    /// `FRAGMENTS_MAX` a place.
    pub fn places_across_lines(
        &self,
        quote: &str,
        prefix: &str,
        suffix: &str,
    ) -> Vec<Vec<pb::Fragment>> {
        let joined = self.joined.get_or_init(|| Joined::of(&self.text));
        find_all(&joined.text, quote, prefix, suffix)
            .map(|from| {
                let to = from + quote.len();
                let first = joined.lines.partition_point(|(start, ..)| *start <= from) - 1;
                let touched = joined.lines[first..]
                    .iter()
                    .take_while(|(start, ..)| *start < to);
                touched
                    .map(|(start, at, length)| {
                        let begin = from.max(*start) - start;
                        let end = (to - start).min(*length);
                        self.fragment(at + begin, at + end)
                    })
                    .take(FRAGMENTS_MAX + 1)
                    .collect()
            })
            .filter(|place: &Vec<pb::Fragment>| place.len() <= FRAGMENTS_MAX)
            .collect()
    }

    fn fragment(&self, start_byte: usize, end_byte: usize) -> pb::Fragment {
        let code_point = |byte: usize| {
            let at = self
                .offsets
                .partition_point(|offset| (*offset as usize) < byte);
            i32::try_from(at).expect("a page has at most 1 MiB")
        };
        pb::Fragment {
            start: code_point(start_byte),
            end: code_point(end_byte),
        }
    }
}

/// How many bytes two texts have in common from the end that `piece` counts from.
fn same(left: &str, right: &str, piece: fn(&[u8], usize, usize) -> &[u8]) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let length = left.len().min(right.len());
    let mut same = 0;
    // Blocks first: a page is compared for each of its spans.
    for step in [4096, 64, 1] {
        while same + step <= length && piece(left, same, step) == piece(right, same, step) {
            same += step;
        }
    }
    same
}

/// The byte offsets of a text within another, overlapping ones included, where its context fits.
pub fn find_all<'a>(
    text: &'a str,
    quote: &'a str,
    prefix: &'a str,
    suffix: &'a str,
) -> impl Iterator<Item = usize> + 'a {
    let sought = [prefix, quote, suffix].concat();
    let step = sought.chars().next().map_or(1, char::len_utf8);
    // A text that repeats itself has as many places as characters: each is looked for with what was learnt once.
    let finder = memmem::Finder::new(&sought).into_owned();
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + finder.find(text.as_bytes().get(from..)?)?;
        from = at + step;
        Some(at + prefix.len())
    })
    .take(if quote.is_empty() { 0 } else { PLACES_MAX })
}

/// The lines of a text with their byte offsets, without their ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive(['\n', '\r', '\u{c}'])
        .filter_map(move |line| {
            let start = at;
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r', '\u{c}']);
            (!line.is_empty()).then_some((start, line))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(start: i32, end: i32) -> pb::Fragment {
        pb::Fragment { start, end }
    }

    #[test]
    fn offsets_count_code_points_beyond_the_basic_plane() {
        let page = Page::new("𠮷野家🚓出动3次");
        assert_eq!(page.length(), 8);
        assert_eq!(page.cut(&fragment(3, 4)), Some("🚓"));
        assert_eq!(page.places("3次", "", ""), [[fragment(6, 8)]]);
        assert_eq!(page.cut(&fragment(6, 9)), None);
        assert_eq!(page.cut(&fragment(3, 3)), None);
        assert_eq!(page.cut(&fragment(-1, 3)), None);
    }

    #[test]
    fn places_are_those_that_the_context_fits() {
        let found = |quote, prefix, suffix| -> Vec<usize> {
            find_all("人人人甲人人乙", quote, prefix, suffix).collect()
        };
        assert_eq!(found("人人", "", ""), [0, 3, 12]);
        assert_eq!(found("人人", "人", ""), [3]);
        assert_eq!(found("人人", "甲", "乙"), [12]);
        assert_eq!(found("人", "", "甲"), [6]);
        assert!(found("人人", "乙", "").is_empty());
        assert!(found("", "人", "").is_empty());
        // Many places, and none that fits: each is found by what was learnt of the last.
        let text = "人".repeat(100_000);
        let quote = "人".repeat(20_000);
        assert_eq!(find_all(&text, &quote, "甲", "").next(), None);
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        let page = Page::new("\u{feff}所");
        assert_eq!((page.length(), &**page.text()), (1, "所"));
        assert_eq!(page.sha256(), Page::new("所").sha256());
    }

    #[test]
    fn what_stands_before_or_behind_a_change_is_carried() {
        let before = Page::new("甲所3起,乙所3起。");
        let carried = |after: &str, start, end| {
            let after = Page::new(after);
            let fragments = after.carry(&before, &[fragment(start, end)])?;
            after
                .cut_all(&fragments)
                .map(|cut| (fragments[0].start, cut))
        };
        let three = |start| Some((start, "3起".to_owned()));
        assert_eq!(carried("甲所3起,丙所5起,乙所3起。", 2, 4), three(2));
        assert_eq!(carried("甲所3起,丙所5起,乙所3起。", 7, 9), three(12));
        assert_eq!(carried("甲所3起。", 2, 4), three(2));
        assert_eq!(carried("乙所3起。", 7, 9), three(2));
        assert_eq!(carried("甲所3起,乙所4起。", 7, 9), None);
        // 申 and 甲 share their first two bytes, 耀 and 所 their last.
        assert_eq!(carried("申所3起,乙所3起。", 0, 2), None);
        assert_eq!(carried("甲所3起,乙耀3起。", 6, 9), None);
        assert_eq!(carried("", 2, 4), None);
    }

    #[test]
    fn a_quote_is_found_across_a_page_break() {
        let page = Page::new("富有“枫桥\n\n经验”品牌");
        assert!(page.places("枫桥经验", "", "").is_empty());
        assert_eq!(
            page.places_across_lines("枫桥经验", "", ""),
            [[fragment(3, 5), fragment(7, 9)]]
        );
    }

    #[test]
    fn context_tells_equal_quotes_apart() {
        let page = Page::new("城东所3起,城西所3起");
        assert_eq!(page.places("3起", "", "").len(), 2);
        assert_eq!(page.places("3起", "城西所", ""), [[fragment(9, 11)]]);
        assert_eq!(page.places("3起", "", ","), [[fragment(3, 5)]]);
    }

    #[test]
    fn overlapping_places_are_all_found() {
        assert_eq!(Page::new("人人人").places("人人", "", "").len(), 2);
        assert!(Page::new("人").places("", "", "").is_empty());
    }
}

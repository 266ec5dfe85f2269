//! Words of the rules, filed so that a text is asked for all of them at once.
//!
//! At most places of a text no word of a table begins. A sieve of the words' first bytes passes over
//! such places; at others the words filed under the character are compared by eight bytes at once,
//! which is most words as a whole.

use std::ops::Range;

/// Most characters told apart; others share a file, which costs time but no truth.
const FILES_MAX: usize = 8192;

/// How many bytes are compared at once.
const BYTES: usize = 8;

/// A word, and what is known of it.
#[derive(Clone, Debug)]
pub struct Entry<'w, T> {
    pub word: &'w str,
    pub known: T,
}

/// The bytes of a word at the edge by which it is filed, and which of them are the word's.
#[derive(Clone, Copy, Debug)]
struct Key {
    bytes: u64,
    mask: u64,
}

/// Words by the character they begin with, or end with.
#[derive(Clone, Debug)]
pub struct Vocabulary<'w, T> {
    edge: Edge,
    /// File by file, the longest first; of equal words the earlier.
    entries: Vec<Entry<'w, T>>,
    /// Of each entry. Apart from them, so that many are looked at in one piece of memory.
    keys: Vec<Key>,
    /// Where each file begins in the entries, and where the last ends.
    files: Vec<u16>,
    sieve: Sieve,
}

/// Tells most places where no word begins, by the two characters there. The first chooses a block of
/// bits, the second a bit that the words with these two have set; a word of one character sets them all.
#[derive(Clone, Debug)]
struct Sieve {
    blocks: Vec<u64>,
    /// How many bits of a hash are left out, so that the others choose a block.
    shift: u32,
}

impl Sieve {
    /// As much as a processor keeps at hand.
    const BLOCKS_MAX: usize = 2048;
    /// The bytes of a Chinese character.
    const CHAR: usize = 3;

    fn of<'w>(words: impl ExactSizeIterator<Item = &'w str>) -> Self {
        let count = (2 * words.len()).next_power_of_two();
        let count = count.clamp(2, Self::BLOCKS_MAX);
        let mut sieve = Self {
            blocks: vec![0; count],
            shift: 64 - count.trailing_zeros(),
        };
        for word in words {
            let bytes = Edge::Start.bytes(word.as_bytes());
            let block = sieve.block(bytes);
            if word.len() >= 2 * Self::CHAR {
                sieve.blocks[block] |= Self::bit(bytes);
            } else if word.len() >= Self::CHAR {
                sieve.blocks[block] = u64::MAX;
            } else {
                // A word of one letter: any place may hold it.
                sieve.blocks.fill(u64::MAX);
            }
        }
        sieve
    }

    fn block(&self, bytes: u64) -> usize {
        let first = bytes & Edge::Start.mask(Self::CHAR);
        usize::try_from(scattered(first) >> self.shift).unwrap_or_default()
    }

    fn bit(bytes: u64) -> u64 {
        let second = bytes >> (8 * Self::CHAR) & Edge::Start.mask(Self::CHAR);
        1 << (scattered(second) >> 58)
    }

    /// Whether a word may begin where these bytes stand.
    fn may_hold(&self, bytes: u64) -> bool {
        self.blocks[self.block(bytes)] & Self::bit(bytes) != 0
    }
}

/// Spreads numbers that are near each other: Fibonacci hashing, by 2^64 divided by the golden ratio.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The edge of a text at which words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

impl Edge {
    fn char(self, text: &str) -> Option<char> {
        match self {
            Self::Start => text.chars().next(),
            Self::End => text.chars().next_back(),
        }
    }

    /// The bytes of a text at its edge; a shorter one is filled up with zeros, which no word has.
    fn bytes(self, text: &[u8]) -> u64 {
        let whole = match self {
            Self::Start => text.first_chunk(),
            Self::End => text.last_chunk(),
        };
        let mut filled = [0; BYTES];
        u64::from_le_bytes(*whole.unwrap_or_else(|| {
            match self {
                Self::Start => filled[..text.len()].copy_from_slice(text),
                Self::End => filled[BYTES - text.len()..].copy_from_slice(text),
            }
            &filled
        }))
    }

    fn mask(self, length: usize) -> u64 {
        let others = 8 * (BYTES - length.clamp(1, BYTES));
        match self {
            Self::Start => u64::MAX >> others,
            Self::End => u64::MAX << others,
        }
    }

    fn key(self, word: &str) -> Key {
        let mask = self.mask(word.len());
        Key {
            bytes: self.bytes(word.as_bytes()) & mask,
            mask,
        }
    }

    fn has(self, text: &str, word: &str) -> bool {
        match self {
            Self::Start => text.starts_with(word),
            Self::End => text.ends_with(word),
        }
    }
}

impl<'w, T> Vocabulary<'w, T> {
    /// Words to be found where they begin.
    pub fn of_starts(words: impl IntoIterator<Item = (&'w str, T)>) -> Self {
        Self::new(words, Edge::Start)
    }

    /// Words to be found where they end.
    pub fn of_ends(words: impl IntoIterator<Item = (&'w str, T)>) -> Self {
        Self::new(words, Edge::End)
    }

    fn new(words: impl IntoIterator<Item = (&'w str, T)>, edge: Edge) -> Self {
        let entries = words.into_iter().filter(|(word, _)| !word.is_empty());
        let entries = entries.map(|(word, known)| Entry { word, known });
        let mut entries: Vec<Entry<'w, T>> = entries.collect();
        let count = (4 * entries.len()).next_power_of_two().min(FILES_MAX);
        let file = |entry: &Entry<'w, T>| {
            let char = edge.char(entry.word).unwrap_or_default();
            file_of(char, count)
        };
        // A stable sort: of equal words, the earlier counts.
        entries.sort_by_key(|entry| (file(entry), std::cmp::Reverse(entry.word.len())));
        let mut files = vec![0; count + 1];
        for entry in &entries {
            files[file(entry) + 1] += 1;
        }
        for file in 0..count {
            files[file + 1] += files[file];
        }
        let keys = entries.iter().map(|entry| edge.key(entry.word)).collect();
        let sieve = Sieve::of(entries.iter().map(|entry| entry.word));
        Self {
            edge,
            entries,
            keys,
            files,
            sieve,
        }
    }

    /// Where the words of a character stand in the entries.
    fn file(&self, char: char) -> Range<usize> {
        let file = file_of(char, self.files.len() - 1);
        usize::from(self.files[file])..usize::from(self.files[file + 1])
    }

    /// The words that stand at the edge of a text, whose bytes there are given.
    fn all_of<'t>(
        &self,
        text: &'t str,
        bytes: u64,
    ) -> impl Iterator<Item = &Entry<'w, T>> + use<'_, 'w, 't, T> {
        let edge = self.edge;
        let file = edge.char(text).map_or(0..0, |char| self.file(char));
        let keys = self.keys[file.clone()].iter();
        keys.zip(&self.entries[file])
            .filter(move |(key, entry)| {
                bytes & key.mask == key.bytes
                    && (entry.word.len() <= BYTES || edge.has(text, entry.word))
            })
            .map(|(_, entry)| entry)
    }

    /// The words that stand at the edge of a text, the longest first.
    pub fn all_at<'t>(
        &self,
        text: &'t str,
    ) -> impl Iterator<Item = &Entry<'w, T>> + use<'_, 'w, 't, T> {
        self.all_of(text, self.edge.bytes(text.as_bytes()))
    }

    /// The longest word that stands at the edge of a text.
    pub fn at(&self, text: &str) -> Option<&Entry<'w, T>> {
        self.all_at(text).next()
    }

    pub fn is_at(&self, text: &str) -> bool {
        self.at(text).is_some()
    }

    /// The places of a text from a byte on where a word may begin, with the bytes there.
    fn places(&self, text: &str, from: usize) -> impl Iterator<Item = (usize, u64)> {
        let mut next = from;
        std::iter::from_fn(move || {
            while let Some(first) = text.as_bytes().get(next) {
                let at = next;
                next += char_length(*first);
                let bytes = Edge::Start.bytes(&text.as_bytes()[at..]);
                if self.sieve.may_hold(bytes) {
                    return Some((at, bytes));
                }
            }
            None
        })
    }

    /// The first place of a text from a byte on where words begin, and the longest there.
    pub fn next_in(&self, text: &str, from: usize) -> Option<(usize, &Entry<'w, T>)> {
        self.places(text, from)
            .find_map(|(at, bytes)| Some((at, self.all_of(&text[at..], bytes).next()?)))
    }

    /// The words that begin anywhere in a text, those in others too.
    pub fn every_in<'t>(
        &self,
        text: &'t str,
    ) -> impl Iterator<Item = &Entry<'w, T>> + use<'_, 'w, 't, T> {
        self.places(text, 0)
            .flat_map(move |(at, bytes)| self.all_of(&text[at..], bytes))
    }

    /// The words of a text, in order, none in another; where several begin, the longest.
    pub fn all_in<'t>(
        &self,
        text: &'t str,
    ) -> impl Iterator<Item = (Range<usize>, &Entry<'w, T>)> + use<'_, 'w, 't, T> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let (start, entry) = self.next_in(text, from)?;
            from = start + entry.word.len();
            Some((start..from, entry))
        })
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.next_in(text, 0).is_some()
    }
}

impl<'w> Vocabulary<'w, ()> {
    /// Words of which nothing more is known.
    pub fn of_bare_starts(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::of_starts(words.into_iter().map(|word| (word, ())))
    }

    /// The same, to be found where they end.
    pub fn of_bare_ends(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::of_ends(words.into_iter().map(|word| (word, ())))
    }
}

/// How many bytes the character has that begins with a byte.
fn char_length(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// The number of files is a power of two.
fn file_of(char: char, files: usize) -> usize {
    char as usize & (files - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_word_is_found_and_of_equal_ones_the_first() {
        let words = ["公安", "公安局", "公安", "a", "公安局城东派出所"];
        let starts = Vocabulary::of_starts((0..).zip(words).map(|(index, word)| (word, index)));
        let found = |text: &'static str| -> Vec<(&str, usize)> {
            let all = starts.all_in(text);
            all.map(|(range, entry)| (&text[range], entry.known))
                .collect()
        };
        assert_eq!(
            found("市公安局a公安局城东派出所,公安"),
            [
                ("公安局", 1),
                ("a", 3),
                ("公安局城东派出所", 4),
                ("公安", 0)
            ]
        );
        assert_eq!(found("公"), []);
        assert_eq!(found(""), []);
    }

    #[test]
    fn a_word_is_found_at_the_end() {
        let ends = Vocabulary::of_bare_ends(["说", "强调说", "补充强调说"]);
        let at_end = |text| ends.at(text).map(|entry| entry.word);
        assert_eq!(at_end("他说"), Some("说"));
        assert_eq!(at_end("他强调说"), Some("强调说"));
        assert_eq!(at_end("他补充强调说"), Some("补充强调说"));
        assert_eq!(at_end("他说的"), None);
        assert_eq!(at_end(""), None);
    }

    proptest! {
        #[test]
        fn words_are_found_as_comparing_each_finds_them(
            words in prop::collection::vec("[ab公安局]{1,5}", 0..12),
            text in "[ab公安局,]{0,30}",
        ) {
            let starts = Vocabulary::of_bare_starts(words.iter().map(String::as_str));
            let ends = Vocabulary::of_bare_ends(words.iter().map(String::as_str));
            for (at, _) in text.char_indices() {
                let (before, rest) = text.split_at(at);
                let begins = words.iter().filter(|word| rest.starts_with(*word)).map(String::len);
                prop_assert_eq!(starts.at(rest).map(|entry| entry.word.len()), begins.max());
                let closes = words.iter().filter(|word| before.ends_with(*word)).map(String::len);
                prop_assert_eq!(ends.at(before).map(|entry| entry.word.len()), closes.max());
            }
            let is_in = words.iter().any(|word| text.contains(word.as_str()));
            prop_assert_eq!(starts.is_in(&text), is_in);
        }
    }
}

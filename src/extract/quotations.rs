//! What people are quoted with, in their words or not.

use std::collections::HashSet;
use std::ops::Range;

use super::people::name::is_han;
use super::people::words::WORDS;
use super::people::{Person, finder, saying};
use super::story::{Place, Story, clauses};
use crate::pb;
use crate::pb::quotation::Mode;
use crate::span::QUOTE_LENGTH_MAX;

/// How far from the words the one who says them may be named, in characters.
const SPEAKER_CHARS_MAX: usize = 40;
/// Between a name and its verb, in bytes: 陈立群激动地说.
const MANNER_BYTES_MAX: usize = 36;
/// Words of fewer characters that end no sentence are a name or a slogan.
const WORDS_CHARS_MIN: usize = 8;

#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    /// Of one in quotation marks: with them. Of another: from after the verb to the end of the sentence.
    pub place: Place,
    pub quotation: pb::Quotation,
}

/// The quotations of an article; each is of one of its people, or of nobody known.
pub fn find(story: &Story<'_>, people: &[Person]) -> Vec<Quotation> {
    let names = people
        .iter()
        .map(|person| person.person.display_name.as_str());
    let finder = finder(names);
    let mut quotations = Vec::new();
    for (part, passage) in story.body() {
        let text = passage.text();
        let names = finder.iter().flat_map(|finder| finder.all_in(text));
        let names = names.map(|(name, entry)| (name, entry.known));
        let mut reader = Reader {
            text,
            names: names.collect(),
            verbs: HashSet::new(),
            found: Vec::new(),
        };
        let quoted = quoted(text);
        for range in &quoted {
            reader.direct(range);
        }
        reader.indirect(&quoted);
        reader.found.sort_by_key(|found| found.words.start);
        let found = reader.found.into_iter();
        quotations.extend(found.map(|found| found.finish(story, part, people)));
    }
    quotations
}

struct Found {
    words: Range<usize>,
    mode: Mode,
    verb: Range<usize>,
    speaker: Option<usize>,
}

impl Found {
    fn finish(self, story: &Story<'_>, part: usize, people: &[Person]) -> Quotation {
        let speaker = self.speaker.and_then(|speaker| people.get(speaker));
        let quotation = pb::Quotation {
            person: speaker
                .map(|person| person.person.id.clone())
                .unwrap_or_default(),
            mode: self.mode.into(),
            verb: story.printed(&Place::new(part, self.verb)),
            span: None,
        };
        Quotation {
            place: Place::new(part, self.words),
            quotation,
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    /// The names of people, in order.
    names: Vec<(Range<usize>, usize)>,
    /// Where verbs begin that belong to words in quotation marks.
    verbs: HashSet<usize>,
    found: Vec<Found>,
}

impl Reader<'_> {
    fn direct(&mut self, words: &Range<usize>) {
        let attributed = self.before(words).or_else(|| self.after(words));
        let Some((verb, speaker)) = attributed else {
            return;
        };
        self.verbs.insert(verb.start);
        self.found.push(Found {
            words: words.clone(),
            mode: Mode::Direct,
            verb,
            speaker,
        });
    }

    /// 陈立群说:“…”
    fn before(&self, words: &Range<usize>) -> Option<(Range<usize>, Option<usize>)> {
        let before = self.text[..words.start].trim_end_matches(' ');
        let told = before.trim_end_matches([':', ',']);
        let verb = WORDS.said_at_end(told)?..told.len();
        let said = inner(self.text, words);
        let is_said = ends_sentence(said) || said.chars().count() >= WORDS_CHARS_MIN;
        let is_introduced = before.ends_with(':') || before.ends_with(',') && is_said;
        // 说“好!” has no colon; 强调“安全第一” is no speech.
        let is_bare = matches!(
            &self.text[verb.clone()],
            "说" | "说道" | "喊道" | "问道" | "笑着说"
        );
        let is_called = is_bare && ends_sentence(said);
        if !is_introduced && !is_called {
            return None;
        }
        let is_demand = matches!(
            &self.text[verb.clone()],
            "要求" | "建议" | "提醒" | "认为" | "称"
        );
        if is_demand && !is_said {
            return None;
        }
        let speaker = self.speaker_before(verb.start);
        Some((verb, speaker))
    }

    /// The one named right before a verb, or before 他 and 她.
    fn speaker_before(&self, verb: usize) -> Option<usize> {
        let last = self.names.partition_point(|(name, _)| name.end <= verb);
        let (name, person) = self.names.get(last.checked_sub(1)?)?;
        let between = &self.text[name.end..verb];
        // 拉着陈立群的手喊道: somebody else calls.
        let is_clause = !between.starts_with('的')
            && !between.contains([',', '。', ';', '!', '?', '“', '”', ':']);
        if is_clause && between.len() <= MANNER_BYTES_MAX {
            return Some(*person);
        }
        let clause = between
            .rfind([',', '。', ';', '!', '?', '”'])
            .map_or(0, |at| {
                at + between[at..].chars().next().map_or(1, char::len_utf8)
            });
        let words = &between[clause..];
        let is_he = words.starts_with(['他', '她'])
            && !words.starts_with("他们")
            && !words.starts_with("她们");
        (is_he && words.len() <= MANNER_BYTES_MAX).then_some(*person)
    }

    /// “…。”陈立群说
    fn after(&self, words: &Range<usize>) -> Option<(Range<usize>, Option<usize>)> {
        let said = inner(self.text, words);
        if !ends_sentence(said) && said.chars().count() < WORDS_CHARS_MIN {
            return None;
        }
        let after = &self.text[words.end..];
        let window = after
            .char_indices()
            .nth(SPEAKER_CHARS_MAX)
            .map_or(after.len(), |(at, _)| at);
        let window = &after[..window];
        let sentence = &window[..window.find(['。', '“', '!', '?']).unwrap_or(window.len())];
        let end = words.end + sentence.len();
        let from = self
            .names
            .partition_point(|(name, _)| name.start < words.end);
        let names = self.names[from..]
            .iter()
            .take_while(|(name, _)| name.end <= end);
        for (name, person) in names {
            if let Some(verb) = saying(&self.text[name.end..]).or_else(|| self.says(name.end)) {
                return Some((name.end + verb.start..name.end + verb.end, Some(*person)));
            }
        }
        if !ends_sentence(said) {
            return None;
        }
        let clause = &sentence[..sentence.find([',', ':']).unwrap_or(sentence.len())];
        let starts = clause.trim_start().starts_with(is_han);
        let verb = WORDS.said_at_end(clause).filter(|at| starts && *at > 0)?;
        Some((words.end + verb..words.end + clause.len(), None))
    }

    /// 说得最勤的话: a verb of saying that goes on.
    fn says(&self, at: usize) -> Option<Range<usize>> {
        let after = &self.text[at..];
        after.starts_with('说').then_some(0..'说'.len_utf8())
    }

    /// 陈立群强调,… and 并指出,… after such a name.
    fn indirect(&mut self, quoted: &[Range<usize>]) {
        if self.names.is_empty() {
            return;
        }
        let mut speaker: Option<usize> = None;
        let mut next_name = 0;
        let mut floor = 0;
        for clause in clauses(self.text) {
            let mut saying_at = None;
            let trimmed = self.text[clause.clone()].trim_end_matches([',', ':']);
            let is_open = trimmed.len() < clause.len();
            let clause_end = clause.start + trimmed.len();
            while let Some((name, person)) = self.names.get(next_name)
                && name.end <= clause.end
            {
                next_name += 1;
                speaker = Some(*person);
                if let Some(verb) = saying(&self.text[name.end..]) {
                    saying_at = Some(name.end + verb.start..name.end + verb.end);
                }
            }
            if saying_at.is_none() {
                saying_at = goes_on_saying(trimmed)
                    .map(|verb| clause.start + verb.start..clause.start + verb.end);
            }
            let (Some(verb), Some(person)) = (saying_at, speaker) else {
                continue;
            };
            let is_last = verb.end == clause_end && is_open;
            if !is_last || self.verbs.contains(&verb.start) || clause.start < floor {
                continue;
            }
            let words = clause.end..sentence_end(self.text, clause.end);
            let at = quoted.partition_point(|quoted| quoted.end <= words.start);
            let is_direct = quoted
                .get(at)
                .is_some_and(|quoted| quoted.start <= words.start);
            let count = self.text[words.clone()]
                .chars()
                .take(QUOTE_LENGTH_MAX + 1)
                .count();
            if is_direct || count == 0 || count > QUOTE_LENGTH_MAX {
                continue;
            }
            floor = words.end;
            self.found.push(Found {
                words,
                mode: Mode::Indirect,
                verb,
                speaker: Some(person),
            });
        }
    }
}

/// The verb of a clause that says nothing else: 并指出, 他还强调.
fn goes_on_saying(clause: &str) -> Option<Range<usize>> {
    let verb = WORDS.said_at_end(clause)?;
    let starts = [
        "并",
        "他",
        "她",
        "还",
        "同时",
        "最后",
        "随后",
        "他还",
        "她还",
        "并且",
        "他同时",
        "会上",
        "就此",
        "对此他",
        "他进一步",
        "并再次",
    ];
    let before = clause[..verb].trim();
    starts.contains(&before).then_some(verb..clause.len())
}

/// Where the sentence ends, without its full stop; `;` ends none.
fn sentence_end(text: &str, from: usize) -> usize {
    let end = text[from..]
        .find(['。', '!', '?'])
        .map_or(text.len(), |at| from + at);
    from + text[from..end].trim_end_matches([',', ' ', ';']).len()
}

/// Words in quotation marks, none inside others, with their marks.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut quoted = Vec::new();
    let mut open: Option<(usize, u32)> = None;
    for (at, char) in text.char_indices() {
        let end = at + char.len_utf8();
        match (char, open) {
            ('“' | '「', None) | ('"', None) => open = Some((at, 1)),
            ('“' | '「', Some((start, depth))) => open = Some((start, depth + 1)),
            ('”' | '」', Some((start, depth))) if depth > 1 => open = Some((start, depth - 1)),
            ('”' | '」' | '"', Some((start, _))) => {
                quoted.push(start..end);
                open = None;
            }
            _ => {}
        }
    }
    quoted
}

/// Words without their quotation marks.
fn inner<'t>(text: &'t str, words: &Range<usize>) -> &'t str {
    text[words.clone()].trim_matches(['“', '”', '「', '」', '"'])
}

fn ends_sentence(words: &str) -> bool {
    words.ends_with(['。', '!', '?', '…', ',', '~', ';'])
}

#[cfg(test)]
mod tests;

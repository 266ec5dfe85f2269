//! The events a text reports: meetings, ceremonies, campaigns, with their day and who held them.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::bodies;
use super::marked::Marked;
use super::story::{Place, Story, sentences};
use super::table::rows;
use super::units::Units;
use super::vocabulary::Vocabulary;
use crate::articles::draft::EVENTS_MAX;
use crate::dates::check_date;
use crate::pb;

/// Longest name of an event, in characters.
const NAME_CHARS_MAX: usize = 60;
/// How far before its verb a clause is read, in bytes.
const CLAUSE_BYTES_MAX: usize = 600;

static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

struct Words {
    /// Of each verb, whether it stands before the name.
    verbs: Vocabulary<'static, bool>,
    held: Vec<(&'static str, bool)>,
    ends: Vec<&'static str>,
    not: Vec<&'static str>,
    place: Vec<&'static str>,
    skip: Vec<&'static str>,
}

impl Words {
    fn read() -> Self {
        let (mut hold, mut held) = (Vec::new(), Vec::new());
        let (mut ends, mut not, mut skip) = (Vec::new(), Vec::new(), Vec::new());
        let mut place = Vec::new();
        for [kind, part, list] in rows::<3>(include_str!("rules/events.tsv")) {
            let list = list.split_whitespace();
            match kind {
                "hold" => hold.extend(list),
                "held" => held.extend(list.map(|word| (word, part == "name"))),
                "end" => ends.extend(list),
                "not" => not.extend(list),
                "place" => place.extend(list),
                _ => skip.extend(list),
            }
        }
        let holding = hold.into_iter().map(|word| (word, true));
        let others = held.iter().map(|(word, _)| (*word, false));
        Self {
            verbs: Vocabulary::of_starts(holding.chain(others)),
            held,
            ends,
            not,
            place,
            skip,
        }
    }
}

/// An event, with the units that held it still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub place: Place,
    pub event: pb::Event,
    pub organizers: Vec<usize>,
}

/// The events of an article; `index` is that of the story.
pub fn find(story: &Story<'_>, index: usize, units: &Units) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut seen = HashSet::new();
    for (part, passage) in story.body() {
        let text = passage.text();
        let reader = Reader {
            text,
            marked: Marked::new(text, index, part, units),
        };
        // Most texts have no verb of an event in any sentence.
        let may_tell = WORDS.verbs.is_in(text);
        for sentence in sentences(if may_tell { text } else { "" }) {
            for held in reader.sentence(sentence) {
                let event = held.finish(story, part);
                if events.len() < EVENTS_MAX && seen.insert(event.event.display_name.clone()) {
                    events.push(event);
                }
            }
        }
    }
    events
}

struct Reader<'t> {
    text: &'t str,
    marked: Marked<'t>,
}

/// An event in a text.
struct Held {
    span: Range<usize>,
    name: Range<usize>,
    /// 启动, which belongs to the name.
    verb: Option<Range<usize>>,
    date: Option<pb::Date>,
    bodies: Vec<Range<usize>>,
    organizers: Vec<usize>,
}

impl Held {
    fn finish(self, story: &Story<'_>, part: usize) -> Event {
        let printed = |range: Range<usize>| story.printed(&Place::new(part, range));
        let verb = self.verb.map(printed).unwrap_or_default();
        let event = pb::Event {
            display_name: printed(self.name) + &verb,
            date: self.date,
            organizers: self.bodies.into_iter().map(printed).collect(),
            ..pb::Event::default()
        };
        Event {
            place: Place::new(part, self.span),
            event,
            organizers: self.organizers,
        }
    }
}

impl Reader<'_> {
    fn sentence(&self, sentence: Range<usize>) -> Vec<Held> {
        let mut found: Vec<Held> = Vec::new();
        let mut verbs = WORDS.verbs.all_in(&self.text[sentence.clone()]).peekable();
        if verbs.peek().is_none() {
            return found;
        }
        let day = date(&self.text[sentence.clone()]);
        let mut floor = sentence.start;
        for (verb, entry) in verbs {
            let range = sentence.start + verb.start..sentence.start + verb.end;
            let after = &self.text[range.end..sentence.end];
            // 启动仪式 is a name, no verb.
            let is_name = &self.text[range.clone()] == "启动"
                && ["仪式", "会", "大会", "暨"]
                    .iter()
                    .any(|word| after.starts_with(word));
            if range.start < floor || is_name {
                continue;
            }
            let may_hold = entry.known;
            let clause = self.clause(floor, range.start);
            let held = (self.held(clause.clone(), &range, day.as_ref())).or_else(|| {
                may_hold.then(|| self.holds(&sentence, clause, &range, day.as_ref()))?
            });
            if let Some(held) = held {
                floor = held.span.end;
                found.push(held);
            }
        }
        found
    }

    /// The clause before a verb; a comma after a date or in front of a body ends none.
    fn clause(&self, floor: usize, verb: usize) -> Range<usize> {
        let mut start = floor.max(verb.saturating_sub(CLAUSE_BYTES_MAX));
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        let boundary = self.text[start..verb].rfind([',', ':', ';']);
        boundary.map_or(start, |at| start + at + 1)..verb
    }

    /// 市公安局召开全市公安派出所工作会议
    fn holds(
        &self,
        sentence: &Range<usize>,
        clause: Range<usize>,
        verb: &Range<usize>,
        day: Option<&(Range<usize>, pb::Date)>,
    ) -> Option<Held> {
        let subject = bodies::without_adverbs(self.text, clause.clone());
        if WORDS
            .not
            .iter()
            .any(|word| self.text[subject.clone()].ends_with(word))
        {
            return None;
        }
        let subject = bodies::without_time(self.text, subject);
        let is_place = WORDS.place.contains(&&self.text[subject.clone()]);
        let (bodies, organizers) = if is_place {
            (Vec::new(), Vec::new())
        } else {
            self.organizers(subject.clone())?
        };
        let from = verb.end
            + ["了", "的"]
                .iter()
                .find(|word| self.text[verb.end..].starts_with(**word))
                .map_or(0, |word| word.len());
        let name = self.name_from(from, sentence.end)?;
        // Without a day, the clause must begin with who held it: 近日,市公安局召开…
        let dated = day.map(|(range, _)| sentence.start + range.start);
        let span_start = dated.filter(|start| {
            *start <= subject.start && subject.start - start <= CLAUSE_BYTES_MAX / 10
        });
        Some(Held {
            span: span_start.unwrap_or(subject.start)..name.end,
            name,
            verb: None,
            date: span_start.and(day).map(|(_, date)| *date),
            bodies,
            organizers,
        })
    }

    /// 由市文明办、市公安局联合举办的…行动正式启动; 5月19日…动员大会召开
    fn held(
        &self,
        clause: Range<usize>,
        verb: &Range<usize>,
        day: Option<&(Range<usize>, pb::Date)>,
    ) -> Option<Held> {
        let word = &self.text[verb.clone()];
        let (_, is_name) = WORDS.held.iter().find(|(held, _)| *held == word)?;
        let mut end = verb.start;
        while let Some(short) = WORDS
            .skip
            .iter()
            .find_map(|skip| self.text[clause.start..end].strip_suffix(skip))
        {
            end = clause.start + short.len();
        }
        // …会议在江州举行
        let words = &self.text[clause.start..end];
        let ends = |at: usize| WORDS.ends.iter().any(|end| words[..at].ends_with(end));
        let place = words.rfind('在').filter(|at| ends(*at));
        let end = clause.start + place.unwrap_or(words.len());
        if !ends(end - clause.start) {
            return None;
        }
        let dated = date(&self.text[clause.start..end]);
        let mut start = clause.start + dated.as_ref().map_or(0, |(range, _)| range.end);
        let mut span_start = clause.start + dated.as_ref().map_or(0, |(range, _)| range.start);
        let (mut bodies, mut organizers) = (Vec::new(), Vec::new());
        let by = self.text[start..end].find('由').map(|at| start + at);
        let mut is_told = dated.is_some();
        if let Some(by) = by
            && let Some((from, verb_start)) = self.held_by(by, end)
        {
            let subject = by + '由'.len_utf8()..verb_start;
            (bodies, organizers) = self.organizers(bodies::without_adverbs(self.text, subject))?;
            start = from;
            span_start = by;
            is_told = true;
        } else {
            let trimmed = bodies::without_time(self.text, start..end);
            start = trimmed.start;
        }
        let name = start..end;
        let is_long = self.text[name.clone()].chars().count() > 3;
        let is_dated = day.is_some_and(|(range, _)| range.end <= clause.start);
        if !is_told && !is_dated || !is_long || self.is_too_long(&name) {
            return None;
        }
        let date = dated
            .map(|(_, date)| date)
            .or_else(|| day.map(|(_, date)| *date));
        Some(Held {
            span: span_start..verb.end,
            name,
            verb: is_name.then(|| verb.clone()),
            date,
            bodies,
            organizers,
        })
    }

    /// After 由: where the name begins behind 举办的, and where that verb begins.
    fn held_by(&self, by: usize, end: usize) -> Option<(usize, usize)> {
        let words = &self.text[by..end];
        let of = words.find('的')?;
        let (verb, _) = WORDS.verbs.all_in(&words[..of]).last()?;
        (verb.end == of).then_some((by + of + '的'.len_utf8(), by + verb.start))
    }

    fn is_too_long(&self, name: &Range<usize>) -> bool {
        let words = &self.text[name.clone()];
        words.chars().nth(NAME_CHARS_MAX).is_some()
            || words.contains(['。', ',', ';', '《'])
            || ["举行", "召开", "举办", "开展"]
                .iter()
                .any(|verb| words.contains(verb))
    }

    /// The name of an event that begins at a place: up to its last ending in the clause.
    fn name_from(&self, from: usize, end: usize) -> Option<Range<usize>> {
        let rest = &self.text[from..end];
        let window = rest
            .char_indices()
            .nth(NAME_CHARS_MAX)
            .map_or(rest.len(), |(at, _)| at);
        let clause = &rest[..window];
        let clause = &clause[..clause
            .find([',', '。', ';', ':', '!', '?', '('])
            .unwrap_or(window)];
        let clause = clause.trim_end_matches(['。', ' ']);
        let ends = WORDS.ends.iter().find(|end| clause.ends_with(**end))?;
        let is_named = clause.chars().count() >= 4 && clause.len() > ends.len();
        let starts_open =
            clause.starts_with(|char: char| char.is_ascii_digit() || "多一两三次".contains(char));
        (is_named && !starts_open).then(|| from..from + clause.len())
    }

    /// Who held an event: units, and other bodies as text; nothing when a word is no body.
    fn organizers(&self, range: Range<usize>) -> Option<(Vec<Range<usize>>, Vec<usize>)> {
        let is_whole = self.marked.unit(&range);
        if let Some(unit) = is_whole {
            return Some((Vec::new(), vec![unit]));
        }
        let (mut bodies, mut organizers) = (Vec::new(), Vec::new());
        for body in bodies::list(self.text, range)? {
            match self.marked.unit(&body) {
                Some(unit) if organizers.contains(&unit) => {}
                Some(unit) => organizers.push(unit),
                None => bodies.push(body),
            }
        }
        bodies.truncate(50);
        organizers.truncate(50);
        Some((bodies, organizers))
    }
}

/// The first day a sentence names, with its year only when it is printed.
fn date(sentence: &str) -> Option<(Range<usize>, pb::Date)> {
    let window = sentence
        .char_indices()
        .nth(40)
        .map_or(sentence.len(), |(at, _)| at);
    let ends_in_digit = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
    let starts = sentence[..window].char_indices().filter(|(at, char)| {
        let before = &sentence[..*at];
        // A year that is printed belongs to the day behind it.
        let has_year = before.strip_suffix('年').is_some_and(ends_in_digit);
        char.is_ascii_digit() && !ends_in_digit(before) && !has_year
    });
    let mut days = starts.filter_map(|(at, _)| {
        let (length, date) = day_at_start(&sentence[at..])?;
        Some((at..at + length, date))
    });
    days.next()
}

/// `2023年8月9日` or `8月9日` at the start of a text: its length and the day.
fn day_at_start(text: &str) -> Option<(usize, pb::Date)> {
    let (number, mut rest) = number(text)?;
    let (mut year, mut month) = (0, number);
    if let Some(after) = rest.strip_prefix('年') {
        year = number;
        (month, rest) = self::number(after)?;
    }
    rest = rest.strip_prefix('月')?;
    let (day, after) = self::number(rest)?;
    rest = after.strip_prefix('日')?;
    let date = pb::Date { year, month, day };
    let is_near = year == 0 || (1900..=2100).contains(&year);
    let fits = is_near && month > 0 && day > 0 && check_date("", &date).is_ok();
    fits.then(|| (text.len() - rest.len(), date))
}

/// A number of at most four digits at the start of a text, and what follows.
fn number(text: &str) -> Option<(i32, &str)> {
    let digits = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    if !(1..=4).contains(&digits) {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests;

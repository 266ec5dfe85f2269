//! Honours a text says were awarded or are striven for.

mod level;
mod recipients;
mod title;
mod words;

use std::collections::HashSet;
use std::ops::Range;

use self::recipients::Recipients;
use self::title::Title;
use self::words::{Verb, WORDS};
use super::bodies;
use super::marked::Marked;
use super::story::{Place, Story, sentences};
use super::units::Units;
use crate::articles::draft::HONOURS_MAX;
use crate::pb;
use crate::pb::honour::{Level, State};

/// How far before a verb its clause may begin, in bytes.
const CLAUSE_BYTES_MAX: usize = 900;

/// An honour, with its units still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Honour {
    /// From who received it to the title.
    pub place: Place,
    /// Without recipients and awarding station.
    pub honour: pb::Honour,
    pub recipients: Vec<usize>,
    pub awarding: Option<usize>,
}

/// The honours of an article; `index` is that of the story.
pub fn find(story: &Story<'_>, index: usize, units: &Units) -> Vec<Honour> {
    let mut honours = Vec::new();
    for (part, passage) in story.body() {
        let text = passage.text();
        let marked = Marked::new(text, index, part, units);
        let mut reader = Reader {
            story,
            units,
            part,
            marked: &marked,
            honours: &mut honours,
        };
        // Most texts have no verb of an award in any sentence.
        let may_tell = WORDS.may_award(text);
        for sentence in sentences(if may_tell { text } else { "" }) {
            reader.sentence(sentence);
        }
    }
    let mut hopes = HashSet::new();
    honours.retain(|honour: &Honour| {
        let is_held = honour.honour.state() == State::Awarded;
        is_held || hopes.insert(honour.honour.title.clone())
    });
    drop_echoes(&mut honours);
    honours.truncate(HONOURS_MAX);
    for (number, honour) in (1..).zip(&mut honours) {
        honour.honour.id = format!("h{number}");
    }
    honours
}

struct Reader<'r> {
    story: &'r Story<'r>,
    units: &'r Units,
    part: usize,
    marked: &'r Marked<'r>,
    honours: &'r mut Vec<Honour>,
}

/// A verb with what its clause says of giver and receiver.
struct Award {
    verb: Range<usize>,
    kind: Verb,
    /// Where what belongs to the award begins.
    start: usize,
    /// Where the subject ends: at 被, or at the verb.
    subject_end: usize,
    giver: Option<Range<usize>>,
    is_passive: bool,
    state: State,
}

/// Drops an award to nobody that the article tells again with who received it.
fn drop_echoes(honours: &mut Vec<Honour>) {
    let is_to_nobody =
        |honour: &Honour| honour.recipients.is_empty() && honour.honour.other_recipients.is_empty();
    let told: HashSet<String> = honours
        .iter()
        .filter(|honour| !is_to_nobody(honour))
        .map(|honour| honour.honour.title.clone())
        .collect();
    honours.retain(|honour| {
        let is_held = honour.honour.state() == State::Awarded;
        !(is_held && is_to_nobody(honour) && told.contains(&honour.honour.title))
    });
}

impl Reader<'_> {
    fn sentence(&mut self, sentence: Range<usize>) {
        let text = &self.marked.text[sentence.clone()];
        let verbs: Vec<(Range<usize>, Verb)> = WORDS
            .verbs(text)
            .map(|(verb, kind)| (sentence.start + verb.start..sentence.start + verb.end, kind))
            .collect();
        let mut floor = sentence.start;
        let mut last: Option<Recipients> = None;
        let mut at = 0;
        while let Some((verb, kind)) = verbs.get(at).cloned() {
            at += 1;
            if verb.start < floor {
                continue;
            }
            let Some(mut award) = self.award(floor, verb, kind) else {
                continue;
            };
            // 荣获公安部授予的“…”: the second verb gives, the first says to whom.
            if let Some((second, Verb::Given)) = verbs.get(at)
                && let Some(giver) = self.giver_between(award.verb.end, second.start)
            {
                award.giver = Some(giver);
                award.verb.end = second.end;
                award.is_passive = true;
                at += 1;
            }
            if let Some(end) = self.titles(&sentence, &award, &mut last) {
                floor = end;
            }
        }
    }

    fn giver_between(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let is_near = to > from && to - from <= CLAUSE_BYTES_MAX / 10;
        let giver = bodies::without_adverbs(self.marked.text, from..to.max(from));
        (is_near && bodies::list(self.marked.text, giver.clone()).is_some()).then_some(giver)
    }

    /// What stands before a verb, or nothing when it is no award.
    fn award(&self, floor: usize, verb: Range<usize>, kind: Verb) -> Option<Award> {
        let text = self.marked.text;
        let start = clause_start(text, floor, verb.start);
        let before = &text[start..verb.start];
        let is_inside =
            |open: char, close: char| before.matches(open).count() > before.matches(close).count();
        // 以他名字命名的调解室 is called so, and honoured by nobody.
        if is_inside('“', '”') || is_inside('《', '》') || before.ends_with("名字") {
            return None;
        }
        let turn = before.rfind(['被', '由']).map(|at| start + at);
        let is_passive = turn.is_some() && kind != Verb::Aspired;
        let subject_end = turn.unwrap_or(verb.start);
        let asked = bodies::without_adverbs(text, start..subject_end);
        let direct = bodies::without_adverbs(text, start..verb.start);
        if WORDS.is_not(&text[asked]) || WORDS.is_not(&text[direct]) {
            return None;
        }
        let state = if kind == Verb::Aspired || WORDS.is_hope(before) {
            State::Aspiration
        } else {
            State::Awarded
        };
        let giver = match turn {
            Some(turn) => {
                let giver = turn + '被'.len_utf8()..verb.start;
                Some(bodies::without_adverbs(text, giver)).filter(|giver| !giver.is_empty())
            }
            None if kind == Verb::Given => giver_at_start(text, start..verb.start),
            None => None,
        };
        Some(Award {
            verb,
            kind,
            start,
            subject_end,
            giver,
            is_passive,
            state,
        })
    }

    /// Keeps the titles of a verb; gives where the last one ends.
    fn titles(
        &mut self,
        sentence: &Range<usize>,
        award: &Award,
        last: &mut Option<Recipients>,
    ) -> Option<usize> {
        let text = self.marked.text;
        let gives = award.kind == Verb::Given && !award.is_passive;
        let (from, receivers) = if gives {
            self.receivers(award.verb.end, sentence.end)
        } else {
            (award.verb.end, Recipients::default())
        };
        let titles = title::read(text, from, sentence.end, award.kind);
        let first = titles.first()?;
        if gives && self.is_tally(award, from) {
            return None;
        }
        let end = titles.last()?.end;
        let is_campaign = WORDS.is_campaign(&text[end..sentence.end]);
        if award.state == State::Aspiration && is_campaign {
            return None;
        }
        // 对获得一等奖的选手给予奖励: nobody has it yet.
        let is_offer = text[award.start..].starts_with('对') && text[end..].starts_with('的');
        if is_offer {
            return None;
        }
        let mut recipients = receivers;
        if gives && recipients.is_empty() {
            recipients = recipients::read(self.marked, first.before.clone());
        } else if !gives && award.state == State::Awarded {
            recipients = match text[end..sentence.end].strip_prefix('的') {
                // 荣获“…”称号的东湖派出所
                Some(rest) => self.receivers(sentence.end - rest.len(), sentence.end).1,
                None => self.subject(sentence, award, last.as_ref()),
            };
        }
        // 个人三等功 is no unit's.
        if text[first.text.clone()].starts_with("个人") {
            recipients.units.clear();
        }
        for (number, title) in titles.iter().enumerate() {
            let start = if number == 0 {
                self.span_start(award)
            } else {
                title.before.start
            };
            let honour = self.honour(award, title, &recipients, start);
            self.honours.push(honour);
        }
        let is_named = !recipients.units.is_empty() || !recipients.others.is_empty();
        if award.state == State::Awarded && is_named {
            *last = Some(recipients);
        }
        Some(end)
    }

    /// Whether a verb of giving only counts what is given (表彰20个先进集体), or praises nobody by a title
    /// (表彰先进集体).
    fn is_tally(&self, award: &Award, from: usize) -> bool {
        let text = self.marked.text;
        let rest = text[from..].trim_start_matches(['了', '共']);
        let count = rest.trim_start_matches(|char: char| {
            char.is_ascii_digit() || "一二三四五六七八九十百两".contains(char)
        });
        let is_count =
            count.len() < rest.len() && count.starts_with(['个', '名', '位', '家', '支']);
        let is_praise = text[award.verb.clone()].ends_with("表彰");
        is_count || is_praise && (from == award.verb.end || !rest.starts_with('为'))
    }

    /// The list of those who receive right after a verb of giving, and where it ends.
    fn receivers(&self, from: usize, end: usize) -> (usize, Recipients) {
        let text = self.marked.text;
        let list = &text[from..end];
        let quote = list.find(['“', ',']).map_or(end, |at| from + at);
        let mut list_end = from;
        for (place, _) in self.marked.units(&(from..quote)) {
            let between = &text[list_end..place.start];
            if !matches!(between, "" | "、" | "和" | "及" | "与") {
                break;
            }
            list_end = place.end;
        }
        let is_count = |char: char| char.is_ascii_digit() || "等家个名单位".contains(char);
        let counted = &text[list_end..quote];
        if list_end > from && counted.starts_with('等') {
            list_end += counted.len() - counted.trim_start_matches(is_count).len();
        }
        (list_end, recipients::read(self.marked, from..list_end))
    }

    /// Who receives: the subject of the clause, or of a clause before when this one has none.
    fn subject(
        &self,
        sentence: &Range<usize>,
        award: &Award,
        last: Option<&Recipients>,
    ) -> Recipients {
        let text = self.marked.text;
        let range = award.start..award.subject_end;
        let found = recipients::read(self.marked, range.clone());
        if !found.is_empty() {
            return found;
        }
        let own = bodies::without_adverbs(text, bodies::without_time(text, range));
        let own =
            text[own].trim_start_matches(['并', '且', '还', '又', '也', '同', '时', '先', '后']);
        if !own.is_empty() {
            return Recipients::default();
        }
        if let Some(last) = last {
            return last.clone();
        }
        let before = sentence.start..award.start.max(sentence.start);
        Recipients {
            units: recipients::subjects(self.marked, &before),
            ..Recipients::default()
        }
    }

    /// Where the span of an award begins: with its clause; of striving, with the adverb of the verb.
    fn span_start(&self, award: &Award) -> usize {
        if award.state == State::Awarded {
            return award.start;
        }
        let before = &self.marked.text[award.start..award.verb.start];
        let adverbs = [
            "全力", "积极", "奋力", "努力", "力争", "争取", "全面", "奋勇", "扎实", "深入",
        ];
        let adverb = adverbs.iter().find(|adverb| before.ends_with(**adverb));
        award.verb.start - adverb.map_or(0, |adverb| adverb.len())
    }

    fn honour(
        &self,
        award: &Award,
        title: &Title,
        recipients: &Recipients,
        start: usize,
    ) -> Honour {
        let printed = |range: Range<usize>| self.story.printed(&Place::new(self.part, range));
        let text = self.marked.text;
        let giver = award.giver.clone().or_else(|| giver_before(text, title));
        let awarding = giver.as_ref().and_then(|giver| self.marked.unit(giver));
        let giver =
            giver.filter(|giver| awarding.is_some() || bodies::list(text, giver.clone()).is_some());
        let mut level = level::of_title(&text[title.text.clone()]);
        if level == Level::Unspecified && (award.kind != Verb::Given || award.is_passive) {
            level = level::of_title(&text[title.before.clone()]);
        }
        if level == Level::Unspecified {
            level = match (awarding, &giver) {
                (Some(unit), _) => level::of_unit(&self.units.units[unit]),
                (None, Some(giver)) => level::of_body(&text[giver.clone()]),
                (None, None) => Level::Unspecified,
            };
        }
        let awarding_body = match (awarding, giver) {
            (None, Some(giver)) => printed(giver),
            _ => String::new(),
        };
        let honour = pb::Honour {
            title: printed(title.text.clone()),
            verb: printed(verb_word(text, award)),
            level: level.into(),
            awarding_body,
            other_recipients: recipients.others.iter().cloned().map(printed).collect(),
            recipient_count: recipients.count,
            recipients_complete: recipients.is_complete,
            state: award.state.into(),
            ..pb::Honour::default()
        };
        Honour {
            place: Place::new(self.part, start..title.end),
            honour,
            recipients: recipients.units.clone(),
            awarding,
        }
    }
}

/// The bodies, or the body, that a clause begins with.
fn giver_at_start(text: &str, clause: Range<usize>) -> Option<Range<usize>> {
    let range = bodies::without_adverbs(text, bodies::without_time(text, clause.clone()));
    let is_list = bodies::list(text, range.clone()).is_some();
    is_list
        .then_some(range)
        .or_else(|| bodies::leading(text, clause))
}

/// The verb alone: 荣获 of 荣获公安部授予.
fn verb_word(text: &str, award: &Award) -> Range<usize> {
    let word = WORDS.verbs(&text[award.verb.clone()]).next();
    let length = word.map_or(award.verb.len(), |(range, _)| range.end);
    award.verb.start..award.verb.start + length
}

/// The giver that stands between verb and title: 荣获省公安厅颁发的“…”.
fn giver_before(text: &str, title: &Title) -> Option<Range<usize>> {
    let words = &text[title.before.clone()];
    let words = words.trim_end_matches('的');
    let ends = ["颁发", "授予", "评选", "表彰", "命名", "颁授"];
    let words = ends
        .iter()
        .find_map(|end| words.strip_suffix(end))
        .unwrap_or(words);
    let range = title.before.start..title.before.start + words.len();
    bodies::list(text, range.clone()).map(|_| range)
}

/// Where the clause of a verb begins.
fn clause_start(text: &str, floor: usize, verb: usize) -> usize {
    let mut start = floor.max(verb.saturating_sub(CLAUSE_BYTES_MAX));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let before = &text[start..verb];
    let boundary = before.char_indices().rev().find(|(at, char)| {
        let next = before[at + char.len_utf8()..].chars().next();
        match char {
            ',' => {
                !(next.is_some_and(|next| next.is_ascii_digit())
                    && before[..*at].ends_with(|char: char| char.is_ascii_digit()))
            }
            ':' | ';' | '。' | '!' | '?' => true,
            _ => false,
        }
    });
    let start = boundary.map_or(start, |(at, char)| start + at + char.len_utf8());
    start + (text[start..verb].len() - text[start..verb].trim_start().len())
}

#[cfg(test)]
mod tests;

//! The people a text names, with their offices.

pub mod name;
mod offices;
mod roles;
pub mod words;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use self::offices::{Chain, Named};
use self::words::{Office, WORDS};
use super::bylines::Byline;
use super::marked::Marked;
use super::story::{Place, Role, Story, clauses};
use super::units::Units;
use super::vocabulary::Vocabulary;
use crate::articles::draft::PEOPLE_MAX;
use crate::pb;
use crate::pb::person::Role as Does;

/// A person, with the units of the offices still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The name with its offices and what the person does, where it is first told.
    pub place: Place,
    /// The name alone, there.
    pub name: Place,
    /// Without the stations of the offices.
    pub person: pb::Person,
    /// Of each office, the unit.
    pub units: Vec<Option<usize>>,
}

/// The person of a name.
pub fn named<'p>(people: &'p [Person], name: &str) -> Option<&'p Person> {
    people
        .iter()
        .find(|person| person.person.display_name == name)
}

/// The people of an article, whose credits are known; `index` is that of the story.
pub fn find(story: &Story<'_>, index: usize, units: &Units, bylines: &[Byline]) -> Vec<Person> {
    let mut people = People::default();
    let mut before: Vec<usize> = Vec::new();
    for (part, passage) in parts(story) {
        let text = passage.text();
        let named = Named {
            text,
            places: Marked::new(text, index, part, units).units,
            units,
            before: &before,
        };
        people.introduced(story, part, &named);
        people.unintroduced(part, text);
        before.extend(named.places.iter().map(|(_, unit)| *unit));
    }
    people.keep_repeated();
    people.credited(story, bylines);
    people
        .list
        .retain(|person| !people.barred.contains(&person.display_name));
    people.list.sort_by(|a, b| a.name.cmp(&b.name));
    people.list.truncate(PEOPLE_MAX);
    roles::give(story, &mut people.list);
    let numbered = (1..).zip(people.list);
    numbered
        .map(|(number, person)| person.finish(story, number))
        .collect()
}

/// Where people are named: in the text and below pictures.
fn parts<'s, 'p>(
    story: &'s Story<'p>,
) -> impl Iterator<Item = (usize, &'s super::passage::Passage<'p>)> {
    let parts = story.parts.iter().enumerate();
    let parts = parts.filter(|(_, part)| matches!(part.role, Role::Body | Role::Caption));
    parts.map(|(index, part)| (index, &part.passage))
}

/// A person while an article is read.
struct Draft {
    display_name: String,
    /// The first place of the name; where it is introduced, once it is.
    name: Place,
    chain: Chain,
    /// Where what the person does there ends.
    end: usize,
    roles: Vec<Does>,
}

impl Draft {
    fn finish(self, story: &Story<'_>, number: usize) -> Person {
        let place = Place::new(self.name.part, self.chain.start..self.end);
        let person = pb::Person {
            id: format!("p{number}"),
            display_name: story.printed(&self.name),
            offices: self.chain.offices,
            roles: self.roles.into_iter().map(i32::from).collect(),
            span: None,
        };
        Person {
            place,
            name: self.name,
            person,
            units: self.chain.units,
        }
    }
}

#[derive(Default)]
struct People {
    list: Vec<Draft>,
    by_name: HashMap<String, usize>,
    barred: HashSet<String>,
    /// Names at the start of clauses that nothing introduces, and how often they stand there.
    guessed: HashMap<String, (usize, Place)>,
}

impl People {
    /// Names after offices.
    fn introduced(&mut self, story: &Story<'_>, part: usize, named: &Named<'_>) {
        let text = named.text;
        let printed = |range: Range<usize>| story.printed(&Place::new(part, range));
        for (word, office) in WORDS.offices(text) {
            let rest = text[word.end..].trim_start_matches(' ');
            let at = text.len() - rest.len();
            let Some(length) = name_length(rest, office) else {
                continue;
            };
            let name = at..at + length;
            let after = &text[name.end..];
            let is_withheld = after.starts_with("(化名)") || after.starts_with("(化名");
            if office == Office::Barred || is_withheld {
                self.barred.insert(text[name].to_owned());
                continue;
            }
            let is_known = self.is_introduced(&text[name.clone()]);
            let chain = if office == Office::Lay || is_known {
                Chain {
                    start: at,
                    ..Chain::default()
                }
            } else {
                offices::before(named, word.end, &printed)
            };
            let shared = if office == Office::Duty {
                chain.clone()
            } else {
                Chain::default()
            };
            self.add(part, &text[name.clone()], name.clone(), chain);
            self.listed(part, text, name.end, &shared);
        }
    }

    /// The names that follow in a list: 民警陈立群、方敏和易小川. A duty is of all of them.
    fn listed(&mut self, part: usize, text: &str, mut at: usize, shared: &Chain) {
        while let Some(rest) = text[at..].strip_prefix(['、', '和', '与', '及']) {
            let start = text.len() - rest.len();
            let Some(length) = name_length(rest, Office::Duty) else {
                break;
            };
            let name = start..start + length;
            at = name.end;
            let chain = Chain {
                start,
                ..shared.clone()
            };
            self.add(part, &text[name.clone()], name, chain);
        }
    }

    /// Whether a name is known with its offices.
    fn is_introduced(&self, display_name: &str) -> bool {
        let known = self.by_name.get(display_name);
        known.is_some_and(|known| !self.list[*known].chain.offices.is_empty())
    }

    fn add(&mut self, part: usize, display_name: &str, name: Range<usize>, chain: Chain) {
        if let Some(known) = self.by_name.get(display_name) {
            let known = &mut self.list[*known];
            if known.chain.offices.is_empty() && !chain.offices.is_empty() {
                known.end = name.end;
                known.name = Place::new(part, name);
                known.chain = chain;
            }
            return;
        }
        if self.list.len() >= 2 * PEOPLE_MAX {
            return;
        }
        self.by_name
            .insert(display_name.to_owned(), self.list.len());
        self.list.push(Draft {
            display_name: display_name.to_owned(),
            end: name.end,
            name: Place::new(part, name),
            chain,
            roles: Vec::new(),
        });
    }

    /// Names that begin a clause with nothing before them: `黎明远强调`.
    fn unintroduced(&mut self, part: usize, text: &str) {
        for clause in clauses(text) {
            let words = text[clause.clone()].trim_start_matches([' ', '“', '”', '、']);
            let start = clause.end - words.len();
            let is_after_words = text[..start].ends_with('”');
            let fitting = name::lengths(words).into_iter().find(|length| {
                let says = || WORDS.say(&words[*length..]).is_some();
                (words[..*length].chars().count() >= 3 || is_after_words && says())
                    && !name::ends_like_word(&words[..*length])
                    && WORDS.certainty(&words[*length..]) > 0
            });
            let Some(length) = fitting else { continue };
            let says = WORDS.say(&words[length..]).is_some();
            let place = Place::new(part, start..start + length);
            let entry = self.guessed.entry(words[..length].to_owned());
            let (count, _) = entry.or_insert((0, place));
            *count += if says { 2 } else { 1 };
        }
    }

    /// Of the names that nothing introduces, those count that speak or come again.
    fn keep_repeated(&mut self) {
        let guessed = std::mem::take(&mut self.guessed);
        let mut kept: Vec<_> = guessed
            .into_iter()
            .filter(|(_, (count, _))| *count > 1)
            .collect();
        kept.sort_by(|a, b| a.1.1.cmp(&b.1.1));
        for (display_name, (_, place)) in kept {
            let chain = Chain {
                start: place.start,
                ..Chain::default()
            };
            self.add(place.part, &display_name, place.range(), chain);
        }
    }

    /// Who wrote the article.
    fn credited(&mut self, story: &Story<'_>, bylines: &[Byline]) {
        for byline in bylines {
            let part = byline.place.part;
            let text = story.parts[part].passage.text();
            let name = byline.name.range();
            let display_name = text[name.clone()].to_owned();
            let chain = Chain {
                start: byline.place.start,
                ..Chain::default()
            };
            self.add(part, &display_name, name, chain);
            if let Some(known) = self.by_name.get(&display_name) {
                let known = &mut self.list[*known];
                if known.name.part == part {
                    known.end = known.end.max(byline.place.end);
                }
                if !known.roles.contains(&Does::Bylined) {
                    known.roles.push(Does::Bylined);
                }
            }
        }
    }
}

/// How long the name after an office is, when it is sure enough that one stands there.
fn name_length(rest: &str, office: Office) -> Option<usize> {
    let lengths = name::lengths(rest);
    let certain = |length: &usize| WORDS.certainty(&rest[*length..]);
    let best = lengths.iter().copied().rev().max_by_key(certain)?;
    let is_usual = rest[..best].chars().count() > 2;
    let is_common = matches!(office, Office::Head | Office::Other | Office::Barred);
    let is_doubtful = !is_common
        // 民警和党员, 辅警管事、
        && (rest.starts_with('和')
            || !is_usual && !name::is_common(rest) && !rest[best..].starts_with(name::is_han));
    if is_doubtful {
        return None;
    }
    let needed = match (office, is_usual) {
        (Office::Head | Office::Other, true) => 0,
        (Office::Head | Office::Other, false) => 1,
        (Office::Barred, _) => 0,
        (Office::Duty, true) if name::is_sure(rest) => 0,
        (Office::Duty, true) => 1,
        (Office::Duty, false) | (Office::Lay, _) => 3,
    };
    (certain(&best) >= needed).then_some(best)
}

/// Finds names in a text, each with its index; nothing when there is none to find.
pub fn finder<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> Option<Vocabulary<'n, usize>> {
    let is_any = names.len() > 0;
    is_any.then(|| Vocabulary::of_starts(names.enumerate().map(|(index, name)| (name, index))))
}

/// The verb of saying right after a name.
pub fn saying(after: &str) -> Option<Range<usize>> {
    roles::action(after).and_then(|action| action.says)
}

#[cfg(test)]
mod tests;

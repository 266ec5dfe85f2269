//! The offices before a name: 市委常委、公安局长, each with its body.

use std::ops::Range;

use super::words::{Office, WORDS};
use crate::articles::draft::OFFICES_MAX;
use crate::extract::bodies;
use crate::extract::units::{Unit, Units};
use crate::pb;

/// How far before a name its offices may begin, in bytes.
const CHAIN_BYTES_MAX: usize = 360;
/// How many units back the one whose head is named may stand.
const UNITS_BACK_MAX: usize = 100;

/// The offices before a name, with the units they are of.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// Where the first one begins; of a person without any, the name.
    pub start: usize,
    pub offices: Vec<pb::person::Office>,
    pub units: Vec<Option<usize>>,
}

/// A part of an article, and the units of the parts before.
pub struct Named<'t> {
    pub text: &'t str,
    pub places: Vec<(Range<usize>, usize)>,
    pub units: &'t Units,
    /// The units named before this text, the last one last.
    pub before: &'t [usize],
}

/// One office of a chain before it is known whose it is.
struct Item {
    range: Range<usize>,
    /// Where the word of the office begins.
    word: usize,
}

/// The offices that end where a name begins; `printed` gives the words of the page.
pub fn before(named: &Named<'_>, name: usize, printed: &dyn Fn(Range<usize>) -> String) -> Chain {
    let items = items(named, name);
    let mut chain = Chain {
        start: items.first().map_or(name, |item| item.range.start),
        ..Chain::default()
    };
    let mut last_unit = None;
    for item in items {
        let word = &named.text[item.word..item.range.end];
        let unit = own_unit(named, &item);
        let mut office = pb::person::Office::default();
        let mut station = None;
        match unit {
            Some((place, unit)) => {
                last_unit = Some(unit);
                // 局长 is that of 公安局, but 民警 behind 派出所 is whole.
                let behind = &named.text[place.end.min(item.range.end)..item.range.end];
                let is_whole = WORDS.office_at_end(behind).is_some_and(|(at, _)| at == 0);
                let rest = match is_whole {
                    true => place.end..item.range.end,
                    false => place.end.min(item.word)..item.range.end,
                };
                if let Some(party) = WORDS.party(&named.text[rest.clone()]) {
                    office.title = printed(item.range.clone());
                    office.organization = printed(place.start..place.end + party);
                } else {
                    office.title = printed(rest);
                    station = Some(unit);
                }
            }
            None => {
                let body = item.range.start..item.word;
                if bodies::is_body(&named.text[body.clone()]) {
                    let party = WORDS.party(word).unwrap_or_default();
                    office.title = printed(item.range.clone());
                    office.organization = printed(body.start..body.end + party);
                } else {
                    office.title = printed(item.range.clone());
                    station = last_unit.or_else(|| headed(named, word, item.range.start));
                }
            }
        }
        chain.offices.push(office);
        chain.units.push(station);
    }
    chain
}

/// The offices of the chain, from the first to the one before the name.
fn items(named: &Named<'_>, name: usize) -> Vec<Item> {
    let text = named.text;
    let mut floor = name.saturating_sub(CHAIN_BYTES_MAX);
    while !text.is_char_boundary(floor) {
        floor += 1;
    }
    let is_boundary = |char: char| ",;:。!?“”()《》".contains(char) || char.is_whitespace();
    let before = &text[floor..name];
    let clause = before.rfind(is_boundary).map_or(floor, |at| {
        floor + at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let mut items = Vec::new();
    let mut end = name;
    while items.len() < OFFICES_MAX && end > clause {
        let start = text[clause..end].rfind(['、', '兼']).map_or(clause, |at| {
            clause + at + text[clause + at..].chars().next().map_or(1, char::len_utf8)
        });
        let Some((word, office)) = WORDS.office_at_end(&text[start..end]) else {
            break;
        };
        if matches!(office, Office::Lay | Office::Barred) {
            break;
        }
        let word = start + word;
        let own = start_of(named, start, word, end);
        items.push(Item {
            range: own..end,
            word,
        });
        if own > start || start == clause {
            break;
        }
        end = start - text[..start].chars().next_back().map_or(0, char::len_utf8);
    }
    items.reverse();
    items
}

/// Where an office begins: at its unit, at its body, or at the word itself.
fn start_of(named: &Named<'_>, start: usize, word: usize, end: usize) -> usize {
    let from = named
        .places
        .partition_point(|(place, _)| place.start < start);
    let own = named.places[from..]
        .iter()
        .take_while(|(place, _)| place.end < end)
        .last();
    if let Some((place, _)) = own
        && end - place.end <= CHAIN_BYTES_MAX / 4
        && place.start < word
    {
        return place.start;
    }
    let body = start + WORDS.office_start(&named.text[start..word]);
    let body = bodies::without_time(named.text, body..word).start;
    if bodies::is_body(&named.text[body..word]) {
        body
    } else {
        word
    }
}

fn own_unit(named: &Named<'_>, item: &Item) -> Option<(Range<usize>, usize)> {
    let from = named
        .places
        .partition_point(|(place, _)| place.start < item.range.start);
    let (place, unit) = named.places.get(from)?;
    // 市公安局长: the unit shares characters with the office.
    (place.start == item.range.start && place.end < item.range.end).then(|| (place.clone(), *unit))
}

/// The unit whose head a bare office is: the one of a fitting kind that was named last.
fn headed(named: &Named<'_>, office: &str, at: usize) -> Option<usize> {
    let fits = |unit: &&usize| {
        let unit: Option<&Unit> = named.units.units.get(**unit);
        unit.is_some_and(|unit| WORDS.is_head_of(office, unit.kind))
    };
    let to = named.places.partition_point(|(place, _)| place.end <= at);
    let here = named.places[..to].iter().rev().map(|(_, unit)| unit);
    let mut back = here.chain(named.before.iter().rev()).take(UNITS_BACK_MAX);
    back.find(fits).copied()
}

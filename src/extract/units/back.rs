//! Words that only point back to a unit: 该所, 该大队; and the short form 招宝山所.

use std::collections::HashMap;

use super::page::{Position, Registry};
use super::words::Class;
use crate::extract::story::{Place, Story};

/// What a word that points back asks of the unit.
struct Pointer {
    word: &'static str,
    /// The classes it may be of, and the ending where it says so.
    classes: &'static [Class],
    ending: &'static str,
}

const fn pointer(word: &'static str, classes: &'static [Class], ending: &'static str) -> Pointer {
    Pointer {
        word,
        classes,
        ending,
    }
}

/// Words behind 该, 本 and 我, longer ones first.
const POINTERS: [Pointer; 14] = [
    pointer("派出所", &[Class::Station], ""),
    pointer("公安局", &[Class::Bureau], ""),
    pointer("交警大队", &[Class::Force], "大队"),
    pointer("交警支队", &[Class::Force], "支队"),
    pointer("警务室", &[Class::Post], ""),
    pointer("分局", &[Class::Branch], ""),
    pointer("总队", &[Class::Force], "总队"),
    pointer("支队", &[Class::Force], "支队"),
    pointer("大队", &[Class::Force], "大队"),
    pointer("中队", &[Class::Force], "中队"),
    pointer("所", &[Class::Station, Class::Custody], ""),
    pointer("局", &[Class::Bureau, Class::Traffic, Class::Branch], ""),
    pointer("处", &[Class::Division], ""),
    pointer("站", &[Class::Border, Class::Post], ""),
];

/// What makes 所, 局 or 处 another word: 该所有, 本处于.
const OTHER_WORDS: &str = "在有属谓需得以见说做想于理罚分面部长";

/// Of each story, what is named where, in order.
type Named = HashMap<usize, Vec<(Position, usize)>>;

/// Adds the words of the page that point back to a unit named before them in the same article.
pub fn point(registry: &mut Registry, stories: &[Story<'_>]) {
    let mut named: Named = HashMap::new();
    for (unit, positions) in registry.positions.iter().enumerate() {
        for position in positions.keys() {
            named.entry(position.0).or_default().push((*position, unit));
        }
    }
    for (index, story) in stories.iter().enumerate() {
        let Some(units) = named.get_mut(&index) else {
            continue;
        };
        units.sort_unstable();
        // Of a chain the last segment is meant; its units stand at one position in order.
        let mut latest = Latest::default();
        let mut next = 0;
        for (part, passage) in story.parts.iter().enumerate() {
            let text = passage.passage.text();
            for (at, pointer, end) in pointers(text) {
                while let Some((position, unit)) = units
                    .get(next)
                    .filter(|(position, _)| *position < (index, part, at))
                {
                    latest.note(registry, *unit, *position);
                    next += 1;
                }
                if let Some(unit) = latest.of(pointer) {
                    registry.mention(unit, index, Place::new(part, at..end), true);
                }
            }
        }
    }
}

/// The unit last named of each class, and of each class and ending.
#[derive(Default)]
struct Latest {
    units: HashMap<(Class, &'static str), (Position, usize)>,
}

impl Latest {
    fn note(&mut self, registry: &Registry, unit: usize, position: Position) {
        let draft = &registry.drafts[unit];
        self.units.insert((draft.class, ""), (position, unit));
        self.units
            .insert((draft.class, draft.segment.ending.text), (position, unit));
    }

    fn of(&self, pointer: &Pointer) -> Option<usize> {
        let units = pointer
            .classes
            .iter()
            .filter_map(|class| self.units.get(&(*class, pointer.ending)));
        units.max().map(|(_, unit)| *unit)
    }
}

fn pointers(text: &str) -> impl Iterator<Item = (usize, &'static Pointer, usize)> + '_ {
    text.match_indices(['该', '本', '我'])
        .filter_map(|(at, lead)| {
            let rest = &text[at + lead.len()..];
            let pointer = POINTERS
                .iter()
                .find(|pointer| rest.starts_with(pointer.word))?;
            let end = at + lead.len() + pointer.word.len();
            let is_short = pointer.word.chars().count() == 1;
            let is_other = is_short && text[end..].starts_with(|char| OTHER_WORDS.contains(char));
            let is_inside =
                text[..at].ends_with(['应', '基', '根', '自', '日', '书', '剧', '版', '原']);
            (!is_other && !is_inside).then_some((at, pointer, end))
        })
}

/// Most characters of a name that is looked for before 所.
const SHORT_NAME_CHARS_MAX: usize = 8;

/// Adds the places where a station of the page is named like 招宝山所.
pub fn shorten(registry: &mut Registry, stories: &[Story<'_>]) {
    let mut stations: HashMap<String, usize> = HashMap::new();
    for (unit, draft) in registry.drafts.iter().enumerate() {
        if draft.class == Class::Station && draft.key.chars().count() >= 2 {
            stations.entry(draft.key.clone()).or_insert(unit);
        }
    }
    if stations.is_empty() {
        return;
    }
    for (index, story) in stories.iter().enumerate() {
        for (part, passage) in story.parts.iter().enumerate() {
            let text = passage.passage.text();
            for (at, short) in text.match_indices('所') {
                let end = at + short.len();
                let is_other = text[end..].starts_with(|char| OTHER_WORDS.contains(char));
                let Some((start, unit)) = station_before(&text[..at], &stations) else {
                    continue;
                };
                if !is_other {
                    let place = Place::new(part, start..end);
                    registry.note_short(unit, story.printed(&place));
                    registry.mention(unit, index, place, false);
                }
            }
        }
    }
}

/// The station whose name ends a text, and where it begins; the longest of several.
fn station_before(text: &str, stations: &HashMap<String, usize>) -> Option<(usize, usize)> {
    let starts = text.char_indices().rev().take(SHORT_NAME_CHARS_MAX).skip(1);
    let known = starts.filter_map(|(start, _)| Some((start, *stations.get(&text[start..])?)));
    known.last()
}

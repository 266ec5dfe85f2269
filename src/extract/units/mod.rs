//! The public-security units a page names: chains as printed, lists that share an ending, short forms,
//! and words that point back.

mod back;
mod chains;
mod forces;
mod home;
mod ids;
mod judge;
mod keys;
mod lists;
mod name;
mod names;
mod page;
mod parents;
mod regions;
#[cfg(test)]
mod tests;
mod words;

use home::{Home, Votes};
use page::{Printing, Registry};
use words::Class;

use super::story::{Place, Story};
use crate::pb::station::Kind;

/// The units of a page, and every place where one is named.
#[derive(Clone, Debug, Default)]
pub struct Units {
    /// Parents before their children.
    pub units: Vec<Unit>,
    /// In the order of the page; places inside others follow them.
    pub found: Vec<Found>,
}

/// A unit, as far as the page alone tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// Pinyin, `[a-z][a-z0-9-]{0,61}[a-z0-9]`, unique on the page.
    pub id: String,
    pub display_name: String,
    /// With the units above it; empty when it is no longer than the display name.
    pub full_name: String,
    /// Index of the unit above.
    pub parent: Option<usize>,
    /// Other names the page uses.
    pub aliases: Vec<String>,
    pub kind: Kind,
    /// Fields the page implies but does not print: `parent`, `full_name`.
    pub inferred: Vec<String>,
}

/// A unit named at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Index of the story.
    pub story: usize,
    pub place: Place,
    /// Index of the unit.
    pub unit: usize,
    /// Whether the words only point back, such as 该所.
    pub points_back: bool,
}

impl Units {
    /// The places of one story, by its index.
    pub fn of(&self, story: usize) -> &[Found] {
        let start = self.found.partition_point(|found| found.story < story);
        let end = self.found.partition_point(|found| found.story <= story);
        &self.found[start..end]
    }
}

/// The units that the articles of one page name.
pub fn find(stories: &[Story<'_>]) -> Units {
    let (printings, homes) = read(stories);
    let mut registry = Registry::default();
    let mut last_units: Vec<Option<usize>> = vec![None; printings.len()];
    // Whole chains first: what is said shortly elsewhere on the page is known by them.
    for rank in 0..RANKS {
        for (index, printing) in printings.iter().enumerate() {
            if rank_of(printing) != rank {
                continue;
            }
            let story = &stories[printing.story];
            let text = story.parts[printing.part].passage.text();
            let printed = |start, end| story.printed(&Place::new(printing.part, start..end));
            let home = &homes[printing.story];
            let above = parents::of_list(&registry, stories, &printings, &last_units, index);
            last_units[index] = registry.enter(printing, text, printed, home, above);
        }
    }
    parents::of_lists(&mut registry, stories, &printings, &last_units);
    back::shorten(&mut registry, stories);
    back::point(&mut registry, stories);
    parents::of_pointers(&mut registry, &printings, &last_units);
    parents::infer(&mut registry);
    finish(registry)
}

/// The chains of all stories in the order of the page, and where each story is at home.
fn read(stories: &[Story<'_>]) -> (Vec<Printing>, Vec<Home>) {
    let mut printings = Vec::new();
    let mut votes = Vec::new();
    let mut page = Votes::default();
    for (index, story) in stories.iter().enumerate() {
        let mut own = Votes::default();
        for (part, passage) in story.parts.iter().enumerate() {
            let text = passage.passage.text();
            let reading = chains::read(text);
            own.count(text, &reading.tokens);
            printings.extend(reading.chains.into_iter().map(|chain| Printing {
                story: index,
                part,
                chain,
            }));
        }
        page.add(&own);
        votes.push(own);
    }
    let page = page.home().unwrap_or_default();
    let homes = votes
        .iter()
        .map(|own| own.home().unwrap_or_else(|| page.clone()));
    (printings, homes.collect())
}

const RANKS: usize = 5;

/// In which order names are taken: chains, those below the police of a place, whole names, the police of
/// a place, short and doubtful names.
fn rank_of(printing: &Printing) -> usize {
    let chain = &printing.chain;
    let (first, last) = (chain.segments[0].ending, chain.last().ending);
    let is_single = chain.segments.len() == 1;
    let is_short = is_single && matches!(last.text, "警方" | "分局");
    if chain.is_loose || is_short || first.class == Class::Short {
        return 4;
    }
    match (is_single, first.class == Class::Body) {
        (false, false) => 0,
        (false, true) => 1,
        (true, false) => 2,
        (true, true) => 3,
    }
}

/// Orders the units, parents first, and what was found, as the page does.
fn finish(registry: Registry) -> Units {
    let records = names::units(&registry.drafts);
    let mut order: Vec<usize> = Vec::with_capacity(records.len());
    let mut placed = vec![false; records.len()];
    for unit in 0..records.len() {
        let mut path = Vec::new();
        let mut at = Some(unit);
        while let Some(unit) = at.filter(|unit| !placed[*unit]) {
            placed[unit] = true;
            path.push(unit);
            at = records[unit].parent;
        }
        order.extend(path.into_iter().rev());
    }
    let mut index = vec![0; order.len()];
    for (at, unit) in order.iter().enumerate() {
        index[*unit] = at;
    }
    let mut records: Vec<Option<Unit>> = records.into_iter().map(Some).collect();
    let taken = order.iter().filter_map(|unit| records[*unit].take());
    let units = taken.map(|unit| Unit {
        parent: unit.parent.map(|parent| index[parent]),
        ..unit
    });
    let units = units.collect();
    let mut found = registry.found;
    for found in &mut found {
        found.unit = index[found.unit];
    }
    found.sort_by_key(|found| {
        let place = &found.place;
        (
            found.story,
            place.part,
            place.start,
            std::cmp::Reverse(place.end),
        )
    });
    found.dedup_by(|one, other| one.story == other.story && one.place == other.place);
    Units { units, found }
}

//! The unit above one that is named alone, where the page leaves no choice.

use std::collections::HashMap;

use super::chains::is_joint;
use super::page::{Draft, Position, Printing, Registry};
use super::regions::Level;
use super::words::Class;
use crate::extract::story::Story;

/// The last of the parts with which a story begins: headline, byline, first paragraph.
const OPENING_PART_MAX: usize = 2;

/// So many mentions are enough to tell which unit a story is about.
const COUNTED_MAX: usize = 100;

/// A story that names more bureaus is about none of them.
const HEADS_MAX: usize = 64;

/// The units of a page by what others may stand below.
struct Above {
    ministry: Option<usize>,
    departments: HashMap<String, usize>,
    cities: HashMap<String, usize>,
    counties: HashMap<String, usize>,
    traffic: HashMap<String, usize>,
    /// The bureaus, branches and railway divisions that each story names, with how often.
    stories: HashMap<usize, Vec<(usize, usize)>>,
}

/// Sets the parents that no chain of the page prints.
pub fn infer(registry: &mut Registry) {
    let above = Above::of(registry);
    let parents: Vec<Option<usize>> = (0..registry.drafts.len())
        .map(|unit| above.parent(registry, unit))
        .collect();
    for (unit, parent) in parents.into_iter().enumerate() {
        if registry.drafts[unit].parent.is_none() {
            registry.put_below(unit, parent);
        }
    }
}

/// 镇海公安分局刑侦大队和交警大队: the unit above a name, when it goes on with a list of like ones and
/// says nothing of a place of its own.
pub fn of_list(
    registry: &Registry,
    stories: &[Story<'_>],
    printings: &[Printing],
    last_units: &[Option<usize>],
    at: usize,
) -> Option<usize> {
    let before = at.checked_sub(1)?;
    let (left, right) = (&printings[before], &printings[at]);
    let (first, own) = (left.chain.last(), right.chain.last());
    let is_like = match own.ending.class {
        Class::Force => first.ending.text == own.ending.text,
        Class::Branch => first.ending.class == Class::Branch,
        _ => false,
    };
    let is_bare = right.chain.segments.len() == 1 && !own.has_place() && !own.is_deictic;
    if !is_like || !is_bare || !is_joined(stories, left, right) {
        return None;
    }
    registry.drafts[last_units[before]?].parent
}

/// Whether nothing but a word that joins stands between two names.
fn is_joined(stories: &[Story<'_>], left: &Printing, right: &Printing) -> bool {
    if (left.story, left.part) != (right.story, right.part) {
        return false;
    }
    let text = stories[left.story].parts[left.part].passage.text();
    let between = text.get(left.chain.end()..right.chain.start());
    between.is_some_and(is_joint)
}

/// 奉化分局大桥派出所、岳林派出所: the second is of the same branch.
pub fn of_lists(
    registry: &mut Registry,
    stories: &[Story<'_>],
    printings: &[Printing],
    last_units: &[Option<usize>],
) {
    for at in 1..printings.len() {
        let (Some(before), Some(unit)) = (last_units[at - 1], last_units[at]) else {
            continue;
        };
        let (left, right) = (&printings[at - 1], &printings[at]);
        let is_list = right.chain.segments.len() == 1 && is_joined(stories, left, right);
        let drafts = &registry.drafts;
        let is_like = drafts[before].class == drafts[unit].class && drafts[unit].parent.is_none();
        let is_named = matches!(drafts[unit].class, Class::Station | Class::Post);
        if is_list && is_like && is_named && before != unit {
            let parent = drafts[before].parent;
            registry.put_below(unit, parent);
        }
    }
}

/// 该局石桥派出所: the station is of the bureau that the words point back to.
pub fn of_pointers(registry: &mut Registry, printings: &[Printing], last_units: &[Option<usize>]) {
    let pointers = registry.found.iter().filter(|found| found.points_back);
    let ends: HashMap<Position, usize> = pointers
        .map(|found| ((found.story, found.place.part, found.place.end), found.unit))
        .collect();
    for (printing, unit) in printings.iter().zip(last_units) {
        let Some(unit) = unit.filter(|_| printing.chain.segments.len() == 1) else {
            continue;
        };
        let above = ends.get(&printing.position()).copied();
        if registry.drafts[unit].parent.is_none() {
            registry.put_below(unit, above);
        }
    }
}

impl Above {
    fn of(registry: &Registry) -> Self {
        let mut above = Self {
            ministry: None,
            departments: HashMap::new(),
            cities: HashMap::new(),
            counties: HashMap::new(),
            traffic: HashMap::new(),
            stories: HashMap::new(),
        };
        for (unit, draft) in registry.drafts.iter().enumerate() {
            above.take(unit, draft);
            if is_head(draft) {
                let mut times: HashMap<usize, usize> = HashMap::new();
                for ((story, ..), ()) in &registry.positions[unit] {
                    *times.entry(*story).or_default() += 1;
                }
                for (story, times) in times {
                    above.stories.entry(story).or_default().push((unit, times));
                }
            }
        }
        above
    }

    fn take(&mut self, unit: usize, draft: &Draft) {
        let places = &draft.places;
        let general = draft.segment.ending.text == "公安局" || draft.is_body();
        let table = match draft.class {
            Class::Ministry => {
                self.ministry = Some(unit);
                return;
            }
            Class::Department => (&mut self.departments, &places.province),
            Class::Bureau if general && draft.level == Some(Level::City) => {
                (&mut self.cities, &places.city)
            }
            Class::Bureau if general => (&mut self.counties, &places.county),
            Class::Branch if !places.county.is_empty() => (&mut self.counties, &places.county),
            Class::Traffic => (&mut self.traffic, &places.city),
            Class::Force if draft.key == "交警" && draft.segment.ending.text == "支队" => {
                (&mut self.traffic, &places.city)
            }
            _ => return,
        };
        table.0.entry(table.1.clone()).or_insert(unit);
    }

    fn parent(&self, registry: &Registry, unit: usize) -> Option<usize> {
        let draft = &registry.drafts[unit];
        let first = registry.positions[unit].keys().next().copied();
        match draft.class {
            Class::Department => self.ministry,
            Class::Bureau => match draft.level {
                Some(Level::City) => find(&self.departments, &draft.places.province),
                _ => find(&self.cities, &draft.places.city),
            },
            Class::Branch => find(&self.cities, &draft.places.city),
            Class::Traffic => match draft.level {
                Some(Level::Province) => find(&self.departments, &draft.places.province),
                _ => find(&self.cities, &draft.places.city),
            },
            Class::Force => self.above_force(registry, draft, first?),
            Class::Station | Class::Post | Class::Custody => {
                let county = &draft.places.county;
                let of_county = self.counties.get(county).filter(|_| !county.is_empty());
                of_county
                    .copied()
                    .or_else(|| self.head(registry, draft, first?))
            }
            Class::Office => self.office_head(registry, first?),
            _ => None,
        }
    }

    fn above_force(&self, registry: &Registry, draft: &Draft, first: Position) -> Option<usize> {
        let is_traffic = draft.work_is("交警");
        let (ending, places) = (draft.segment.ending.text, &draft.places);
        if !draft.segment.has_place() && !draft.segment.is_deictic {
            return match ending {
                _ if draft.work_is("乘警") => self.head(registry, draft, first),
                "大队" => self.head(registry, draft, first),
                "支队" => find(&self.cities, &places.city),
                _ => None,
            };
        }
        match ending {
            "总队" => find(&self.departments, &places.province),
            // 山西高速交警三支队 is of no city.
            "支队" if draft.level == Some(Level::Province) => None,
            "支队" => find(&self.cities, &places.city),
            "大队" if is_traffic => {
                let of_county = self.counties.get(&places.county).copied();
                find(&self.traffic, &places.city).or(of_county)
            }
            "大队" => self.counties.get(&places.county).copied(),
            _ => None,
        }
    }

    /// The one bureau that a story is about: the only one that it begins with, or the first when it is
    /// named far more often than any other.
    fn head(&self, registry: &Registry, draft: &Draft, first: Position) -> Option<usize> {
        let is_station = draft.segment.ending.text == "派出所" && draft.key.ends_with('站');
        let is_of_railway = is_station || draft.work_is("乘警");
        let named = self.stories.get(&first.0)?;
        if named.len() > HEADS_MAX {
            return None;
        }
        let fits = |unit: usize| {
            let other = &registry.drafts[unit];
            (other.class == Class::Division) == is_of_railway && other.places.agrees(&draft.places)
        };
        let mut heads: Vec<(Position, usize, usize)> = named
            .iter()
            .filter(|(unit, _)| fits(*unit))
            .filter_map(|(unit, times)| {
                let position = registry.positions[*unit].range((first.0, 0, 0)..).next()?.0;
                Some((*position, *unit, *times))
            })
            .collect();
        heads.sort_unstable();
        let (position, unit, times) = *heads.first()?;
        let rest = &heads[1..];
        let begins_alone = position.1 <= OPENING_PART_MAX
            && rest
                .iter()
                .all(|(position, ..)| position.1 > OPENING_PART_MAX);
        let others = rest.iter().map(|(_, _, times)| *times).max().unwrap_or(0);
        let is_main = begins_alone || others == 0 || times >= 2 * others;
        (position < first && is_main).then_some(unit)
    }

    /// The unit of an office: the traffic police that the story is about, or its bureau.
    fn office_head(&self, registry: &Registry, first: Position) -> Option<usize> {
        let story = |unit: &usize| {
            let before = registry.positions[*unit].range((first.0, 0, 0)..first);
            before.take(COUNTED_MAX).count()
        };
        let most = |units: &HashMap<String, usize>| {
            let named = units.values().copied().filter(|unit| story(unit) > 0);
            named.max_by_key(|unit| (story(unit), std::cmp::Reverse(*unit)))
        };
        most(&self.traffic).or_else(|| most(&self.cities))
    }
}

/// Units that a 派出所 or 大队 may stand below.
fn is_head(draft: &Draft) -> bool {
    match draft.class {
        Class::Branch | Class::Division => true,
        Class::Bureau => draft.level != Some(Level::City),
        _ => false,
    }
}

/// The unit of a place; where either place is not known, the only one there is.
fn find(units: &HashMap<String, usize>, place: &str) -> Option<usize> {
    if let Some(unit) = units.get(place).filter(|_| !place.is_empty()) {
        return Some(*unit);
    }
    let (known, unit) = units.iter().next().filter(|_| units.len() == 1)?;
    (place.is_empty() || known.is_empty()).then_some(*unit)
}

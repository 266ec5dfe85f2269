//! All names of a page together: which of them are of one unit.

use std::collections::{BTreeMap, HashSet};
use std::iter;

use super::chains::{Chain, Segment};
use super::home::Home;
use super::keys::{group, key};
use super::regions::{Level, Whereabouts};
use super::words::Class;
use crate::extract::story::Place;

/// Most units compared with a name that fits many, such as 市公安局 where no city is known.
const COMPARED_MAX: usize = 64;

/// Most ways to name a unit that are kept.
const PRINTED_MAX: usize = 200;

/// Most units that stand above one another.
pub const DEPTH_MAX: usize = 20;

/// A unit while the page is read.
#[derive(Clone, Debug)]
pub struct Draft {
    pub class: Class,
    /// Of the best name printed so far: any but one like 宁波交警.
    pub segment: Segment,
    /// What tells it from others of its class; empty for 市公安局 of an unknown city.
    pub key: String,
    pub places: Whereabouts,
    pub level: Option<Level>,
    pub parent: Option<usize>,
    /// Whether the parent stands before it in a chain of the page.
    pub is_below: bool,
    pub printed: Vec<Printed>,
}

/// A way in which a page names a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The chain down to the unit.
    pub text: String,
    /// The same from the unit's own name on.
    pub own: String,
    pub segments: usize,
    pub has_place: bool,
    pub is_body: bool,
    /// Whether the ending is printed elsewhere only.
    pub is_shared: bool,
}

/// A chain and where it stands.
pub struct Printing {
    pub story: usize,
    pub part: usize,
    pub chain: Chain,
}

/// Story, part and byte: where a name stands on the page.
pub type Position = (usize, usize, usize);

impl Printing {
    pub fn position(&self) -> Position {
        (self.story, self.part, self.chain.start())
    }
}

/// The units found so far.
#[derive(Default)]
pub struct Registry {
    pub drafts: Vec<Draft>,
    pub found: Vec<super::Found>,
    /// Units by what tells them apart.
    index: BTreeMap<(Class, &'static str, String), Vec<usize>>,
    /// Units by what they are alone.
    general: BTreeMap<(Class, &'static str), Vec<usize>>,
    /// Articles that name a unit which is surely one of the police.
    stories: HashSet<usize>,
    /// Articles that name one of the traffic police.
    of_traffic: HashSet<usize>,
    /// Of each unit, where it is named.
    pub positions: Vec<BTreeMap<Position, ()>>,
}

/// What a segment says, made comparable.
pub struct Sought<'s> {
    pub segment: &'s Segment,
    pub class: Class,
    pub ending: &'static str,
    pub key: String,
    pub places: Whereabouts,
    pub level: Option<Level>,
    pub parent: Option<usize>,
}

impl Registry {
    /// Takes a chain in, finding or adding the unit of each segment; returns that of the last. `listed_below`
    /// is the unit above that a list printed with an item before.
    pub fn enter(
        &mut self,
        printing: &Printing,
        text: &str,
        printed: impl Fn(usize, usize) -> String,
        home: &Home,
        listed_below: Option<usize>,
    ) -> Option<usize> {
        let chain = &printing.chain;
        let mut parent = listed_below;
        let mut above = listed_below
            .map(|unit| self.drafts[unit].places.clone())
            .unwrap_or_default();
        for (depth, segment) in chain.segments.iter().enumerate() {
            let sought = Sought::new(segment, text, parent, &above, home);
            above.clone_from(&sought.places);
            let found = self.matching(&sought, printing.position());
            let is_doubtful = depth == 0
                && (chain.is_loose && !self.is_of_traffic(printing, text)
                    || (chain.segments.len() == 1 && is_vague(segment))
                    || self.is_any_branch(printing, text));
            if found.is_none() && is_doubtful {
                return None;
            }
            // 市局 of 市局刑侦支队 is no unit that the page names by itself.
            if found.is_none() && segment.ending.class == Class::Short {
                continue;
            }
            let unit = found.unwrap_or_else(|| self.add(&sought));
            if segment.is_of_traffic() {
                self.of_traffic.insert(printing.story);
            }
            let was_below = self.drafts[unit].is_below;
            self.learn(unit, &sought);
            // What only a list says is not printed.
            self.drafts[unit].is_below = was_below || depth > 0 && self.drafts[unit].is_below;
            let is_last = depth + 1 == chain.segments.len();
            let is_shared = chain.is_shared && is_last;
            let ending = if is_shared { segment.ending.text } else { "" };
            self.drafts[unit].note(Printed {
                text: printed(chain.start(), segment.end) + ending,
                own: printed(segment.own, segment.end) + ending,
                segments: depth + 1,
                has_place: segment.has_place(),
                is_body: matches!(segment.ending.class, Class::Body | Class::Short),
                is_shared,
            });
            let place = Place::new(printing.part, chain.start()..segment.end);
            self.mention(unit, printing.story, place, false);
            parent = Some(unit);
        }
        self.stories.insert(printing.story);
        parent
    }

    /// 兖州大队 may be of any body, but where the traffic police are named before it.
    fn is_of_traffic(&self, printing: &Printing, text: &str) -> bool {
        let own = printing.chain.last();
        // 高新区大队
        let name = &text[own.name()];
        let is_placed =
            own.has_place() || name.ends_with(['区', '县', '市']) && name.chars().count() >= 3;
        let is_team = own.ending.class == Class::Force && is_placed;
        is_team && printing.chain.segments.len() == 1 && self.of_traffic.contains(&printing.story)
    }

    /// 江北分局 alone may be of any authority, unless the article names other units of the police.
    fn is_any_branch(&self, printing: &Printing, text: &str) -> bool {
        let chain = &printing.chain;
        // 公安新城分局
        let says_police = text[chain.start()..chain.end()].contains("公安");
        chain.segments.len() == 1
            && !says_police
            && chain.last().ending.text == "分局"
            && !self.stories.contains(&printing.story)
    }

    /// Keeps a name that is the station's own cut short.
    pub fn note_short(&mut self, unit: usize, text: String) {
        self.drafts[unit].note(Printed {
            own: text.clone(),
            text,
            segments: 1,
            has_place: false,
            is_body: true,
            is_shared: false,
        });
    }

    pub fn mention(&mut self, unit: usize, story: usize, place: Place, points_back: bool) {
        if !points_back {
            self.positions[unit].insert((story, place.part, place.start), ());
        }
        self.found.push(super::Found {
            story,
            place,
            unit,
            points_back,
        });
    }

    /// The unit that a segment names, when the page names it elsewhere: of several the one last named
    /// before, or else the first.
    fn matching(&self, sought: &Sought<'_>, at: Position) -> Option<usize> {
        let mut fitting: Vec<usize> = Vec::new();
        for unit in self.candidates(sought) {
            if !fitting.contains(&unit) && self.drafts[unit].fits(sought) {
                fitting.push(unit);
            }
        }
        let named_before = |unit: &usize| {
            let mut before = self.positions[*unit].range(..at);
            before.next_back().map(|(position, ())| *position)
        };
        let latest = fitting.iter().filter(|unit| named_before(unit).is_some());
        let latest = latest.max_by_key(|unit| named_before(unit)).copied();
        latest.or(fitting.first().copied())
    }

    fn candidates(&self, sought: &Sought<'_>) -> Vec<usize> {
        let mut candidates = Vec::new();
        if sought.key.is_empty() {
            let general = self.general.get(&(sought.class, sought.ending));
            candidates.extend(general.into_iter().flatten().take(COMPARED_MAX));
            return candidates;
        }
        for (class, ending, key) in sought.keys() {
            let units = self.index.get(&(class, ending, key));
            candidates.extend(units.into_iter().flatten().take(COMPARED_MAX));
        }
        candidates
    }

    fn add(&mut self, sought: &Sought<'_>) -> usize {
        let unit = self.drafts.len();
        self.drafts.push(Draft {
            class: sought.class,
            segment: sought.segment.clone(),
            key: sought.key.clone(),
            places: sought.places.clone(),
            level: sought.level,
            parent: None,
            is_below: false,
            printed: Vec::new(),
        });
        self.positions.push(BTreeMap::new());
        let (class, ending) = (sought.class, sought.ending);
        self.general.entry((class, ending)).or_default().push(unit);
        let key = (class, ending, sought.key.clone());
        self.index.entry(key).or_default().push(unit);
        unit
    }

    fn learn(&mut self, unit: usize, sought: &Sought<'_>) {
        let draft = &mut self.drafts[unit];
        draft.places.learn(&sought.places);
        draft.level = draft.level.or(sought.level);
        if draft.key.is_empty() && !sought.key.is_empty() && draft.class == sought.class {
            draft.key.clone_from(&sought.key);
            let key = (sought.class, sought.ending, sought.key.clone());
            self.index.entry(key).or_default().push(unit);
        }
        let is_whole =
            |segment: &Segment| !matches!(segment.ending.class, Class::Body | Class::Short);
        if !is_whole(&draft.segment) && is_whole(sought.segment) {
            draft.segment = sought.segment.clone();
        }
        if draft.parent.is_none() && self.put_below(unit, sought.parent) {
            self.drafts[unit].is_below = true;
        }
    }

    /// Sets what stands above a unit, unless that stands below the unit itself, or deeper than units do.
    pub fn put_below(&mut self, unit: usize, parent: Option<usize>) -> bool {
        let above = iter::successors(parent, |above| self.drafts[*above].parent);
        let mut above = above.enumerate();
        if parent.is_none() || above.any(|(depth, above)| above == unit || depth >= DEPTH_MAX) {
            return false;
        }
        self.drafts[unit].parent = parent;
        true
    }
}

impl Draft {
    fn note(&mut self, printed: Printed) {
        let is_known = self.printed.iter().any(|known| known.text == printed.text);
        if !is_known && self.printed.len() < PRINTED_MAX {
            self.printed.push(printed);
        }
    }

    /// Whether a segment with one of this unit's keys may name it.
    fn fits(&self, sought: &Sought<'_>) -> bool {
        let same_level =
            self.level == sought.level || self.level.is_none() || sought.level.is_none();
        let is_of_level = matches!(
            self.class,
            Class::Traffic | Class::Bureau | Class::Department
        );
        let same_parent = match (self.parent, sought.parent) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        // 宁波交警 is no brigade of one of its districts.
        let is_body = sought.segment.ending.class == Class::Body;
        if is_body && self.places.county != sought.places.county {
            return false;
        }
        self.places.agrees(&sought.places) && same_parent && (same_level || !is_of_level)
    }

    pub fn work_is(&self, usual: &str) -> bool {
        self.segment.work.is_some_and(|work| work.usual == usual)
    }

    /// Whether it is known only as the police of its place: 宁波交警.
    pub fn is_body(&self) -> bool {
        matches!(self.segment.ending.class, Class::Body | Class::Short)
    }
}

/// 河南警方 may be any police of the place: it names a unit only where the page names one. So does 市局.
fn is_vague(segment: &Segment) -> bool {
    segment.ending.text == "警方" || segment.ending.class == Class::Short
}

impl<'s> Sought<'s> {
    fn new(
        segment: &'s Segment,
        text: &str,
        parent: Option<usize>,
        above: &Whereabouts,
        home: &Home,
    ) -> Self {
        let mut places = segment.places.clone();
        if segment.is_deictic {
            places = home.places_of(segment.level);
        }
        places.learn(above);
        let (class, ending) = group(segment);
        Self {
            segment,
            class,
            ending,
            key: key(segment, class, &text[segment.name()], &places),
            places,
            level: segment.level,
            parent,
        }
    }
}

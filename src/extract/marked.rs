//! One part of an article with the units named in it.

use std::ops::Range;

use super::units::Units;

/// A text with the units that stand in it, in their order, none inside another.
pub struct Marked<'t> {
    pub text: &'t str,
    pub units: Vec<(Range<usize>, usize)>,
}

impl<'t> Marked<'t> {
    /// `text` is that of a part of a story; both are given by their index.
    pub fn new(text: &'t str, story: usize, part: usize, units: &Units) -> Self {
        let key = (story, part);
        let from = units
            .found
            .partition_point(|found| (found.story, found.place.part) < key);
        let here = units.found[from..].iter();
        let here = here.take_while(|found| (found.story, found.place.part) == key);
        let mut outer: Vec<(Range<usize>, usize)> = Vec::new();
        for found in here {
            let place = found.place.range();
            if outer.last().is_none_or(|(last, _)| last.end <= place.start) {
                outer.push((place, found.unit));
            }
        }
        Self { text, units: outer }
    }

    /// The units that stand in a range.
    pub fn units(&self, range: &Range<usize>) -> &[(Range<usize>, usize)] {
        let from = self
            .units
            .partition_point(|(unit, _)| unit.start < range.start);
        let to = self
            .units
            .partition_point(|(unit, _)| unit.end <= range.end);
        self.units.get(from..to).unwrap_or_default()
    }

    /// The unit that stands at exactly this range.
    pub fn unit(&self, range: &Range<usize>) -> Option<usize> {
        let found = self.units(range).first()?;
        (found.0 == *range).then_some(found.1)
    }
}

//! The works and the events a text names.

use super::story::{Place, Story};
use super::units::Units;
use crate::pb;

/// A document, song or other work, and where it is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub place: Place,
    pub work: pb::Work,
}

/// An event, with the units that held it still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub place: Place,
    pub event: pb::Event,
    pub organizers: Vec<usize>,
}

pub fn works(_story: &Story<'_>) -> Vec<Work> {
    Vec::new()
}

/// The events of an article; `index` is that of the story.
pub fn events(_story: &Story<'_>, _index: usize, _units: &Units) -> Vec<Event> {
    Vec::new()
}

//! The people a text names, with their offices.

pub mod name;

use super::story::{Place, Story};
use super::units::Units;
use crate::pb;

/// A person, with the units of the offices still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The name, at its first place.
    pub place: Place,
    /// Without the stations of the offices.
    pub person: pb::Person,
    /// Of each office, the unit.
    pub units: Vec<Option<usize>>,
}

/// The people of an article; `index` is that of the story.
pub fn find(_story: &Story<'_>, _index: usize, _units: &Units) -> Vec<Person> {
    Vec::new()
}

//! The numbers a text states: value, unit, qualifier, change, what is claimed, and of what.

use super::story::{Place, Story};
use crate::pb::Statistic;

/// A number read from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The words it was read from: its span.
    pub place: Place,
    /// The number itself with its unit.
    pub number: Place,
    /// All that the sentence says; no name, stations, speaker or honour yet.
    pub statistic: Statistic,
    /// Index of the figure that this one qualifies.
    pub parent: Option<usize>,
}

/// The numbers of an article, in its order.
pub fn find(_story: &Story<'_>) -> Vec<Figure> {
    Vec::new()
}

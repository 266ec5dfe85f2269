//! Honours a text says were awarded or are striven for.

use super::story::{Place, Story};
use super::units::Units;
use crate::pb;

/// An honour, with its units still as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Honour {
    pub place: Place,
    /// Without recipients and awarding station.
    pub honour: pb::Honour,
    pub recipients: Vec<usize>,
    pub awarding: Option<usize>,
}

/// The honours of an article; `index` is that of the story.
pub fn find(_story: &Story<'_>, _index: usize, _units: &Units) -> Vec<Honour> {
    Vec::new()
}

//! What people are quoted with, in their words or not.

use super::people::Person;
use super::story::{Place, Story};
use crate::pb;

#[derive(Clone, Debug, PartialEq)]
pub struct Quotation {
    pub place: Place,
    pub quotation: pb::Quotation,
}

/// The quotations of an article; each is of one of its people, or of nobody known.
pub fn find(_story: &Story<'_>, _people: &[Person]) -> Vec<Quotation> {
    Vec::new()
}

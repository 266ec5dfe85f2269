//! Who wrote an article: names after a role, run together or apart, in a dateline's brackets or at the
//! end.

use super::story::{Place, Story};
use crate::pb;

#[derive(Clone, Debug, PartialEq)]
pub struct Byline {
    pub place: Place,
    pub byline: pb::Byline,
}

pub fn find(_story: &Story<'_>) -> Vec<Byline> {
    Vec::new()
}

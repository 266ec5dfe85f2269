//! The public-security units a page names: chains as printed, lists that share an ending, short forms,
//! and words that point back.

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

/// The units that the articles of one page name.
pub fn find(_stories: &[Story<'_>]) -> Units {
    Units::default()
}

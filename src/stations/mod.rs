//! Stations: the public-security units that bulletins name, as a tree.

pub mod draft;
pub mod fields;
pub mod resolve;
pub mod service;
pub mod similar;
pub mod store;
pub mod write;

use crate::pb::Station;

/// The paths and names of the stations a station refers to.
pub fn station_references(station: &Station) -> Vec<(String, &str)> {
    [
        ("parent", station.parent.as_str()),
        ("merged_into", station.merged_into.as_str()),
    ]
    .into_iter()
    .filter(|(_, name)| !name.is_empty())
    .map(|(path, name)| (path.to_owned(), name))
    .collect()
}

/// Every name a station goes by.
pub fn names(station: &Station) -> impl Iterator<Item = &str> {
    let own = [station.display_name.as_str(), station.full_name.as_str()];
    let names = own
        .into_iter()
        .chain(station.aliases.iter().map(String::as_str));
    names.filter(|name| !name.is_empty())
}

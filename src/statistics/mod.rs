//! Statistics: the numbers of an article, each with the words it was read from.

pub mod aggregate;
pub mod draft;
pub mod fields;
pub mod figures;
pub mod service;
pub mod store;
pub mod told;
pub mod write;
pub mod written;

use crate::pb::Statistic;

/// Most statistics of one article, deleted ones included.
pub const STATISTICS_MAX: usize = 1_000;

/// The paths and names of the stations a statistic refers to.
pub fn station_references(statistic: &Statistic) -> Vec<(String, &str)> {
    let stations = statistic.stations.iter().enumerate();
    stations
        .map(|(index, name)| (format!("stations[{index}]"), name.as_str()))
        .collect()
}

/// The paths and names of every record a statistic refers to.
pub fn references(statistic: &Statistic) -> Vec<(String, &str)> {
    let mut references = station_references(statistic);
    if !statistic.parent_statistic.is_empty() {
        references.push(("parent_statistic".to_owned(), &statistic.parent_statistic));
    }
    references
}

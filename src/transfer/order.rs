//! The order in which an import wants records: each after what it refers to. An export has them by
//! their names, so that a station may come before the one it is below.

use std::collections::HashMap;
use std::mem::take;

use prost::Message as _;

use crate::pb::Record;
use crate::pb::record::Record as AnyRecord;
use crate::stations;
use crate::statistics;
use crate::transfer::proof::article_of;

/// Most bytes of records that are held back.
const HELD_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Holds stations back until all have come, and statistics until all of their article have.
#[derive(Debug, Default)]
pub struct References {
    held: Vec<Record>,
    held_bytes: usize,
    group: String,
}

impl References {
    /// Takes the next record; gives those that may be sent now.
    pub fn push(&mut self, record: Record) -> Vec<Record> {
        let group = match &record.record {
            Some(AnyRecord::Station(_)) => "stations",
            Some(AnyRecord::Statistic(statistic)) => article_of(&statistic.name),
            _ => "",
        };
        let mut released = Vec::new();
        if group != self.group || self.held_bytes > HELD_BYTES_MAX {
            released = self.finish();
            group.clone_into(&mut self.group);
        }
        if group.is_empty() {
            released.push(record);
        } else {
            self.held_bytes += record.encoded_len();
            self.held.push(record);
        }
        released
    }

    /// Gives those that are held back.
    pub fn finish(&mut self) -> Vec<Record> {
        self.held_bytes = 0;
        sorted(take(&mut self.held))
    }
}

/// Each after those of them that it refers to; otherwise in their order. Of a circle, one comes too early.
fn sorted(records: Vec<Record>) -> Vec<Record> {
    let mut places = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        places.insert(name(record).to_owned(), place);
    }
    let before: Vec<Vec<usize>> = records
        .iter()
        .map(|record| {
            let named = references(record).into_iter();
            named
                .filter_map(|name| places.get(&name).copied())
                .collect()
        })
        .collect();
    let mut records: Vec<Option<Record>> = records.into_iter().map(Some).collect();
    let mut is_reached = vec![false; records.len()];
    let mut sorted = Vec::with_capacity(records.len());
    for first in 0..records.len() {
        let mut path = vec![first];
        while let Some(place) = path.last().copied() {
            is_reached[place] = true;
            match before[place].iter().find(|before| !is_reached[**before]) {
                Some(before) => path.push(*before),
                None => {
                    path.pop();
                    sorted.extend(records[place].take());
                }
            }
        }
    }
    sorted
}

fn name(record: &Record) -> &str {
    match &record.record {
        Some(AnyRecord::Station(station)) => &station.name,
        Some(AnyRecord::Statistic(statistic)) => &statistic.name,
        _ => "",
    }
}

fn references(record: &Record) -> Vec<String> {
    let references = match &record.record {
        Some(AnyRecord::Station(station)) => stations::station_references(station),
        Some(AnyRecord::Statistic(statistic)) => statistics::references(statistic),
        _ => Vec::new(),
    };
    let names = references.into_iter().map(|(_, name)| name.to_owned());
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::{Article, Station, Statistic};

    fn station(name: &str, parent: &str) -> Record {
        Record {
            record: Some(AnyRecord::Station(Station {
                name: name.to_owned(),
                parent: parent.to_owned(),
                ..Station::default()
            })),
        }
    }

    fn statistic(name: &str, parent: &str) -> Record {
        Record {
            record: Some(AnyRecord::Statistic(Statistic {
                name: name.to_owned(),
                parent_statistic: parent.to_owned(),
                ..Statistic::default()
            })),
        }
    }

    fn ordered(records: Vec<Record>) -> Vec<String> {
        let mut references = References::default();
        let mut ordered = Vec::new();
        for record in records {
            ordered.extend(references.push(record));
        }
        ordered.extend(references.finish());
        let name = |record: &Record| match &record.record {
            Some(AnyRecord::Article(article)) => article.name.clone(),
            _ => name(record).to_owned(),
        };
        ordered.iter().map(name).collect()
    }

    #[test]
    fn each_comes_after_what_it_refers_to() {
        let article = Record {
            record: Some(AnyRecord::Article(Article {
                name: "a".to_owned(),
                ..Article::default()
            })),
        };
        let records = vec![
            station("b", "c"),
            station("c", "d"),
            station("d", "elsewhere"),
            station("e", "b"),
            article,
            statistic("a/statistics/1", "a/statistics/2"),
            statistic("a/statistics/2", ""),
            statistic("b/statistics/1", "b/statistics/1"),
        ];
        let expected = [
            "d",
            "c",
            "b",
            "e",
            "a",
            "a/statistics/2",
            "a/statistics/1",
            "b/statistics/1",
        ];
        assert_eq!(ordered(records), expected);
    }

    #[test]
    fn a_circle_loses_nobody() {
        let records = vec![station("a", "b"), station("b", "c"), station("c", "a")];
        assert_eq!(ordered(records), ["c", "b", "a"]);
    }
}

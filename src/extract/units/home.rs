//! The place an article is about: whose bureau its 市公安局 is.

use std::collections::BTreeMap;

use super::regions::{Level, Whereabouts, find};
use super::words::Token;

/// The place of an article, as far as it shows.
#[derive(Clone, Debug, Default)]
pub struct Home {
    places: Whereabouts,
}

/// What a text says of where it is.
#[derive(Clone, Debug, Default)]
pub struct Votes {
    cities: BTreeMap<&'static str, usize>,
    provinces: BTreeMap<&'static str, usize>,
}

impl Votes {
    /// Counts the places that a text names; those in the names of streets say nothing.
    pub fn count(&mut self, text: &str, tokens: &[Token]) {
        for token in tokens {
            let Some(spelling) = token.place() else {
                continue;
            };
            if !spelling.is_full && is_street(&text[token.end..]) {
                continue;
            }
            let mut regions = spelling.regions.iter();
            let Some(region) = regions.next() else {
                continue;
            };
            let is_only = regions.next().is_none();
            match region.level {
                Level::Province => *self.provinces.entry(region.province).or_default() += 1,
                Level::City => *self.cities.entry(region.city).or_default() += 2,
                Level::County if is_only && spelling.is_full && !region.city.is_empty() => {
                    *self.cities.entry(region.city).or_default() += 1;
                }
                Level::County => {}
            }
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (city, votes) in &other.cities {
            *self.cities.entry(city).or_default() += votes;
        }
        for (province, votes) in &other.provinces {
            *self.provinces.entry(province).or_default() += votes;
        }
    }

    /// The one city named more than any other, or else such a province.
    pub fn home(&self) -> Option<Home> {
        let mut places = Whereabouts::default();
        if let Some(city) = most(&self.cities) {
            places.city = city.to_owned();
            places.province = find(city, Level::City)?.province.to_owned();
        } else if let Some(province) = most(&self.provinces) {
            places.province = province.to_owned();
        } else {
            return None;
        }
        Some(Home { places })
    }
}

impl Home {
    /// What 省, 市 or 县 means here; a county is never known, as many share an article.
    pub fn places_of(&self, level: Option<Level>) -> Whereabouts {
        let mut places = self.places.clone();
        if level == Some(Level::Province) {
            places.city.clear();
        }
        places
    }
}

fn most(votes: &BTreeMap<&'static str, usize>) -> Option<&'static str> {
    let (place, most) = votes.iter().max_by_key(|(_, votes)| **votes)?;
    let is_only = votes.values().filter(|votes| *votes == most).count() == 1;
    is_only.then_some(*place)
}

fn is_street(rest: &str) -> bool {
    const STREETS: [&str; 10] = [
        "路", "街", "大道", "大桥", "广场", "东路", "西路", "南路", "北路", "中路",
    ];
    STREETS.iter().any(|street| rest.starts_with(street))
}

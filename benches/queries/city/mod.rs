//! A city's records, made from a seed: the messages that a caller would send, page and all.

mod articles;
pub mod draw;
mod page;
mod stations;
mod statistics;
pub mod words;

use bulletin::pb::Record;
use bulletin::pb::record::Record as AnyRecord;

use draw::Draw;

pub use stations::display_name;

/// To be raised by whatever changes what a seed gives: kept data is made anew.
pub const VERSION: u32 = 1;

/// How large a city, and which.
#[derive(Clone, Copy, Debug)]
pub struct City {
    pub seed: u64,
    pub stations: usize,
    pub articles: usize,
    pub statistics: usize,
}

/// What numbers are drawn for.
#[derive(Clone, Copy)]
enum Stream {
    Station = 1,
    Article,
    Draft,
    Phrase,
    Marked,
}

impl City {
    fn draw(&self, stream: Stream, index: usize) -> Draw {
        Draw::new(self.seed, stream as u64, index as u64)
    }

    pub fn station(&self, index: usize) -> Record {
        of(AnyRecord::Station(stations::station(self, index)))
    }

    /// A page, the article on it, and the article's statistics.
    pub fn bulletin(&self, index: usize) -> Vec<Record> {
        let bulletin = articles::bulletin(self, index);
        let mut records = vec![
            of(AnyRecord::Source(bulletin.source)),
            of(AnyRecord::Article(bulletin.article)),
        ];
        records.extend(
            bulletin
                .statistics
                .into_iter()
                .map(|s| of(AnyRecord::Statistic(s))),
        );
        records
    }

    /// Statistics of an article: the first ones have one more where they do not come out even.
    fn statistics_of(&self, index: usize) -> usize {
        self.statistics / self.articles + usize::from(index < self.statistics % self.articles)
    }
}

fn of(record: AnyRecord) -> Record {
    Record {
        record: Some(record),
    }
}

pub fn station_name(index: usize) -> String {
    format!("stations/s{index:05}")
}

pub fn article_name(index: usize) -> String {
    format!("articles/a{index:06}")
}

pub fn newspaper(index: usize) -> String {
    format!(
        "{}{}报",
        pair(index * 7),
        if index.is_multiple_of(2) {
            "日"
        } else {
            "晚"
        }
    )
}

pub fn place(index: usize) -> String {
    format!("{}街道", pair(index))
}

pub fn indicator(index: usize) -> String {
    format!("indicator-{index:04}")
}

pub fn person(index: usize) -> String {
    let (first, rest) = (index % words::SURNAMES.len(), index / words::SURNAMES.len());
    let given = words::GIVEN_NAMES;
    let (second, third) = (rest % given.len(), rest / given.len() % given.len());
    format!(
        "{}{}{}",
        words::SURNAMES[first],
        given[second],
        given[third]
    )
}

pub const PLACES: usize = 5_000;
pub const INDICATORS: usize = 2_000;
pub const PEOPLE: usize = 18_000;

/// Two syllables, of which there are 5,625 pairs.
fn pair(index: usize) -> String {
    let syllables = words::SYLLABLES;
    let (first, second) = (index / syllables.len(), index % syllables.len());
    format!(
        "{}{}",
        syllables[first % syllables.len()],
        syllables[second]
    )
}

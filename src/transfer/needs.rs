//! What a chunk must read under the lock to be decided.

use std::collections::HashMap;

use crate::articles::write::{removed_ids, source_sha256};
use crate::articles::{self};
use crate::changes::view::{Needs, View};
use crate::pb::record::Record as AnyRecord;
use crate::pb::{Article, Station, Statistic};
use crate::record::{Heading, Record as _};
use crate::references::CHAIN_MAX;
use crate::stations;
use crate::statistics;
use crate::transfer::chunk::{Chunk, Item, Mode};
use crate::transfer::proof::{Against, article_of, sha256_of};

/// Most statistics that a chunk takes along when it publishes, withdraws, deletes or re-anchors articles.
const TAKEN_ALONG_MAX: usize = 20_000;

/// What the records refer to.
pub fn references(chunk: &Chunk) -> Needs {
    let mut needs = Needs::default();
    for item in &chunk.items {
        let references = match &item.given {
            Some(AnyRecord::Source(source)) => {
                needs.pages.insert(source.sha256.clone());
                continue;
            }
            Some(AnyRecord::Station(station)) => stations::station_references(station),
            Some(AnyRecord::Article(article)) => {
                needs.pages.insert(source_sha256(article).to_owned());
                articles::station_references(article)
            }
            Some(AnyRecord::Statistic(statistic)) => {
                needs.counts_of.insert(article_of(&item.name).to_owned());
                statistics::references(statistic)
            }
            None => continue,
        };
        let names = references.into_iter().map(|(_, name)| name.to_owned());
        needs.records.extend(names);
    }
    needs
}

/// How an article's next version differs from the kept one in what its statistics share with it.
pub fn takes_along(current: &Article, given: &Article, sha256: &str) -> bool {
    let is_new_state = given.state != 0 && given.state != current.state;
    let is_new_page = sha256 != source_sha256(current);
    let is_deleted = given.is_deleted() && !current.is_deleted();
    is_new_state || is_new_page || is_deleted || !removed_ids(current, given).is_empty()
}

/// What is to be read beside: only for records that change what is kept.
pub fn lacks(chunk: &Chunk, view: &View) -> Option<Needs> {
    let mut needs = Needs::default();
    let given = Given::of(chunk);
    let mut taken_along = 0;
    for item in &chunk.items {
        let kept = view.heading(&item.name).ok().flatten();
        let is_left = match &kept {
            Some(kept) => chunk.mode == Mode::SkipExisting || item.is_kept_as(kept),
            None => false,
        };
        if is_left {
            continue;
        }
        match &item.given {
            Some(AnyRecord::Station(station)) => {
                given.chain(view, Link::Parent, &station.parent, &mut needs);
                given.chain(view, Link::Successor, &station.merged_into, &mut needs);
            }
            Some(AnyRecord::Article(article)) => {
                let current = view.seen::<Article>(&item.name).ok().flatten();
                let current = current.as_ref();
                let sha256 = sha256_of(article, current);
                given.page(item, sha256, &mut needs);
                if let Some(current) = current.filter(|it| takes_along(it, article, sha256)) {
                    given.taken_along(view, current, sha256, &mut needs, &mut taken_along);
                }
            }
            Some(AnyRecord::Statistic(statistic)) => {
                let first = &statistic.parent_statistic;
                given.chain(view, Link::Qualified, first, &mut needs);
                given.page_of_statistic(view, item, &mut needs);
            }
            _ => {}
        }
        given.referrers(item, kept.as_ref(), &mut needs);
    }
    needs.sources.remove("");
    needs.pages.remove("");
    view.lacks(needs)
}

/// What leads from a record to the next of its kind, on and on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Link {
    /// The station above.
    Parent,
    /// The station it was merged into.
    Successor,
    /// The statistic that it qualifies.
    Qualified,
}

/// The chunk's records by what others refer to them by.
struct Given<'a> {
    links: HashMap<(Link, &'a str), &'a str>,
    articles: HashMap<&'a str, &'a Article>,
}

impl<'a> Given<'a> {
    fn of(chunk: &'a Chunk) -> Self {
        let mut given = Self {
            links: HashMap::new(),
            articles: HashMap::new(),
        };
        for item in &chunk.items {
            match &item.given {
                Some(AnyRecord::Station(station)) => {
                    let name = station.name.as_str();
                    given.links.insert((Link::Parent, name), &station.parent);
                    let successor = &station.merged_into;
                    given.links.insert((Link::Successor, name), successor);
                }
                Some(AnyRecord::Article(article)) => {
                    given.articles.insert(&article.name, article);
                }
                Some(AnyRecord::Statistic(statistic)) => {
                    let key = (Link::Qualified, statistic.name.as_str());
                    given.links.insert(key, &statistic.parent_statistic);
                }
                _ => {}
            }
        }
        given
    }

    /// The next record of a chain that is not read yet, through those of the chunk.
    fn chain(&self, view: &View, link: Link, first: &str, needs: &mut Needs) {
        let mut at = first.to_owned();
        for _ in 0..CHAIN_MAX {
            if at.is_empty() {
                return;
            }
            if view.lacks(Needs::record(&at)).is_some() {
                needs.records.insert(at);
                return;
            }
            let given = self.links.get(&(link, at.as_str()));
            at = match given {
                Some(next) => (*next).to_owned(),
                None => kept_link(view, link, &at).unwrap_or_default(),
            };
        }
    }

    /// The page of an article that is not proven against it.
    fn page(&self, item: &Item, sha256: &str, needs: &mut Needs) {
        let against = item.proof.as_ref().map(|proof| &proof.against);
        needs.pages.insert(sha256.to_owned());
        if !matches!(against, Some(Against::Page(proven)) if proven == sha256) {
            needs.sources.insert(sha256.to_owned());
        }
    }

    /// The page of a statistic's article, when it is not proven against the article as it is.
    fn page_of_statistic(&self, view: &View, item: &Item, needs: &mut Needs) {
        let name = article_of(&item.name);
        let kept = view.seen::<Article>(name).ok().flatten();
        match item.proof.as_ref().map(|proof| &proof.against) {
            Some(Against::Given(_)) => return,
            Some(Against::Kept(revision))
                if kept.as_ref().is_some_and(|kept| kept.revision == *revision)
                    && !self.articles.contains_key(name) =>
            {
                return;
            }
            _ => {}
        }
        let given = self.articles.get(name);
        let sha256s = [
            kept.as_ref().map_or("", source_sha256),
            given.map_or("", |given| sha256_of(given, kept.as_ref())),
        ];
        needs.sources.extend(sha256s.map(str::to_owned));
    }

    /// The statistics of an article, with the pages between which they are moved and the stations that
    /// they name.
    fn taken_along(
        &self,
        view: &View,
        current: &Article,
        sha256: &str,
        needs: &mut Needs,
        taken_along: &mut usize,
    ) {
        let name = current.name.as_str();
        let Ok(count) = view.count_of(name) else {
            needs.counts_of.insert(name.to_owned());
            return;
        };
        *taken_along += count;
        if *taken_along > TAKEN_ALONG_MAX {
            return;
        }
        needs.statistics_of.insert(name.to_owned());
        if sha256 != source_sha256(current) {
            let pages = [sha256, source_sha256(current)];
            needs.sources.extend(pages.map(str::to_owned));
        }
        let statistics = view.statistics_of(name).unwrap_or_default();
        let stations = statistics.into_iter().flat_map(|one| one.stations);
        needs.records.extend(stations);
    }

    /// Who refers to a record that is to be deleted.
    fn referrers(&self, item: &Item, kept: Option<&Heading>, needs: &mut Needs) {
        if item.deletes_named(kept) {
            needs.referrers_of.insert(item.name.clone());
        }
    }
}

/// Where a record that is kept leads to.
fn kept_link(view: &View, link: Link, name: &str) -> Option<String> {
    let station = || view.seen::<Station>(name).ok().flatten();
    match link {
        Link::Parent => station().map(|station| station.parent),
        Link::Successor => station().map(|station| station.merged_into),
        Link::Qualified => {
            let statistic = view.seen::<Statistic>(name).ok().flatten();
            statistic.map(|statistic| statistic.parent_statistic)
        }
    }
}

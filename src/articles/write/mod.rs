//! What a write to an article comes to, decided under the lock.

mod lifecycle;
mod put;

pub use lifecycle::{Delete, Publish, Retract, Undelete};
pub use put::{Put, PutKind, check_removed, move_statistic, removed_ids};

use std::sync::Arc;

use crate::articles::station_references;
use crate::changes::view::{Needs, View};
use crate::error::Result;
use crate::page::Page;
use crate::pb::{Article, Statistic};

const FIELD: &str = "article";

/// The hash of an article's page; empty when it has none.
pub fn source_sha256(article: &Article) -> &str {
    article
        .source
        .as_ref()
        .map_or("", |source| source.sha256.as_str())
}

/// A page that was read under the lock.
fn page(view: &View, sha256: &str) -> Result<Option<Page>> {
    if sha256.is_empty() {
        return Ok(None);
    }
    Ok(view.source(sha256)?.map(|text: Arc<str>| Page::new(&text)))
}

/// Every station that an article and these of its statistics name.
pub fn stations<'a>(
    article: &'a Article,
    statistics: impl IntoIterator<Item = &'a Statistic>,
) -> Vec<&'a str> {
    let of_article = station_references(article)
        .into_iter()
        .map(|(_, name)| name);
    let of_statistics = statistics
        .into_iter()
        .flat_map(|statistic| statistic.stations.iter().map(String::as_str));
    of_article.chain(of_statistics).collect()
}

fn needs_of(stations: &[&str]) -> Needs {
    Needs::default().and_records(stations.iter().copied())
}

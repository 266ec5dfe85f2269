//! The seed page: as the service serves it, and as its facts list it.

use std::collections::BTreeMap;

use bulletin::pb::{self, Article, Station, Statistic};
use serde_json::Value;

use super::Service;

pub const CONFERENCE: &str = "articles/paichusuo-work-conference";
pub const TRAFFIC: &str = "articles/traffic-police-tieqi-grid-reform";
pub const PAGE_TEXT: &str = include_str!("../../data/bulletin-page.txt");

/// Every fact of the page.
pub fn facts() -> Value {
    serde_json::from_str(include_str!("../../data/page-facts.json")).unwrap()
}

/// Every record the service lists, by name; articles in the SOURCE view.
pub struct Records {
    pub articles: BTreeMap<String, Article>,
    pub stations: BTreeMap<String, Station>,
    pub statistics: BTreeMap<String, Statistic>,
}

impl Service {
    pub async fn records(&self) -> Records {
        let articles = pb::ListArticlesRequest {
            view: pb::View::Source.into(),
            ..Default::default()
        };
        let articles = self.articles().list_articles(articles).await.unwrap();
        let stations = pb::ListStationsRequest::default();
        let stations = self.stations().list_stations(stations).await.unwrap();
        let articles = articles.into_inner().articles.into_iter();
        let stations = stations.into_inner().stations.into_iter();
        let statistics = self.statistics_of("articles/-").await.into_iter();
        Records {
            articles: articles.map(|found| (found.name.clone(), found)).collect(),
            stations: stations.map(|found| (found.name.clone(), found)).collect(),
            statistics: statistics
                .map(|found| (found.name.clone(), found))
                .collect(),
        }
    }

    /// The statistics of an article, by name.
    pub async fn statistics_of(&self, article: &str) -> Vec<Statistic> {
        let request = pb::ListStatisticsRequest {
            parent: article.to_owned(),
            page_size: 1_000,
            ..Default::default()
        };
        let page = self.statistics().list_statistics(request).await.unwrap();
        page.into_inner().statistics
    }
}

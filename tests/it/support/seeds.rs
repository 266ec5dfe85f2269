//! The seed page, as the service serves it.

use bulletin::pb::{self, Statistic};

use super::Service;

pub const CONFERENCE: &str = "articles/paichusuo-work-conference";
pub const TRAFFIC: &str = "articles/traffic-police-tieqi-grid-reform";
pub const PAGE_TEXT: &str = include_str!("../../data/bulletin-page.txt");

impl Service {
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

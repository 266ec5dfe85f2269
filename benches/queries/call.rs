//! Calls over gRPC.

use anyhow::{Context as _, Result};
use bulletin::pb::article_service_client::ArticleServiceClient;
use bulletin::pb::station_service_client::StationServiceClient;
use bulletin::pb::statistic_service_client::StatisticServiceClient;
use bulletin::pb::{
    AggregateStatisticsRequest, GetArticleRequest, ListArticlesRequest, ListStationsRequest,
    ListStatisticsRequest, SearchArticlesRequest,
};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// One request, as it is sent again and again.
#[derive(Clone, Debug)]
pub enum Call {
    Health,
    Get(GetArticleRequest),
    Articles(ListArticlesRequest),
    Stations(ListStationsRequest),
    Statistics(ListStatisticsRequest),
    Aggregate(AggregateStatisticsRequest),
    Search(SearchArticlesRequest),
}

/// What of an answer matters here.
#[derive(Debug, Default)]
pub struct Answer {
    pub rows: usize,
    pub next_page_token: String,
}

#[derive(Clone, Debug)]
pub struct Client(Channel);

impl Client {
    pub async fn connect(address: &str) -> Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let channel = endpoint.connect().await;
        Ok(Self(channel.context("the service cannot be reached")?))
    }

    pub async fn call(&self, call: Call) -> Result<Answer, Status> {
        let channel = self.0.clone();
        let (rows, next_page_token) = match call {
            Call::Health => {
                let request = HealthCheckRequest::default();
                HealthClient::new(channel).check(request).await?;
                (1, String::new())
            }
            Call::Get(request) => {
                ArticleServiceClient::new(channel)
                    .get_article(request)
                    .await?;
                (1, String::new())
            }
            Call::Articles(request) => {
                let mut client = ArticleServiceClient::new(channel);
                let page = client.list_articles(request).await?.into_inner();
                (page.articles.len(), page.next_page_token)
            }
            Call::Stations(request) => {
                let mut client = StationServiceClient::new(channel);
                let page = client.list_stations(request).await?.into_inner();
                (page.stations.len(), page.next_page_token)
            }
            Call::Statistics(request) => {
                let mut client = StatisticServiceClient::new(channel);
                let page = client.list_statistics(request).await?.into_inner();
                (page.statistics.len(), page.next_page_token)
            }
            Call::Aggregate(request) => {
                let mut client = StatisticServiceClient::new(channel);
                let response = client.aggregate_statistics(request).await?.into_inner();
                let figures: i64 = response.groups.iter().map(|group| group.count).sum();
                (usize::try_from(figures).unwrap_or(0), String::new())
            }
            Call::Search(request) => {
                let mut client = ArticleServiceClient::new(channel);
                let page = client.search_articles(request).await?.into_inner();
                (page.results.len(), page.next_page_token)
            }
        };
        Ok(Answer {
            rows,
            next_page_token,
        })
    }
}

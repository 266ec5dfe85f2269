//! Requests that know their method, so that a test sends any of them alike.

use bulletin::pb;
use tonic::{Response, Status};

use super::{Refusal, Service};

/// A request of a unary method.
pub trait Call: Send + 'static {
    type Answer: Send + 'static;

    fn call(
        self,
        service: &Service,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;
}

macro_rules! calls {
    ($($client:ident.$method:ident($request:ident) -> $answer:ident;)*) => {
        $(impl Call for pb::$request {
            type Answer = pb::$answer;

            async fn call(self, service: &Service) -> Result<Response<pb::$answer>, Status> {
                service.$client().$method(self).await
            }
        })*
    };
}

calls! {
    articles.get_article(GetArticleRequest) -> Article;
    articles.batch_get_articles(BatchGetArticlesRequest) -> BatchGetArticlesResponse;
    articles.list_articles(ListArticlesRequest) -> ListArticlesResponse;
    articles.search_articles(SearchArticlesRequest) -> SearchArticlesResponse;
    articles.create_article(CreateArticleRequest) -> Article;
    articles.update_article(UpdateArticleRequest) -> Article;
    articles.delete_article(DeleteArticleRequest) -> Article;
    articles.undelete_article(UndeleteArticleRequest) -> Article;
    articles.publish_article(PublishArticleRequest) -> Article;
    articles.retract_article(RetractArticleRequest) -> Article;
    stations.get_station(GetStationRequest) -> Station;
    stations.batch_get_stations(BatchGetStationsRequest) -> BatchGetStationsResponse;
    stations.list_stations(ListStationsRequest) -> ListStationsResponse;
    stations.create_station(CreateStationRequest) -> Station;
    stations.update_station(UpdateStationRequest) -> Station;
    stations.delete_station(DeleteStationRequest) -> Station;
    stations.undelete_station(UndeleteStationRequest) -> Station;
    stations.resolve_stations(ResolveStationsRequest) -> ResolveStationsResponse;
    stations.list_station_honours(ListStationHonoursRequest) -> ListStationHonoursResponse;
    statistics.get_statistic(GetStatisticRequest) -> Statistic;
    statistics.batch_get_statistics(BatchGetStatisticsRequest) -> BatchGetStatisticsResponse;
    statistics.list_statistics(ListStatisticsRequest) -> ListStatisticsResponse;
    statistics.create_statistic(CreateStatisticRequest) -> Statistic;
    statistics.update_statistic(UpdateStatisticRequest) -> Statistic;
    statistics.delete_statistic(DeleteStatisticRequest) -> Statistic;
    statistics.undelete_statistic(UndeleteStatisticRequest) -> Statistic;
    statistics.aggregate_statistics(AggregateStatisticsRequest) -> AggregateStatisticsResponse;
    changes.get_head(GetHeadRequest) -> Head;
    changes.list_revisions(ListRevisionsRequest) -> ListRevisionsResponse;
    ingest.ingest_bulletin(IngestBulletinRequest) -> IngestBulletinResponse;
}

impl Service {
    /// The answer, or the refusal.
    pub async fn ask<C: Call>(&self, call: C) -> Result<C::Answer, Refusal> {
        Refusal::or(call.call(self).await)
    }

    /// Every version of a record, newest first.
    pub async fn revisions(&self, name: &str) -> Vec<pb::Revision> {
        let request = pb::ListRevisionsRequest {
            name: name.to_owned(),
            page_size: 1_000,
            ..Default::default()
        };
        self.ask(request).await.unwrap().revisions
    }

    /// What happened to a record, newest first.
    pub async fn history(&self, name: &str) -> Vec<pb::change::Type> {
        let revisions = self.revisions(name).await;
        revisions.iter().map(pb::Revision::r#type).collect()
    }
}

/// Paths as an update mask.
pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    let paths = paths.iter().map(ToString::to_string).collect();
    Some(prost_types::FieldMask { paths })
}

//! The calls that a page is made of: those of the API, inside this process, behind all that a call from
//! outside passes. So a visitor is shown what a client with the same token is given, and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tower::Layer;

use crate::edge::foreign::MESSAGE_BYTES_MAX;
use crate::guard::gate::Layers;
use crate::pb::article_service_client::ArticleServiceClient;
use crate::pb::change_service_client::ChangeServiceClient;
use crate::pb::station_service_client::StationServiceClient;
use crate::pb::statistic_service_client::StatisticServiceClient;
use crate::pb::{
    Article, GetArticleRequest, GetHeadRequest, GetStationRequest, Head, ListArticlesRequest,
    ListArticlesResponse, ListRevisionsRequest, ListRevisionsResponse, ListStationHonoursRequest,
    ListStationHonoursResponse, ListStatisticsRequest, ListStatisticsResponse,
    SearchArticlesRequest, SearchArticlesResponse, Station,
};

/// The services with their layers.
pub type Inside = <Layers as Layer<Routes>>::Service;

/// What the calls of one page may take together: less than a connection to the ops port.
const PAGE_TIME_MAX: Duration = Duration::from_secs(8);

/// The calls of one page, by one visitor.
pub struct Calls {
    inside: Arc<Inside>,
    authorization: Option<MetadataValue<Ascii>>,
    deadline: Instant,
}

macro_rules! calls {
    ($($client:ident: $method:ident($request:ty) -> $response:ty;)*) => {$(
        pub async fn $method(&self, message: $request) -> Result<Response<$response>, Status> {
            let inside = Inside::clone(&self.inside);
            let client = $client::new(inside).max_decoding_message_size(MESSAGE_BYTES_MAX);
            let mut client = client.max_encoding_message_size(MESSAGE_BYTES_MAX);
            client.$method(self.request(message)).await
        }
    )*};
}

impl Calls {
    pub fn new(inside: Arc<Inside>, authorization: Option<MetadataValue<Ascii>>) -> Self {
        Self {
            inside,
            authorization,
            deadline: Instant::now() + PAGE_TIME_MAX,
        }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            let authorization = authorization.clone();
            request
                .metadata_mut()
                .insert("authorization", authorization);
        }
        request.set_timeout(self.deadline.saturating_duration_since(Instant::now()));
        request
    }

    calls! {
        ArticleServiceClient: get_article(GetArticleRequest) -> Article;
        ArticleServiceClient: list_articles(ListArticlesRequest) -> ListArticlesResponse;
        ArticleServiceClient: search_articles(SearchArticlesRequest) -> SearchArticlesResponse;
        StationServiceClient: get_station(GetStationRequest) -> Station;
        StationServiceClient: list_station_honours(ListStationHonoursRequest) -> ListStationHonoursResponse;
        StatisticServiceClient: list_statistics(ListStatisticsRequest) -> ListStatisticsResponse;
        ChangeServiceClient: get_head(GetHeadRequest) -> Head;
        ChangeServiceClient: list_revisions(ListRevisionsRequest) -> ListRevisionsResponse;
    }
}

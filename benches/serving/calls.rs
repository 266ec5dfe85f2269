//! The calls that are driven: their paths and their requests.

use bulletin::pb::{
    BatchGetArticlesRequest, GetArticleRequest, ListArticlesRequest, ListStatisticsRequest,
    SearchArticlesRequest, View,
};
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Batch,
    List,
    Statistics,
    Search,
}

pub const GET: &str = "/bulletin.v1.ArticleService/GetArticle";
pub const BATCH: &str = "/bulletin.v1.ArticleService/BatchGetArticles";
pub const LIST: &str = "/bulletin.v1.ArticleService/ListArticles";
pub const STATISTICS: &str = "/bulletin.v1.StatisticService/ListStatistics";
const SEARCH: &str = "/bulletin.v1.ArticleService/SearchArticles";

impl Method {
    pub fn path(self) -> PathAndQuery {
        PathAndQuery::from_static(match self {
            Self::Get => GET,
            Self::Batch => BATCH,
            Self::List => LIST,
            Self::Statistics => STATISTICS,
            Self::Search => SEARCH,
        })
    }

    /// Whether its replies are records in field 1, and the token of the next page in field 2.
    pub fn is_paged(self) -> bool {
        matches!(self, Self::List | Self::Statistics | Self::Search)
    }
}

pub fn get(name: &str) -> Bytes {
    let request = GetArticleRequest {
        name: name.to_owned(),
        ..GetArticleRequest::default()
    };
    request.encode_to_vec().into()
}

pub fn batch(names: Vec<String>) -> Bytes {
    let request = BatchGetArticlesRequest {
        names,
        ..BatchGetArticlesRequest::default()
    };
    request.encode_to_vec().into()
}

/// Articles by name.
pub fn list(view: View, filter: &str, page_token: &str, page_size: i32) -> Bytes {
    let request = ListArticlesRequest {
        page_size,
        page_token: page_token.to_owned(),
        filter: filter.to_owned(),
        view: view.into(),
        ..ListArticlesRequest::default()
    };
    request.encode_to_vec().into()
}

/// Statistics of all articles.
pub fn statistics(page_token: &str, page_size: i32) -> Bytes {
    let request = ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        ..ListStatisticsRequest::default()
    };
    request.encode_to_vec().into()
}

pub fn search(query: &str) -> Bytes {
    let request = SearchArticlesRequest {
        query: query.to_owned(),
        ..SearchArticlesRequest::default()
    };
    request.encode_to_vec().into()
}

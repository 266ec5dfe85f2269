//! A handler as it is written first: one query a call through a pool, its rows read into messages, the
//! messages encoded.

use bulletin::pb::{Article, GetArticleRequest, ListArticlesRequest, ListArticlesResponse};
use prost::Message as _;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tonic::Status;

use super::dispatch::{Answer, Handlers};

pub const CONNECTIONS: u32 = 8;
const GET: &str = "select record from articles where name = $1 and not is_deleted";
/// A page goes on after the last name of the one before, which is its token.
const LIST: &str =
    "select record from articles where name > $1 and not is_deleted order by name limit $2";

#[derive(Clone)]
pub struct Plain(PgPool);

impl Plain {
    /// A pool asks each connection whether it lives before it lends it, unless told not to.
    pub async fn connect(asks_connections: bool) -> anyhow::Result<Self> {
        let url = std::env::var("DATABASE_URL")?;
        let options = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS)
            .test_before_acquire(asks_connections);
        Ok(Self(options.connect(&url).await?))
    }
}

impl Handlers for Plain {
    type One = Article;
    type Page = ListArticlesResponse;

    async fn get(&self, request: GetArticleRequest) -> Answer<Article> {
        let query = sqlx::query_scalar::<_, Vec<u8>>(GET).bind(request.name);
        let record = query.fetch_optional(&self.0).await.map_err(internal)?;
        let record = record.ok_or_else(|| Status::not_found("no such article"))?;
        Article::decode(record.as_slice()).map_err(internal)
    }

    async fn list(&self, request: ListArticlesRequest) -> Answer<ListArticlesResponse> {
        let query = sqlx::query_scalar::<_, Vec<u8>>(LIST)
            .bind(request.page_token)
            .bind(i64::from(request.page_size));
        let records = query.fetch_all(&self.0).await.map_err(internal)?;
        let articles = records
            .iter()
            .map(|record| Article::decode(record.as_slice()));
        let articles: Vec<Article> = articles.collect::<Result<_, _>>().map_err(internal)?;
        let last = articles.last().map(|article| article.name.clone());
        Ok(ListArticlesResponse {
            articles,
            next_page_token: last.unwrap_or_default(),
            ..ListArticlesResponse::default()
        })
    }
}

pub fn internal(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

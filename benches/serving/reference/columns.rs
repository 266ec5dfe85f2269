//! A handler of a table that has a column for each of an article's fields: its rows are read into messages,
//! the messages encoded. Messages inside of an article stand encoded in their columns, which is less work
//! than JSON would be.

use anyhow::{Context as _, Result};
use bulletin::pb::{Article, GetArticleRequest, ListArticlesRequest, ListArticlesResponse};
use prost::Message;
use prost_types::Timestamp;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use tonic::Status;

use super::dispatch::{Answer, Handlers};
use super::plain::{CONNECTIONS, internal};

/// A schema of its own, beside the service's tables.
const CREATE: [&str; 2] = [
    "create schema if not exists reference",
    "create table if not exists reference.articles (
       name text collate \"C\" primary key, etag text not null, revision bigint not null,
       create_time timestamptz not null, update_time timestamptz not null, delete_time timestamptz,
       inferred text[] not null, headline text not null, kicker text not null, deck text not null,
       headline_span bytea, kicker_span bytea, deck_span bytea, language_code text not null,
       state integer not null, publication bytea, bylines bytea[] not null, continuation bytea,
       completeness integer not null, corrections bytea[] not null, retraction bytea, source bytea,
       captions bytea[] not null, people bytea[] not null, quotations bytea[] not null,
       honours bytea[] not null, events bytea[] not null, works bytea[] not null,
       mentions bytea[] not null, paragraphs bytea[] not null)",
];
const INSERT: &str =
    "insert into reference.articles values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
    $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)";
const LIST: &str = "select * from reference.articles where name > $1 and delete_time is null
    order by name limit $2";

#[derive(Clone)]
pub struct Columns(PgPool);

impl Columns {
    pub async fn connect() -> Result<Self> {
        let url = std::env::var("DATABASE_URL")?;
        let options = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS);
        Ok(Self(options.connect(&url).await?))
    }
}

impl Handlers for Columns {
    type One = Article;
    type Page = ListArticlesResponse;

    async fn get(&self, _: GetArticleRequest) -> Answer<Article> {
        Err(Status::unimplemented("lists alone are compared with it"))
    }

    async fn list(&self, request: ListArticlesRequest) -> Answer<ListArticlesResponse> {
        let query = sqlx::query(LIST)
            .bind(request.page_token)
            .bind(i64::from(request.page_size));
        let rows = query.fetch_all(&self.0).await.map_err(internal)?;
        let articles: Result<Vec<Article>> = rows.iter().map(article).collect();
        let articles = articles.map_err(internal)?;
        let last = articles.last().map(|article| article.name.clone());
        Ok(ListArticlesResponse {
            articles,
            next_page_token: last.unwrap_or_default(),
            ..ListArticlesResponse::default()
        })
    }
}

fn article(row: &PgRow) -> Result<Article> {
    Ok(Article {
        name: row.try_get(0)?,
        etag: row.try_get(1)?,
        revision: row.try_get(2)?,
        create_time: time(row, 3)?,
        update_time: time(row, 4)?,
        delete_time: time(row, 5)?,
        inferred: row.try_get(6)?,
        headline: row.try_get(7)?,
        kicker: row.try_get(8)?,
        deck: row.try_get(9)?,
        headline_span: message(row, 10)?,
        kicker_span: message(row, 11)?,
        deck_span: message(row, 12)?,
        language_code: row.try_get(13)?,
        state: row.try_get(14)?,
        publication: message(row, 15)?,
        bylines: messages(row, 16)?,
        continuation: message(row, 17)?,
        completeness: row.try_get(18)?,
        corrections: messages(row, 19)?,
        retraction: message(row, 20)?,
        source: message(row, 21)?,
        captions: messages(row, 22)?,
        people: messages(row, 23)?,
        quotations: messages(row, 24)?,
        honours: messages(row, 25)?,
        events: messages(row, 26)?,
        works: messages(row, 27)?,
        mentions: messages(row, 28)?,
        paragraphs: messages(row, 29)?,
        source_text: String::new(),
    })
}

fn time(row: &PgRow, column: usize) -> Result<Option<Timestamp>> {
    let time: Option<OffsetDateTime> = row.try_get(column)?;
    time.map(|time| {
        Ok(Timestamp {
            seconds: time.unix_timestamp(),
            nanos: i32::try_from(time.nanosecond())?,
        })
    })
    .transpose()
}

fn message<M: Message + Default>(row: &PgRow, column: usize) -> Result<Option<M>> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    Ok(bytes.map(M::decode).transpose()?)
}

fn messages<M: Message + Default>(row: &PgRow, column: usize) -> Result<Vec<M>> {
    let bytes: Vec<Vec<u8>> = row.try_get(column)?;
    let messages: Result<_, _> = bytes.iter().map(|bytes| M::decode(&**bytes)).collect();
    Ok(messages?)
}

/// Makes the table of the service's own articles, unless it is there.
pub async fn fill(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for sql in CREATE {
        sqlx::query(sql).execute(&mut connection).await?;
    }
    let filled = "select exists (select from reference.articles)";
    if sqlx::query_scalar(filled)
        .fetch_one(&mut connection)
        .await?
    {
        return Ok(());
    }
    let mut writing = connection.begin().await?;
    let mut after = String::new();
    loop {
        let records = "select name, record from articles where name > $1 order by name limit 1000";
        let records: Vec<(String, Vec<u8>)> = sqlx::query_as(records)
            .bind(&after)
            .fetch_all(&mut *writing)
            .await?;
        let Some((last, _)) = records.last() else {
            break;
        };
        after.clone_from(last);
        for (_, record) in &records {
            insert(&mut writing, Article::decode(record.as_slice())?).await?;
        }
    }
    writing.commit().await?;
    sqlx::query("vacuum analyze reference.articles")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

async fn insert(connection: &mut PgConnection, article: Article) -> Result<()> {
    let query = sqlx::query(INSERT)
        .bind(article.name)
        .bind(article.etag)
        .bind(article.revision)
        .bind(moment(article.create_time)?)
        .bind(moment(article.update_time)?)
        .bind(moment(article.delete_time)?)
        .bind(article.inferred)
        .bind(article.headline)
        .bind(article.kicker)
        .bind(article.deck)
        .bind(one(article.headline_span))
        .bind(one(article.kicker_span))
        .bind(one(article.deck_span))
        .bind(article.language_code)
        .bind(article.state)
        .bind(one(article.publication))
        .bind(all(&article.bylines))
        .bind(one(article.continuation))
        .bind(article.completeness)
        .bind(all(&article.corrections))
        .bind(one(article.retraction))
        .bind(one(article.source))
        .bind(all(&article.captions))
        .bind(all(&article.people))
        .bind(all(&article.quotations))
        .bind(all(&article.honours))
        .bind(all(&article.events))
        .bind(all(&article.works))
        .bind(all(&article.mentions))
        .bind(all(&article.paragraphs));
    query.execute(connection).await?;
    Ok(())
}

fn moment(time: Option<Timestamp>) -> Result<Option<OffsetDateTime>> {
    time.map(|time| {
        let nanos = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).context("a time that is none")
    })
    .transpose()
}

fn one<M: Message>(message: Option<M>) -> Option<Vec<u8>> {
    message.map(|message| message.encode_to_vec())
}

fn all<M: Message>(messages: &[M]) -> Vec<Vec<u8>> {
    messages.iter().map(Message::encode_to_vec).collect()
}

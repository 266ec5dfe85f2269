//! Articles in Postgres, and the pages they were read from.

use std::collections::BTreeSet;

use prost::bytes::Bytes;
use serde_json::{Map, Value, json};
use sqlx::Row as _;

use crate::articles::search::document::tsvector;
use crate::articles::station_references;
use crate::columns;
use crate::db::Db;
use crate::error::Result;
use crate::listing::Listed;
use crate::names::{ArticleName, Kind};
use crate::pb::honour::Level;
use crate::pb::{Article, View};
use crate::reading::{self, Read, first, snapshot_sql};
use crate::record::{Body, basic_length, decode};
use crate::records::{self, Form, batch_sql, get_sql};
use crate::route::Freshness;
use crate::sight::Sight;

/// A statement for each view: a prefix of the record, the record, the record and its page's text.
macro_rules! by_view {
    ($view:expr, $sql:ident!($basic:literal, $full:literal, $source:literal)) => {
        match $view {
            View::Basic => $sql!(
                $basic,
                "articles",
                "substr(record, 1, basic_length)",
                "null::text"
            ),
            View::Unspecified | View::Full => {
                $sql!($full, "articles", "record", "null::text")
            }
            View::Source => $sql!(
                $source,
                "articles",
                "record",
                "(select s.text from sources s where s.sha256 = source_sha256)"
            ),
        }
    };
}

pub async fn get(
    db: &Db,
    name: &ArticleName,
    view: View,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Option<Bytes>>> {
    let (name, form) = (name.as_str(), form(view));
    let whole = get_sql!("articles.get", "articles", "record", "null::text");
    let with_text = get_sql!(
        "articles.get_source",
        "articles",
        "record",
        "(select s.text from sources s where s.sha256 = source_sha256)"
    );
    if form == Form::WithText {
        return records::get_from_database(db, with_text, name, sight, freshness).await;
    }
    let mut read = records::get(db, Kind::Article, whole, name, sight, freshness).await?;
    read.value = read.value.map(|record| form.of(record).into());
    Ok(read)
}

fn form(view: View) -> Form {
    match view {
        View::Basic => Form::Basic,
        View::Unspecified | View::Full => Form::Whole,
        View::Source => Form::WithText,
    }
}

pub async fn batch_get(
    db: &Db,
    names: &[&str],
    view: View,
    sight: Sight,
    freshness: &Freshness,
) -> Result<Read<Vec<Body>>> {
    let sql = by_view!(
        view,
        batch_sql!(
            "articles.batch_get_basic",
            "articles.batch_get",
            "articles.batch_get_source"
        )
    );
    records::batch_get(db, sql, form(view), names, sight, freshness).await
}

/// What lists read, by view.
pub fn listed(view: View) -> Listed {
    let full = Listed {
        name: "articles.list",
        kind: Kind::Article,
        form: form(view),
        table: "articles",
        record: "record",
        text: "null::text",
    };
    match view {
        View::Basic => Listed {
            name: "articles.list_basic",
            record: "substr(record, 1, basic_length)",
            ..full
        },
        View::Unspecified | View::Full => full,
        View::Source => Listed {
            name: "articles.list_source",
            text: "(select s.text from sources s where s.sha256 = source_sha256)",
            ..full
        },
    }
}

/// A page's text.
pub async fn source_text(db: &Db, sha256: &str, freshness: &Freshness) -> Result<Option<String>> {
    let sql = snapshot_sql!(
        "sources.get",
        "select tip.*, (select text from sources where sha256 = $2) as text from tip"
    );
    let statement = |asked: Vec<i64>| Ok(sqlx::query(sql).bind(asked).bind(sha256));
    let found = reading::read(db, freshness, statement).await?;
    Ok(first(&found.value)?.try_get("text")?)
}

/// What is kept of a page.
#[derive(Debug, Default)]
pub struct OfPage {
    /// Deleted ones too.
    pub articles: Vec<Vec<u8>>,
    pub statistics: Vec<Vec<u8>>,
    /// The stations they name that are only proposed.
    pub proposed: Vec<Vec<u8>>,
}

/// The records of the page with this hash, each kind by name: of articles that have its text, and of
/// those that are called after it, since the text of these may have been corrected.
pub async fn of_page(
    db: &Db,
    sha256: &str,
    page_name: &str,
    freshness: &Freshness,
) -> Result<Read<OfPage>> {
    // Names have ten digits of the hash only, and anybody may give one: the page itself must be kept.
    let sql = snapshot_sql!(
        "articles.of_page",
        ", article as (
          select name, record, stations from articles where source_sha256 = $2
          union all
          select name, record, stations from articles
          where name > $3 || '-' and name < $3 || '.' and source_sha256 is distinct from $2
            and exists (select from sources where sha256 = $2)),
        statistic as (
          select s.name, s.record, s.stations
          from article a join statistics s on s.article = a.name),
        named as (
          select unnest(stations) as name from article
          union
          select unnest(stations) from statistic),
        found as (
          select 1 as sort, name, record from article
          union all
          select 2, name, record from statistic
          union all
          select 3, s.name, s.record from stations s join named using (name)
          where s.state = 'PROPOSED' and not s.is_deleted)
        select tip.*, found.sort, found.record, null::text as text
        from tip left join found on true order by found.sort, found.name"
    );
    let statement = |asked: Vec<i64>| {
        let query = sqlx::query(sql).bind(asked).bind(sha256);
        Ok(query.bind(page_name))
    };
    let found = reading::read(db, freshness, statement).await?;
    let mut of_page = OfPage::default();
    for row in &found.value {
        let record: Option<Vec<u8>> = row.try_get("record")?;
        let Some(record) = record else {
            continue;
        };
        match row.try_get::<i32, _>("sort")? {
            1 => of_page.articles.push(record),
            2 => of_page.statistics.push(record),
            _ => of_page.proposed.push(record),
        }
    }
    Ok(Read {
        snapshot: found.snapshot,
        value: of_page,
    })
}

/// What a record's row holds, but for the record and its revision.
pub fn row(record: &[u8]) -> Result<Value> {
    let article: Article = decode(record)?;
    let mut row = columns(&article);
    row["name"] = json!(article.name);
    Ok(row)
}

/// The columns of an article, by name.
fn columns(article: &Article) -> Value {
    let mut columns = columns::header(article);
    let publication = article.publication.clone().unwrap_or_default();
    let texts = [
        ("headline", &article.headline),
        ("kicker", &article.kicker),
        ("deck", &article.deck),
        ("language_code", &article.language_code),
        ("newspaper", &publication.newspaper),
        ("edition", &publication.edition),
        ("page", &publication.page),
        ("section", &publication.section),
    ];
    columns::texts(&mut columns, texts);
    columns::words(
        &mut columns,
        [
            ("state", article.state().as_str_name()),
            ("completeness", article.completeness().as_str_name()),
        ],
    );
    let date = publication.publish_date.as_ref();
    columns::date(&mut columns, "publish_date", date);
    columns.insert("publish_order".to_owned(), columns::date_order(date));
    let source = article.source.as_ref().map(|source| source.sha256.as_str());
    columns.insert("source_sha256".to_owned(), json!(source));
    columns.insert("basic_length".to_owned(), json!(basic_length(article)));
    let stations: BTreeSet<&str> = station_references(article)
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    columns.insert("stations".to_owned(), json!(stations));
    columns.insert("inferred".to_owned(), json!(article.inferred));
    list_columns(&mut columns, article);
    columns.insert("search".to_owned(), json!(tsvector(article)));
    Value::Object(columns)
}

fn list_columns(columns: &mut Map<String, Value>, article: &Article) {
    let mut put = |column: &str, values: BTreeSet<&str>| {
        columns.insert(column.to_owned(), json!(values));
    };
    let (people, honours) = (&article.people, &article.honours);
    put(
        "byline_names",
        article
            .bylines
            .iter()
            .map(|byline| byline.display_name.as_str())
            .collect(),
    );
    put(
        "byline_roles",
        article
            .bylines
            .iter()
            .map(|byline| byline.role().as_str_name())
            .collect(),
    );
    put(
        "people",
        people
            .iter()
            .map(|person| person.display_name.as_str())
            .collect(),
    );
    let offices = people.iter().flat_map(|person| &person.offices);
    let stations = offices.map(|office| office.station.as_str());
    put(
        "office_stations",
        stations.filter(|station| !station.is_empty()).collect(),
    );
    put(
        "honour_titles",
        honours.iter().map(|honour| honour.title.as_str()).collect(),
    );
    put(
        "honour_levels",
        honours
            .iter()
            .filter(|honour| honour.level() != Level::Unspecified)
            .map(|honour| honour.level().as_str_name())
            .collect(),
    );
    put(
        "honour_states",
        honours
            .iter()
            .map(|honour| honour.state().as_str_name())
            .collect(),
    );
    let recipients = honours.iter().flat_map(|honour| &honour.recipients);
    put(
        "honour_recipients",
        recipients.map(String::as_str).collect(),
    );
    put(
        "mention_stations",
        article
            .mentions
            .iter()
            .map(|mention| mention.station.as_str())
            .collect(),
    );
    put(
        "mention_surfaces",
        article
            .mentions
            .iter()
            .map(|mention| mention.surface.as_str())
            .collect(),
    );
    put(
        "event_names",
        article
            .events
            .iter()
            .map(|event| event.display_name.as_str())
            .collect(),
    );
    put(
        "work_titles",
        article
            .works
            .iter()
            .map(|work| work.title.as_str())
            .collect(),
    );
}

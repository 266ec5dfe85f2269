//! What Postgres makes of lists: each order a walk along its index, however deep the page, and each
//! selective filter an index. Pages are of a database large enough for a wrong plan to show.

use std::collections::BTreeSet;

use bulletin::articles::search::query::Query;
use bulletin::articles::search::store::{self as search, Look, Start};
use bulletin::db::Db;
use bulletin::filter::check::{Condition, Schema, check};
use bulletin::filter::order::{self, AskedOrder, Order};
use bulletin::listing::{self, Listed, Page, Wanted};
use bulletin::pb::View;
use bulletin::pb::total::Mode;
use bulletin::route::Freshness;
use bulletin::sight::Sight;
use bulletin::{articles, stations, statistics};
use prost::bytes::Bytes;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::support::generated::{RARE, filled};

/// What the first page is taken to touch at least: where its rows stand side by side it touches fewer,
/// which says nothing of other pages.
const BUFFERS_FEW: i64 = 30;

/// A page that touches more of these has read much that it does not send.
const BUFFERS_MAX: i64 = 400;

#[derive(Clone, Copy)]
struct Resource {
    listed: Listed,
    schema: &'static Schema,
    orders: &'static [Order],
    page_size: usize,
    sight: Sight,
}

impl Resource {
    fn articles() -> Self {
        Self {
            listed: articles::store::listed(View::Basic),
            schema: &articles::fields::SCHEMA,
            orders: articles::fields::ORDERS,
            page_size: 50,
            sight: Sight::All,
        }
    }

    fn stations() -> Self {
        Self {
            listed: stations::store::LISTED,
            schema: &stations::fields::SCHEMA,
            orders: stations::fields::ORDERS,
            page_size: 10,
            sight: Sight::All,
        }
    }

    fn statistics() -> Self {
        Self {
            listed: statistics::store::LISTED,
            schema: &statistics::fields::SCHEMA,
            orders: statistics::fields::ORDERS,
            page_size: 50,
            sight: Sight::All,
        }
    }

    /// As everybody is shown it, and as readers are: what they are not shown is passed by on the way.
    fn in_each_sight(self) -> [Self; 2] {
        [Sight::All, Sight::Public].map(|sight| Self { sight, ..self })
    }

    fn filter(&self, filter: &str) -> Option<Condition> {
        check(self.schema, filter).unwrap()
    }

    fn order(&self, order_by: &str) -> AskedOrder {
        order::parse(self.orders, order_by).unwrap()
    }

    fn wanted<'a>(&self, order_by: &str, filter: Option<&'a Condition>) -> Wanted<'a> {
        Wanted {
            article: None,
            filter,
            order: self.order(order_by),
            after: None,
            size: self.page_size,
            show_deleted: false,
            sight: self.sight,
        }
    }

    async fn plan(&self, db: &Db, wanted: Wanted<'_>) -> Plan {
        let explained = listing::explain(db, self.listed, wanted).await.unwrap();
        Plan::of(&explained, self.listed.table)
    }

    async fn read(&self, db: &Db, wanted: Wanted<'_>) -> Page<Vec<Bytes>> {
        let read = listing::list_records(db, self.listed, wanted, &Freshness::default()).await;
        read.unwrap().value
    }

    /// The sort key after which a page of this number begins.
    async fn after(
        &self,
        connection: &mut PgConnection,
        asked: AskedOrder,
        page: usize,
    ) -> Vec<String> {
        let keys: Vec<&str> = asked.order.keys.iter().map(|key| key.column()).collect();
        let (toward, back) = if asked.is_descending {
            ("desc", "asc")
        } else {
            ("asc", "desc")
        };
        let by_name = if keys.is_empty() { toward } else { back };
        let texts: String = keys.iter().map(|key| format!("{key}::text, ")).collect();
        let order: String = keys.iter().map(|key| format!("{key} {toward}, ")).collect();
        let sql = format!(
            "select array[{texts}name::text] from {} where not is_deleted
             order by {order}name {by_name} offset {} limit 1",
            self.listed.table,
            (page - 1) * self.page_size - 1
        );
        let sql = AssertSqlSafe(sql);
        sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
    }
}

/// What of a plan matters here.
#[derive(Debug)]
struct Plan {
    indexes: BTreeSet<String>,
    scans_table: bool,
    buffers: i64,
}

impl Plan {
    fn of(explained: &Value, table: &str) -> Self {
        let root = &explained[0]["Plan"];
        let count = |of: &str| root[of].as_i64().unwrap();
        let mut plan = Self {
            indexes: BTreeSet::new(),
            scans_table: false,
            buffers: count("Shared Hit Blocks") + count("Shared Read Blocks"),
        };
        plan.add(root, table);
        plan
    }

    fn add(&mut self, node: &Value, table: &str) {
        if let Some(index) = node["Index Name"].as_str()
            && index != "revisions_pkey"
        {
            self.indexes.insert(index.to_owned());
        }
        self.scans_table |= node["Node Type"] == "Seq Scan" && node["Relation Name"] == table;
        for below in node["Plans"].as_array().into_iter().flatten() {
            self.add(below, table);
        }
    }

    fn is_only(&self, index: &str) -> bool {
        !self.scans_table && self.indexes.len() == 1 && self.indexes.contains(index)
    }
}

/// Every order both ways, its first page and pages deep inside.
async fn check_orders(resource: Resource, pages: &[usize], expected: &[(&str, &str)]) {
    let (database, db) = filled().await;
    let mut connection = database.connect().await;
    let paths: Vec<&str> = resource.orders.iter().map(|order| order.path).collect();
    let tested: Vec<&str> = expected.iter().map(|(path, _)| *path).collect();
    assert_eq!(tested, paths);
    let mut wrong = Vec::new();
    for (path, index) in expected {
        for direction in ["asc", "desc"] {
            let order_by = format!("{path} {direction}");
            for resource in resource.in_each_sight() {
                let first = resource.plan(&db, resource.wanted(&order_by, None)).await;
                let sight = resource.sight;
                if !first.is_only(index) {
                    wrong.push(format!("{order_by}, {sight:?}: {first:?}"));
                }
                for page in pages {
                    let order = resource.order(&order_by);
                    let after = resource.after(&mut connection, order, *page).await;
                    let mut wanted = resource.wanted(&order_by, None);
                    wanted.after = Some(&after);
                    let deep = resource.plan(&db, wanted).await;
                    if !deep.is_only(index) || deep.buffers > 3 * first.buffers.max(BUFFERS_FEW) {
                        let first = first.buffers;
                        let at = format!("{order_by}, {sight:?}, page {page}");
                        wrong.push(format!("{at}: {deep:?}, first {first}"));
                    }
                }
            }
        }
    }
    db.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every filter by its index, without reading much that is not sent.
async fn check_filters(resource: Resource, expected: &[(String, &str, &str)]) {
    let (_, db) = filled().await;
    let mut wrong = Vec::new();
    for (filter, order_by, index) in expected {
        let condition = resource.filter(filter);
        for resource in resource.in_each_sight() {
            let wanted = resource.wanted(order_by, condition.as_ref());
            let plan = resource.plan(&db, wanted).await;
            let found = resource.read(&db, wanted).await.records.len();
            if !plan.is_only(index) || plan.buffers > BUFFERS_MAX || found == 0 {
                let at = format!("{filter} by {order_by}, {:?}", resource.sight);
                wrong.push(format!("{at}: {plan:?}, {found} found"));
            }
        }
    }
    db.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pages 300 and 1,700 of 2,000 are among the undated, from either end.
#[tokio::test]
async fn articles_are_walked_along_the_index_of_their_order() {
    let expected = [
        ("name", "articles_pkey"),
        ("create_time", "articles_by_create_time"),
        ("update_time", "articles_by_update_time"),
        ("publication.publish_date", "articles_by_publish_date"),
    ];
    check_orders(Resource::articles(), &[300, 1_000, 1_700], &expected).await;
}

#[tokio::test]
async fn stations_are_walked_along_the_index_of_their_order() {
    let expected = [
        ("name", "stations_pkey"),
        ("display_name", "stations_by_display_name"),
        ("create_time", "stations_by_create_time"),
        ("update_time", "stations_by_update_time"),
    ];
    check_orders(Resource::stations(), &[1_000], &expected).await;
}

/// Pages 300 and 3,700 of 4,000 are among those without a start or a value, from either end.
#[tokio::test]
async fn statistics_are_walked_along_the_index_of_their_order() {
    let expected = [
        ("name", "statistics_pkey"),
        ("create_time", "statistics_by_create_time"),
        ("update_time", "statistics_by_update_time"),
        ("quantity.value", "statistics_by_value"),
        ("period.start", "statistics_by_start"),
    ];
    check_orders(Resource::statistics(), &[300, 1_000, 3_700], &expected).await;
}

#[tokio::test]
async fn selective_filters_of_articles_use_their_index() {
    let (station, person) = (RARE.station, RARE.person);
    let newspaper = RARE.newspaper;
    let by_station = format!("mentions.station:\"{station}\"");
    let by_newspaper = format!("publication.newspaper = \"{newspaper}\"");
    let newest = "publication.publish_date desc";
    let expected = [
        (by_station.clone(), "name", "articles_by_mention"),
        (by_station, newest, "articles_by_mention"),
        (
            format!("honours.recipients:\"{station}\""),
            "name",
            "articles_by_recipient",
        ),
        (
            format!("people.display_name:\"{person}\""),
            "name",
            "articles_by_person",
        ),
        (by_newspaper.clone(), "name", "articles_by_newspaper"),
        (by_newspaper, newest, "articles_by_newspaper"),
        (
            "publication.publish_date >= \"2023-11-01\"".to_owned(),
            newest,
            "articles_by_publish_date",
        ),
        (
            "publication.publish_date < \"1950-01-03\"".to_owned(),
            newest,
            "articles_by_publish_date",
        ),
        (
            "publication.publish_date = \"1980-05-01\"".to_owned(),
            "name",
            "articles_by_publish_date",
        ),
    ];
    check_filters(Resource::articles(), &expected).await;
}

#[tokio::test]
async fn selective_filters_of_stations_use_their_index() {
    let (parent, alias) = (RARE.parent, RARE.alias);
    let expected = [
        (
            format!("parent = \"{parent}\""),
            "name",
            "stations_by_parent",
        ),
        (format!("aliases:\"{alias}\""), "name", "stations_by_alias"),
        (
            "kind = TRAFFIC_BUREAU".to_owned(),
            "name",
            "stations_by_kind",
        ),
        // Two of three are; the index has them by name.
        (
            "kind = POLICE_STATION".to_owned(),
            "name",
            "stations_by_kind",
        ),
        (
            "full_name = \"全名777\"".to_owned(),
            "name",
            "stations_by_full_name",
        ),
    ];
    check_filters(Resource::stations(), &expected).await;
}

#[tokio::test]
async fn selective_filters_of_statistics_use_their_index() {
    let (station, indicator, place) = (RARE.station, RARE.indicator, RARE.place);
    let great = format!("assertion = REPORTED AND quantity.value >= {}", RARE.value);
    let expected = [
        (
            format!("stations:\"{station}\""),
            "name",
            "statistics_by_station",
        ),
        (
            format!("indicator = {indicator}"),
            "name",
            "statistics_by_indicator",
        ),
        (great, "quantity.value desc", "statistics_by_assertion"),
        (
            "qualifier = LESS_THAN".to_owned(),
            "name",
            "statistics_by_qualifier",
        ),
        // One of eight is.
        (
            "qualifier = APPROXIMATE".to_owned(),
            "name",
            "statistics_by_qualifier",
        ),
        (
            "quantity.value >= 999900".to_owned(),
            "name",
            "statistics_by_value",
        ),
        (
            "period.start >= \"2023-11-25\"".to_owned(),
            "name",
            "statistics_by_start",
        ),
        (
            "indicator = indicator0 AND period.start >= \"2023-01-01\"".to_owned(),
            "period.start desc",
            "statistics_by_indicator_and_start",
        ),
        // A seventieth of the statistics of a common station.
        (
            "stations:\"stations/s00000\" AND period.start >= 2001-03 AND period.start <= 2001-12"
                .to_owned(),
            "name",
            "statistics_by_station_and_year",
        ),
        (
            format!("place = \"{place}\""),
            "name",
            "statistics_by_place",
        ),
    ];
    check_filters(Resource::statistics(), &expected).await;
}

#[tokio::test]
async fn statistics_of_an_article_are_read_by_the_article() {
    let (_, db) = filled().await;
    for order_by in ["name", "quantity.value desc", "create_time"] {
        for resource in Resource::statistics().in_each_sight() {
            let mut wanted = resource.wanted(order_by, None);
            wanted.article = Some(RARE.article);
            let plan = resource.plan(&db, wanted).await;
            assert!(
                plan.is_only("statistics_by_article"),
                "{order_by}: {plan:?}"
            );
            assert!(plan.buffers <= BUFFERS_FEW, "{order_by}: {plan:?}");
            assert_eq!(resource.read(&db, wanted).await.records.len(), 2);
        }
    }
    db.close().await;
}

/// Common words are looked for among the newest only, and rare ones by themselves.
#[tokio::test]
async fn words_are_looked_for_by_their_index() {
    let (_, db) = filled().await;
    let mut wrong = Vec::new();
    let word = "articles_by_word";
    let date = "articles_by_publish_date";
    for (query, look, index, window, found, buffers_max) in [
        ("often", Look::Walk, date, 1_500, 500, 2_500),
        ("often mostly", Look::Walk, date, 3_000, 500, 4_000),
        ("often", Look::Index, word, 1_500, 500, 1_600),
        ("some", Look::Index, word, 15_000, 500, 2_000),
        ("some often", Look::Index, word, 30_000, 500, 2_500),
        ("few", Look::Index, word, 1_000_000, 60, 400),
        ("rare", Look::Index, word, 1_500, 0, 100),
        ("rare", Look::Index, word, 1_000_000, 1, 100),
        ("rare often", Look::Index, word, 1_000_000, 0, 100),
    ] {
        let parsed = Query::parse(query).unwrap();
        let wanted = search::Wanted {
            query: &parsed,
            filter: None,
            start: &Start::default(),
            size: 50,
        };
        let explained = search::explain(&db, wanted, look, window).await.unwrap();
        let plan = Plan::of(&explained, "articles");
        let rows = explained[0]["Plan"]["Actual Rows"].as_i64().unwrap();
        let is_bad = plan.scans_table || !plan.indexes.contains(index);
        if is_bad || rows < found || plan.buffers > buffers_max {
            wrong.push(format!("{query} in {window}: {plan:?}, {rows} found"));
        }
    }
    db.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ranges are asked of the columns that orders have; they mean the columns that records have.
#[tokio::test]
async fn ranges_of_an_order_find_what_is_certain_of_the_record() {
    let (database, db) = filled().await;
    let mut connection = database.connect().await;
    for (filter, plain) in [
        ("quantity.value < 10", "nullif(value, -1e18) < 10"),
        ("quantity.value <= 10", "nullif(value, -1e18) <= 10"),
        ("quantity.value > 10", "value > 10"),
        ("quantity.value >= 10", "value >= 10"),
        ("quantity.value = 10", "value = 10"),
        ("quantity.value != 10", "(value = 10) is not true"),
        (
            "NOT quantity.value < 10",
            "(nullif(value, -1e18) < 10) is not true",
        ),
        ("period.start < \"1980\"", "start_last < '1980-01-01'"),
        ("period.start <= \"1980\"", "start_last <= '1980-12-31'"),
        ("period.start > \"1980\"", "start_first > '1980-12-31'"),
        ("period.start >= \"1980\"", "start_first >= '1980-01-01'"),
        (
            "period.start = \"1980\"",
            "start_first >= '1980-01-01' and start_last <= '1980-12-31'",
        ),
        (
            "stations:\"stations/s00000\" AND period.start >= 2001-03 AND period.start <= 2002",
            "stations @> array['stations/s00000'] and start_first >= '2001-03-01'
             and start_last <= '2002-12-31'",
        ),
        (
            "NOT period.start < \"1980\"",
            "(start_last < '1980-01-01') is not true",
        ),
    ] {
        let resource = Resource::statistics();
        let condition = resource.filter(filter);
        let wanted = resource.wanted("name", condition.as_ref());
        let found = listing::total(
            &db,
            resource.listed,
            wanted,
            Mode::Exact,
            &Freshness::default(),
        )
        .await;
        let sql = format!("select count(*) from statistics where not is_deleted and {plain}");
        let sql = AssertSqlSafe(sql);
        let expected: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(expected > 0);
        assert_eq!(found.unwrap(), Some(expected), "{filter}");
    }
    db.close().await;
}

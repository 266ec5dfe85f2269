//! What an old revision is read as, batch by batch, while the tables have gone on.

use std::collections::BTreeMap;

use bulletin::changes::snapshot::{Asked, batch, ends};
use bulletin::db::Db;
use bulletin::error::Error;
use bulletin::names::Kind;
use bulletin::pb::{Article, Station};
use bulletin::sight::Sight;
use bulletin::token::AskedToken;
use sqlx::Row as _;

use crate::support::edits::{delete_article, update_article, update_station};
use crate::support::seeds::CONFERENCE;
use crate::support::{Database, Service};

const KINDS: [Kind; 4] = [Kind::Source, Kind::Station, Kind::Article, Kind::Statistic];

/// How records are read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    show_deleted: bool,
    rows: usize,
    bytes_max: usize,
    /// How many ranges there are before the last, which has no end.
    ranges: usize,
}

async fn records(db: &Db, at: &AskedToken, reading: Reading) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let mut after = String::new();
        let ends = ends(db, kind, &after, 2, reading.ranges).await.unwrap();
        for until in ends.into_iter().map(Some).chain([None]) {
            let is_within = |name: &str| until.as_deref().is_none_or(|until| name <= until);
            loop {
                let asked = Asked {
                    at,
                    kind,
                    after: &after,
                    until: until.as_deref(),
                    show_deleted: reading.show_deleted,
                    sight: Sight::All,
                    filter: None,
                    rows: reading.rows,
                    bytes_max: reading.bytes_max,
                };
                let batch = batch(db, &asked).await.unwrap();
                for record in batch.records {
                    let (name, _) = record.name_and_etag().unwrap();
                    assert!(*name > *after && is_within(&name));
                    found.insert(name.into_owned(), record.record.to_vec());
                }
                let Some(next) = batch.next else { break };
                assert!(next > after && is_within(&next));
                after = next;
            }
            after = until.unwrap_or_default();
        }
    }
    found
}

/// The same, of the log alone.
async fn logged(database: &Database, at: i64) -> BTreeMap<String, Vec<u8>> {
    let sql = "select distinct on (name) name, record from changes
               where revision <= $1 and kind <> 'LOG' order by name, revision desc";
    let rows = sqlx::query(sql)
        .bind(at)
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn every_revision_is_read_as_the_log_has_it() {
    let service = Service::seeded().await;
    service.create_station("s1").await.unwrap();
    let renamed = Station {
        name: "stations/s1".to_owned(),
        display_name: "改名派出所".to_owned(),
        ..Station::default()
    };
    update_station(&service, renamed).await.unwrap();
    service.create_article("gone", "只有一行。").await.unwrap();
    delete_article(&service, "articles/gone").await.unwrap();
    let changed = Article {
        name: CONFERENCE.to_owned(),
        headline: "改了".to_owned(),
        ..Article::default()
    };
    update_article(&service, changed, "更正").await.unwrap();
    let db = service.database.open().await;
    let newest = service.head().await.revision;
    for revision in 0..=newest {
        let at = AskedToken::parse("at", &revision.to_string()).unwrap();
        let logged = logged(&service.database, revision).await;
        for (rows, bytes_max, ranges) in [(1, 4_000, 0), (1, 1 << 20, 0), (9, 1 << 20, 3)] {
            let all = Reading {
                show_deleted: true,
                rows,
                bytes_max,
                ranges,
            };
            assert_eq!(records(&db, &at, all).await, logged, "{revision} {all:?}");
        }
    }
    db.close().await;
}

#[tokio::test]
async fn ranges_are_read_to_their_ends_whatever_is_missing_or_added_in_them() {
    let service = Service::seeded().await;
    for id in ["s1", "s2", "s3", "s4", "s5", "s6"] {
        service.create_station(id).await.unwrap();
        service.create_article(id, "只有一行。").await.unwrap();
    }
    for name in ["articles/s1", "articles/s2", "articles/s4", "articles/s6"] {
        delete_article(&service, name).await.unwrap();
    }
    let at = AskedToken::parse("at", &service.head().await.token).unwrap();
    for id in ["s11", "s12", "s21", "s61"] {
        service.create_station(id).await.unwrap();
        service.create_article(id, "后来的。").await.unwrap();
    }
    let db = service.database.open().await;
    for rows in [1, 2, 5] {
        let [whole, parted] = [0, 20].map(|ranges| Reading {
            show_deleted: false,
            rows,
            bytes_max: 1 << 20,
            ranges,
        });
        let whole = records(&db, &at, whole).await;
        assert!(whole.contains_key("articles/s5") && !whole.contains_key("articles/s6"));
        assert!(!whole.contains_key("stations/s61"));
        assert_eq!(records(&db, &at, parted).await, whole, "{rows}");
    }
    db.close().await;
}

#[tokio::test]
async fn a_revision_that_was_lost_or_compacted_is_refused() {
    let service = Service::seeded().await;
    let db = service.database.open().await;
    let refused = async |token: &str| {
        let at = AskedToken::parse("at", token).unwrap();
        let asked = Asked {
            at: &at,
            kind: Kind::Station,
            after: "",
            until: None,
            show_deleted: false,
            sight: Sight::All,
            filter: None,
            rows: 10,
            bytes_max: 1_000,
        };
        batch(&db, &asked).await.unwrap_err()
    };
    for lost in ["1-0123456789abcdef", "2"] {
        let error = refused(lost).await;
        assert!(matches!(error, Error::HistoryForked { .. }), "{error:?}");
    }
    let horizon = "update horizon set revision = 1";
    service.database.tamper(horizon).await;
    let error = refused("0").await;
    assert!(
        matches!(error, Error::RevisionCompacted { oldest: 1, .. }),
        "{error:?}"
    );
    db.close().await;
}

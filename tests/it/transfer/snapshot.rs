//! What an old revision is read as, batch by batch, while the tables have gone on.

use std::collections::BTreeMap;

use bulletin::changes::snapshot::{Asked, batch};
use bulletin::db::Db;
use bulletin::error::Error;
use bulletin::names::Kind;
use bulletin::pb::{Article, Station};
use bulletin::token::AskedToken;
use sqlx::Row as _;

use crate::support::edits::{delete_article, update_article, update_station};
use crate::support::seeds::CONFERENCE;
use crate::support::{Database, Service};

const KINDS: [Kind; 4] = [Kind::Source, Kind::Station, Kind::Article, Kind::Statistic];

async fn records(db: &Db, at: &AskedToken, bytes_max: usize) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let mut after = String::new();
        loop {
            let asked = Asked {
                at,
                kind,
                after: &after,
                show_deleted: true,
                filter: None,
                rows: 1,
                bytes_max,
            };
            let batch = batch(db, &asked).await.unwrap();
            for record in batch.records {
                assert!(record.name > after);
                found.insert(record.name, record.record.to_vec());
            }
            let Some(next) = batch.next else { break };
            assert!(next > after);
            after = next;
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
        for bytes_max in [4_000, 1 << 20] {
            assert_eq!(records(&db, &at, bytes_max).await, logged, "{revision}");
        }
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
            show_deleted: false,
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

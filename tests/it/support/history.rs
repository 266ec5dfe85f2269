//! A small history with every kind of record and of change, to be damaged.

use bulletin::changes::reindex::reindex;
use bulletin::pb::{Article, Station};
use bulletin::server::TABLES;

use sqlx::PgConnection;

use super::edits::{delete_article, delete_statistic, update_article, update_station};
use super::{Database, Service, statistic};

/// Writes it; the service goes on.
pub async fn service_with_history() -> Service {
    let service = Service::seeded().await;
    let station = service.create_station("s1").await.unwrap();
    let renamed = Station {
        display_name: "改名派出所".to_owned(),
        ..station
    };
    update_station(&service, renamed).await.unwrap();
    service.create_article("gone", "只有一行。").await.unwrap();
    delete_article(&service, "articles/gone").await.unwrap();

    let text = "查处闯红灯88起,查处酒驾9起。";
    let article = service.create_article("a1", text).await.unwrap().name;
    for (id, quote, value) in [("s1", "88起", "88"), ("s2", "9起", "9")] {
        let given = statistic(quote, value, "起");
        service.create_statistic(&article, id, given).await.unwrap();
    }
    let second = format!("{article}/statistics/s2");
    delete_statistic(&service, &second).await.unwrap();
    service.publish(&article).await.unwrap();
    let corrected = Article {
        name: article,
        source_text: format!("更正:{text}"),
        ..Article::default()
    };
    update_article(&service, corrected, "漏了两字")
        .await
        .unwrap();

    // The log's own kind of row comes from a reindex that has something to repair.
    let database = &service.database;
    database
        .tamper("update stations set parent = 'x' where name = 'stations/s1'")
        .await;
    let db = database.open().await;
    assert_eq!(reindex(&db, &TABLES).await.unwrap().rows_written, 1);
    db.close().await;
    service
}

/// A connection of the database's owner, whom no foreign key stops.
pub async fn owner(database: &Database) -> PgConnection {
    let mut connection = database.connect().await;
    let sql = "set session_replication_role = replica; set synchronous_commit = off";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection
}

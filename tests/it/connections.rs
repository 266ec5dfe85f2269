//! Connections that reads keep for each other.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::support::Service;

/// The database has fewer connections to give than there are calls.
#[tokio::test]
async fn many_reads_leave_connections_to_writes() {
    let service = Arc::new(Service::seeded().await);
    let mut calls = JoinSet::new();
    for reader in 0..40 {
        let service = Arc::clone(&service);
        calls.spawn(async move {
            for _ in 0..20 {
                let found = match reader % 2 {
                    0 => service.station("stations/zhenhai-branch").await.name,
                    _ => {
                        service
                            .article("articles/paichusuo-work-conference")
                            .await
                            .name
                    }
                };
                assert!(!found.is_empty());
            }
        });
    }
    for writer in 0..4 {
        let service = Arc::clone(&service);
        calls.spawn(async move {
            for number in 0..10 {
                let id = format!("writer{writer}-{number}");
                service.create_station(&id).await.unwrap();
            }
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_read_whose_kept_connection_died_runs_on_another() {
    let service = Service::seeded().await;
    let mut connection = service.database.connect().await;
    for _ in 0..5 {
        let station = service.station("stations/zhenhai-branch").await;
        assert_eq!(station.name, "stations/zhenhai-branch");
        let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
        let ended: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(ended > 0);
        let found = service
            .articles()
            .search_articles(bulletin::pb::SearchArticlesRequest {
                query: "枫桥经验".into(),
                ..Default::default()
            })
            .await;
        assert_eq!(found.unwrap().into_inner().results.len(), 1);
    }
}

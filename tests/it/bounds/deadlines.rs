//! A call ends when its time is up, and what it asked of the database ends with it.

use std::time::Duration;

use bulletin::db::Settings;
use bulletin::guard::admission::Admission;
use bulletin::pb;
use tonic::Code;

use crate::support::http::call_on_the_web;
use crate::support::{Database, HeadLock, Refusal, Service, TableLock, Way, until, way};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);
const LIST: &str = "/bulletin.v1.ArticleService/ListArticles";

/// Statements of a standby end by themselves.
fn settings(database: &Database) -> Settings {
    match way() {
        Way::Replica => Settings::direct(database.url.clone(), 8),
        Way::Primary | Way::PgBouncer => database.settings(),
    }
}

async fn timed(call_timeout: Duration) -> Service {
    let database = Database::create().await;
    let settings = settings(&database);
    Service::bounded_with(database, &settings, Admission::default(), call_timeout).await
}

#[tokio::test]
async fn a_call_whose_time_is_up_is_told_so_and_its_statement_is_cancelled() {
    let service = timed(SHORT).await;
    let mut lock = TableLock::take(&service.database).await;
    let refused = service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap_err();
    refused.is(Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    assert!(!refused.message.contains("may still happen"), "it reads");
    // The lock is still held: only who was cancelled waits no more.
    lock.until_readers(0).await;
    lock.release().await;
    service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_statement_along() {
    let service = timed(LONG).await;
    let mut lock = TableLock::take(&service.database).await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let mut articles = service.articles();
        clients.spawn(async move {
            articles
                .list_articles(pb::ListArticlesRequest::default())
                .await
        });
    }
    lock.until_readers(3).await;
    clients.abort_all();
    lock.until_readers(0).await;
    lock.release().await;
    service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_clients_own_time_holds_where_it_is_shorter() {
    let service = timed(LONG).await;
    let mut lock = TableLock::take(&service.database).await;
    let request = pb::ListArticlesRequest::default();
    let headers = [("grpc-timeout", "200m")];
    let answer = call_on_the_web(service.address, LIST, &headers, &request).await;
    assert_eq!(
        answer.grpc_status(),
        Some(i32::from(Code::DeadlineExceeded)),
        "{answer:?}"
    );
    let message = &answer.headers["grpc-message"];
    assert!(message.contains("200"), "{message}");
    lock.until_readers(0).await;
    lock.release().await;
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let service = timed(LONG).await;
    let request = pb::ListArticlesRequest::default();
    for odd in ["1", "S", "1.5S", "123456789S", "soon"] {
        let headers = [("grpc-timeout", odd)];
        let answer = call_on_the_web(service.address, LIST, &headers, &request).await;
        assert_eq!(
            answer.grpc_status(),
            Some(i32::from(Code::InvalidArgument)),
            "{odd}"
        );
    }
    let headers = [("grpc-timeout", "30S")];
    let answer = call_on_the_web(service.address, LIST, &headers, &request).await;
    assert_eq!(answer.grpc_status(), Some(0), "{answer:?}");
}

#[tokio::test]
async fn a_stream_has_its_clients_time_and_no_other() {
    let service = timed(Duration::from_millis(1)).await;
    let mut watch = service
        .changes()
        .watch_changes(pb::WatchChangesRequest::default())
        .await
        .unwrap()
        .into_inner();
    // Checkpoints come every 50 ms, far beyond what a unary call has here.
    for _ in 0..5 {
        watch.message().await.unwrap().unwrap();
    }
    let path = "/bulletin.v1.ChangeService/WatchChanges";
    let request = pb::WatchChangesRequest::default();
    let headers = [("grpc-timeout", "300m")];
    let answer = call_on_the_web(service.address, path, &headers, &request).await;
    assert!(!answer.headers.contains_key("grpc-status"), "it had begun");
    assert_eq!(
        answer.grpc_status(),
        Some(i32::from(Code::DeadlineExceeded)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_write_that_is_under_way_is_finished_though_its_caller_was_told_otherwise() {
    let service = timed(SHORT).await;
    let mut lock = HeadLock::take(&service.database).await;
    let write = service.create_station("late");
    let (refused, ()) = tokio::join!(write, lock.wait_for_writers(1));
    let refused: Refusal = refused.unwrap_err();
    refused.is(Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    assert!(refused.message.contains("may still happen"), "{refused:?}");
    lock.release().await;
    until("it is written", async || {
        let name = "stations/late".to_owned();
        let request = pb::GetStationRequest {
            name,
            ..Default::default()
        };
        service.ask(request).await.is_ok()
    })
    .await;
}

//! No reply to a COMMIT: the write happened, or not, and the caller is told which.

use std::sync::Arc;

use tokio::task::JoinSet;
use tonic::Code;

use crate::support::log::{Acknowledged, check_acknowledged, check_order, count};
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, HeadLock, Refusal, Service, until};

/// A service that reaches its database through a proxy.
async fn proxied() -> (Proxy, Database, Arc<Service>) {
    let database = Database::create().await;
    let (proxy, through) = Proxy::before(&database);
    let service = Service::on(through).await;
    (proxy, database, Arc::new(service))
}

#[tokio::test]
async fn a_commit_whose_reply_is_lost_is_found_and_one_that_was_lost_is_made_once() {
    for fault in [Fault::AfterCommit, Fault::BeforeCommit, Fault::Swallowed] {
        let (proxy, database, service) = proxied().await;
        service.create_station("before").await.unwrap();
        proxy.set(fault);
        let created = service.create_station("s1").await.unwrap();
        assert_eq!(proxy.fault(), Fault::None, "{fault:?} did not happen");
        assert_eq!(created.revision, 2);
        assert_eq!(service.station("stations/s1").await, created);
        assert_eq!(count(&database, "revisions").await, 3);
        assert_eq!(count(&database, "changes").await, 2);
        let after = service.create_station("after").await.unwrap();
        assert_eq!(after.revision, 3);
        assert_eq!(service.fault().await, None);
    }
}

#[tokio::test]
async fn a_group_whose_commit_has_no_reply_is_kept_or_made_again_as_a_whole() {
    for fault in [Fault::AfterCommit, Fault::BeforeCommit] {
        let (proxy, database, service) = proxied().await;
        service.create_station("taken").await.unwrap();
        let mut lock = HeadLock::take(&database).await;
        let mut calls = JoinSet::new();
        let call = |id: String| {
            let service = Arc::clone(&service);
            async move { service.create_station(&id).await }
        };
        calls.spawn(call("first".to_owned()));
        lock.wait_for_writers(1).await;
        calls.spawn(call("taken".to_owned()));
        for at in 0..6 {
            calls.spawn(call(format!("s{at}")));
        }
        proxy.set(fault);
        lock.release().await;
        let mut acknowledged = Vec::new();
        for outcome in calls.join_all().await {
            match outcome {
                Ok(created) => acknowledged.push(Acknowledged::of(&created)),
                Err(refusal) => drop(refusal.is(Code::AlreadyExists, "RECORD_EXISTS")),
            }
        }
        assert_eq!(proxy.fault(), Fault::None, "{fault:?} did not happen");
        assert_eq!(acknowledged.len(), 7);
        check_acknowledged(&database, &acknowledged).await;
        check_order(&database).await;
        assert_eq!(count(&database, "revisions").await, 9);
        assert_eq!(service.fault().await, None);
    }
}

#[tokio::test]
async fn a_commit_that_cannot_be_looked_up_has_an_unknown_outcome() {
    let (proxy, database, service) = proxied().await;
    proxy.set(Fault::AfterCommitForGood);
    let refusal: Refusal = service.create_station("s1").await.unwrap_err();
    refusal.is(Code::Unavailable, "OUTCOME_UNKNOWN");
    let refusal: Refusal = service.create_station("s2").await.unwrap_err();
    refusal.is(Code::Unavailable, "NO_PRIMARY");

    proxy.set(Fault::None);
    let found = service.station("stations/s1").await;
    assert_eq!(found.revision, 1);
    let taken = service.create_station("s1").await.unwrap_err();
    taken.is(Code::AlreadyExists, "RECORD_EXISTS");
    service.create_station("s2").await.unwrap();
    assert_eq!(count(&database, "revisions").await, 3);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_database_out_of_reach_is_unavailable_to_reads_and_writes_until_it_is_back() {
    let (proxy, _, service) = proxied().await;
    let created = service.create_station("s1").await.unwrap();
    proxy.set(Fault::Down);
    let refusal: Refusal = service.create_station("s2").await.unwrap_err();
    refusal.is(Code::Unavailable, "NO_PRIMARY");
    assert!(!refusal.message.contains("socket"), "{}", refusal.message);
    proxy.set(Fault::None);
    until("it answers again", async || {
        service.create_station("s2").await.is_ok()
    })
    .await;
    assert_eq!(service.station("stations/s1").await, created);
    assert_eq!(service.head().await.revision, 2);
    assert_eq!(service.fault().await, None);
}

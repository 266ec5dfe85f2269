//! Calls beyond the limits are refused at once or after a moment, one client no more than others.

use std::net::IpAddr;
use std::time::Duration;

use bulletin::guard::admission::{Admission, Limits};
use bulletin::pb;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::support::{Database, Refusal, Service, TableLock, until};

const LONG: Duration = Duration::from_secs(60);

async fn limited(limits: Limits) -> (Service, Admission) {
    let admission = Admission::of(limits);
    let service = Service::bounded(Database::create().await, admission.clone(), LONG).await;
    (service, admission)
}

#[track_caller]
fn is_overloaded(status: &Status) {
    Refusal::of(status).is(Code::ResourceExhausted, "OVERLOADED");
    let retry = status.get_error_details().retry_info().cloned();
    let delay = retry.and_then(|retry| retry.retry_delay).unwrap();
    assert!(delay > Duration::ZERO);
}

async fn get_head(service: &Service) -> Result<pb::Head, Status> {
    let head = service.changes().get_head(pb::GetHeadRequest {}).await;
    head.map(tonic::Response::into_inner)
}

/// A read that goes nowhere while the lock is held.
fn read(calls: &mut JoinSet<Result<pb::ListArticlesResponse, Refusal>>, service: &Service) {
    let service = Service::at(service.database.clone(), service.address);
    calls.spawn(async move { service.ask(pb::ListArticlesRequest::default()).await });
}

/// The same service, as somebody else calls it.
fn from_elsewhere(service: &Service) -> Service {
    let elsewhere: IpAddr = "127.0.0.2".parse().unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{}", service.address)).unwrap();
    let mut other = Service::at(service.database.clone(), service.address);
    other.channel = endpoint.local_address(Some(elsewhere)).connect_lazy();
    other
}

async fn until_counts(admission: &Admission, held: usize, queued: usize) {
    until(&format!("{held} are held and {queued} wait"), async || {
        admission.places().counts() == (held, queued)
    })
    .await;
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_while_health_answers() {
    let (service, admission) = limited(Limits {
        calls_max: 2,
        queued_max: 0,
        ..Limits::default()
    })
    .await;
    let lock = TableLock::take(&service.database).await;
    let mut reads = JoinSet::new();
    for _ in 0..2 {
        read(&mut reads, &service);
    }
    until_counts(&admission, 2, 0).await;
    is_overloaded(&get_head(&service).await.unwrap_err());
    assert_eq!(admission.refused().queue_full.value(), 1);
    let health = HealthClient::new(service.channel.clone())
        .check(HealthCheckRequest::default())
        .await;
    health.unwrap();
    lock.release().await;
    while let Some(answer) = reads.join_next().await {
        answer.unwrap().unwrap();
    }
    get_head(&service).await.unwrap();
}

#[tokio::test]
async fn a_call_that_waits_too_long_for_others_is_refused() {
    let (service, admission) = limited(Limits {
        calls_max: 1,
        queue_wait_max: Duration::from_millis(1),
        ..Limits::default()
    })
    .await;
    let lock = TableLock::take(&service.database).await;
    let mut reads = JoinSet::new();
    read(&mut reads, &service);
    until_counts(&admission, 1, 0).await;
    is_overloaded(&get_head(&service).await.unwrap_err());
    assert_eq!(admission.refused().queue_timeout.value(), 1);
    until_counts(&admission, 1, 0).await;
    lock.release().await;
    reads.join_next().await.unwrap().unwrap().unwrap();
    until_counts(&admission, 0, 0).await;
}

#[tokio::test]
async fn a_second_client_is_served_while_the_first_floods() {
    let (service, admission) = limited(Limits {
        calls_max: 2,
        queued_max: 64,
        queue_wait_max: LONG,
        ..Limits::default()
    })
    .await;
    let lock = TableLock::take(&service.database).await;
    let mut flood = JoinSet::new();
    read(&mut flood, &service);
    until_counts(&admission, 1, 0).await;
    let mut given_up = JoinSet::new();
    read(&mut given_up, &service);
    until_counts(&admission, 2, 0).await;
    for _ in 0..8 {
        read(&mut flood, &service);
    }
    until_counts(&admission, 2, 8).await;
    let other = from_elsewhere(&service);
    let asked = tokio::spawn(async move { get_head(&other).await });
    until_counts(&admission, 2, 9).await;
    // One place becomes free: it is the other's turn, though eight came before.
    given_up.abort_all();
    asked.await.unwrap().unwrap();
    // Nobody else waits, so the first client may have it again.
    until_counts(&admission, 2, 7).await;
    lock.release().await;
    while let Some(answer) = flood.join_next().await {
        answer.unwrap().unwrap();
    }
}

#[tokio::test]
async fn watches_and_exports_have_limits_of_their_own() {
    let (service, admission) = limited(Limits {
        watches_max: 1,
        transfers_max: 0,
        ..Limits::default()
    })
    .await;
    let watch = || async {
        let request = pb::WatchChangesRequest::default();
        service.changes().watch_changes(request).await
    };
    let first = watch().await.unwrap();
    is_overloaded(&watch().await.unwrap_err());
    assert_eq!(admission.refused().watches.value(), 1);
    get_head(&service).await.unwrap();
    let export = service
        .transfer()
        .export_records(pb::ExportRecordsRequest::default())
        .await;
    is_overloaded(&export.unwrap_err());
    drop(first);
    until("there is room for a watch again", async || {
        watch().await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn one_client_leaves_a_quarter_of_the_watches_and_exports_to_others() {
    let (service, admission) = limited(Limits {
        watches_max: 4,
        transfers_max: 4,
        ..Limits::default()
    })
    .await;
    let other = from_elsewhere(&service);
    let watch = async |of: &Service| {
        let request = pb::WatchChangesRequest::default();
        of.changes().watch_changes(request).await
    };
    let mut flood = Vec::new();
    for _ in 0..3 {
        flood.push(watch(&service).await.unwrap());
    }
    is_overloaded(&watch(&service).await.unwrap_err());
    let _others = watch(&other).await.unwrap();
    is_overloaded(&watch(&other).await.unwrap_err());
    assert_eq!(admission.watches(), 4);
    assert_eq!(admission.refused().watches.value(), 2);
    drop(flood.pop());
    until("the first has room for a watch again", async || {
        watch(&service).await.is_ok()
    })
    .await;
    // An import lasts as long as its client sends.
    let import = async |of: &Service| {
        let chunks = tokio_stream::pending::<pb::ImportRecordsRequest>();
        of.transfer().import_records(chunks).await
    };
    let mut flood = Vec::new();
    for _ in 0..3 {
        flood.push(import(&service).await.unwrap());
    }
    is_overloaded(&import(&service).await.unwrap_err());
    let _others = import(&other).await.unwrap();
    assert_eq!(admission.transfers(), 4);
}

//! A base backup, more writes, a mistake, and the restore to the point before it.

use bulletin::pb::consistency::Requirement;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{Consistency, GetStationRequest, WatchChangesRequest};
use tonic::Code;

use crate::support::edits::delete_station;
use crate::support::proxy::Proxy;
use crate::support::replication::Node;
use crate::support::{Refusal, Service, until};

const POINT: &str = "before the mistake";

async fn read(service: &Service, id: &str, token: &str) -> Result<String, Refusal> {
    let consistency = Consistency {
        requirement: Some(Requirement::AtLeastAsFresh(token.to_owned())),
    };
    let request = GetStationRequest {
        name: format!("stations/{id}"),
        consistency: Some(consistency),
    };
    Ok(service.ask(request).await?.name)
}

async fn watch(
    service: &Service,
    start: Start,
) -> tonic::Streaming<bulletin::pb::WatchChangesResponse> {
    let request = WatchChangesRequest {
        start: Some(start),
        ..WatchChangesRequest::default()
    };
    service
        .changes()
        .watch_changes(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_restore_to_a_point_in_time_is_a_fork_that_clients_are_told_of() {
    let mut primary = Node::primary().await;
    primary.archive().await;
    let (proxy, through) = Proxy::before(&primary.database());
    let service = Service::on(through).await;
    service.create_station("first").await.unwrap();
    let backed_up = service.head().await.token;
    let backup = Node::backup_of(&primary).await;
    service.create_station("second").await.unwrap();
    let kept = service.head().await.token;
    primary.mark(POINT).await;
    for id in ["first", "second"] {
        delete_station(&service, &format!("stations/{id}"))
            .await
            .unwrap();
    }
    let lost = service.head().await.token;
    let mut watched = watch(&service, Start::Token(backed_up.clone())).await;
    // One that has come less far is told of what it has.
    while watched.message().await.unwrap().unwrap().token != lost {}
    primary.finish_archiving().await;

    primary.kill().await;
    let restored = backup.restored_to(POINT, &primary).await;
    proxy.lead_to(&restored.database());
    until("writes go on", async || {
        service.create_station("third").await.is_ok()
    })
    .await;

    for token in [&backed_up, &kept] {
        assert_eq!(
            read(&service, "first", token).await.unwrap(),
            "stations/first"
        );
    }
    let refused = read(&service, "first", &lost).await.unwrap_err();
    refused.is(Code::FailedPrecondition, "HISTORY_FORKED");
    assert_eq!(refused.metadata["last_common_token"], kept);

    let ended = loop {
        match watched.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a watch ends with a status"),
            Err(status) => break Refusal::of(&status),
        }
    };
    ended.is(Code::FailedPrecondition, "HISTORY_FORKED");
    assert_eq!(ended.metadata["last_common_token"], kept);
    // Who is told so begins anew, and has what is there.
    let mut again = watch(&service, Start::Snapshot(true)).await;
    let mut names = Vec::new();
    loop {
        let message = again.message().await.unwrap().unwrap();
        let records = message.records.iter();
        names.extend(records.filter_map(|record| match &record.record {
            Some(bulletin::pb::record::Record::Station(station)) => Some(station.name.clone()),
            _ => None,
        }));
        if message.r#type() == Type::SnapshotEnd {
            break;
        }
    }
    names.sort();
    assert_eq!(
        names,
        ["stations/first", "stations/second", "stations/third"]
    );

    let on_the_new = Service::on(restored.database()).await;
    assert_eq!(on_the_new.fault().await, None);
}

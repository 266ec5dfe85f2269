//! Where a watch begins, and where one that was cut off goes on.

use std::time::Duration;

use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{
    Article, Paragraph, Record, Station, WatchChangesRequest, WatchChangesResponse, change,
    paragraph,
};
use tonic::{Code, Streaming};

use super::recording::{Addresses, from, resume};
use crate::support::edits::{create_article, delete_article, update_station};
use crate::support::{Refusal, Service};

/// An article of more than half a mebibyte.
pub fn long_article() -> Article {
    let paragraph = Paragraph {
        text: "字".repeat(50_000),
        kind: paragraph::Kind::Body.into(),
        fragments: Vec::new(),
    };
    Article {
        headline: "标题".to_owned(),
        paragraphs: vec![paragraph; 4],
        ..Article::default()
    }
}

/// A watch from a start.
pub async fn watch(
    service: &Service,
    start: Option<Start>,
) -> Result<Streaming<WatchChangesResponse>, Refusal> {
    let request = WatchChangesRequest {
        start,
        ..WatchChangesRequest::default()
    };
    watch_for(service, request).await
}

pub async fn watch_for(
    service: &Service,
    request: WatchChangesRequest,
) -> Result<Streaming<WatchChangesResponse>, Refusal> {
    Refusal::or(service.changes().watch_changes(request).await)
}

/// The next message that is not a checkpoint.
pub async fn next(stream: &mut Streaming<WatchChangesResponse>) -> WatchChangesResponse {
    let next = async {
        loop {
            let message = stream.message().await.unwrap().unwrap();
            if message.r#type() != Type::Checkpoint {
                return message;
            }
        }
    };
    let next = tokio::time::timeout(Duration::from_secs(30), next).await;
    next.expect("a watch is sent something in time")
}

/// How a watch ends that is sent nothing more.
async fn end(stream: &mut Streaming<WatchChangesResponse>) -> Refusal {
    loop {
        match stream.message().await {
            Ok(message) => assert_eq!(message.unwrap().r#type(), Type::Checkpoint),
            Err(status) => return Refusal::of(&status),
        }
    }
}

/// Type and name of each change of a message.
pub fn changes(message: &WatchChangesResponse) -> Vec<(change::Type, &str)> {
    let changes = message.changes.iter();
    changes
        .map(|change| (change.r#type(), change.name.as_str()))
        .collect()
}

#[tokio::test]
async fn unset_begins_with_what_is_written_after_the_call() {
    let service = Service::start().await;
    service.create_station("s1").await.unwrap();
    let before = service.head().await;
    let mut stream = watch(&service, None).await.unwrap();
    let started = next(&mut stream).await;
    assert_eq!(
        (started.r#type(), &started.token),
        (Type::Started, &before.token)
    );
    assert!(started.cursor.is_empty());
    service.create_station("s2").await.unwrap();
    let message = next(&mut stream).await;
    assert_eq!(changes(&message), [(change::Type::Created, "stations/s2")]);
    assert_eq!(message.token, service.head().await.token);
}

#[tokio::test]
async fn a_token_begins_after_its_revision_and_its_header_is_the_same() {
    let service = Service::start().await;
    service.create_station("s1").await.unwrap();
    let after_first = service.head().await.token;
    for id in ["s2", "s3"] {
        service.create_station(id).await.unwrap();
    }
    for start in [from(&after_first), from("1")] {
        let request = WatchChangesRequest {
            start: Some(start),
            ..WatchChangesRequest::default()
        };
        let response = service.changes().watch_changes(request).await.unwrap();
        let header = response.metadata().get("bulletin-token").unwrap();
        assert_eq!(header.to_str().unwrap(), after_first);
        let mut stream = response.into_inner();
        assert_eq!(next(&mut stream).await.token, after_first);
        for name in ["stations/s2", "stations/s3"] {
            let message = next(&mut stream).await;
            assert_eq!(changes(&message), [(change::Type::Created, name)]);
        }
    }
}

/// Everything that a watch from here is sent of a snapshot, to its end.
async fn snapshot(service: &Service, start: Start) -> Vec<WatchChangesResponse> {
    let mut stream = watch(service, Some(start)).await.unwrap();
    let mut messages = Vec::new();
    loop {
        let message = next(&mut stream).await;
        let is_end = message.r#type() == Type::SnapshotEnd;
        messages.push(message);
        if is_end {
            return messages;
        }
    }
}

fn records(messages: &[WatchChangesResponse]) -> Vec<Record> {
    messages
        .iter()
        .flat_map(|message| message.records.clone())
        .collect()
}

#[tokio::test]
async fn a_snapshot_is_resumed_at_any_of_its_messages_though_records_change_meanwhile() {
    let service = Service::seeded().await;
    // Many and long enough for several messages.
    for id in ["a1", "a2", "a3", "a4"] {
        create_article(&service, id, long_article()).await.unwrap();
    }
    service.create_article("gone", "只有一行。").await.unwrap();
    delete_article(&service, "articles/gone").await.unwrap();
    let whole = snapshot(&service, Start::Snapshot(true)).await;
    let (started, end) = (&whole[0], &whole[whole.len() - 1]);
    assert_eq!(started.token, end.token);
    assert!(end.cursor.is_empty());
    let all = records(&whole);
    assert_eq!(all.len(), 18 + 2 + 4 + 32);
    let parts = whole.iter().filter(|message| !message.records.is_empty());
    assert!(parts.count() > 3, "it takes several messages");

    // What is written now is in no part of that snapshot.
    service.create_station("late").await.unwrap();
    let renamed = Station {
        name: "stations/zhenhai-branch".to_owned(),
        display_name: "镇海公安分局".to_owned(),
        ..Station::default()
    };
    update_station(&service, renamed).await.unwrap();
    delete_article(&service, "articles/a2").await.unwrap();

    let with_cursor = whole.iter().filter(|message| !message.cursor.is_empty());
    let mut sent = 0;
    for message in with_cursor {
        sent += message.records.len();
        let rest = snapshot(&service, Start::Cursor(message.cursor.clone())).await;
        assert_eq!(rest[0].r#type(), Type::Started);
        assert_eq!(records(&rest), all[sent..]);
        assert_eq!(rest[rest.len() - 1].token, end.token);
    }
    let mut after = watch(&service, Some(from(&end.token))).await.unwrap();
    next(&mut after).await;
    let message = next(&mut after).await;
    assert_eq!(
        changes(&message),
        [(change::Type::Created, "stations/late")]
    );
}

#[tokio::test]
async fn a_start_that_cannot_be_meant_is_refused() {
    let service = Service::start().await;
    service.create_station("s1").await.unwrap();
    let refused = async |request: WatchChangesRequest| {
        let refusal = watch_for(&service, request).await.unwrap_err();
        (refusal.code, refusal.reason, refusal.violations)
    };
    let of = |start| WatchChangesRequest {
        start: Some(start),
        ..WatchChangesRequest::default()
    };
    let (code, reason, violations) = refused(of(from("yesterday"))).await;
    assert_eq!(
        (code, reason.as_str()),
        (Code::InvalidArgument, "TOKEN_INVALID")
    );
    assert_eq!(violations[0].0, "token");

    let other = "1-0123456789abcdef";
    let (code, reason, _) = refused(of(from(other))).await;
    assert_eq!(
        (code, reason.as_str()),
        (Code::FailedPrecondition, "HISTORY_FORKED")
    );

    // A cursor is of one watch's kinds, parent and station.
    let whole = snapshot(&service, Start::Snapshot(true)).await;
    let cursor = whole[0].cursor.clone();
    for request in [
        of(Start::Cursor("x".to_owned())),
        of(Start::Cursor(String::new())),
        WatchChangesRequest {
            station: "stations/s1".to_owned(),
            ..of(Start::Cursor(cursor.clone()))
        },
    ] {
        let (code, reason, violations) = refused(request).await;
        assert_eq!(
            (code, reason.as_str()),
            (Code::InvalidArgument, "TOKEN_INVALID")
        );
        assert_eq!(violations[0].0, "cursor");
    }
    let again = snapshot(&service, Start::Cursor(cursor)).await;
    assert_eq!(records(&again), records(&whole));
}

#[tokio::test]
async fn a_database_that_was_restored_ends_a_watch_and_says_where_to_go_on() {
    let service = Service::start().await;
    service.create_station("s1").await.unwrap();
    let kept = service.head().await.token;
    let mut stream = watch(&service, Some(Start::Snapshot(true))).await.unwrap();
    let mut messages = Vec::new();
    for id in ["s2", "s3"] {
        service.create_station(id).await.unwrap();
    }
    let lost = service.head().await.token;
    while messages
        .last()
        .is_none_or(|message: &WatchChangesResponse| message.token != lost)
    {
        messages.push(stream.message().await.unwrap().unwrap());
    }
    // As a restore of a backup would: the log ends earlier, and goes on otherwise.
    let database = &service.database;
    for sql in [
        "delete from changes where revision > 1",
        "delete from stations where revision > 1",
        "delete from revisions where revision > 1",
    ] {
        database.tamper(sql).await;
    }
    let refusal = end(&mut stream).await;
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (Code::FailedPrecondition, "HISTORY_FORKED")
    );
    assert_eq!(refusal.metadata["last_common_token"], kept);

    let session = super::recording::Session {
        start: None,
        messages,
        ended: None,
    };
    let refusal = watch(&service, resume(&session)).await.unwrap_err();
    assert_eq!(refusal.reason, "HISTORY_FORKED");
    assert_eq!(refusal.metadata["last_common_token"], kept);
    let mut stream = watch(&service, Some(from(&kept))).await.unwrap();
    service.create_station("s9").await.unwrap();
    next(&mut stream).await;
    let message = next(&mut stream).await;
    assert_eq!(changes(&message), [(change::Type::Created, "stations/s9")]);
}

#[tokio::test]
async fn a_service_that_stops_ends_a_watch_with_its_last_token() {
    let mut service = Service::start().await;
    let created = service.create_station("s1").await.unwrap();
    let mut idle = watch(&service, None).await.unwrap();
    let mut busy = watch(&service, Some(from("0"))).await.unwrap();
    next(&mut idle).await;
    next(&mut busy).await;
    next(&mut busy).await;
    let token = service.head().await.token;
    service.stop();
    for mut stream in [idle, busy] {
        let refusal = end(&mut stream).await;
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::Unavailable, "DRAINING")
        );
        assert_eq!(refusal.metadata["token"], token);
    }
    assert_eq!(created.revision, 1);
}

#[tokio::test]
async fn a_service_that_stops_in_a_snapshot_names_no_token_that_would_pass_over_the_rest() {
    let mut service = Service::start().await;
    for id in ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"] {
        create_article(&service, id, long_article()).await.unwrap();
    }
    // The service cannot send ahead what nobody reads.
    let request = WatchChangesRequest {
        start: Some(Start::Snapshot(true)),
        ..WatchChangesRequest::default()
    };
    let mut client = Addresses::new(service.address)
        .connect_with(|endpoint| endpoint.initial_stream_window_size(65_535));
    let mut stream = client.watch_changes(request).await.unwrap().into_inner();
    let mut cursor = next(&mut stream).await.cursor;
    service.stop();
    let status = loop {
        match stream.message().await {
            Ok(message) => {
                let message = message.unwrap();
                assert_eq!(
                    message.r#type(),
                    Type::Snapshot,
                    "it is cut off before its end"
                );
                cursor = message.cursor;
            }
            Err(status) => break status,
        }
    };
    let refusal = Refusal::of(&status);
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (Code::Unavailable, "DRAINING")
    );
    assert!(!refusal.metadata.contains_key("token"), "{refusal:?}");
    assert!(!cursor.is_empty());
}

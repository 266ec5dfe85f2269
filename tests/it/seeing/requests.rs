//! A call can be told from others: by its id, in the response and in the log; and by its trace.

use std::fs;

use bulletin::pb;
use serde_json::Value;
use tonic::Request;

use crate::seeing::collector::Collector;
use crate::support::folder::Folder;
use crate::support::program::Program;
use crate::support::{Database, Service, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A service that takes every call for slow, hence says something of each.
async fn talkative(more: &[&str]) -> (Program, Service, Folder) {
    let database = Database::create().await;
    let folder = Folder::named(&database.name);
    let arguments = ["--database-url", &database.url, "--slow-call-ms", "0"];
    let log = folder.file("log");
    let program = Program::serve_logging(&[&arguments, more].concat(), &log).await;
    let service = program.service(&database);
    (program, service, folder)
}

async fn lines_about_calls(folder: &Folder) -> Vec<Value> {
    let log = fs::read_to_string(folder.file("log")).unwrap();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let of_calls = |line: &Value| line["target"] == "bulletin::calls";
    lines.filter(of_calls).collect()
}

fn named(id: &str) -> Request<pb::GetHeadRequest> {
    let mut request = Request::new(pb::GetHeadRequest {});
    let headers = request.metadata_mut();
    headers.insert("x-request-id", id.parse().unwrap());
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    headers.insert("traceparent", parent.parse().unwrap());
    request
}

#[tokio::test]
async fn a_request_id_comes_back_and_stands_in_the_log() {
    let (_program, service, folder) = talkative(&[]).await;
    let answered = service
        .changes()
        .get_head(named("order-66.a"))
        .await
        .unwrap();
    assert_eq!(
        answered.metadata().get("x-request-id").unwrap(),
        "order-66.a"
    );
    let refused = service
        .articles()
        .get_article(pb::GetArticleRequest::default())
        .await
        .unwrap_err();
    let made = refused
        .metadata()
        .get("x-request-id")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(made.len() > 16, "{made}");
    // One that would spoil the log is not taken.
    let odd = service.changes().get_head(named("a b\"c")).await.unwrap();
    assert_ne!(odd.metadata().get("x-request-id").unwrap(), "a b\"c");
    until("three calls are in the log", async || {
        lines_about_calls(&folder).await.len() == 3
    })
    .await;
    let lines = lines_about_calls(&folder).await;
    let said = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    assert_eq!(said(&lines[0], "request_id"), "order-66.a");
    assert_eq!(said(&lines[0], "trace_id"), TRACE);
    assert_eq!(said(&lines[0], "rpc.service"), "bulletin.v1.ChangeService");
    assert_eq!(said(&lines[0], "rpc.method"), "GetHead");
    assert_eq!(said(&lines[0], "grpc.code"), "OK");
    assert_eq!(said(&lines[0], "level"), "INFO");
    assert!(lines[0]["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(said(&lines[1], "request_id"), made);
    assert_eq!(said(&lines[1], "grpc.code"), "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_defect_is_in_the_log_with_its_cause_under_the_id_of_the_request() {
    let (_program, service, folder) = talkative(&[]).await;
    let database = service.database.clone();
    service.create_station("one").await.unwrap();
    database
        .tamper("alter table stations rename to elsewhere")
        .await;
    let mut request = Request::new(pb::ListStationsRequest::default());
    request
        .metadata_mut()
        .insert("x-request-id", "broken-1".parse().unwrap());
    let refused = service.stations().list_stations(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Internal);
    assert!(!refused.message().contains("stations"), "{refused:?}");
    until("the defect is in the log", async || {
        lines_about_calls(&folder).await.iter().any(|line| {
            line["request_id"] == "broken-1"
                && line["level"] == "ERROR"
                && line["grpc.code"] == "INTERNAL"
                && line["causes"]
                    .as_str()
                    .unwrap_or_default()
                    .contains("stations")
        })
    })
    .await;
}

#[tokio::test]
async fn calls_are_sent_to_a_collector_as_parts_of_their_trace() {
    let collector = Collector::start().await;
    let endpoint = format!("http://{}", collector.address);
    let options = ["--otlp-endpoint", &endpoint, "--otlp-sample-ratio", "0"];
    let (_program, service, _folder) = talkative(&options).await;
    // Not sampled: it is no part of a trace, and none is begun.
    service.create_station("alone").await.unwrap();
    service.changes().get_head(named("traced")).await.unwrap();
    until("the call was sent", async || collector.holds(b"GetHead")).await;
    let trace: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert!(collector.holds(&trace), "it is of another trace");
    assert!(collector.holds(b"traced") && !collector.holds(b"CreateStation"));
}

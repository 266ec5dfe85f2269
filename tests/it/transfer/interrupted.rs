//! Imports that are cut off at any chunk, and end as one that was not.

use std::fs;

use bulletin::pb::import_records_request::Mode;
use bulletin::pb::{Article, ExportRecordsRequest, Record, Station, article, station};
use rustix::process::{Pid, Signal, kill_process};
use tokio_stream::wrappers::ReceiverStream;

use super::{Exported, export, of_article, of_source, of_station, of_statistic, requests};
use crate::support::folder::Folder;
use crate::support::log::{check_order, count};
use crate::support::program::{Program, Running, run};
use crate::support::{Database, Refusal, Service, statistic, until};

const ARTICLES: usize = 500;

/// Stations, and published articles with a page and two statistics each.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for index in 0..100 {
        records.push(of_station(Station {
            name: format!("stations/s{index:03}"),
            display_name: format!("第{index}派出所"),
            kind: station::Kind::PoliceStation.into(),
            ..Station::default()
        }));
    }
    for index in 0..ARTICLES {
        let text = format!("第{index}页:查处闯红灯88起,查处酒驾9起。");
        let name = format!("articles/a{index:04}");
        records.push(of_source(&text));
        records.push(of_article(Article {
            name: name.clone(),
            headline: format!("标题{index}"),
            state: article::State::Published.into(),
            source: Some(bulletin::page::Page::new(&text).source()),
            ..Article::default()
        }));
        for (id, quote, value) in [("s1", "88起", "88"), ("s2", "9起", "9")] {
            records.push(of_statistic(bulletin::pb::Statistic {
                name: format!("{name}/statistics/{id}"),
                stations: vec![format!("stations/s{:03}", index % 100)],
                ..statistic(quote, value, "起")
            }));
        }
    }
    records
}

fn lines(records: &[Record]) -> String {
    let line = |record: &Record| {
        let mut message = prost_reflect::DynamicMessage::new(bulletin::seed::descriptor());
        message.transcode_from(record).unwrap();
        serde_json::to_string(&message).unwrap() + "\n"
    };
    records.iter().map(line).collect()
}

/// What an import without interruption leaves, and its file.
async fn uninterrupted() -> (Exported, Folder, String) {
    let service = Service::start().await;
    let folder = Folder::of(&service);
    let file = folder.file("all.jsonl.zst");
    let packed = zstd::encode_all(lines(&records()).as_bytes(), 1).unwrap();
    fs::write(&file, packed).unwrap();
    let address = service.address.to_string();
    let imported = run(&["import", "--addr", &address, &file]).await;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let exported = export(&service, ExportRecordsRequest::default()).await;
    (exported, folder, file)
}

/// Fails unless the database has exactly these records, each written once.
async fn check(database: &Database, service: &Service, expected: &Exported) {
    let exported = export(service, ExportRecordsRequest::default()).await;
    assert_eq!(exported.summary, expected.summary);
    let changes = count(database, "changes").await;
    assert_eq!(changes, i64::try_from(expected.records.len()).unwrap());
    check_order(database).await;
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn an_import_whose_client_is_killed_goes_on_when_it_is_run_again() {
    let (expected, _folder, file) = uninterrupted().await;
    let service = Service::start().await;
    let address = service.address.to_string();
    let arguments = ["import", "--addr", &address, &file];
    for revision in [1, 3] {
        let mut import = Running::start(&arguments);
        until("chunks are written", async || {
            service.head().await.revision >= revision
        })
        .await;
        import.kill();
    }
    assert_eq!(Running::start(&arguments).code().await, Some(0));
    check(&service.database, &service, &expected).await;
}

#[tokio::test]
async fn an_import_outlives_the_service() {
    let (expected, _folder, file) = uninterrupted().await;
    let database = Database::create().await;
    let serve = ["--database-url", &database.url];
    let mut program = Program::serve(&serve).await;
    let address = program.address.to_string();
    let import = Running::start(&["import", "--addr", &address, &file]);
    for revision in [1, 3] {
        let service = program.service(&database);
        until("chunks are written", async || {
            service.head().await.revision >= revision
        })
        .await;
        program.kill();
        program = Program::serve_at(&address, &serve).await;
    }
    assert_eq!(import.code().await, Some(0));
    check(&database, &program.service(&database), &expected).await;
}

#[tokio::test]
async fn an_interrupt_ends_a_command_with_its_own_code() {
    let service = Service::start().await;
    let address = service.address.to_string();
    // Standard input says nothing, and stays open.
    let import = Running::start(&["import", "--addr", &address, "-"]);
    let process_id = import.process_id();
    until("^C is waited for", async || waits_for_interrupt(process_id)).await;
    let process = Pid::from_raw(process_id.cast_signed()).unwrap();
    kill_process(process, Signal::INT).unwrap();
    assert_eq!(import.code().await, Some(130));
}

#[tokio::test]
async fn a_service_that_stops_ends_imports_after_what_they_sent() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let service = program.service(&database);
    // Open as long as the sender is there.
    let (sender, chunks) = tokio::sync::mpsc::channel(2);
    let first = records().into_iter().take(10).collect();
    for request in requests(Mode::Upsert, "", [first]) {
        sender.send(request).await.unwrap();
    }
    let mut client = service.transfer();
    let answers = client.import_records(ReceiverStream::new(chunks));
    let mut answers = answers.await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    assert_eq!(answer.results.len(), 10);
    let process = Pid::from_raw(program.process_id().cast_signed()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    let ended = Refusal::of(&answers.message().await.unwrap_err());
    ended.is(tonic::Code::Unavailable, "DRAINING");
    assert_eq!(count(&database, "changes").await, 10);
    drop(sender);
}

/// Whether the process catches SIGINT, as the kernel tells.
fn waits_for_interrupt(process_id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & (1 << (2 - 1)) != 0
}

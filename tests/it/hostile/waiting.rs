//! Readers that never open their window: what they asked for waits, takes a bounded place, and ends with
//! the service.

use std::time::{Duration, Instant};

use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{self, Article, WatchChangesRequest, WatchChangesResponse};
use prost::Message as _;

use super::frames::{DATA, END_STREAM, HEADERS, Raw, WINDOW_UPDATE, begin, frame, message};
use super::{are_answered, beside, ended, memory_kib, program};
use crate::support::{Refusal, Service, until};

const WATCH: &str = "/bulletin.v1.ChangeService/WatchChanges";
const EXPORT: &str = "/bulletin.v1.TransferService/ExportRecords";

/// SETTINGS_INITIAL_WINDOW_SIZE
const WINDOW: u16 = 4;

const WATCHERS: u32 = 60;
const EXPORTERS: u32 = 10;
const RESUMED: u32 = 100;

/// What is sent before a reader stops, and how long he stops: longer than anything waits for him in memory.
const FIRST_BYTES: u32 = 64 * 1024;
const STOPPED: Duration = Duration::from_millis(1_500);

const PAGE_BYTES: usize = 500_000;
const PAGES: usize = 10;

/// Less than the readers would take together if each kept what it was to be sent, by far.
const MEMORY_KIB_MAX: u64 = 100 * 1024;

/// Begins to read on a window that is shut, and sees that it is heard.
async fn reader(service: &Service, path: &str, request: &[u8]) -> Raw {
    reader_of(service, 0, path, request).await
}

/// The same on a window for so many bytes.
async fn reader_of(service: &Service, window: u32, path: &str, request: &[u8]) -> Raw {
    let mut raw = Raw::open(service.address, &[(WINDOW, window)]).await;
    raw.send(&begin(1, path)).await;
    let body = frame(DATA, END_STREAM, 1, &message(request));
    raw.send(&body).await;
    assert!(ended(raw.next_of(&[HEADERS])).await.is_some());
    raw
}

/// Of pages too.
fn watch(start: Option<Start>) -> WatchChangesRequest {
    WatchChangesRequest {
        kinds: vec![
            pb::record::Kind::Source.into(),
            pb::record::Kind::Article.into(),
        ],
        start,
        ..Default::default()
    }
}

async fn readers(service: &Service) -> Vec<Raw> {
    let watch = watch(None).encode_to_vec();
    let mut readers = Vec::new();
    for _ in 0..WATCHERS {
        readers.push(reader(service, WATCH, &watch).await);
    }
    for _ in 0..EXPORTERS {
        readers.push(reader(service, EXPORT, &[]).await);
    }
    readers
}

async fn write(service: &Service, place: usize) {
    write_page(service, place, PAGE_BYTES).await;
}

async fn write_page(service: &Service, place: usize, bytes: usize) {
    let article = Article {
        headline: format!("标题 {place}"),
        source_text: format!("{place}").repeat(bytes / place.to_string().len()),
        ..Article::default()
    };
    let request = pb::CreateArticleRequest {
        article_id: format!("long-{place}"),
        article: Some(article),
        validate_only: false,
    };
    Refusal::or(service.articles().create_article(request).await).unwrap();
}

/// Watches that are told what was written before they came, to one who reads it and to many who do not.
async fn what_was_written_waits_in_the_log(start: impl Fn(String) -> Start, last: Type) {
    let (program, service) = program(&["--watch-buffer-mib", "1", "--cache-mib", "1"]).await;
    let start = start(service.head().await.token);
    for place in 0..PAGES {
        Box::pin(write(&service, place)).await;
    }
    are_answered(&service).await;
    let before = memory_kib(program.process_id(), "VmHWM");
    let request = watch(Some(start));
    let readers = async {
        let mut readers = Vec::new();
        for _ in 0..RESUMED {
            readers.push(reader(&service, WATCH, &request.encode_to_vec()).await);
        }
        // Who comes last has his turn at the database after all others.
        let watch = service.changes().watch_changes(request.clone()).await;
        let mut watch = watch.unwrap().into_inner();
        let mut bytes = 0;
        while let Some(message) = watch.message().await.unwrap() {
            bytes += message.encoded_len();
            if message.r#type() == last {
                break;
            }
        }
        assert!(bytes > PAGES * PAGE_BYTES, "{bytes} bytes");
        readers
    };
    let readers = beside(&service, Box::pin(readers)).await;
    let more = memory_kib(program.process_id(), "VmHWM").saturating_sub(before);
    assert!(more < MEMORY_KIB_MAX, "{more} KiB more");
    drop(readers);
}

#[tokio::test]
async fn what_follows_an_old_token_waits_in_the_log_and_not_in_memory() {
    what_was_written_waits_in_the_log(Start::Token, Type::Checkpoint).await;
}

#[tokio::test]
async fn a_snapshot_that_nobody_reads_is_not_read_from_the_database() {
    what_was_written_waits_in_the_log(|_| Start::Snapshot(true), Type::SnapshotEnd).await;
}

#[tokio::test]
async fn what_nobody_reads_waits_in_the_log_and_not_in_memory() {
    let arguments = ["--watch-buffer-mib", "1", "--cache-mib", "1"];
    let (mut program, service) =
        program(&[&arguments[..], &["--drain-timeout-ms", "2000"]].concat()).await;
    // What the first of them takes is taken already.
    write(&service, PAGES).await;
    are_answered(&service).await;
    let before = memory_kib(program.process_id(), "VmRSS");
    let readers = readers(&service).await;
    let writes = async {
        for place in 0..PAGES {
            Box::pin(write(&service, place)).await;
        }
    };
    beside(&service, writes).await;
    let more = memory_kib(program.process_id(), "VmRSS").saturating_sub(before);
    assert!(more < MEMORY_KIB_MAX, "{more} KiB more");
    // They still wait when the service stops, and it stops all the same.
    program.stop();
    until("it has stopped", async || program.code() == Some(0)).await;
    drop(readers);
}

async fn open(raw: &mut Raw) {
    let more = 0x00ff_ffff_u32.to_be_bytes();
    for stream in [0, 1] {
        raw.send(&frame(WINDOW_UPDATE, 0, stream, &more)).await;
    }
}

#[tokio::test]
async fn a_reader_that_opens_its_window_at_last_is_sent_everything() {
    let service = Service::seeded().await;
    let mut raw = reader(&service, EXPORT, &[]).await;
    are_answered(&service).await;
    open(&mut raw).await;
    let mut answer = Vec::new();
    while let Some(part) = ended(raw.next_of(&[DATA, HEADERS])).await {
        answer.extend(part.payload);
        if part.flags & END_STREAM != 0 {
            break;
        }
    }
    let name = super::STATION.as_bytes();
    assert!(answer.windows(name.len()).any(|at| at == name));
}

#[tokio::test]
async fn a_watcher_that_stops_reading_and_goes_on_misses_nothing() {
    let service = Service::seeded().await;
    let request = watch(Some(Start::Token(service.head().await.token)));
    let place_of = |name: String| name.strip_prefix("articles/long-")?.parse::<usize>().ok();
    for place in 0..4 * PAGES {
        let bytes = usize::try_from(FIRST_BYTES).unwrap() / 2;
        Box::pin(write_page(&service, place, bytes)).await;
    }
    let request = request.encode_to_vec();
    let mut raw = reader_of(&service, FIRST_BYTES, WATCH, &request).await;
    let stopped = Instant::now();
    until("the reader has stopped for long", async || {
        stopped.elapsed() > STOPPED
    })
    .await;
    open(&mut raw).await;
    let (mut answer, mut places) = (Vec::new(), Vec::new());
    'watch: loop {
        answer.extend(ended(raw.next_of(&[DATA])).await.unwrap().payload);
        while let Some(message) = take_message(&mut answer) {
            let changes = message.changes.iter();
            places.extend(changes.filter_map(|change| place_of(change.name.clone())));
            if places.len() == 4 * PAGES {
                break 'watch;
            }
        }
    }
    assert_eq!(places, (0..4 * PAGES).collect::<Vec<_>>());
}

/// The first message of what was received, if all of it is there.
fn take_message(received: &mut Vec<u8>) -> Option<WatchChangesResponse> {
    let length = received.get(1..5)?.try_into().unwrap();
    let end = 5 + usize::try_from(u32::from_be_bytes(length)).unwrap();
    let message = WatchChangesResponse::decode(received.get(5..end)?).unwrap();
    received.drain(..end);
    Some(message)
}

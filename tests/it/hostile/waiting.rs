//! Readers that never open their window: what they asked for waits, takes a bounded place, and ends with
//! the service.

use bulletin::pb::{self, Article};
use prost::Message as _;

use super::frames::{DATA, END_STREAM, HEADERS, Raw, begin, frame, message};
use super::{are_answered, beside, ended, memory_kib, program};
use crate::support::{Refusal, Service, until};

const WATCH: &str = "/bulletin.v1.ChangeService/WatchChanges";
const EXPORT: &str = "/bulletin.v1.TransferService/ExportRecords";

/// SETTINGS_INITIAL_WINDOW_SIZE
const WINDOW: u16 = 4;

const WATCHERS: u32 = 60;
const EXPORTERS: u32 = 10;

const PAGE_BYTES: usize = 500_000;
const PAGES: usize = 10;

/// Less than the readers would take together if each kept what it was to be sent, by far.
const MEMORY_KIB_MAX: u64 = 100 * 1024;

/// Begins to read on a window that is shut, and sees that it is heard.
async fn reader(service: &Service, path: &str, request: &[u8]) -> Raw {
    let mut raw = Raw::open(service.address, &[(WINDOW, 0)]).await;
    raw.send(&begin(1, path)).await;
    let body = frame(DATA, END_STREAM, 1, &message(request));
    raw.send(&body).await;
    assert!(ended(raw.next_of(&[HEADERS])).await.is_some());
    raw
}

async fn readers(service: &Service) -> Vec<Raw> {
    let watch = pb::WatchChangesRequest {
        kinds: vec![
            pb::record::Kind::Source.into(),
            pb::record::Kind::Article.into(),
        ],
        ..Default::default()
    };
    let watch = watch.encode_to_vec();
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
    let article = Article {
        headline: format!("标题 {place}"),
        source_text: format!("{place}").repeat(PAGE_BYTES / place.to_string().len()),
        ..Article::default()
    };
    let request = pb::CreateArticleRequest {
        article_id: format!("long-{place}"),
        article: Some(article),
        validate_only: false,
    };
    Refusal::or(service.articles().create_article(request).await).unwrap();
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

#[tokio::test]
async fn a_reader_that_opens_its_window_at_last_is_sent_everything() {
    let service = Service::seeded().await;
    let mut raw = reader(&service, EXPORT, &[]).await;
    are_answered(&service).await;
    let open = 0x00ff_ffff_u32.to_be_bytes();
    raw.send(&frame(super::frames::WINDOW_UPDATE, 0, 1, &open))
        .await;
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

//! Floods of frames: the connection is ended or goes on, and nobody else notices.

use super::beside;
use super::frames::{
    ACK, CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, Fate, HEADERS,
    PING, PROTOCOL_ERROR, RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, begin, block, call, frame,
    message,
};
use crate::support::Service;
use crate::support::seeds::TRAFFIC;

const COUNT: u32 = 20_000;

const LIST: &str = "/bulletin.v1.StatisticService/ListStatistics";
const IMPORT: &str = "/bulletin.v1.TransferService/ImportRecords";

/// Does it to a connection, while others' calls are answered.
async fn flooded(bytes: Vec<u8>) -> Fate {
    let service = Service::seeded().await;
    let raw = Raw::open(service.address, &[]).await;
    beside(&service, raw.flood(bytes)).await
}

fn list() -> Vec<u8> {
    let request = bulletin::pb::ListStatisticsRequest {
        parent: TRAFFIC.to_owned(),
        ..Default::default()
    };
    message(&prost::Message::encode_to_vec(&request))
}

/// Streams of a client have odd numbers.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|place| 2 * place + 1)
}

#[tokio::test]
async fn calls_that_are_cancelled_at_once_end_the_connection_or_nothing() {
    let list = list();
    let cancelled = |stream| {
        let body = frame(DATA, END_STREAM, stream, &list);
        let reset = frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
        [begin(stream, LIST), body, reset].concat()
    };
    let fate = flooded(streams(COUNT).flat_map(cancelled).collect()).await;
    let allowed = [Fate::Ended(ENHANCE_YOUR_CALM), Fate::Cut, Fate::Lives];
    assert!(allowed.contains(&fate), "{fate:?}");
}

#[tokio::test]
async fn calls_that_are_begun_only_to_be_cancelled_end_the_connection() {
    let cancelled = |stream| {
        let reset = frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
        [begin(stream, LIST), reset].concat()
    };
    let fate = flooded(streams(COUNT).flat_map(cancelled).collect()).await;
    assert_ne!(fate, Fate::Lives);
}

/// The service is made to reset streams itself, by frames that are wrong for them.
#[tokio::test]
async fn streams_that_the_service_must_reset_end_the_connection() {
    let wrong = |stream| {
        let nothing = frame(WINDOW_UPDATE, 0, stream, &0_u32.to_be_bytes());
        [begin(stream, LIST), nothing].concat()
    };
    let fate = flooded(streams(COUNT).flat_map(wrong).collect()).await;
    assert_ne!(fate, Fate::Lives);
}

#[tokio::test]
async fn empty_data_ends_the_connection_or_nothing() {
    let mut bytes = begin(1, LIST);
    for _ in 0..COUNT {
        bytes.extend(frame(DATA, 0, 1, &[]));
    }
    let fate = flooded(bytes).await;
    let allowed = [Fate::Ended(ENHANCE_YOUR_CALM), Fate::Cut, Fate::Lives];
    assert!(allowed.contains(&fate), "{fate:?}");
}

/// An import reads no chunk before it has a place for it, so that what comes meanwhile would wait.
#[tokio::test]
async fn data_of_single_bytes_that_nobody_reads_ends_the_connection() {
    let mut bytes = begin(1, IMPORT);
    // A chunk that is refused ends the import's reading.
    bytes.extend(frame(DATA, 0, 1, &message(&[0x08, 0x63])));
    for _ in 0..COUNT * 10 {
        bytes.extend(frame(DATA, 0, 1, &[0]));
    }
    assert_ne!(flooded(bytes).await, Fate::Lives);
}

#[tokio::test]
async fn headers_that_never_end_end_the_connection() {
    let mut bytes = frame(HEADERS, END_STREAM, 1, &block(&call(LIST)));
    for place in 0..COUNT {
        let field = format!("x-{place}");
        bytes.extend(frame(CONTINUATION, 0, 1, &block(&[(&field, "y")])));
    }
    assert_ne!(flooded(bytes).await, Fate::Lives);
}

#[tokio::test]
async fn empty_continuations_end_the_connection() {
    let mut bytes = frame(HEADERS, END_STREAM, 1, &block(&call(LIST)));
    for _ in 0..COUNT {
        bytes.extend(frame(CONTINUATION, 0, 1, &[]));
    }
    assert_ne!(flooded(bytes).await, Fate::Lives);
}

#[tokio::test]
async fn settings_and_pings_are_answered_one_by_one() {
    let settings = [3_u16.to_be_bytes().as_slice(), &100_u32.to_be_bytes()].concat();
    let mut bytes = Vec::new();
    for place in 0..COUNT {
        bytes.extend(frame(SETTINGS, 0, 0, &settings));
        bytes.extend(frame(PING, 0, 0, &u64::from(place).to_be_bytes()));
    }
    assert_eq!(flooded(bytes).await, Fate::Lives);
}

#[tokio::test]
async fn answers_to_nothing_are_no_use() {
    let mut bytes = Vec::new();
    for _ in 0..COUNT {
        bytes.extend(frame(PING, ACK, 0, &[0; 8]));
    }
    assert_eq!(flooded(bytes).await, Fate::Lives);
    // Nobody asked for settings to be acknowledged twice.
    let acknowledged = frame(SETTINGS, ACK, 0, &[]).repeat(2);
    assert_eq!(flooded(acknowledged).await, Fate::Ended(PROTOCOL_ERROR));
}

#[tokio::test]
async fn frames_of_no_known_kind_are_passed_over() {
    let unknown = frame(0xfe, END_HEADERS, 1, &[7; 100]);
    assert_eq!(
        flooded(unknown.repeat(COUNT as usize / 10)).await,
        Fate::Lives
    );
}

/// Windows that are opened further than there are numbers.
#[tokio::test]
async fn a_window_beyond_its_bound_ends_the_connection() {
    let opened = frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
    assert_ne!(flooded(opened.repeat(3)).await, Fate::Lives);
}

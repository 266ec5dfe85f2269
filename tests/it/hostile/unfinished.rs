//! Messages that are too long, that lie about their length, or about what they are packed with.

use std::io::Write as _;

use bulletin::pb;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;
use tonic::Code::{InvalidArgument, ResourceExhausted, Unimplemented};

use super::frames::{DATA, Raw, begin, frame, message};
use super::http::{GRPC, post};
use super::{STATION, are_answered, beside, memory_kib, program};
use crate::support::Service;

const GET: &str = "/bulletin.v1.StationService/GetStation";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const IMPORT: &str = "/bulletin.v1.TransferService/ImportRecords";
const WATCH: &str = "/bulletin.v1.ChangeService/WatchChanges";

/// What a bomb comes to, unpacked.
const BOMB_BYTES: usize = 64 * 1024 * 1024;

/// Less than a bomb comes to, by far.
const MEMORY_KIB_MAX: u64 = 24 * 1024;

fn get() -> Vec<u8> {
    let request = pb::GetStationRequest {
        name: STATION.to_owned(),
        consistency: None,
    };
    request.encode_to_vec()
}

#[tokio::test]
async fn a_message_that_is_not_as_long_as_it_says_is_refused() {
    let service = Service::seeded().await;
    let whole = message(&get());
    let said = |length: u32| {
        let mut message = whole.clone();
        message[1..5].copy_from_slice(&length.to_be_bytes());
        message
    };
    let length = u32::try_from(get().len()).unwrap();
    for (name, body) in [
        ("longer than it is", said(length + 1)),
        ("much longer than it is", said(4 * 1024 * 1024)),
        ("shorter than it is", said(length - 1)),
        ("empty, and is not", said(0)),
        ("the start of a header", whole[..3].to_vec()),
    ] {
        let call = post(&service, GET, GRPC, body);
        let refusal = beside(&service, call).await.refusal();
        refusal.is(InvalidArgument, "FIELD_INVALID");
        assert!(
            ["request", "name"].contains(&refusal.fields()[0]),
            "{name}: {refusal:?}"
        );
    }
    for length in [4 * 1024 * 1024 + 1, u32::MAX] {
        let call = post(&service, GET, GRPC, said(length));
        let refusal = beside(&service, call).await.refusal();
        refusal.is(ResourceExhausted, "MESSAGE_TOO_LARGE");
        assert!(refusal.message.contains(&length.to_string()), "{refusal:?}");
    }
    post(&service, GET, GRPC, whole.clone()).await.is_ok();
    // A second one is read and left alone.
    post(&service, GET, GRPC, whole.repeat(2)).await.is_ok();
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_on_every_kind_of_call() {
    let service = Service::seeded().await;
    let long = message(&vec![0; 4 * 1024 * 1024 + 1]);
    for path in [GET, IMPORT, WATCH] {
        let call = post(&service, path, GRPC, long.clone());
        let refusal = beside(&service, call).await.refusal();
        refusal.is(ResourceExhausted, "MESSAGE_TOO_LARGE");
    }
    // Who needs no credentials has little to say.
    let call = post(&service, CHECK, GRPC, message(&[0; 8 * 1024]));
    let refusal = beside(&service, call).await.refusal();
    refusal.is(ResourceExhausted, "MESSAGE_TOO_LARGE");
}

/// Zeros, as packed as they can be; those that the service has no word for are not packed at all.
fn bomb(encoding: &str) -> Vec<u8> {
    let zeros = vec![0; BOMB_BYTES];
    match encoding {
        "gzip" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&zeros).unwrap();
            gzip.finish().unwrap()
        }
        "zstd" => zstd::encode_all(&zeros[..], 1).unwrap(),
        _ => zeros[..1024].to_vec(),
    }
}

#[tokio::test]
async fn what_is_compressed_is_refused_without_being_unpacked() {
    let (program, service) = program(&[]).await;
    are_answered(&service).await;
    let before = memory_kib(program.process_id(), "VmRSS");
    for encoding in ["gzip", "zstd", "deflate", "snappy"] {
        let mut body = message(&bomb(encoding));
        body[0] = 1;
        let headers = [GRPC, &[("grpc-encoding", encoding)]].concat();
        for path in [GET, IMPORT] {
            let call = post(&service, path, &headers, body.clone());
            let answer = beside(&service, call).await;
            let refusal = answer.refusal();
            refusal.is(Unimplemented, "NOT_BUILT");
            assert!(refusal.message.contains("compress"), "{refusal:?}");
            assert_eq!(answer.headers["grpc-accept-encoding"], "identity");
        }
        // Marked as compressed, but not said how.
        let call = post(&service, GET, GRPC, body);
        let refusal = beside(&service, call).await.refusal();
        refusal.is(InvalidArgument, "FIELD_INVALID");
    }
    let more = memory_kib(program.process_id(), "VmRSS").saturating_sub(before);
    assert!(more < MEMORY_KIB_MAX, "{more} KiB more");
    // Said to be packed as nothing, it is taken as it is.
    let headers = [GRPC, &[("grpc-encoding", "identity")]].concat();
    post(&service, GET, &headers, message(&get())).await.is_ok();
}

/// Calls whose messages never come to an end hold nothing that others need.
#[tokio::test]
async fn messages_that_are_never_finished_hold_up_nobody() {
    let service = Service::seeded().await;
    let mut raw = Raw::open_elsewhere(service.address).await;
    let start = message(&[0; 200]);
    // More than there are places for calls, of which one client may not have all.
    for place in 0..1_000 {
        let stream = 2 * place + 1;
        raw.send(&begin(stream, GET)).await;
        raw.send(&frame(DATA, 0, stream, &start[..100])).await;
    }
    beside(&service, async {}).await;
}

//! Calls that break the protocols that calls are made of.

use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::codegen::http::Method;

use super::frames::{
    DATA, END_HEADERS, END_STREAM, Fate, GOAWAY, HEADERS, PROTOCOL_ERROR, RST_STREAM, Raw, begin,
    block, call, frame, message,
};
use super::http::{GRPC, post, send};
use super::{STATION, are_answered, beside, ended};
use crate::support::Service;

const GET: &str = "/bulletin.v1.StationService/GetStation";

fn get() -> Vec<u8> {
    let request = bulletin::pb::GetStationRequest {
        name: STATION.to_owned(),
        consistency: None,
    };
    message(&request.encode_to_vec())
}

#[tokio::test]
async fn a_content_that_is_no_grpc_is_refused_before_it_is_read() {
    let service = Service::seeded().await;
    for kind in [
        "text/html",
        "application/json",
        "application/grpcx",
        "",
        "application/x-protobuf",
    ] {
        let headers = [("content-type", kind), ("te", "trailers")];
        let answer = beside(&service, post(&service, GET, &headers, get())).await;
        assert_eq!(answer.http, 415, "{kind}: {answer:?}");
        assert!(answer.body.is_empty());
    }
    let answer = post(&service, GET, &[("te", "trailers")], get()).await;
    assert_eq!(answer.http, 415, "{answer:?}");
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;x=y",
    ] {
        let headers = [("content-type", kind), ("te", "trailers")];
        post(&service, GET, &headers, get()).await.is_ok();
    }
}

#[tokio::test]
async fn a_call_is_a_post() {
    let service = Service::seeded().await;
    for method in [
        Method::GET,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
    ] {
        let call = send(&service, method.clone(), GET, GRPC, get());
        let answer = beside(&service, call).await;
        assert_eq!(answer.http, 405, "{method}: {answer:?}");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_method_or_a_service_that_does_not_exist_is_refused_whatever_its_name() {
    let service = Service::seeded().await;
    let long = format!("/{}/x", "bulletin.v1.".repeat(600));
    for path in [
        "/bulletin.v1.StationService/Nothing",
        "/bulletin.v1.Nothing/GetStation",
        "/bulletin.v1.StationService/getstation",
        "/bulletin.v1.StationService/GetStation/",
        "/bulletin.v1.StationService/GetStation/../GetStation",
        "/bulletin.v1.StationService//GetStation",
        "/bulletin.v1.StationService/%47etStation",
        "/",
        "//",
        "/%00",
        &long,
    ] {
        let answer = beside(&service, post(&service, path, GRPC, get())).await;
        answer.refusal().is(Code::Unimplemented, "NOT_BUILT");
    }
    // What comes behind a question mark names no method.
    post(&service, &format!("{GET}?x=y"), GRPC, get())
        .await
        .is_ok();
}

#[tokio::test]
async fn who_does_not_say_that_he_takes_trailers_is_answered() {
    let service = Service::seeded().await;
    let headers = [("content-type", "application/grpc")];
    post(&service, GET, &headers, get()).await.is_ok();
}

#[tokio::test]
async fn headers_above_their_bound_are_refused_and_the_connection_goes_on() {
    let service = Service::seeded().await;
    for (count, length) in [(1, 17 * 1024), (200, 100)] {
        let value = "y".repeat(length);
        let names: Vec<String> = (0..count).map(|place| format!("x-{place}")).collect();
        let many = names.iter().map(|name| (name.as_str(), value.as_str()));
        let headers: Vec<(&str, &str)> = GRPC.iter().copied().chain(many).collect();
        let answer = beside(&service, post(&service, GET, &headers, get())).await;
        assert_eq!(answer.http, 431, "{answer:?}");
        post(&service, GET, GRPC, get()).await.is_ok();
    }
    let value = "y".repeat(8 * 1024);
    let headers = [GRPC, &[("x-fits", &value)]].concat();
    post(&service, GET, &headers, get()).await.is_ok();
}

#[tokio::test]
async fn headers_of_http_1_have_the_same_bound() {
    let service = Service::seeded().await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let begun = format!(
        "POST {GET} HTTP/1.1\r\nhost: bulletin\r\nx-long: {}",
        "y".repeat(20 * 1024)
    );
    stream.write_all(begun.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

/// What a stream with this header block comes to.
async fn outcome(service: &Service, fields: &[(&str, &str)]) -> (u8, Option<u32>) {
    let mut raw = Raw::open(service.address, &[]).await;
    raw.send(&frame(HEADERS, END_HEADERS, 1, &block(fields)))
        .await;
    raw.send(&frame(DATA, END_STREAM, 1, &get())).await;
    let end = beside(service, raw.next_of(&[HEADERS, RST_STREAM, GOAWAY])).await;
    end.map_or((GOAWAY, None), |end| (end.kind, end.reason()))
}

#[tokio::test]
async fn malformed_headers_end_their_stream_or_connection() {
    let service = Service::seeded().await;
    let good = call(GET);
    assert_eq!(outcome(&service, &good).await.0, HEADERS);
    let with = |more: (&'static str, &'static str)| [&good[..], &[more]].concat();
    let first = |more: (&'static str, &'static str)| [&[more], &good[..]].concat();
    let without = |name: &str| {
        let left = good.iter().filter(|(known, _)| *known != name);
        left.copied().collect::<Vec<_>>()
    };
    for fields in [
        first((":path", "/other")),
        first((":method", "GET")),
        first((":authority", "other")),
        first((":scheme", "https")),
        first((":unknown", "x")),
        first((":status", "200")),
        first(("early", "x")),
        with((":path", GET)),
        with(("Upper", "x")),
        with(("connection", "close")),
        with(("transfer-encoding", "chunked")),
        with(("te", "gzip")),
        with(("x", "a\r\nb: c")),
        with(("x", "a\0b")),
        with(("content-length", "7")),
        with(("content-length", "-1")),
        without(":method"),
        without(":path"),
        without(":scheme"),
        vec![],
    ] {
        let (kind, reason) = outcome(&service, &fields).await;
        assert!(
            [RST_STREAM, GOAWAY].contains(&kind),
            "{fields:?}: {kind} {reason:?}"
        );
    }
}

#[tokio::test]
async fn numbers_of_streams_grow_and_are_odd() {
    let service = Service::seeded().await;
    let body = |stream| frame(DATA, END_STREAM, stream, &get());
    // The last number there is, and none behind it.
    let mut raw = Raw::open(service.address, &[]).await;
    let last = 0x7fff_ffff;
    raw.send(&[begin(last, GET), body(last)].concat()).await;
    let answer = beside(&service, raw.next_of(&[HEADERS, RST_STREAM, GOAWAY])).await;
    assert_eq!(
        answer.map(|answer| (answer.kind, answer.stream)),
        Some((HEADERS, last))
    );
    for streams in [[2, 2], [5, 3], [1, 0]] {
        let calls = streams.map(|stream| begin(stream, GET)).concat();
        let raw = Raw::open(service.address, &[]).await;
        let fate = beside(&service, raw.flood(calls)).await;
        assert_eq!(fate, Fate::Ended(PROTOCOL_ERROR), "{streams:?}");
    }
}

#[tokio::test]
async fn no_more_streams_are_open_than_are_allowed() {
    let service = Service::seeded().await;
    let mut raw = Raw::open_elsewhere(service.address).await;
    for place in 0..1_100 {
        raw.send(&begin(2 * place + 1, GET)).await;
    }
    // Those above the bound are refused as streams. Of the others some are more calls than are taken at
    // once, and answered so; the rest still wait for their messages.
    let refused = async {
        loop {
            let frame = raw.next_of(&[RST_STREAM, GOAWAY]).await.unwrap();
            if frame.kind == GOAWAY || frame.stream > 2 * 1_024 {
                return frame;
            }
        }
    };
    let refused = beside(&service, refused).await;
    assert_eq!(refused.kind, RST_STREAM, "{refused:?}");
    raw.send(&frame(DATA, END_STREAM, 1, &get())).await;
    let answered = async {
        while let Some(frame) = raw.next_of(&[HEADERS]).await {
            if frame.stream == 1 {
                return;
            }
        }
        panic!("the connection ended");
    };
    ended(answered).await;
    are_answered(&service).await;
}

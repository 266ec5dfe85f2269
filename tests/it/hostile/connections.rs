//! Connections that say little, nothing, something else, or are too many.

use std::net::SocketAddr;
use std::time::Duration;

use bulletin::guard::transport::Transport;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::frames::{
    DATA, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, Raw, SETTINGS, begin, frame, message,
};
use super::{STATION, are_answered, beside, ended, program};
use crate::support::Service;

const GET: &str = "/bulletin.v1.StationService/GetStation";
const WATCH: &str = "/bulletin.v1.ChangeService/WatchChanges";

/// Connections that are held at the same time, if as many files may be open.
const MANY: u64 = 10_000;

/// Files that a test process needs beside those it is about.
const OTHER_FILES: u64 = 2_000;

fn get() -> Vec<u8> {
    let request = bulletin::pb::GetStationRequest {
        name: STATION.to_owned(),
        consistency: None,
    };
    message(&prost::Message::encode_to_vec(&request))
}

#[tokio::test]
async fn who_says_nothing_is_cut_off_and_who_begins_is_not() {
    let service = Service::seeded_with(Transport {
        handshake_timeout: Duration::from_secs(1),
        ..Transport::default()
    })
    .await;
    let address = service.address;
    let mut idle = Raw::open(address, &[]).await;
    let mut silent = JoinSet::new();
    for said in [&b""[..], b"P", &PREFACE[..23], b"POST / HTTP/1.1\r\n"] {
        silent.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said).await.unwrap();
            while stream.read_u8().await.is_ok() {}
        });
    }
    beside(&service, silent.join_all()).await;
    idle.send(&begin(1, GET)).await;
    idle.send(&frame(DATA, END_STREAM, 1, &get())).await;
    assert!(ended(idle.next_of(&[HEADERS])).await.is_some());
}

#[tokio::test]
async fn a_call_that_trickles_in_holds_up_nobody_and_is_answered() {
    let service = Service::seeded().await;
    let mut raw = Raw::open(service.address, &[]).await;
    let body: Vec<u8> = get()
        .chunks(1)
        .flat_map(|byte| frame(DATA, 0, 1, byte))
        .collect();
    let end = frame(DATA, END_STREAM, 1, &[]);
    let call = [begin(1, GET), body, end].concat();
    for piece in call.chunks(call.len() / 10) {
        raw.send(piece).await;
        are_answered(&service).await;
    }
    assert!(ended(raw.next_of(&[HEADERS])).await.is_some());
    let answer = ended(raw.next_of(&[DATA])).await.unwrap().payload;
    assert!(
        answer
            .windows(STATION.len())
            .any(|at| at == STATION.as_bytes())
    );
}

#[tokio::test]
async fn a_watcher_that_vanished_is_noticed() {
    let service = Service::seeded_with(Transport {
        ping_interval: Duration::from_millis(200),
        ping_timeout: Duration::from_secs(2),
        ..Transport::default()
    })
    .await;
    let mut raw = Raw::open(service.address, &[]).await;
    raw.send(&begin(1, WATCH)).await;
    raw.send(&frame(DATA, END_STREAM, 1, &message(&[]))).await;
    // It is asked whether it lives, and does not say so.
    let noticed = async {
        let asked = raw.next_of(&[PING]).await;
        while raw.next().await.is_some() {}
        asked
    };
    assert!(beside(&service, noticed).await.is_some());
}

#[tokio::test]
async fn connections_that_are_reset_in_the_middle_of_a_call_harm_nobody() {
    let service = Service::seeded().await;
    let resets = async {
        for place in 0..200 {
            let mut stream = TcpStream::connect(service.address).await.unwrap();
            let settings = frame(SETTINGS, 0, 0, &[]);
            let call = [
                PREFACE,
                &settings,
                &begin(1, GET),
                &frame(DATA, END_STREAM, 1, &get()),
            ];
            let call = call.concat();
            stream
                .write_all(&call[..call.len() * place / 200])
                .await
                .unwrap();
            stream.set_zero_linger().unwrap();
        }
    };
    beside(&service, resets).await;
}

/// Says something, and gives what is answered until the connection ends or is silent in between.
async fn answer(address: SocketAddr, said: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be cut off before it has said all.
    let _ = stream.write_all(said).await;
    stream.shutdown().await.unwrap_or_default();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn what_is_no_http_2_is_answered_with_a_refusal_and_ended() {
    let service = Service::seeded().await;
    // The start of a TLS handshake.
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 506]].concat();
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1024 * 1024));
    let refused: [(&[u8], &str); 6] = [
        (b"GET / HTTP/1.1\r\nhost: bulletin\r\n\r\n", "HTTP/1.1 400"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 400"),
        (b"\0\x01\x02\x03\r\n\r\n", "HTTP/1.1 400"),
        (b"GET\r\n\r\n", "HTTP/1.1 400"),
        (&hello, ""),
        (long.as_bytes(), ""),
    ];
    for (said, begins) in refused {
        let answer = beside(&service, answer(service.address, said)).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(begins), "{answer}");
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn garbage_behind_the_preface_ends_the_connection() {
    let service = Service::seeded().await;
    let too_long = [0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1];
    let wrong = [
        b"GET / HTTP/1.1\r\nhost: bulletin\r\n\r\n".to_vec(),
        too_long.to_vec(),
        frame(SETTINGS, 0, 1, &[]),
        frame(SETTINGS, 0, 0, &[0; 5]),
        frame(DATA, 0, 0, b"x"),
        frame(DATA, 0, 1, b"x"),
        frame(PING, 0, 0, &[0; 7]),
        frame(HEADERS, 0xff, 1, &[0xff; 20]),
    ];
    for bytes in wrong {
        let mut raw = Raw::open(service.address, &[]).await;
        raw.send(&bytes).await;
        let outcome = async {
            let goaway = raw.next_of(&[GOAWAY]).await;
            while raw.next().await.is_some() {}
            goaway.and_then(|goaway| goaway.reason())
        };
        // Some are cut off before they have read why.
        let reason = beside(&service, outcome).await;
        assert_ne!(reason, Some(0), "{bytes:?}");
    }
}

/// How many files may be open, after as many are allowed as can be.
fn files_max() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    limit.maximum.unwrap_or(u64::MAX)
}

#[tokio::test]
async fn ten_thousand_connections_are_held_while_others_are_answered() {
    let count = MANY.min(files_max().saturating_sub(OTHER_FILES));
    if count < MANY {
        eprintln!("no more than {count} connections: more files may not be open");
    }
    let (program, service) = program(&[]).await;
    let address = program.address;
    let mut held = Vec::new();
    let hold = async {
        let mut opening = JoinSet::new();
        for place in 0..count {
            opening.spawn(async move {
                match place % 2 {
                    0 => Raw::open(address, &[]).await,
                    _ => Raw::silent(address).await,
                }
            });
            // As many as may wait to be taken.
            if opening.len() == 1_000 {
                held.extend(std::mem::take(&mut opening).join_all().await);
            }
        }
        held.extend(opening.join_all().await);
    };
    beside(&service, hold).await;
    are_answered(&service).await;
    // The first of them is served as before.
    let first = &mut held[0];
    first.send(&begin(1, GET)).await;
    first.send(&frame(DATA, END_STREAM, 1, &get())).await;
    assert!(ended(first.next_of(&[HEADERS])).await.is_some());
}

#[tokio::test]
async fn when_no_more_can_be_taken_those_that_are_go_on_and_later_others_are_taken() {
    let (program, service) = program(&[]).await;
    are_answered(&service).await;
    assert_eq!(service.station(STATION).await.name, STATION);
    let pid = i32::try_from(program.process_id()).unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count();
    let open = u64::try_from(open).unwrap();
    let limit = Rlimit {
        current: Some(open + 20),
        maximum: Some(open + 20),
    };
    prlimit(Pid::from_raw(pid), Resource::Nofile, limit).unwrap();
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(Raw::open(program.address, &[]).await);
    }
    for _ in 0..20 {
        assert_eq!(service.station(STATION).await.name, STATION);
    }
    drop(held);
    are_answered(&service).await;
}

//! Recorded runs, each with something going wrong, held to every guarantee of a watch.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bulletin::changes::compact::{Before, Compaction};
use bulletin::db::{Pooler, Settings};
use bulletin::pb::record::Kind;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{self, WatchChangesRequest};

use super::checker::check;
use tonic::Code;

use super::recording::{Addresses, Recording, Session, Watching};
use super::truth::Log;
use super::workload::{Outcomes, STATIONS, Writers, prepare};
use crate::support::log::check_order;
use crate::support::private::{Scratch, crash, database as private_database, start, stop};
use crate::support::program::Program;
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, HeadLock, Refusal, Service, until};

/// Watches of every sort.
pub fn asked() -> Vec<WatchChangesRequest> {
    let of = |start| WatchChangesRequest {
        start,
        ..WatchChangesRequest::default()
    };
    vec![
        WatchChangesRequest {
            include_old: true,
            ..of(None)
        },
        of(Some(Start::Snapshot(true))),
        WatchChangesRequest {
            station: STATIONS[0].to_owned(),
            include_old: true,
            ..of(Some(Start::Snapshot(true)))
        },
        WatchChangesRequest {
            station: STATIONS[1].to_owned(),
            omit_new: true,
            ..of(None)
        },
        WatchChangesRequest {
            kinds: vec![Kind::Source.into(), Kind::Statistic.into()],
            ..of(Some(Start::Snapshot(true)))
        },
        WatchChangesRequest {
            parent: "articles/a0-1".to_owned(),
            ..of(None)
        },
        WatchChangesRequest {
            kinds: vec![Kind::Station.into()],
            station: STATIONS[0].to_owned(),
            ..of(Some(Start::Token("0".to_owned())))
        },
    ]
}

pub async fn watch_all(addresses: &Addresses) -> Vec<Watching> {
    let mut watches = Vec::new();
    for asked in asked() {
        watches.push(Watching::start(addresses, asked).begun().await);
    }
    watches
}

/// Ends every watch once it has seen all, and checks what was recorded.
pub async fn conclude(
    database: &Database,
    watches: Vec<Watching>,
    outcomes: &Outcomes,
) -> (Log, Vec<Recording>) {
    conclude_after(database, &Log::default(), watches, outcomes).await
}

/// The same, with what was read of the log before it was compacted.
pub async fn conclude_after(
    database: &Database,
    earlier: &Log,
    watches: Vec<Watching>,
    outcomes: &Outcomes,
) -> (Log, Vec<Recording>) {
    let log = Log::read_after(database, earlier).await;
    let mut recordings = Vec::new();
    for watch in watches {
        let recording = watch.until(log.head()).await;
        if let Err(broken) = check(&recording, &log) {
            let (guarantee, how) = (broken.guarantee, broken.how);
            panic!(
                "not {guarantee}: {how}; in a watch of {:?}",
                recording.asked
            );
        }
        recordings.push(recording);
    }
    check_order(database).await;
    for write in &outcomes.acknowledged {
        assert!(log.has(write), "{write:?} is not in the log");
    }
    // Nothing else was written, unless its client does not know.
    let written = log.writes();
    // A write that changes nothing, such as one made again, is answered with the version that is there.
    let known = outcomes.acknowledged.iter();
    let known: HashSet<_> = known.map(|write| (&write.name, write.revision)).collect();
    let known = known.len();
    assert!(
        (known..=known + outcomes.unknown).contains(&written),
        "{written} revisions, {known} acknowledged, {} unknown",
        outcomes.unknown
    );
    (log, recordings)
}

fn sessions(recordings: &[Recording]) -> usize {
    recordings
        .iter()
        .map(|recording| recording.sessions.len())
        .sum()
}

fn has(recordings: &[Recording], kind: Type) -> bool {
    let sessions = recordings.iter().flat_map(|recording| &recording.sessions);
    let mut messages = sessions.flat_map(|session| &session.messages);
    messages.any(|message| message.r#type() == kind)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_rolled_back_and_held_up_behind_a_transaction() {
    let first = Arc::new(Service::start().await);
    let database = first.database.clone();
    let second = Arc::new(Service::on(database.clone()).await);
    let mut prepared = prepare(&first).await;
    let services = [Arc::clone(&first), Arc::clone(&second)];
    let mut watches = watch_all(&Addresses::new(first.address)).await;
    let writers = Writers::start(&services, "a", 6);
    writers.wait_for(6).await;
    watches.extend(watch_all(&Addresses::new(second.address)).await);

    for _ in 0..3 {
        let mut lock = HeadLock::take(&database).await;
        // One group a process waits; the connections of both end, so that both roll back.
        lock.wait_for_writers(2).await;
        lock.terminate_writers().await;
        lock.wait_for_writers(2).await;
        lock.release().await;
        writers.wait_for(6).await;
    }
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    assert_eq!(outcomes.unknown, 0);
    let (log, recordings) = conclude(&database, watches, &outcomes).await;
    assert!(log.head() > 100 && has(&recordings, Type::Checkpoint));
    assert_eq!(
        sessions(&recordings),
        recordings.len(),
        "no watch was cut off"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_again_and_again_while_watches_resume() {
    let database = Database::create().await;
    let arguments = [
        "--database-url",
        &database.url,
        "--watch-checkpoint-interval-ms",
        "50",
    ];
    let mut program = Program::serve(&arguments).await;
    let addresses = Addresses::new(program.address);
    let mut outcomes = Outcomes {
        acknowledged: prepare(&program.service(&database)).await,
        unknown: 0,
    };
    let watches = watch_all(&addresses).await;
    for life in ["a", "b", "c"] {
        let service = Arc::new(program.service(&database));
        let writers = Writers::start(&[service], life, 4);
        writers.wait_for(12).await;
        program.kill();
        let ended = writers.stop().await;
        outcomes.acknowledged.extend(ended.acknowledged);
        outcomes.unknown += ended.unknown;
        program = Program::serve(&arguments).await;
        addresses.move_to(program.address);
    }
    let (_, recordings) = conclude(&database, watches, &outcomes).await;
    assert!(
        sessions(&recordings) >= 4 * recordings.len(),
        "every watch was cut off"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_and_started_again() {
    let scratch = Scratch::new("follow-postgres");
    let postgres = start(scratch.options()).await;
    let database = private_database(&postgres);
    let db = database.open().await;
    db.migrate().await.unwrap();
    db.close().await;
    let service = Arc::new(Service::on(database.clone()).await);
    let mut prepared = prepare(&service).await;
    let watches = watch_all(&Addresses::new(service.address)).await;
    let writers = Writers::start(&[Arc::clone(&service)], "a", 6);
    writers.wait_for(12).await;
    crash(postgres).await;
    let postgres = start(scratch.options()).await;
    writers.wait_for(12).await;
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    let (_, recordings) = conclude(&database, watches, &outcomes).await;
    assert_eq!(
        sessions(&recordings),
        recordings.len(),
        "no watch was cut off"
    );
    drop(service);
    stop(postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_postgres_that_is_slow_lossy_cut_and_black_holed() {
    let database = Database::create().await;
    let (proxy, proxied) = Proxy::before(&database);
    let service = Arc::new(Service::on(proxied).await);
    let mut prepared = prepare(&service).await;
    let addresses = Addresses::new(service.address);
    let mut watches = watch_all(&addresses).await;
    let writers = Writers::start(&[Arc::clone(&service)], "a", 4);
    for fault in [
        Fault::Slow(Duration::from_millis(15)),
        Fault::Lossy,
        Fault::Down,
        Fault::AfterCommit,
        Fault::BlackHole,
    ] {
        writers.wait_for(4).await;
        proxy.set(fault);
        match fault {
            Fault::AfterCommit => {
                until("a commit has met it", async || proxy.fault() == Fault::None).await;
            }
            // Reads notice too that nobody answers.
            Fault::Down | Fault::BlackHole => {
                until("the primary is taken for lost", async || {
                    let head = service.ask(pb::GetHeadRequest {}).await;
                    head.is_err_and(|refusal| refusal.reason == "NO_PRIMARY")
                })
                .await;
            }
            _ => writers.wait_for(2).await,
        }
        proxy.set(Fault::None);
        writers.wait_for(4).await;
        watches.push(
            Watching::start(&addresses, asked().swap_remove(2))
                .begun()
                .await,
        );
    }
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    let (_, recordings) = conclude(&database, watches, &outcomes).await;
    assert_eq!(
        sessions(&recordings),
        recordings.len(),
        "no watch was cut off"
    );
}

/// Behind a pooler a snapshot is taken where its transaction begins, and not by the first statement after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_a_poll_begins_is_no_other_history() {
    let database = Database::create().await;
    let (proxy, proxied) = Proxy::before(&database);
    let settings = Settings {
        pooler: Pooler::Transaction,
        ..Settings::direct(proxied.url.clone(), 4)
    };
    let service = Arc::new(Service::with(proxied, &settings).await);
    let mut prepared = prepare(&service).await;
    let addresses = Addresses::new(service.address);
    let watches = watch_all(&addresses).await;
    let writers = Writers::start(&[Arc::clone(&service)], "a", 4);
    // A poll's beginning is answered late, and meanwhile a write is answered.
    proxy.set(Fault::Lossy);
    for _ in 0..2 {
        writers.wait_for(2).await;
    }
    proxy.set(Fault::None);
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    let (_, recordings) = conclude(&database, watches, &outcomes).await;
    assert_eq!(
        sessions(&recordings),
        recordings.len(),
        "no watch was cut off"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_under_watches() {
    let service = Arc::new(Service::start().await);
    let database = service.database.clone();
    let mut prepared = prepare(&service).await;
    let addresses = Addresses::new(service.address);
    let mut watches = watch_all(&addresses).await;
    let writers = Writers::start(&[Arc::clone(&service)], "a", 4);
    let db = database.open().await;
    let mut log = Log::default();
    for _ in 0..4 {
        writers.wait_for(8).await;
        log = Log::read_after(&database, &log).await;
        let before = Before::parse(&(log.head() - 10).to_string()).unwrap();
        let mut compaction = Compaction::begin(&db, &before).await.unwrap();
        compaction.finish().await.unwrap();
        assert!(compaction.report().records > 0);
        // Those that begin with a revision that is gone by now are left out.
        watches.push(
            Watching::start(&addresses, asked().swap_remove(1))
                .begun()
                .await,
        );
    }
    db.close().await;
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    let (log, recordings) = conclude_after(&database, &log, watches, &outcomes).await;
    assert_eq!(
        sessions(&recordings),
        recordings.len(),
        "no watch was cut off"
    );

    let late = WatchChangesRequest {
        start: Some(Start::Token("5".to_owned())),
        ..WatchChangesRequest::default()
    };
    let status = addresses.connect().watch_changes(late).await.unwrap_err();
    let refusal = Refusal::of(&status);
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (Code::OutOfRange, "REVISION_COMPACTED")
    );
    assert!(log.head() > 100);
}

/// How long the slow client reads nothing.
const STALL: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_among_two_hundred_that_do_not() {
    let service = Arc::new(Service::start().await);
    let database = service.database.clone();
    let mut prepared = prepare(&service).await;
    let addresses = Addresses::new(service.address);
    let mut watches = Vec::new();
    for place in 0..200 {
        let asked = asked().swap_remove(place % 4);
        watches.push(Watching::start(&addresses, asked).begun().await);
    }
    let asked = asked().swap_remove(1);
    let mut slow = addresses
        .connect_with(|endpoint| endpoint.initial_stream_window_size(MIN_WINDOW))
        .watch_changes(asked.clone())
        .await
        .unwrap()
        .into_inner();
    let mut messages = vec![slow.message().await.unwrap().unwrap()];

    let stalled = Instant::now();
    let writers = Writers::start(&[Arc::clone(&service)], "a", 2);
    while stalled.elapsed() < STALL {
        writers.wait_for(1).await;
    }
    let mut outcomes = writers.stop().await;
    outcomes.acknowledged.append(&mut prepared);
    // All others have seen everything while it stands still.
    let (log, _) = conclude(&database, watches, &outcomes).await;

    let head = log.revisions.last().unwrap().token.to_string();
    while messages.last().unwrap().token != head {
        messages.push(slow.message().await.unwrap().unwrap());
    }
    let start = asked.start.clone();
    let session = Session {
        start,
        messages,
        ended: None,
    };
    let recording = Recording {
        asked,
        sessions: vec![session],
    };
    if let Err(broken) = check(&recording, &log) {
        panic!("not {}: {}", broken.guarantee, broken.how);
    }
}

/// So that the service cannot send ahead what nobody reads.
const MIN_WINDOW: u32 = 65_535;

//! Recorded runs, each with something going wrong, held to every guarantee of a watch.

use std::sync::Arc;

use bulletin::pb::WatchChangesRequest;
use bulletin::pb::record::Kind;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;

use super::checker::check;
use super::recording::{Addresses, Recording, Watching};
use super::truth::Log;
use super::workload::{Outcomes, STATIONS, Writers, prepare};
use crate::support::log::{check_acknowledged, check_order};
use crate::support::program::Program;
use crate::support::{Database, HeadLock, Service};

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
    let log = Log::read(database).await;
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
    check_acknowledged(database, &outcomes.acknowledged).await;
    // Nothing else was written, unless its client does not know.
    let written = usize::try_from(log.head()).unwrap();
    let known = outcomes.acknowledged.len();
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
    let mut outcomes = Outcomes::default();
    outcomes.acknowledged = prepare(&program.service(&database)).await;
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

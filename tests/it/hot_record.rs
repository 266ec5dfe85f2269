//! One record that is written all the time and read by everybody: each read is held against the writes that
//! were acknowledged before it began.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bulletin::pb::{GetStationRequest, ListStationsRequest, Station, UpdateStationRequest};
use tokio::task::JoinSet;

use crate::support::{Database, Refusal, Service};

const HOT: &str = "stations/hot";
const WRITES: usize = 100;
const READERS: usize = 2;

/// What a default read may lag behind what others wrote.
const BOUND: Duration = Duration::from_millis(100);

/// A revision, and when a client knew of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    revision: i64,
    at: Instant,
}

/// A read of one client: when it began, and what it saw.
#[derive(Clone, Copy, Debug)]
struct Seen {
    began: Instant,
    revision: i64,
}

async fn write(service: &Service, turn: usize) -> Known {
    let station = Station {
        name: HOT.to_owned(),
        display_name: format!("第{turn}派出所"),
        ..Station::default()
    };
    let request = UpdateStationRequest {
        station: Some(station),
        ..UpdateStationRequest::default()
    };
    let written = Refusal::or(service.stations().update_station(request).await).unwrap();
    Known {
        revision: written.revision,
        at: Instant::now(),
    }
}

/// Reads by name and by list in turns.
async fn read(service: &Service, turn: usize) -> Seen {
    let began = Instant::now();
    let revision = if turn.is_multiple_of(4) {
        let request = ListStationsRequest::default();
        let listed = service.stations().list_stations(request).await;
        let listed = listed.unwrap().into_inner().stations;
        listed
            .iter()
            .find(|station| station.name == HOT)
            .unwrap()
            .revision
    } else {
        let request = GetStationRequest {
            name: HOT.to_owned(),
            consistency: None,
        };
        service.ask(request).await.unwrap().revision
    };
    Seen { began, revision }
}

/// The newest revision known before a read may lag no more.
fn least(writes: &[Known], before: Instant) -> i64 {
    let known = writes.iter().filter(|write| write.at < before);
    known.map(|write| write.revision).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_the_bound() {
    let database = Database::create().await;
    let writer = Arc::new(Service::on(database.clone()).await);
    let other = Arc::new(Service::on(database).await);
    writer.create_station("hot").await.unwrap();

    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for place in 0..2 * READERS {
        let is_writer = place.is_multiple_of(2);
        let service = Arc::clone(if is_writer { &writer } else { &other });
        let is_over = Arc::clone(&is_over);
        readers.spawn(async move {
            let mut seen = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                seen.push(read(&service, seen.len()).await);
            }
            (is_writer, seen)
        });
    }
    let mut writes = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    for turn in 0..WRITES {
        pace.tick().await;
        writes.push(write(&writer, turn).await);
    }
    is_over.store(true, Ordering::SeqCst);

    let mut moved = 0;
    for (is_writer, seen) in readers.join_all().await {
        // What a process wrote itself it shows at once.
        let lag = if is_writer { Duration::ZERO } else { BOUND };
        let mut newest = 0;
        for read in seen {
            let least = least(&writes, read.began - lag);
            assert!(read.revision >= least, "{read:?} {least} {is_writer}");
            moved += usize::from(read.revision > newest);
            newest = newest.max(read.revision);
        }
    }
    assert!(moved > WRITES, "the readers saw it change: {moved}");
}

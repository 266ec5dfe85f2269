//! Answers from memory: as fresh as asked, never torn, right whoever wrote, and gone when they must be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bulletin::cache::Cache;
use bulletin::cache::bodies::bodies;
use bulletin::changes::reindex::reindex;
use bulletin::changes::tail::{Following, follow};
use bulletin::db::Db;
use bulletin::names::StationName;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::{
    BatchGetStationsRequest, Consistency, GetStationRequest, ListStationsRequest, Record, Station,
    WatchChangesRequest, record,
};
use bulletin::route::{Bound, Freshness};
use bulletin::server::TABLES;
use bulletin::sight::Sight;
use bulletin::stations;
use prost::Message as _;
use tokio::task::JoinHandle;
use tonic::Code;

use crate::support::edits::{delete_station, update_station};
use crate::support::{Database, Refusal, Service, until};
use crate::transfer::import;

const PAIR: [&str; 2] = ["stations/one", "stations/two"];
const TURNS: usize = 150;
const CACHE_BYTES: u64 = 1024 * 1024;

/// Two instances on one database.
async fn pair() -> [Service; 2] {
    let database = Database::create().await;
    let first = Service::on(database.clone()).await;
    [first, Service::on(database).await]
}

async fn rename(service: &Service, name: &str, display_name: &str) -> Station {
    let station = Station {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        ..service.station(name).await
    };
    let station = Station {
        etag: String::new(),
        ..station
    };
    update_station(service, station).await.unwrap()
}

async fn get(service: &Service, requirement: Option<Requirement>) -> Result<Station, Refusal> {
    let request = GetStationRequest {
        name: PAIR[0].to_owned(),
        consistency: requirement.map(|requirement| Consistency {
            requirement: Some(requirement),
        }),
    };
    service.ask(request).await
}

/// Writes both records of the pair in one revision, with one display name.
async fn write_pair(service: &Service, display_name: &str) {
    let records = PAIR.map(|name| Record {
        record: Some(record::Record::Station(Station {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            kind: bulletin::pb::station::Kind::PoliceStation.into(),
            ..Station::default()
        })),
    });
    import(service, Mode::Upsert, "", [records.to_vec()]).await;
}

async fn batch(service: &Service) -> Vec<Station> {
    let request = BatchGetStationsRequest {
        names: PAIR.map(str::to_owned).to_vec(),
        consistency: None,
    };
    let response = service.stations().batch_get_stations(request).await;
    response.unwrap().into_inner().stations
}

async fn list(service: &Service) -> Vec<Station> {
    let response = service
        .stations()
        .list_stations(ListStationsRequest::default())
        .await;
    response.unwrap().into_inner().stations
}

#[tokio::test]
async fn what_memory_has_needs_no_database() {
    let service = Service::start().await;
    service.create_station("one").await.unwrap();
    let read = get(&service, None).await.unwrap();
    let listed = list(&service).await;
    service
        .database
        .tamper("alter table stations rename to away")
        .await;
    let token = service.head().await.token;
    for requirement in [
        None,
        Some(Requirement::AtLeastAsFresh(token)),
        Some(Requirement::MinimizeLatency(true)),
    ] {
        assert_eq!(get(&service, requirement).await.unwrap(), read);
    }
    assert_eq!(list(&service).await, listed);
    let strict = get(&service, Some(Requirement::FullyConsistent(true))).await;
    strict.unwrap_err().is(Code::Internal, "INTERNAL");
}

#[tokio::test]
async fn one_process_sees_what_another_writes() {
    let [reader, writer] = pair().await;
    writer.create_station("one").await.unwrap();
    for number in 0..20 {
        let name = format!("第{number}所");
        assert!(get(&reader, None).await.is_ok());
        let written = rename(&writer, PAIR[0], &name).await;
        let token = Requirement::AtLeastAsFresh(written.revision.to_string());
        assert_eq!(get(&reader, Some(token)).await.unwrap(), written);
        until("the tail has it", async || {
            get(&reader, None).await.unwrap() == written
                && batch_of_one(&reader).await == written
                && list(&reader).await == [written.clone()]
        })
        .await;
    }
    let deleted = delete_station(&writer, PAIR[0]).await.unwrap();
    until("the deletion is seen", async || {
        get(&reader, None).await.unwrap() == deleted && list(&reader).await.is_empty()
    })
    .await;
}

async fn batch_of_one(service: &Service) -> Station {
    let request = BatchGetStationsRequest {
        names: vec![PAIR[0].to_owned()],
        consistency: None,
    };
    let response = service.stations().batch_get_stations(request).await;
    response.unwrap().into_inner().stations.remove(0)
}

/// Writes through the given instances in turn, until told to stop.
fn keep_writing(writers: Vec<Arc<Service>>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        for number in 0.. {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let writer = &writers[number % writers.len()];
            write_pair(writer, &format!("第{number}所")).await;
        }
    })
}

#[tokio::test]
async fn records_of_one_revision_are_never_seen_apart() {
    let [one, other] = pair().await.map(Arc::new);
    write_pair(&one, "初").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = keep_writing(
        vec![Arc::clone(&one), Arc::clone(&other)],
        Arc::clone(&stop),
    );
    for _ in 0..TURNS {
        for service in [&one, &other] {
            for stations in [batch(service).await, list(service).await] {
                assert_eq!(stations.len(), 2);
                assert_eq!(stations[0].display_name, stations[1].display_name);
                assert_eq!(stations[0].revision, stations[1].revision);
            }
        }
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
}

/// The instance reads what it has written itself at once, however busy another one is with the same
/// records, and whether or not somebody watches.
#[tokio::test]
async fn a_process_reads_its_own_writes_at_once() {
    let [one, other] = pair().await.map(Arc::new);
    write_pair(&one, "初").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = keep_writing(vec![Arc::clone(&other)], Arc::clone(&stop));
    let mut watch = None;
    for number in 0..TURNS {
        if number == TURNS / 2 {
            let request = WatchChangesRequest::default();
            let started = one.changes().watch_changes(request).await.unwrap();
            watch = Some(started);
        }
        assert!(get(&one, None).await.is_ok());
        let station = Station {
            name: "stations/own".to_owned(),
            ..Station::default()
        };
        let written = match number {
            0 => one.create_station("own").await.unwrap(),
            _ => rename(&one, &station.name, &format!("自{number}所")).await,
        };
        assert_eq!(one.station(&written.name).await, written);
        let shown = list(&one).await;
        assert!(shown.contains(&written), "{number}: {shown:?}");
    }
    drop(watch);
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
}

#[tokio::test]
async fn a_reindex_underneath_leaves_nothing_stale() {
    let service = Service::start().await;
    service.create_station("one").await.unwrap();
    let station = get(&service, None).await.unwrap();
    service
        .database
        .tamper("update stations set display_name = '改', is_deleted = true")
        .await;
    // What was read meanwhile is of the damaged table.
    until("the list is read anew", async || {
        service.create_station("two").await.ok();
        !list(&service)
            .await
            .iter()
            .any(|found| found.name == PAIR[0])
    })
    .await;
    reindex(&service.database.open().await, &TABLES)
        .await
        .unwrap();
    until("the reindexed table is read", async || {
        list(&service).await.contains(&station)
    })
    .await;
    assert_eq!(get(&service, None).await.unwrap(), station);
}

/// Many miss the same record at once, and all are answered.
#[tokio::test]
async fn who_misses_a_record_with_others_is_answered_with_them() {
    let [writer, reader] = pair().await.map(Arc::new);
    writer.create_station("one").await.unwrap();
    let calls = (0..64).map(|number| {
        let reader = Arc::clone(&reader);
        tokio::spawn(async move {
            let name = match number % 4 {
                0 => "stations/none",
                _ => PAIR[0],
            };
            let request = GetStationRequest {
                name: name.to_owned(),
                consistency: None,
            };
            (name, reader.ask(request).await)
        })
    });
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            ("stations/none", outcome) => {
                outcome.unwrap_err().is(Code::NotFound, "RECORD_MISSING");
            }
            (name, outcome) => assert_eq!(outcome.unwrap().name, name),
        }
    }
}

/// A database that is followed, with a station in memory.
async fn remembered(service: &Service, station: &Station) -> (Db, Following) {
    let db = service.database.open().await;
    let following = follow(&db, Cache::of(CACHE_BYTES)).await.unwrap();
    let name = StationName::parse("name", &station.name).unwrap();
    until("memory has it", async || {
        let recent = Freshness::of(Bound::Recent);
        let found = stations::store::get(&db, &name, Sight::All, &recent).await;
        found.unwrap().value.is_some() && following.history.cache().has(&station.name)
    })
    .await;
    (db, following)
}

#[tokio::test]
async fn memory_is_not_read_beside_a_snapshot_of_another_history() {
    let service = Service::start().await;
    let one = service.create_station("one").await.unwrap();
    let (db, _following) = remembered(&service, &one).await;
    let newest = Freshness::of(Bound::Newest);
    let name = StationName::parse("name", &one.name).unwrap();
    let read = stations::store::get(&db, &name, Sight::All, &newest).await;
    let snapshot = read.unwrap().snapshot;
    // What memory lacks cannot be read any more.
    service
        .database
        .tamper("alter table changes rename column record to away")
        .await;
    let wanted = [(one.name.clone(), one.revision)];
    let found = bodies(&db, &wanted, &snapshot, &newest).await;
    assert_eq!(found.unwrap().map(|found| found.len()), Some(1));
    let mut other = snapshot;
    other.token.chain.0[0] ^= 1;
    bodies(&db, &wanted, &other, &newest).await.unwrap_err();
}

#[tokio::test]
async fn a_batch_is_not_made_of_memory_and_a_snapshot_of_another_history() {
    let service = Service::start().await;
    let one = service.create_station("one").await.unwrap();
    let two = service.create_station("two").await.unwrap();
    let (db, following) = remembered(&service, &one).await;
    // It would drop what is in memory once it sees the other history.
    following.task().abort();
    let batch = async || {
        let newest = Freshness::of(Bound::Newest);
        let batch = stations::store::batch_get(&db, &[&one.name], Sight::All, &newest).await;
        let record = batch.unwrap().value.remove(0);
        Station::decode(&*record).unwrap()
    };
    let sql =
        "update stations set record = (select record from stations where name = 'stations/two')
        where name = 'stations/one'";
    service.database.tamper(sql).await;
    assert_eq!(batch().await, one, "by memory");
    let sql = "update revisions set chain = sha256(chain)";
    service.database.tamper(sql).await;
    assert_eq!(batch().await, two, "by the other history");
}

//! Clients that write a record of their own and read it back, and know what they must see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bulletin::pb::consistency::Requirement;
use bulletin::pb::{Consistency, GetStationRequest, Station, UpdateStationRequest};
use tokio::task::JoinSet;
use tonic::Code;

use crate::follow::workload::Outcomes;
use crate::support::log::Acknowledged;
use crate::support::{Refusal, Service};

/// Go on until they are told to stop.
pub struct Readers {
    tasks: JoinSet<Outcomes>,
    is_over: Arc<AtomicBool>,
    answers: Arc<AtomicU32>,
}

/// Fails on an error that no document has.
pub fn expect_outage(refusal: &Refusal) {
    let is_documented = matches!(
        (refusal.code, refusal.reason.as_str()),
        (
            Code::Unavailable,
            "NO_PRIMARY" | "REPLICA_BEHIND" | "OUTCOME_UNKNOWN" | "DRAINING"
        ) | (Code::DeadlineExceeded, _)
    );
    assert!(is_documented, "{refusal:?}");
}

impl Readers {
    /// The stations that they write must not be anybody else's.
    pub async fn start(service: &Arc<Service>, count: usize) -> Self {
        let (is_over, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
        let mut tasks = JoinSet::new();
        for place in 0..count {
            let station = service.create_station(&format!("reader-{place}")).await;
            let station = station.unwrap();
            let outcomes = Outcomes {
                acknowledged: vec![Acknowledged::of(&station)],
                unknown: 0,
            };
            let reader = Reader {
                service: Arc::clone(service),
                written: station,
                is_certain: true,
                answers: Arc::clone(&answers),
                outcomes,
            };
            tasks.spawn(reader.run(Arc::clone(&is_over)));
        }
        Self {
            tasks,
            is_over,
            answers,
        }
    }

    /// How many reads were answered.
    pub fn answers(&self) -> u32 {
        self.answers.load(Ordering::SeqCst)
    }

    /// What became of their writes.
    pub async fn stop(self) -> Vec<Outcomes> {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await
    }
}

struct Reader {
    service: Arc<Service>,
    /// Its station, as the last write that was answered left it.
    written: Station,
    /// Whether no later write may have happened.
    is_certain: bool,
    answers: Arc<AtomicU32>,
    outcomes: Outcomes,
}

impl Reader {
    async fn run(mut self, is_over: Arc<AtomicBool>) -> Outcomes {
        for turn in 0.. {
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            self.write(turn).await;
            self.read().await;
        }
        self.outcomes
    }

    async fn write(&mut self, turn: u32) {
        let station = Station {
            name: self.written.name.clone(),
            full_name: format!("第{turn}派出所"),
            ..Station::default()
        };
        let request = UpdateStationRequest {
            station: Some(station),
            ..UpdateStationRequest::default()
        };
        match Refusal::or(self.service.stations().update_station(request).await) {
            Ok(station) => {
                self.outcomes.acknowledged.push(Acknowledged::of(&station));
                self.written = station;
                self.is_certain = true;
            }
            Err(refusal) => {
                expect_outage(&refusal);
                self.is_certain = false;
                self.outcomes.unknown += 1;
            }
        }
    }

    async fn read(&mut self) {
        let token = self.written.revision.to_string();
        let consistency = Consistency {
            requirement: Some(Requirement::AtLeastAsFresh(token)),
        };
        let request = GetStationRequest {
            name: self.written.name.clone(),
            consistency: Some(consistency),
        };
        match Refusal::or(self.service.stations().get_station(request).await) {
            Ok(read) => {
                self.answers.fetch_add(1, Ordering::SeqCst);
                let written = &self.written;
                assert!(read.revision >= written.revision, "{read:?} {written:?}");
                if self.is_certain {
                    assert_eq!(&read, written);
                }
            }
            Err(refusal) => expect_outage(&refusal),
        }
    }
}

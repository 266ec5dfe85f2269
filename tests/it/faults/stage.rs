//! A service under load on a Postgres of its own, before something happens to it, and after.

use std::sync::Arc;
use std::time::Instant;

use super::readers::{Readers, expect_outage};
use crate::follow::histories::{conclude, watch_all};
use crate::follow::recording::{Addresses, Watching};
use crate::follow::workload::{Outcomes, Writers, prepare};
use crate::support::log::Acknowledged;
use crate::support::replication::Node;
use crate::support::{Service, until};

const WRITERS: usize = 4;
const READERS: usize = 2;

pub struct Stage {
    pub node: Node,
    pub service: Arc<Service>,
    /// What became of the writes that were made one by one.
    outcomes: Outcomes,
    watches: Vec<Watching>,
    writers: Writers,
    readers: Readers,
}

impl Stage {
    pub async fn set(node: Node) -> Self {
        let service = Arc::new(Service::on(node.database()).await);
        let outcomes = Outcomes {
            acknowledged: prepare(&service).await,
            unknown: 0,
        };
        let watches = watch_all(&Addresses::new(service.address)).await;
        let readers = Readers::start(&service, READERS).await;
        let writers = Writers::start(&[Arc::clone(&service)], "a", WRITERS);
        writers.wait_for(2).await;
        Self {
            node,
            service,
            outcomes,
            watches,
            writers,
            readers,
        }
    }

    /// Returns once writes and reads are answered again, and says how long that took.
    pub async fn recovers(&self, after: &str) {
        let healed = Instant::now();
        let answered = self.readers.answers();
        self.writers.wait_for(1).await;
        until("reads are answered", async || {
            self.readers.answers() > answered
        })
        .await;
        println!(
            "{after}: answered again after {} ms",
            healed.elapsed().as_millis()
        );
        self.writers.wait_for(4).await;
    }

    /// Returns once a write is answered so.
    pub async fn is_refused_a_write(&mut self, reason: &str) {
        for place in 0.. {
            match self.service.create_station(&format!("probe-{place}")).await {
                Ok(station) => self.outcomes.acknowledged.push(Acknowledged::of(&station)),
                Err(refusal) if refusal.reason == reason => {
                    self.outcomes.unknown += 1;
                    break;
                }
                Err(refusal) => {
                    expect_outage(&refusal);
                    self.outcomes.unknown += 1;
                }
            }
        }
    }

    /// Holds what was read, watched and answered against the log.
    pub async fn conclude(self) {
        let mut all = self.outcomes;
        let mut ended = self.readers.stop().await;
        ended.push(self.writers.stop().await);
        for outcomes in ended {
            all.acknowledged.extend(outcomes.acknowledged);
            all.unknown += outcomes.unknown;
        }
        conclude(&self.node.database(), self.watches, &all).await;
        assert_eq!(self.service.fault().await, None);
    }
}

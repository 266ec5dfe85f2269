//! The primary is killed in the middle of writes and a synchronous standby promoted: what was
//! acknowledged is there, once, and nobody is started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::task::JoinSet;
use tonic::Code;

use super::{Pair, at_least, service};
use crate::support::log::{Acknowledged, check_acknowledged, check_order, count};
use crate::support::proxy::Proxy;
use crate::support::replication::Node;
use crate::support::{Refusal, Service, until};

const WRITERS: usize = 6;
const ENOUGH: u32 = 40;

/// What a writer knows of one of its names.
#[derive(Debug)]
enum Outcome {
    Written(Acknowledged),
    Unknown,
    NotWritten(String),
}

/// Writes names that nobody else writes, until told to stop.
async fn write(
    service: Arc<Service>,
    writer: usize,
    count: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for turn in 0.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let id = format!("w{writer}-{turn}");
        let name = format!("stations/{id}");
        outcomes.push(match service.create_station(&id).await {
            Ok(station) => {
                count.fetch_add(1, Ordering::SeqCst);
                Outcome::Written(Acknowledged::of(&station))
            }
            Err(refusal) => not_written(name, &refusal),
        });
    }
    outcomes
}

fn not_written(name: String, refusal: &Refusal) -> Outcome {
    assert_eq!(refusal.code, Code::Unavailable, "{refusal:?}");
    match refusal.reason.as_str() {
        "NO_PRIMARY" => Outcome::NotWritten(name),
        "OUTCOME_UNKNOWN" => Outcome::Unknown,
        _ => panic!("{refusal:?}"),
    }
}

#[tokio::test]
async fn acknowledged_writes_survive_a_failover_once_and_the_service_goes_on() {
    let mut pair = Pair::start().await;
    let spare = Node::standby_of(&pair.standby).await;
    pair.primary.wait_for_standbys().await;
    let (proxy, primary) = Proxy::before(&pair.primary.database());
    let replicas = [&pair.standby.database(), &spare.database()];
    let service = Arc::new(service(&primary, &replicas).await);
    let (count_all, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (count, is_over) = (Arc::clone(&count_all), Arc::clone(&is_over));
        writers.spawn(write(Arc::clone(&service), writer, count, is_over));
    }
    let more = async |what: &str| {
        let goal = count_all.load(Ordering::SeqCst) + ENOUGH;
        until(what, async || count_all.load(Ordering::SeqCst) >= goal).await;
    };
    more("it writes").await;

    pair.primary.kill().await;
    // What the copied settings ask for is not there any more.
    pair.standby.wait_for_nobody().await;
    pair.standby.promote().await;
    proxy.lead_to(&pair.standby.database());
    more("it writes on the new primary").await;
    is_over.store(true, Ordering::SeqCst);

    let outcomes: Vec<Outcome> = writers.join_all().await.into_iter().flatten().collect();
    let now = pair.standby.database();
    let mut acknowledged = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Written(write) => acknowledged.push(write),
            Outcome::NotWritten(name) => {
                let there = count(&now, &format!("changes where name = '{name}'")).await;
                assert_eq!(there, 0, "{name} was refused, and is there");
            }
            Outcome::Unknown => {}
        }
    }
    assert!(acknowledged.len() >= 2 * usize::try_from(ENOUGH).unwrap());
    check_acknowledged(&now, &acknowledged).await;
    check_order(&now).await;
    let twice = "(select name from changes group by name having count(*) > 1) as twice";
    assert_eq!(count(&now, twice).await, 0);
    assert_eq!(super::fault(&now).await, None);
    // The other standby goes on with the new primary, and is read.
    let token = service.head().await.token;
    spare.catch_up_with(&pair.standby).await;
    for write in &acknowledged {
        let request = bulletin::pb::GetStationRequest {
            name: write.name.clone(),
            consistency: at_least(&token),
        };
        assert_eq!(
            Acknowledged::of(&service.ask(request).await.unwrap()),
            *write
        );
    }
}

/// The server's own patience ends with success and a warning that nobody reads.
#[tokio::test]
async fn a_write_that_no_standby_confirms_is_not_acknowledged() {
    let mut pair = Pair::start().await;
    pair.primary.wait_for_standbys().await;
    let service = service(&pair.primary.database(), &[]).await;
    service.create_station("confirmed").await.unwrap();
    pair.standby.kill().await;
    let refused = service.create_station("alone").await.unwrap_err();
    refused.is(Code::Unavailable, "OUTCOME_UNKNOWN");
    pair.primary.wait_for_nobody().await;
    until("writes are confirmed again", async || {
        service.create_station("after").await.is_ok()
    })
    .await;
    // It may have happened, and did.
    let taken = service.create_station("alone").await.unwrap_err();
    taken.is(Code::AlreadyExists, "RECORD_EXISTS");
    assert_eq!(service.station("stations/alone").await.revision, 2);
}

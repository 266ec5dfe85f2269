//! Clients that mean harm, or are broken. Each test does one thing that no client should, over raw
//! connections, while another client's calls go on being answered.

mod connections;
mod floods;
mod frames;
mod http;
mod messages;
mod protocol;
mod unfinished;
mod waiting;

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bulletin::{pb, seed};
use tonic::Code;

use crate::support::program::Program;
use crate::support::seeds::TRAFFIC;
use crate::support::{Database, Service};

/// Longer than anything here takes; what hangs is to fail.
const SAFETY_NET: Duration = Duration::from_secs(60);

const STATION: &str = "stations/zhenhai-branch";

/// The service in a process of its own, with the seed page.
async fn program(arguments: &[&str]) -> (Program, Service) {
    let database = Database::create().await;
    let nobody = "127.0.0.1:1".parse().unwrap();
    let records = seed::parse(seed::PAGE).unwrap();
    Service::at(database.clone(), nobody).load(records).await;
    let arguments = [&["--database-url", &database.url], arguments].concat();
    let program = Program::serve(&arguments).await;
    let service = program.service(&database);
    (program, service)
}

/// How much memory a process has (`VmRSS`), or had at most (`VmHWM`), in KiB.
pub fn memory_kib(process_id: u32, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let kib = line
        .unwrap()
        .trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB");
    kib.parse().unwrap()
}

/// The outcome of what must end.
pub async fn ended<T>(what: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(SAFETY_NET, what).await;
    outcome.expect("it does not end")
}

/// Calls of a client on a connection of its own: a read, a list, a refusal, and a write that is read.
async fn are_answered(service: &Service) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let client = Service::at(service.database.clone(), service.address);
    let calls = async {
        assert_eq!(client.station(STATION).await.name, STATION);
        assert!(!client.statistics_of(TRAFFIC).await.is_empty());
        let request = pb::GetStationRequest {
            name: "stations/nowhere".to_owned(),
            consistency: None,
        };
        let missing = client.ask(request).await.unwrap_err();
        missing.is(Code::NotFound, "RECORD_MISSING");
        let id = format!("written-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let written = client.create_station(&id).await.unwrap();
        assert_eq!(client.station(&written.name).await, written);
    };
    ended(Box::pin(calls)).await;
}

/// Does something hostile, while another client's calls are answered, and afterwards too.
async fn beside<T>(service: &Service, hostile: impl Future<Output = T>) -> T {
    let is_over = Cell::new(false);
    let hostile = async {
        let outcome = hostile.await;
        is_over.set(true);
        outcome
    };
    let calls = async {
        while !is_over.get() {
            are_answered(service).await;
        }
        are_answered(service).await;
    };
    let (outcome, ()) = ended(async { tokio::join!(hostile, calls) }).await;
    outcome
}

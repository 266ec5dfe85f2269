//! Reads on standbys, and what happens when a server goes: real Postgres servers that stream.

mod every_read;
mod failover;
mod forks;
mod freshness;
mod tokens;
mod without_primary;

use bulletin::db::Settings;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::{Consistency, Station};
use bulletin::seed;
use bulletin::server::{Bulletin, TABLES};
use tonic::{Request, Response};

use crate::support::replication::Node;
use crate::support::{Database, Service};

/// A primary, and a standby that streams from it.
struct Pair {
    primary: Node,
    standby: Node,
}

impl Pair {
    async fn start() -> Self {
        let primary = Node::primary().await;
        let standby = Node::standby_of(&primary).await;
        Self { primary, standby }
    }

    /// With the seed page on both.
    async fn seeded() -> Self {
        let pair = Self::start().await;
        let bulletin = Bulletin::start(pair.primary.database().open().await);
        let bulletin = bulletin.await.unwrap();
        let context = bulletin.context();
        let records = seed::parse(seed::PAGE).unwrap();
        seed::load(&context.committer, records).await.unwrap();
        context.db.close().await;
        pair.standby.catch_up_with(&pair.primary).await;
        pair
    }

    /// A service whose reads may go to the standby; none is answered from memory.
    async fn service(&self) -> Service {
        let primary = self.primary.database();
        let settings = settings(&primary, &[&self.standby.database()]);
        Service::without_cache(primary, &settings).await
    }
}

/// A service on a primary and standbys, each as it is reached.
async fn service(primary: &Database, standbys: &[&Database]) -> Service {
    Service::with(primary.clone(), &settings(primary, standbys)).await
}

fn settings(primary: &Database, standbys: &[&Database]) -> Settings {
    Settings {
        replica_urls: standbys.iter().map(|standby| standby.url.clone()).collect(),
        acquire_timeout_ms: 5_000,
        ..primary.settings()
    }
}

fn at_least(token: &str) -> Option<Consistency> {
    requirement(Requirement::AtLeastAsFresh(token.to_owned()))
}

fn latest() -> Option<Consistency> {
    requirement(Requirement::FullyConsistent(true))
}

fn any_age() -> Option<Consistency> {
    requirement(Requirement::MinimizeLatency(true))
}

fn requirement(requirement: Requirement) -> Option<Consistency> {
    Some(Consistency {
        requirement: Some(requirement),
    })
}

/// A response's header.
fn header<'a, T>(response: &'a Response<T>, name: &str) -> Option<&'a str> {
    response
        .metadata()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

fn token<T>(response: &Response<T>) -> String {
    header(response, "bulletin-token").unwrap().to_owned()
}

/// The revision of a token.
fn revision(token: &str) -> i64 {
    token.split_once('-').unwrap().0.parse().unwrap()
}

/// Gives a station another name, and returns the write's token.
async fn rename(service: &Service, id: &str, name: &str) -> String {
    let station = Station {
        name: format!("stations/{id}"),
        display_name: name.to_owned(),
        ..Station::default()
    };
    let request = bulletin::pb::UpdateStationRequest {
        station: Some(station),
        update_mask: crate::support::mask(&["display_name"]),
        ..Default::default()
    };
    let response = service.stations().update_station(request).await.unwrap();
    token(&response)
}

fn with_deadline<T>(message: T, deadline_ms: u64) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(std::time::Duration::from_millis(deadline_ms));
    request
}

/// What `bulletin verify` finds wrong with a server's database.
async fn fault(database: &Database) -> Option<String> {
    let db = database.open().await;
    let report = bulletin::changes::verify::verify(&db, &TABLES, None)
        .await
        .unwrap();
    db.close().await;
    report.fault
}

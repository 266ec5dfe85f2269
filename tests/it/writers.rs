//! Many writers at once, in one process and in two: nothing is lost, doubled, or refused wrongly.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bulletin::pb::{self, Station};
use bulletin::record::Record;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::edits::{create_station_below, update_article, update_station};
use crate::support::log::{Acknowledged, check_acknowledged, check_order, count};
use crate::support::program::Program;
use crate::support::{Database, Refusal, Service, statistic};

const WRITERS: usize = 64;
const ROOT: &str = "stations/root";
const PAGE: &str = "6月11日,交警大队查处闯红灯88起。";

type Outcome = Result<Acknowledged, Refusal>;

/// Two services, which one writer uses by turns, and what was acknowledged through either.
struct Both {
    services: [Service; 2],
    newest: AtomicI64,
}

impl Both {
    fn service(&self, turn: usize) -> &Service {
        &self.services[turn % 2]
    }

    /// Makes a write. Whatever was acknowledged before it began has a smaller revision.
    fn write<'a, R: Record>(
        &'a self,
        call: impl Future<Output = Result<R, Refusal>> + Send + 'a,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            let before = self.newest.load(Ordering::SeqCst);
            let write = Acknowledged::of(&call.await?);
            assert!(write.revision > before, "{write:?} is not after {before}");
            self.newest.fetch_max(write.revision, Ordering::SeqCst);
            Ok(write)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_in_two_processes_make_one_history() {
    let database = Database::create().await;
    let programs = [
        Program::serve(&["--database-url", &database.url]).await,
        Program::serve(&["--database-url", &database.url]).await,
    ];
    let both = Arc::new(Both {
        services: programs
            .each_ref()
            .map(|program| program.service(&database)),
        newest: AtomicI64::new(0),
    });
    let root = both.services[0].create_station("root").await.unwrap();
    let mut acknowledged = vec![Acknowledged::of(&root)];

    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let both = Arc::clone(&both);
        writers.spawn(async move { write_and_be_refused(&both, writer).await });
    }
    for writes in writers.join_all().await {
        acknowledged.extend(writes);
    }
    acknowledged.extend(compete(&both, &root).await);

    check_order(&database).await;
    check_acknowledged(&database, &acknowledged).await;
    let count_of = async |from| usize::try_from(count(&database, from).await).unwrap();
    assert_eq!(count_of("revisions").await - 1, acknowledged.len());
    assert_eq!(count_of("stations").await, 2 + 2 * WRITERS);
    assert_eq!(count_of("articles").await, WRITERS);
    assert_eq!(count_of("statistics").await, WRITERS);
    assert_eq!(count_of("sources").await, 1);
    assert_eq!(both.services[0].fault().await, None);
}

/// Eleven writes, four of which must be refused, through one process and the other by turns.
async fn write_and_be_refused(both: &Both, writer: usize) -> Vec<Acknowledged> {
    let service = |turn: usize| both.service(writer + turn);
    let (own, missing) = (format!("w{writer}"), format!("stations/missing-{writer}"));
    let reference_missing = (Code::InvalidArgument, "REFERENCE_MISSING");
    let mut writes = Vec::new();

    let first = service(0).create_station(&own).await.unwrap();
    writes.push(Acknowledged::of(&first));
    let id = format!("{own}-below");
    let refused = both.write(create_station_below(service(1), &id, &missing));
    expect_refusal(refused.await, reference_missing);
    let below = both.write(create_station_below(service(0), &id, ROOT));
    writes.push(below.await.unwrap());

    let next = |name: &str| Station {
        name: first.name.clone(),
        display_name: name.to_owned(),
        etag: first.etag.clone(),
        ..Station::default()
    };
    let updated = both.write(update_station(service(1), next("改名派出所")));
    writes.push(updated.await.unwrap());
    let stale = both.write(update_station(service(0), next("又改名派出所")));
    expect_refusal(stale.await, (Code::Aborted, "ETAG_MISMATCH"));

    let article = both.write(service(1).create_article(&own, PAGE));
    let article = article.await.unwrap();
    let name = article.name.clone();
    writes.push(article);
    let refused = both.write(service(0).create_article(&own, PAGE));
    expect_refusal(refused.await, (Code::AlreadyExists, "RECORD_EXISTS"));

    let naming = |station: &str| pb::Statistic {
        stations: vec![station.to_owned()],
        ..statistic("88起", "88", "起")
    };
    let refused = both.write(service(1).create_statistic(&name, "s1", naming(&missing)));
    expect_refusal(refused.await, reference_missing);
    let created = both.write(service(0).create_statistic(&name, "s1", naming(&first.name)));
    writes.push(created.await.unwrap());

    let published = both.write(service(1).publish(&name)).await.unwrap();
    let corrected = pb::Article {
        name,
        headline: "更正的标题".to_owned(),
        etag: published.etag.clone(),
        ..Default::default()
    };
    writes.push(published);
    let corrected = both.write(update_article(service(0), corrected, "标题有误"));
    writes.push(corrected.await.unwrap());
    writes
}

#[track_caller]
fn expect_refusal(outcome: Outcome, (code, reason): (Code, &str)) {
    outcome.unwrap_err().is(code, reason);
}

/// Everyone updates one station from one etag, and creates another: of each, one succeeds.
async fn compete(both: &Arc<Both>, root: &Station) -> Vec<Acknowledged> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (both, mut root) = (Arc::clone(both), root.clone());
        root.display_name = format!("第{writer}");
        writers.spawn(async move {
            let service = both.service(writer);
            let update = update_station(service, root).await;
            let create = service.create_station("one-of-many").await;
            let of = |outcome: Result<_, _>| outcome.map(|created| Acknowledged::of(&created));
            (of(update), of(create))
        });
    }
    let (updates, creates): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().unzip();
    let mut successes = Vec::new();
    for (outcomes, refusal) in [
        (updates, (Code::Aborted, "ETAG_MISMATCH")),
        (creates, (Code::AlreadyExists, "RECORD_EXISTS")),
    ] {
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, WRITERS - 1));
        for outcome in lost {
            expect_refusal(outcome, refusal);
        }
        successes.extend(won.into_iter().map(Result::unwrap));
    }
    successes
}

#[tokio::test]
async fn rehearsals_and_callers_that_leave_do_not_disturb_the_others() {
    let service = Arc::new(Service::start().await);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let service = Arc::clone(&service);
        writers.spawn(async move { write_rehearse_and_leave(&service, writer).await });
    }
    let mut acknowledged = Vec::new();
    for writes in writers.join_all().await {
        acknowledged.extend(writes);
    }
    let database = &service.database;
    check_order(database).await;
    check_acknowledged(database, &acknowledged).await;
    // Calls that were left may still be on their way, so they are left out of each count.
    let count_of = async |from| usize::try_from(count(database, from).await).unwrap();
    let revisions = "changes where op in ('CREATED', 'UPDATED') and name not like '%-left'";
    assert_eq!(count_of(revisions).await, acknowledged.len());
    let stations = "stations where name not like '%-left'";
    assert_eq!(count_of(stations).await, WRITERS);
    let doubled = "(select from changes group by name, op having count(*) > 1) as doubled";
    assert_eq!(count_of(doubled).await, 0);
    assert_eq!(service.fault().await, None);
}

async fn write_rehearse_and_leave(service: &Service, writer: usize) -> Vec<Acknowledged> {
    let own = format!("w{writer}");
    let created = service.create_station(&own).await.unwrap();
    let mut writes = vec![Acknowledged::of(&created)];

    let rehearsed = rehearse(service, &format!("{own}-rehearsed"), &created).await;
    assert_eq!(rehearsed.unwrap().display_name, created.display_name);
    let refused = rehearse(service, &own, &created).await.unwrap_err();
    refused.is(Code::AlreadyExists, "RECORD_EXISTS");

    // From leaving before the call is sent to leaving at about the time of the answer.
    let patience = Duration::from_micros(300 * u64::try_from(writer).unwrap());
    let id = format!("{own}-left");
    let left = tokio::time::timeout(patience, service.create_station(&id)).await;
    assert!(left.is_err() || left.unwrap().is_ok());

    let update = Station {
        display_name: "改名派出所".to_owned(),
        ..created
    };
    let updated = update_station(service, update).await.unwrap();
    writes.push(Acknowledged::of(&updated));
    writes
}

async fn rehearse(service: &Service, id: &str, like: &Station) -> Result<Station, Refusal> {
    let request = pb::CreateStationRequest {
        station_id: id.to_owned(),
        station: Some(Station {
            display_name: like.display_name.clone(),
            kind: like.kind,
            ..Station::default()
        }),
        validate_only: true,
    };
    Refusal::or(service.stations().create_station(request).await)
}

//! The primary is away: reads go on where they can, and nothing is made up.

use std::time::{Duration, Instant};

use bulletin::pb::{self, GetStationRequest};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::every_read::{ask_all, ask_at};
use super::{Pair, any_age, at_least, latest, rename, service, with_deadline};
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Refusal, Service, until};

const BRANCH: &str = "stations/zhenhai-branch";

fn get(name: &str, consistency: Option<pb::Consistency>) -> GetStationRequest {
    GetStationRequest {
        name: name.to_owned(),
        consistency,
    }
}

/// A refusal, that it says when to try again, and what the caller had left of its deadline.
async fn refused(service: &Service, request: GetStationRequest) -> Refusal {
    const DEADLINE_MS: u64 = 2_000;
    let began = Instant::now();
    let request = with_deadline(request, DEADLINE_MS);
    let status = service.stations().get_station(request).await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_millis(DEADLINE_MS),
        "{status:?}"
    );
    let retry = status.get_details_retry_info();
    assert!(
        retry.is_some_and(|retry| retry.retry_delay.is_some()),
        "{status:?}"
    );
    Refusal::of(&status)
}

#[tokio::test]
async fn reads_go_on_from_a_standby_and_what_it_cannot_know_is_unavailable() {
    let mut pair = Pair::seeded().await;
    let service = pair.service().await;
    let shown = rename(&service, "zhenhai-branch", "第一分局").await;
    pair.standby.catch_up_with(&pair.primary).await;
    pair.standby.pause_replay().await;
    let missed = rename(&service, "zhenhai-branch", "第二分局").await;
    service.create_station("s1").await.unwrap();
    pair.primary.kill().await;

    for consistency in [None, any_age(), at_least(&shown)] {
        let answers = ask_all(&service, "zhenhai-branch", consistency).await;
        assert!(answers.len() > 15);
        for answer in answers {
            let content = answer.content();
            assert!(
                !content.contains("第二分局"),
                "{}: {content}",
                answer.method
            );
        }
    }
    assert_eq!(service.head().await.token, shown);
    let at = ask_at(&service, "zhenhai-branch", super::revision(&shown)).await;
    assert!(at.content().contains("第一分局"));

    let behind = refused(&service, get(BRANCH, at_least(&missed))).await;
    behind.is(Code::Unavailable, "REPLICA_BEHIND");
    // It may be there, or not: nobody can say.
    for consistency in [None, any_age()] {
        let unknown = refused(&service, get("stations/s1", consistency)).await;
        unknown.is(Code::Unavailable, "NO_PRIMARY");
    }
    let strict = refused(&service, get(BRANCH, latest())).await;
    strict.is(Code::Unavailable, "NO_PRIMARY");
    let ahead = ask_at(&service, "zhenhai-branch", super::revision(&missed)).await;
    ahead
        .outcome
        .unwrap_err()
        .is(Code::Unavailable, "NO_PRIMARY");
    let write = service.create_station("s2").await.unwrap_err();
    write.is(Code::Unavailable, "NO_PRIMARY");

    pair.primary.start().await;
    until("writes go on", async || {
        service.create_station("s2").await.is_ok()
    })
    .await;
    let station = service.station(BRANCH).await;
    assert_eq!(station.display_name, "第二分局");
    pair.standby.resume_replay().await;
}

#[tokio::test]
async fn a_primary_that_stops_answering_is_left_for_a_standby_and_found_again() {
    let pair = Pair::seeded().await;
    let (proxy, primary) = Proxy::before(&pair.primary.database());
    let service = service(&primary, &[&pair.standby.database()]).await;
    for fault in [Fault::BlackHole, Fault::Down] {
        let name = format!("{fault:?}分局");
        let shown = rename(&service, "zhenhai-branch", &name).await;
        pair.standby.catch_up_with(&pair.primary).await;
        proxy.set(fault);
        for consistency in [None, at_least(&shown), any_age()] {
            let request = get(BRANCH, consistency);
            assert_eq!(service.ask(request).await.unwrap().display_name, name);
        }
        let strict = service.ask(get(BRANCH, latest())).await.unwrap_err();
        strict.is(Code::Unavailable, "NO_PRIMARY");
        // At the COMMIT at the latest it is given up, and nothing was sent there.
        let write = service.create_station("s1").await.unwrap_err();
        write.is(Code::Unavailable, "NO_PRIMARY");
        proxy.set(Fault::None);
        let id = format!("after-{fault:?}").to_lowercase();
        until("it writes again", async || {
            service.create_station(&id).await.is_ok()
        })
        .await;
        until("it reads again", async || {
            service.ask(get(BRANCH, latest())).await.is_ok()
        })
        .await;
    }
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_standby_that_stops_answering_is_left_alone_and_used_again() {
    let pair = Pair::seeded().await;
    let (proxy, standby) = Proxy::before(&pair.standby.database());
    let service = service(&pair.primary.database(), &[&standby]).await;
    for fault in [Fault::BlackHole, Fault::Down] {
        let name = format!("{fault:?}分局");
        let shown = rename(&service, "zhenhai-branch", &name).await;
        proxy.set(fault);
        for consistency in [None, at_least(&shown), any_age(), latest()] {
            let request = get(BRANCH, consistency);
            assert_eq!(service.ask(request).await.unwrap().display_name, name);
        }
        proxy.set(Fault::None);
        pair.standby.catch_up_with(&pair.primary).await;
        // The primary cannot read this table: an answer is the standby's.
        pair.standby.pause_replay().await;
        pair.primary
            .execute("alter table stations rename to away")
            .await;
        until("the standby is read again", async || {
            service.ask(get(BRANCH, None)).await.is_ok()
        })
        .await;
        pair.primary
            .execute("alter table away rename to stations")
            .await;
        pair.standby.resume_replay().await;
        pair.standby.catch_up_with(&pair.primary).await;
    }
}

#[tokio::test]
async fn an_address_that_leads_to_a_standby_takes_no_writes_until_that_is_promoted() {
    let mut pair = Pair::seeded().await;
    let (proxy, primary) = Proxy::before(&pair.primary.database());
    let alone = service(&primary, &[]).await;
    pair.primary.kill().await;
    proxy.lead_to(&pair.standby.database());
    until("the standby is met", async || {
        // Nothing is known to measure it by but the tail, which does not take it for the primary.
        let refused = alone.ask(get(BRANCH, None)).await.unwrap_err();
        refused.is(Code::Unavailable, "NO_PRIMARY");
        let write = alone.create_station("s1").await.unwrap_err();
        write.is(Code::Unavailable, "NO_PRIMARY");
        let sql =
            "select exists (select from pg_stat_activity where application_name = 'bulletin')";
        pair.standby.ask::<bool>(sql).await
    })
    .await;
    pair.standby.promote().await;
    until("writes go on", async || {
        alone.create_station("s1").await.is_ok()
    })
    .await;
    assert_eq!(alone.station("stations/s1").await.revision, 2);
    assert_eq!(alone.station(BRANCH).await.name, BRANCH);
}

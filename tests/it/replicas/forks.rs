//! A failover that loses writes: their tokens are refused, by whoever has seen them and by whoever has
//! not, however far the new history has gone.

use bulletin::pb::GetStationRequest;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::{Pair, any_age, at_least, rename, service};
use crate::support::proxy::{Fault, Proxy};
use crate::support::replication::Node;
use crate::support::{Refusal, Service, until};

/// How long a change of health is waited for.
const WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(30);

const BRANCH: &str = "stations/zhenhai-branch";

async fn branch(service: &Service, token: &str) -> Result<String, Refusal> {
    let request = GetStationRequest {
        name: BRANCH.to_owned(),
        consistency: at_least(token),
    };
    Ok(service.ask(request).await?.display_name)
}

/// Returns once the service has noticed that it follows another server.
async fn until_it_writes(service: &Service, id: &str) {
    until("writes go on", async || {
        service.create_station(id).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_token_that_did_not_survive_is_refused_wherever_it_is_shown() {
    let mut pair = Pair::seeded().await;
    let next = Node::standby_of(&pair.standby).await;
    let (near, through_near) = Proxy::before(&pair.primary.database());
    let (far, through_far) = Proxy::before(&pair.primary.database());
    let standby = pair.standby.database();
    let saw = service(&through_near, &[&standby, &next.database()]).await;
    let did_not_see = service(&through_far, &[&standby, &next.database()]).await;
    let common = rename(&saw, "zhenhai-branch", "共有分局").await;
    assert_eq!(did_not_see.head().await.token, common);
    pair.standby.catch_up_with(&pair.primary).await;

    // What is written from here on reaches neither the standby nor the other instance.
    pair.standby.cut_off().await;
    far.set(Fault::Down);
    let mut lost = Vec::new();
    for number in 0..3 {
        lost.push(rename(&saw, "zhenhai-branch", &format!("失去{number}分局")).await);
    }
    assert_eq!(branch(&saw, &lost[2]).await.unwrap(), "失去2分局");
    let seen = saw.head().await.token;
    assert_eq!(seen, lost[2]);
    until("the tail has seen them", async || {
        // At any age it is the tail that decides what is the newest.
        let request = GetStationRequest {
            name: BRANCH.to_owned(),
            consistency: any_age(),
        };
        saw.ask(request).await.is_ok()
    })
    .await;

    pair.primary.kill().await;
    pair.standby.promote().await;
    near.lead_to(&standby);
    far.lead_to(&standby);
    far.set(Fault::None);
    let refuse = async |service: &Service, knows: bool| {
        for token in &lost {
            let refused = branch(service, token).await.unwrap_err();
            refused.is(Code::FailedPrecondition, "HISTORY_FORKED");
            let known = refused.metadata.get("last_common_token");
            if knows {
                assert_eq!(known, Some(&common), "{refused:?}");
            }
        }
        assert_eq!(branch(service, &common).await.unwrap(), "共有分局");
    };
    for service in [&saw, &did_not_see] {
        until("the new primary is found", async || {
            branch(service, &common).await.is_ok() && service.head().await.token == common
        })
        .await;
    }
    until("the fork is noticed", async || {
        let refused = branch(&saw, &lost[0]).await.unwrap_err();
        refused.metadata.contains_key("last_common_token")
    })
    .await;
    refuse(&saw, true).await;
    refuse(&did_not_see, false).await;

    // As many revisions again, and more.
    for number in 0..4 {
        until_it_writes(&saw, &format!("again{number}")).await;
    }
    assert!(saw.head().await.revision > super::revision(&lost[2]));
    refuse(&saw, true).await;
    refuse(&did_not_see, false).await;
    let started_later = service(&standby, &[&next.database()]).await;
    refuse(&started_later, false).await;
    for service in [&saw, &did_not_see, &started_later] {
        assert_eq!(
            service.station("stations/again3").await.name,
            "stations/again3"
        );
    }
    assert_eq!(super::fault(&standby).await, None);
}

/// Every step of a reload takes a while, so that whoever watches sees it.
#[tokio::test]
async fn a_service_is_not_ready_while_it_takes_in_another_history() {
    let mut pair = Pair::seeded().await;
    let (proxy, primary) = Proxy::before(&pair.primary.database());
    let service = service(&primary, &[]).await;
    pair.standby.cut_off().await;
    rename(&service, "zhenhai-branch", "失去分局").await;
    let lost = service.head().await.token;
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let watched = HealthClient::new(service.channel.clone())
        .watch(request)
        .await;
    let mut watched = watched.unwrap().into_inner();
    let mut next = async || {
        let next = tokio::time::timeout(WAIT_MAX, watched.message()).await;
        let next = next.expect("health changes");
        next.unwrap().unwrap().status()
    };
    assert_eq!(next().await, ServingStatus::Serving);

    pair.primary.kill().await;
    pair.standby.promote().await;
    proxy.lead_to(&pair.standby.database());
    proxy.set(Fault::Slow(std::time::Duration::from_millis(20)));
    assert_eq!(next().await, ServingStatus::NotServing);
    assert_eq!(next().await, ServingStatus::Serving);
    let refused = branch(&service, &lost).await.unwrap_err();
    refused.is(Code::FailedPrecondition, "HISTORY_FORKED");
}

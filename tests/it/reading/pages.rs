//! Pages of lists: complete, bounded, bound to their request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{self, Station, View};
use prost::Message as _;
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound};

use super::{CONFERENCE, create_large};
use crate::support::{Refusal, Service};

const TRAFFIC: &str = "articles/traffic-police-tieqi-grid-reform";

async fn numbers(service: &Service, parent: &str, page_size: i32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListStatisticsRequest {
            parent: parent.to_owned(),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await.unwrap();
        pages.push(
            page.statistics
                .into_iter()
                .map(|number| number.name)
                .collect(),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return pages;
        }
    }
}

#[tokio::test]
async fn statistics_are_listed_of_one_article_or_of_all() {
    let service = Service::seeded().await;
    let of_one = numbers(&service, CONFERENCE, 0).await.concat();
    let of_other = numbers(&service, TRAFFIC, 0).await.concat();
    assert_eq!((of_one.len(), of_other.len()), (12, 20));
    assert!(of_one.is_sorted() && of_one.iter().all(|name| name.starts_with(CONFERENCE)));
    let all = numbers(&service, "articles/-", 0).await.concat();
    assert_eq!(all, [of_one.clone(), of_other].concat());
    let pages = numbers(&service, CONFERENCE, 5).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2]);
    assert_eq!(pages.concat(), of_one);
    // A last page that is full is known to be the last.
    assert_eq!(numbers(&service, CONFERENCE, 6).await.len(), 2);

    service.create_article("bare", "无").await.unwrap();
    assert_eq!(
        numbers(&service, "articles/bare", 0).await,
        [Vec::<String>::new()]
    );
    let none = pb::ListStatisticsRequest {
        parent: "articles/none".to_owned(),
        ..Default::default()
    };
    let refusal = service.ask(none).await.unwrap_err();
    refusal.is(NotFound, "RECORD_MISSING");
    assert_eq!(refusal.metadata["names"], "articles/none");
}

/// How many articles each page has, none of which is too long.
async fn lengths(service: &Service, view: View) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListArticlesRequest {
            view: view.into(),
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await.unwrap();
        let bytes = page.articles.iter().map(prost::Message::encoded_len);
        assert!(bytes.sum::<usize>() <= 3 << 20);
        lengths.push(page.articles.len());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return lengths;
        }
    }
}

#[tokio::test]
async fn a_page_ends_at_3_mib_but_has_at_least_one_record() {
    let service = Service::start().await;
    for (id, bytes) in [
        ("a1", 1_000_000),
        ("a2", 1_900_000),
        ("a3", 1_900_000),
        ("a4", 100_000),
    ] {
        create_large(&service, id, bytes).await;
    }
    // What a page's text comes with is not in memory.
    for view in [View::Full, View::Source] {
        assert_eq!(lengths(&service, view).await, [2, 2], "{view:?}");
    }
    let basic = service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap();
    assert_eq!(basic.articles.len(), 4);
    assert!(basic.encoded_len() < 2_000);
}

#[tokio::test]
async fn a_page_token_serves_its_own_request_alone() {
    let service = Service::seeded().await;
    let first = pb::ListStatisticsRequest {
        parent: CONFERENCE.to_owned(),
        page_size: 5,
        ..Default::default()
    };
    let page = service.ask(first.clone()).await.unwrap();
    let second = pb::ListStatisticsRequest {
        page_token: page.next_page_token,
        ..first
    };
    let refused = |outcome: Result<pb::ListStatisticsResponse, Refusal>| {
        let refusal = outcome.unwrap_err();
        refusal.is(InvalidArgument, "PAGE_TOKEN_INVALID");
        assert_eq!(refusal.fields(), ["page_token"]);
    };
    for parent in [TRAFFIC, "articles/-"] {
        let parent = parent.to_owned();
        refused(
            service
                .ask(pb::ListStatisticsRequest {
                    parent,
                    ..second.clone()
                })
                .await,
        );
    }
    let show_deleted = true;
    refused(
        service
            .ask(pb::ListStatisticsRequest {
                show_deleted,
                ..second.clone()
            })
            .await,
    );

    // The size may differ, the token may be used again, and by another instance on the database.
    let other = Service::on(service.database.clone()).await;
    let mut sized = second.clone();
    sized.page_size = 3;
    for (service, request, count) in [
        (&service, &second, 5),
        (&service, &second, 5),
        (&service, &sized, 3),
        (&other, &second, 5),
    ] {
        let page = service.ask(request.clone()).await.unwrap();
        assert_eq!(page.statistics.len(), count);
        assert!(page.statistics[0].name.ends_with("/s06"));
    }
    // A copy of the database has the key too, but went another way since.
    let copy = Service::seeded().await.ask(second).await.unwrap_err();
    copy.is(FailedPrecondition, "HISTORY_FORKED");
}

#[tokio::test]
async fn a_size_above_a_thousand_is_a_thousand_and_0_is_fifty() {
    let service = Service::start().await;
    service
        .load((0..1_001).map(|n| station(&format!("s{n:04}"))).collect())
        .await;
    for (page_size, count) in [
        (0, 50),
        (1, 1),
        (1_000, 1_000),
        (1_001, 1_000),
        (i32::MAX, 1_000),
    ] {
        let request = pb::ListStationsRequest {
            page_size,
            ..Default::default()
        };
        assert_eq!(
            service.ask(request).await.unwrap().stations.len(),
            count,
            "{page_size}"
        );
    }
}

fn station(id: &str) -> pb::Record {
    let station = Station {
        name: format!("stations/{id}"),
        display_name: "所".to_owned(),
        kind: pb::station::Kind::PoliceStation.into(),
        ..Default::default()
    };
    pb::Record {
        record: Some(AnyRecord::Station(station)),
    }
}

/// Inserts and deletes stations between those that are there throughout, until told to stop.
async fn churn(
    mut client: pb::station_service_client::StationServiceClient<tonic::transport::Channel>,
    stop: Arc<AtomicBool>,
) -> usize {
    let mut writes = 0;
    for round in 0.. {
        for place in [3, 250, 500, 750, 997] {
            if stop.load(Ordering::Relaxed) {
                return writes;
            }
            let id = format!("s{place:04}-{round}");
            let create = pb::CreateStationRequest {
                station_id: id.clone(),
                station: Some(Station {
                    display_name: "来去所".to_owned(),
                    kind: pb::station::Kind::PoliceStation.into(),
                    ..Default::default()
                }),
                validate_only: false,
            };
            client.create_station(create).await.unwrap();
            writes += 1;
            if round % 2 == 0 {
                let delete = pb::DeleteStationRequest {
                    name: format!("stations/{id}"),
                    ..Default::default()
                };
                client.delete_station(delete).await.unwrap();
                writes += 1;
            }
        }
    }
    writes
}

#[tokio::test]
async fn pages_show_what_is_there_throughout_exactly_once_while_others_come_and_go() {
    let service = Service::start().await;
    let ids: Vec<String> = (0..1_000).map(|n| format!("s{n:04}")).collect();
    service
        .load(ids.iter().map(|id| station(id)).collect())
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let churning = tokio::spawn(churn(service.stations(), stop.clone()));

    for _ in 0..3 {
        let mut seen = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListStationsRequest {
                page_size: 37,
                page_token,
                ..Default::default()
            };
            let page = service.ask(request).await.unwrap();
            assert!(page.stations.len() <= 37);
            seen.extend(page.stations.into_iter().map(|station| station.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert!(
            seen.is_sorted_by(|left, right| left < right),
            "a name came twice"
        );
        let seen: BTreeSet<String> = seen.into_iter().collect();
        let lost = ids
            .iter()
            .filter(|id| !seen.contains(&format!("stations/{id}")));
        assert_eq!(lost.count(), 0);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(churning.await.unwrap() > 0);
    assert_eq!(service.fault().await, None);
}

//! Tokens, and reads of the past and of what is deleted.

use bulletin::pb::{self, Station};
use tonic::Code::NotFound;

use super::{CONFERENCE, as_fresh_as, at, get_station};
use crate::support::{Call, Service, mask};

/// The header of a call, and its answer.
async fn with_token<C: Call>(service: &Service, call: C) -> (String, C::Answer) {
    let response = call.call(service).await.unwrap();
    let header = response.metadata().get("bulletin-token").unwrap();
    let header = header.to_str().unwrap().to_owned();
    (header, response.into_inner())
}

fn revision_of(token: &str) -> i64 {
    token.split_once('-').unwrap().0.parse().unwrap()
}

fn rename(name: &str, display_name: &str) -> pb::UpdateStationRequest {
    pb::UpdateStationRequest {
        station: Some(Station {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            ..Default::default()
        }),
        update_mask: mask(&["display_name"]),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_answer_has_the_token_of_a_snapshot_with_its_records() {
    let service = Service::seeded().await;
    macro_rules! of_message {
        ($call:expr) => {{
            let (header, answer) = with_token(&service, $call).await;
            assert_eq!(header, answer.token);
        }};
    }
    macro_rules! of_record {
        ($call:expr) => {{
            let (header, record) = with_token(&service, $call).await;
            assert!(
                revision_of(&header) >= record.revision,
                "{header} {record:?}"
            );
        }};
    }
    let names = || vec!["stations/mps".to_owned()];
    let number = format!("{CONFERENCE}/statistics/s01");
    of_record!(rename("stations/mps", "部"));
    of_record!(rename("stations/mps", "部"));
    of_record!(get_station("stations/mps", None));
    of_record!(super::get(CONFERENCE, pb::View::Basic));
    of_record!(pb::GetStatisticRequest {
        name: number.clone(),
        consistency: None
    });
    of_record!(get_station("stations/mps", at(1)));
    of_message!(pb::BatchGetStationsRequest {
        names: names(),
        consistency: None
    });
    of_message!(pb::BatchGetArticlesRequest {
        names: vec![CONFERENCE.to_owned()],
        ..Default::default()
    });
    of_message!(pb::BatchGetStatisticsRequest {
        names: vec![number],
        ..Default::default()
    });
    of_message!(pb::ListArticlesRequest::default());
    of_message!(pb::ListStationsRequest::default());
    of_message!(pb::ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        ..Default::default()
    });
    of_message!(pb::ListRevisionsRequest {
        name: CONFERENCE.to_owned(),
        ..Default::default()
    });
    of_message!(pb::GetHeadRequest {});
    assert_eq!(service.head().await.revision, 2);
}

#[tokio::test]
async fn the_head_of_an_empty_history_is_revision_0() {
    let service = Service::start().await;
    let head = service.head().await;
    assert_eq!(
        (head.revision, head.horizon, head.commit_time),
        (0, 0, None)
    );
    let stations = service
        .ask(pb::ListStationsRequest::default())
        .await
        .unwrap();
    assert_eq!(stations.token, head.token);
    assert!(stations.stations.is_empty() && stations.next_page_token.is_empty());
}

#[tokio::test]
async fn a_record_is_read_as_it_was_after_every_revision() {
    let service = Service::start().await;
    let mut versions = vec![None];
    versions.push(Some(service.create_station("east").await.unwrap()));
    for n in 0..5 {
        let other = service.create_station(&format!("other-{n}")).await.unwrap();
        assert_eq!(usize::try_from(other.revision).unwrap(), versions.len());
        versions.push(versions.last().unwrap().clone());
        let renamed = service
            .ask(rename("stations/east", &format!("第{n}所")))
            .await
            .unwrap();
        versions.push(Some(renamed));
    }
    let delete = pb::DeleteStationRequest {
        name: "stations/east".to_owned(),
        ..Default::default()
    };
    versions.push(Some(service.ask(delete).await.unwrap()));
    let undelete = pb::UndeleteStationRequest {
        name: "stations/east".to_owned(),
        ..Default::default()
    };
    versions.push(Some(service.ask(undelete).await.unwrap()));
    for (revision, version) in versions.iter().enumerate() {
        let request = get_station("stations/east", at(i64::try_from(revision).unwrap()));
        match (service.ask(request).await, version) {
            (Ok(station), Some(version)) => assert_eq!(station, *version, "{revision}"),
            (Err(refusal), None) => drop(refusal.is(NotFound, "RECORD_MISSING").clone()),
            (outcome, _) => panic!("{revision}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_read_may_ask_for_a_token_or_a_bare_revision() {
    let service = Service::seeded().await;
    let (token, station) = with_token(&service, rename("stations/mps", "部")).await;
    let bare = station.revision.to_string();
    for asked in [token.as_str(), &bare, "0", "1", &token.to_uppercase()] {
        let read = service
            .ask(get_station("stations/mps", as_fresh_as(asked)))
            .await;
        assert_eq!(read.unwrap(), station, "{asked}");
        let list = pb::ListStationsRequest {
            consistency: as_fresh_as(asked),
            ..Default::default()
        };
        assert_eq!(service.ask(list).await.unwrap().token, token, "{asked}");
    }
    use pb::consistency::Requirement::{FullyConsistent, MinimizeLatency};
    for requirement in [FullyConsistent(true), MinimizeLatency(true)] {
        let consistency = Some(pb::Consistency {
            requirement: Some(requirement),
        });
        let read = service.ask(get_station("stations/mps", consistency)).await;
        assert_eq!(read.unwrap(), station);
    }
}

#[tokio::test]
async fn a_deleted_record_is_got_but_listed_only_when_asked_for() {
    let service = Service::seeded().await;
    let station = "stations/yinzhou-dongbu-xincheng-tieqi";
    service.create_station("east").await.unwrap();
    let delete = pb::DeleteStationRequest {
        name: "stations/east".to_owned(),
        ..Default::default()
    };
    let deleted = service.ask(delete).await.unwrap();
    assert!(deleted.delete_time.is_some());
    assert_eq!(service.station("stations/east").await, deleted);
    let listed = async |show_deleted| {
        let list = pb::ListStationsRequest {
            show_deleted,
            ..Default::default()
        };
        service.ask(list).await.unwrap().stations
    };
    let without = listed(false).await;
    let with = listed(true).await;
    assert!(!without.contains(&deleted) && with.contains(&deleted));
    assert_eq!(with.len(), without.len() + 1);
    assert!(without.iter().any(|listed| listed.name == station));

    service.create_article("draft", "甲所3起").await.unwrap();
    let number = crate::support::statistic("3起", "3", "起");
    service
        .create_statistic("articles/draft", "n1", number)
        .await
        .unwrap();
    let delete = pb::DeleteArticleRequest {
        name: "articles/draft".to_owned(),
        force: true,
        ..Default::default()
    };
    let article = service.ask(delete).await.unwrap();
    assert!(
        service
            .article("articles/draft")
            .await
            .delete_time
            .is_some()
    );
    for (show_deleted, count) in [(false, 0), (true, 1)] {
        let numbers = pb::ListStatisticsRequest {
            parent: "articles/draft".to_owned(),
            show_deleted,
            ..Default::default()
        };
        assert_eq!(service.ask(numbers).await.unwrap().statistics.len(), count);
        let articles = pb::ListArticlesRequest {
            show_deleted,
            ..Default::default()
        };
        let articles = service.ask(articles).await.unwrap().articles;
        assert_eq!(
            articles
                .iter()
                .filter(|listed| listed.name == article.name)
                .count(),
            count
        );
    }
}

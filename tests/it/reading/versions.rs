//! ListRevisions: every version of a record, newest first.

use bulletin::pb::change::Type;
use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{self, Station};

use super::{CONFERENCE, at, get_station};
use crate::support::{Service, mask};

async fn renamed(service: &Service, times: usize) -> Vec<Station> {
    let mut versions = vec![service.create_station("east").await.unwrap()];
    for n in 0..times {
        let request = pb::UpdateStationRequest {
            station: Some(Station {
                name: "stations/east".to_owned(),
                display_name: format!("第{n}所"),
                ..Default::default()
            }),
            update_mask: mask(&["display_name"]),
            ..Default::default()
        };
        versions.push(service.ask(request).await.unwrap());
    }
    versions.reverse();
    versions
}

fn snapshot(revision: &pb::Revision) -> Station {
    match revision.snapshot.clone().unwrap().record {
        Some(AnyRecord::Station(station)) => station,
        other => panic!("no station: {other:?}"),
    }
}

#[tokio::test]
async fn versions_come_newest_first_with_what_they_left() {
    let service = Service::start().await;
    let versions = renamed(&service, 3).await;
    let revisions = service.revisions("stations/east").await;
    assert_eq!(revisions.len(), 4);
    for (revision, version) in revisions.iter().zip(&versions) {
        assert_eq!(snapshot(revision), *version);
        assert_eq!(revision.revision, version.revision);
        assert_eq!(revision.name, format!("stations/east@{}", version.revision));
        assert_eq!(revision.time, version.update_time);
        assert!(
            revision
                .token
                .starts_with(&format!("{}-", version.revision))
        );
        assert!(!revision.compacted && revision.actor.is_empty() && revision.reason.is_empty());
        let then = get_station("stations/east", at(revision.revision));
        assert_eq!(service.ask(then).await.unwrap(), *version);
        let asked = super::as_fresh_as(&revision.token);
        service
            .ask(get_station("stations/east", asked))
            .await
            .unwrap();
    }
    assert_eq!(
        service.history("stations/east").await,
        [Type::Updated, Type::Updated, Type::Updated, Type::Created]
    );
}

#[tokio::test]
async fn versions_are_paged_without_gaps_while_more_are_made() {
    let service = Service::start().await;
    let versions = renamed(&service, 10).await;
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListRevisionsRequest {
            name: "stations/east".to_owned(),
            page_size: 3,
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await.unwrap();
        assert!(page.revisions.len() <= 3);
        found.extend(page.revisions.iter().map(snapshot));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        service
            .create_station(&format!("other-{}", found.len()))
            .await
            .unwrap();
        let undo = pb::UpdateStationRequest {
            station: Some(Station {
                name: "stations/east".to_owned(),
                display_name: format!("新{}所", found.len()),
                ..Default::default()
            }),
            ..Default::default()
        };
        service.ask(undo).await.unwrap();
    }
    assert_eq!(found, versions);
}

#[tokio::test]
async fn records_of_every_kind_have_versions() {
    let service = Service::seeded().await;
    let number = format!("{CONFERENCE}/statistics/s01");
    let article = service.revisions(CONFERENCE).await;
    let statistic = service.revisions(&number).await;
    let (Some(AnyRecord::Article(article)), Some(AnyRecord::Statistic(statistic))) = (
        article[0].snapshot.clone().unwrap().record,
        statistic[0].snapshot.clone().unwrap().record,
    ) else {
        panic!("an article has articles, a number numbers");
    };
    let full = service
        .ask(super::get(CONFERENCE, pb::View::Full))
        .await
        .unwrap();
    assert_eq!(article, full);
    assert_eq!(statistic, service.statistic(&number).await);
}

#[tokio::test]
async fn a_page_of_large_versions_ends_at_3_mib() {
    let service = Service::start().await;
    super::create_large(&service, "large", 1_900_000).await;
    for n in 0..3 {
        let request = pb::UpdateArticleRequest {
            article: Some(pb::Article {
                name: "articles/large".to_owned(),
                kicker: format!("第{n}版"),
                ..Default::default()
            }),
            ..Default::default()
        };
        service.ask(request).await.unwrap();
    }
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListRevisionsRequest {
            name: "articles/large".to_owned(),
            page_size: 0,
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await.unwrap();
        pages.push(page.revisions.len());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [1, 1, 1, 1]);
}

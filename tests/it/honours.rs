//! Honours that a station holds.

use bulletin::pb;
use tonic::Code;

use crate::support::{Refusal, Service};

async fn honours(
    service: &Service,
    station: &str,
) -> Result<pb::ListStationHonoursResponse, Refusal> {
    let request = pb::ListStationHonoursRequest {
        parent: station.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.stations().list_station_honours(request).await)
}

#[tokio::test]
async fn a_station_has_the_honours_it_was_awarded_and_no_others() {
    let service = Service::seeded().await;
    let held = |page: pb::ListStationHonoursResponse| -> Vec<String> {
        page.honours
            .into_iter()
            .map(|held| held.honour.unwrap().title)
            .collect()
    };
    let two = honours(&service, "stations/zhenhai-zhaobaoshan")
        .await
        .unwrap();
    assert_eq!(two.honours[0].article, "articles/paichusuo-work-conference");
    assert_eq!(held(two), ["全省枫桥式公安派出所", "集体二等功"]);
    let one = honours(&service, "stations/haishu-jiangxia").await.unwrap();
    assert_eq!(held(one), ["全市枫桥式公安派出所"]);
    let none = honours(&service, "stations/ningbo-psb").await.unwrap();
    assert_eq!((none.honours.len(), none.next_page_token.as_str()), (0, ""));
}

#[tokio::test]
async fn honours_come_newest_first_in_pages_and_only_once_published() {
    let service = Service::start().await;
    service.create_station("one").await.unwrap();
    for (id, day) in [("first", 1), ("third", 3), ("second", 2)] {
        let honour = pb::Honour {
            id: "h1".into(),
            title: id.into(),
            recipients: vec!["stations/one".into()],
            state: pb::honour::State::Awarded.into(),
            ..Default::default()
        };
        let aspired = pb::Honour {
            id: "h2".into(),
            state: pb::honour::State::Aspiration.into(),
            ..honour.clone()
        };
        let article = pb::Article {
            headline: id.into(),
            publication: Some(pb::Publication {
                publish_date: Some(pb::Date {
                    year: 2020,
                    month: 6,
                    day,
                }),
                ..Default::default()
            }),
            honours: vec![honour, aspired],
            ..Default::default()
        };
        let request = pb::CreateArticleRequest {
            article_id: id.into(),
            article: Some(article),
            validate_only: false,
        };
        service.articles().create_article(request).await.unwrap();
    }
    assert!(
        honours(&service, "stations/one")
            .await
            .unwrap()
            .honours
            .is_empty()
    );
    for id in ["first", "second", "third"] {
        service.publish(&format!("articles/{id}")).await.unwrap();
    }
    let mut titles = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListStationHonoursRequest {
            parent: "stations/one".into(),
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let page = service
            .stations()
            .list_station_honours(request)
            .await
            .unwrap()
            .into_inner();
        titles.extend(
            page.honours
                .into_iter()
                .map(|held| held.honour.unwrap().title),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(titles, ["third", "second", "first"]);
}

#[tokio::test]
async fn a_station_that_does_not_exist_has_none() {
    let service = Service::start().await;
    let refusal = honours(&service, "stations/none").await.unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
    let refusal = honours(&service, "none").await.unwrap_err();
    assert_eq!(
        refusal.is(Code::InvalidArgument, "FIELD_INVALID").fields(),
        ["parent"]
    );
}

//! How a page's units find their stations: by whole name, by name below the same unit, by alias; and
//! what is proposed when none or several fit.

use bulletin::pb::ingest_bulletin_response::warning::Code as Warning;
use bulletin::pb::station::{Kind, State};
use bulletin::pb::{self, IngestBulletinResponse, Station};

use super::ingest;
use crate::support::Service;

async fn create(service: &Service, id: &str, station: Station) -> Station {
    let request = pb::CreateStationRequest {
        station_id: id.to_owned(),
        station: Some(station),
        ..Default::default()
    };
    service.ask(request).await.unwrap()
}

fn station(display_name: &str, full_name: &str, parent: &str, kind: Kind) -> Station {
    Station {
        display_name: display_name.to_owned(),
        full_name: full_name.to_owned(),
        parent: parent.to_owned(),
        kind: kind.into(),
        ..Station::default()
    }
}

/// A bureau, two branches, and below each a 南城派出所.
async fn registry(service: &Service) {
    let bureau = station("市公安局", "海州市公安局", "", Kind::MunicipalBureau);
    create(service, "haizhou", bureau).await;
    for (branch, name) in [("yuntai", "云台"), ("lianyun", "连云")] {
        let own = format!("{name}分局");
        let full = format!("海州市公安局{own}");
        let parent = "stations/haizhou";
        create(
            service,
            branch,
            station(&own, &full, parent, Kind::BranchBureau),
        )
        .await;
        let parent = format!("stations/{branch}");
        let post = station(
            "南城派出所",
            &format!("{full}南城派出所"),
            &parent,
            Kind::PoliceStation,
        );
        create(service, &format!("{branch}-nancheng"), post).await;
    }
}

/// The station that the words are said to name.
fn named<'a>(answer: &'a IngestBulletinResponse, surface: &str) -> &'a str {
    let mentions = answer.articles.iter().flat_map(|article| &article.mentions);
    let mention = mentions
        .into_iter()
        .find(|mention| mention.surface == surface);
    mention.map_or("", |mention| mention.station.as_str())
}

fn codes(answer: &IngestBulletinResponse) -> Vec<Warning> {
    answer
        .warnings
        .iter()
        .map(|warning| warning.code())
        .collect()
}

#[tokio::test]
async fn a_chain_is_the_station_below_that_branch() {
    let service = Service::start().await;
    registry(&service).await;
    let text = "海州公安通报\n\n海州市公安局连云分局南城派出所昨天查处违法行为3起。";
    let answer = ingest(&service, text).await;
    assert_eq!(
        named(&answer, "海州市公安局连云分局南城派出所"),
        "stations/lianyun-nancheng"
    );
    assert_eq!(codes(&answer), [], "{:?}", answer.warnings);
    assert_eq!(answer.stations, []);
}

#[tokio::test]
async fn what_fits_several_is_chosen_by_nobody() {
    let service = Service::start().await;
    registry(&service).await;
    let text = "派出所工作见成效\n\n南城派出所昨天查处违法行为3起。";
    let answer = ingest(&service, text).await;
    assert_eq!(codes(&answer), [Warning::StationAmbiguous]);
    let candidates = &answer.warnings[0].candidates;
    assert_eq!(
        candidates,
        &["stations/lianyun-nancheng", "stations/yuntai-nancheng"]
    );
    assert_eq!(
        answer.warnings[0].span.as_ref().unwrap().quote,
        "南城派出所"
    );
    assert_eq!(answer.stations.len(), 1);
    assert_eq!(answer.stations[0].state(), State::Proposed);
    let proposed = &answer.stations[0].name;
    assert_eq!(named(&answer, "南城派出所"), proposed);
    // The next page that says no more is of the same, and proposes nothing.
    let next = "派出所工作见成效\n\n南城派出所昨天查处违法行为5起。";
    let next = ingest(&service, next).await;
    assert_eq!(codes(&next), [Warning::StationAmbiguous]);
    assert_eq!(next.stations, []);
    assert_eq!(named(&next, "南城派出所"), proposed);
}

#[tokio::test]
async fn another_citys_bureau_is_another() {
    let service = Service::start().await;
    registry(&service).await;
    let text = "东江公安通报\n\n东江市公安局昨天查处违法行为3起。市公安局提醒市民注意安全。";
    let answer = ingest(&service, text).await;
    assert_eq!(answer.stations.len(), 1, "{:?}", answer.stations);
    assert_ne!(named(&answer, "东江市公安局"), "stations/haizhou");
    assert!(codes(&answer).contains(&Warning::StationProposed));
}

#[tokio::test]
async fn an_alias_is_as_good_as_the_name() {
    let service = Service::start().await;
    let mut bureau = station(
        "市公安局交通警察局",
        "海州市公安局交通警察局",
        "",
        Kind::TrafficBureau,
    );
    bureau.aliases = vec!["市交警局".to_owned()];
    create(&service, "haizhou-traffic", bureau).await;
    let answer = ingest(&service, "海州交警通报\n\n昨天，市交警局查处违法行为3起。").await;
    assert_eq!(named(&answer, "市交警局"), "stations/haizhou-traffic");
}

#[tokio::test]
async fn a_proposed_station_is_found_by_the_next_page_and_its_id_is_never_given_twice() {
    let service = Service::start().await;
    let first = ingest(
        &service,
        "海州通报\n\n海州市公安局云台分局南城派出所查处违法行为3起。",
    )
    .await;
    let proposed = named(&first, "海州市公安局云台分局南城派出所").to_owned();
    let second = ingest(
        &service,
        "海州通报\n\n海州市公安局云台分局南城派出所查处违法行为5起。",
    )
    .await;
    assert_eq!(named(&second, "海州市公安局云台分局南城派出所"), proposed);
    assert_eq!(second.stations, []);
    // The id is taken by another unit.
    let other = Service::start().await;
    let id = proposed.trim_start_matches("stations/");
    create(&other, id, station("别的单位", "", "", Kind::Other)).await;
    let third = ingest(
        &other,
        "海州通报\n\n海州市公安局云台分局南城派出所查处违法行为3起。",
    )
    .await;
    assert_eq!(
        named(&third, "海州市公安局云台分局南城派出所"),
        format!("{proposed}-2")
    );
}

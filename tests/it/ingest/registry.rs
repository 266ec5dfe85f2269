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

/// Two branches of a bureau, one named behind it and one with its own 公安, and a station of the first.
async fn branches(service: &Service) {
    registry(service).await;
    let bureau = "stations/haizhou";
    let behind = station("市公安局临港分局", "", bureau, Kind::BranchBureau);
    create(service, "lingang-branch", behind).await;
    let own = station("石桥公安分局", "", bureau, Kind::BranchBureau);
    create(service, "shiqiao-branch", own).await;
    let post = station(
        "东门派出所",
        "海州市公安局临港分局东门派出所",
        "stations/lingang-branch",
        Kind::PoliceStation,
    );
    create(service, "lingang-dongmen", post).await;
}

#[tokio::test]
async fn a_branch_is_the_same_in_whatever_order_its_name_is_written() {
    let service = Service::start().await;
    branches(&service).await;
    for (surface, expected) in [
        ("临港公安分局", "lingang-branch"),
        ("市公安局临港分局", "lingang-branch"),
        ("海州市公安局临港分局", "lingang-branch"),
        ("海州市公安局临港公安分局", "lingang-branch"),
        ("临港区公安分局", "lingang-branch"),
        ("海州临港公安分局", "lingang-branch"),
        ("海州市临港公安分局", "lingang-branch"),
        ("石桥公安分局", "shiqiao-branch"),
        ("市公安局石桥分局", "shiqiao-branch"),
        ("海州市公安局石桥分局", "shiqiao-branch"),
        ("临港公安分局东门派出所", "lingang-dongmen"),
        ("市公安局临港分局东门派出所", "lingang-dongmen"),
    ] {
        let text = format!("公安工作通报\n\n昨天，{surface}查处违法行为3起。");
        let answer = ingest(&service, &text).await;
        assert_eq!(named(&answer, surface), format!("stations/{expected}"));
        assert_eq!(answer.stations, [], "{surface}: {:?}", answer.warnings);
    }
}

#[tokio::test]
async fn a_branch_of_another_city_or_a_unit_of_another_rank_is_another() {
    let service = Service::start().await;
    branches(&service).await;
    for (surface, before) in [
        ("东江市公安局临港分局", ""),
        ("临港公安分局", "东江市公安局昨天通报，"),
        ("临港公安局", ""),
        ("临港交警大队", ""),
        ("东临港公安分局", ""),
        ("临港公安分局西门派出所", ""),
    ] {
        let text = format!("公安工作通报\n\n{before}{surface}查处违法行为3起。");
        let answer = ingest(&service, &text).await;
        let name = named(&answer, surface);
        let known = ["stations/lingang-branch", "stations/lingang-dongmen", ""];
        assert!(!known.contains(&name), "{surface}: {name}");
    }
}

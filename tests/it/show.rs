//! `bulletin show`: a record as a person reads it.

use bulletin::pb::{Station, UpdateStatisticRequest};

use crate::support::edits::update_station;
use crate::support::program::on;
use crate::support::{Service, mask};

const STATISTIC: &str = "articles/traffic-police-tieqi-grid-reform/statistics/t05";

async fn shown(service: &Service, arguments: &[&str]) -> String {
    let ended = on(service, "show", arguments).await;
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    ended.stdout
}

#[track_caller]
fn has(shown: &str, parts: &[&str]) {
    let mut rest = shown;
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("no {part:?} in {rest}"));
        rest = &rest[at + part.len()..];
    }
}

#[tokio::test]
async fn an_article_is_shown_with_its_text_and_its_statistics() {
    let service = Service::seeded().await;
    let article = shown(&service, &["articles/traffic-police-tieqi-grid-reform"]).await;
    let parts = [
        "PUBLISHED",
        "逆向行驶4.75万起",
        "statistics",
        "t05 47500起 查处非机动车逆向行驶",
        "CREATED",
    ];
    has(&article, &parts);
    assert!(!article.contains("not written"), "{article}");
    // Where nobody sees colours there are none.
    assert!(!article.contains('\u{1b}'), "{article}");
}

#[tokio::test]
async fn a_statistic_is_shown_with_its_sentence_and_what_corrected_it() {
    let service = Service::seeded().await;
    let request = UpdateStatisticRequest {
        statistic: Some(bulletin::pb::Statistic {
            name: STATISTIC.to_owned(),
            place: "宁波市六区".to_owned(),
            ..bulletin::pb::Statistic::default()
        }),
        update_mask: mask(&["place"]),
        correction_reason: "补全地名".to_owned(),
        ..UpdateStatisticRequest::default()
    };
    service
        .statistics()
        .update_statistic(request)
        .await
        .unwrap();
    let statistic = shown(&service, &[STATISTIC]).await;
    has(
        &statistic,
        &[
            "逆向行驶4.75万起",
            "1 statistic",
            "t05 47500起",
            "CORRECTED  补全地名",
            "CREATED",
        ],
    );
    assert!(!statistic.contains("t06"), "{statistic}");
}

#[tokio::test]
async fn a_station_is_shown_with_its_honours() {
    let service = Service::seeded().await;
    let name = "stations/zhenhai-zhaobaoshan";
    let station = shown(&service, &[name]).await;
    has(
        &station,
        &[
            "招宝山派出所",
            name,
            "POLICE_STATION",
            "below stations/zhenhai-branch",
            "枫桥式公安派出所",
            "CREATED",
        ],
    );
    let renamed = Station {
        name: name.to_owned(),
        display_name: "改名派出所".to_owned(),
        ..Station::default()
    };
    update_station(&service, renamed).await.unwrap();
    has(
        &shown(&service, &[name]).await,
        &["改名派出所", "UPDATED", "CREATED"],
    );
}

#[tokio::test]
async fn a_record_is_given_as_json_and_one_that_is_not_there_is_named() {
    let service = Service::seeded().await;
    let line = shown(&service, &[STATISTIC, "--output", "json"]).await;
    let record: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(record["statistic"]["name"], STATISTIC);
    for (name, reason) in [
        (
            "stations/nobody-here",
            "station \"stations/nobody-here\" does not exist",
        ),
        ("nonsense", "name must be articles/{article}"),
    ] {
        let ended = on(&service, "show", &[name]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains(reason), "{ended:?}");
    }
}

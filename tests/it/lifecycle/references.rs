//! What records name must exist, and stays as long as it is named.

use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::station::State;
use bulletin::pb::{self, Article, Honour, Mention, Person, Station};
use tonic::Code::{FailedPrecondition, InvalidArgument};

use super::{
    ARTICLE, NUMBER, PAGE, delete, delete_number, delete_station, draft, publish, remark, retitle,
    undelete, undelete_number, undelete_station,
};
use crate::support::{Refusal, Service, mask, statistic};

const EAST: &str = "stations/east";

fn mention(station: &str) -> Mention {
    Mention {
        station: station.to_owned(),
        surface: "城东所".to_owned(),
        span: None,
    }
}

/// Makes the draft name a station.
fn naming(station: &str) -> pb::UpdateArticleRequest {
    let mut request = retitle("");
    request.article.as_mut().unwrap().mentions = vec![mention(station)];
    request.update_mask = mask(&["mentions"]);
    request
}

fn counting(station: &str) -> pb::UpdateStatisticRequest {
    let mut request = remark(NUMBER, "", "");
    request.statistic.as_mut().unwrap().stations = vec![station.to_owned()];
    request.update_mask = mask(&["stations"]);
    request
}

fn below(name: &str, parent: &str, merged_into: &str) -> pb::UpdateStationRequest {
    pb::UpdateStationRequest {
        station: Some(Station {
            name: name.to_owned(),
            parent: parent.to_owned(),
            merged_into: merged_into.to_owned(),
            ..Default::default()
        }),
        update_mask: mask(&["parent", "merged_into"]),
        ..Default::default()
    }
}

#[track_caller]
fn is_missing<T: std::fmt::Debug>(outcome: Result<T, Refusal>, field: &str) {
    let refusal = outcome.unwrap_err();
    refusal.is(InvalidArgument, "REFERENCE_MISSING");
    assert_eq!(refusal.fields(), [field]);
}

#[track_caller]
fn is_referenced<T: std::fmt::Debug>(outcome: Result<T, Refusal>, by: &str) {
    let refusal = outcome.unwrap_err();
    refusal.is(FailedPrecondition, "RECORD_REFERENCED");
    assert_eq!(refusal.metadata["by"], by);
}

#[tokio::test]
async fn a_deleted_station_is_not_named() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    service.create_station("west").await.unwrap();
    service.ask(delete_station(EAST)).await.unwrap();
    is_missing(
        service.ask(naming(EAST)).await,
        "article.mentions[0].station",
    );
    is_missing(service.ask(counting(EAST)).await, "statistic.stations[0]");
    is_missing(
        service.ask(below("stations/west", EAST, "")).await,
        "station.parent",
    );
    is_missing(
        service.ask(below("stations/west", "", EAST)).await,
        "station.merged_into",
    );
    service.ask(undelete_station(EAST)).await.unwrap();
    service.ask(naming(EAST)).await.unwrap();
    service.ask(counting(EAST)).await.unwrap();
}

#[tokio::test]
async fn a_station_stays_as_long_as_a_record_names_it() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    service.create_station("west").await.unwrap();

    service.ask(naming(EAST)).await.unwrap();
    is_referenced(service.ask(delete_station(EAST)).await, ARTICLE);
    let mut nobody = naming(EAST);
    nobody.article.as_mut().unwrap().mentions.clear();
    service.ask(nobody).await.unwrap();

    service.ask(counting(EAST)).await.unwrap();
    is_referenced(service.ask(delete_station(EAST)).await, NUMBER);
    service.ask(delete_number(NUMBER, "")).await.unwrap();

    for request in [
        below("stations/west", EAST, ""),
        below("stations/west", "", EAST),
    ] {
        service.ask(request).await.unwrap();
        is_referenced(service.ask(delete_station(EAST)).await, "stations/west");
    }
    service.ask(delete_station("stations/west")).await.unwrap();

    service.ask(delete_station(EAST)).await.unwrap();
    is_missing(
        service.ask(undelete_number(NUMBER, "")).await,
        "statistic.stations[0]",
    );
    is_missing(
        service.ask(undelete_station("stations/west")).await,
        "station.merged_into",
    );
    service.ask(undelete_station(EAST)).await.unwrap();
    service.ask(undelete_number(NUMBER, "")).await.unwrap();
    service
        .ask(undelete_station("stations/west"))
        .await
        .unwrap();
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn an_article_comes_back_only_with_the_stations_it_and_its_numbers_name() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    service.ask(naming(EAST)).await.unwrap();
    service.ask(delete(ARTICLE)).await.unwrap();
    service.ask(delete_station(EAST)).await.unwrap();
    is_missing(
        service.ask(undelete(ARTICLE)).await,
        "article.mentions[0].station",
    );
    service.ask(undelete_station(EAST)).await.unwrap();
    service.ask(undelete(ARTICLE)).await.unwrap();

    let mut nobody = naming(EAST);
    nobody.article.as_mut().unwrap().mentions.clear();
    service.ask(nobody).await.unwrap();
    service.ask(counting(EAST)).await.unwrap();
    service.ask(delete(ARTICLE)).await.unwrap();
    service.ask(delete_station(EAST)).await.unwrap();
    is_missing(
        service.ask(undelete(ARTICLE)).await,
        "statistics[0].stations[0]",
    );
}

#[tokio::test]
async fn a_number_stays_as_long_as_another_qualifies_it() {
    let service = draft().await;
    let west = "articles/report/statistics/west";
    let mut request = remark(NUMBER, "", "");
    request.statistic.as_mut().unwrap().parent_statistic = west.to_owned();
    request.update_mask = mask(&["parent_statistic"]);
    service.ask(request).await.unwrap();
    is_referenced(service.ask(delete_number(west, "")).await, NUMBER);
    service.ask(delete_number(NUMBER, "")).await.unwrap();
    service.ask(delete_number(west, "")).await.unwrap();
    is_missing(
        service.ask(undelete_number(NUMBER, "")).await,
        "statistic.parent_statistic",
    );
    service.ask(undelete_number(west, "")).await.unwrap();
    service.ask(undelete_number(NUMBER, "")).await.unwrap();
    // All of an article go together, whoever names whom.
    service.ask(delete(ARTICLE)).await.unwrap();
    service.ask(undelete(ARTICLE)).await.unwrap();
    assert_eq!(service.fault().await, None);
}

/// Whichever comes first under the lock, never both.
#[tokio::test]
async fn a_station_is_not_deleted_while_it_comes_to_be_named() {
    let service = Service::start().await;
    for round in 0..20 {
        let station = format!("stations/s{round}");
        service.create_station(&format!("s{round}")).await.unwrap();
        let naming = pb::CreateArticleRequest {
            article_id: format!("a{round}"),
            article: Some(Article {
                headline: "通报".to_owned(),
                mentions: vec![mention(&station)],
                ..Default::default()
            }),
            validate_only: false,
        };
        let (named, deleted) =
            tokio::join!(service.ask(naming), service.ask(delete_station(&station)));
        match (named, deleted) {
            (Ok(_), Err(refusal)) => {
                refusal.is(FailedPrecondition, "RECORD_REFERENCED");
            }
            (Err(refusal), Ok(_)) => {
                refusal.is(InvalidArgument, "REFERENCE_MISSING");
            }
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(service.fault().await, None);
}

async fn proposed(service: &Service, id: &str) {
    let mut station = Station {
        name: format!("stations/{id}"),
        display_name: format!("{id}所"),
        kind: pb::station::Kind::PoliceStation.into(),
        ..Default::default()
    };
    station.set_state(State::Proposed);
    let record = Some(AnyRecord::Station(station));
    service.load(vec![pb::Record { record }]).await;
}

#[tokio::test]
async fn a_proposed_station_becomes_active_when_something_published_names_it() {
    let service = draft().await;
    for id in ["named", "counted", "corrected", "unnamed"] {
        proposed(&service, id).await;
    }
    service.ask(naming("stations/named")).await.unwrap();
    service.ask(counting("stations/counted")).await.unwrap();
    assert_eq!(
        service.station("stations/named").await.state(),
        State::Proposed
    );
    let article = service.ask(publish()).await.unwrap();
    for id in ["named", "counted"] {
        let station = service.station(&format!("stations/{id}")).await;
        assert_eq!(
            (station.state(), station.revision),
            (State::Active, article.revision),
            "{id}"
        );
    }
    let mut correction = naming("stations/corrected");
    correction.correction_reason = "误为他所".to_owned();
    let article = service.ask(correction).await.unwrap();
    let station = service.station("stations/corrected").await;
    assert_eq!(
        (station.state(), station.revision),
        (State::Active, article.revision)
    );
    assert_eq!(
        service.station("stations/unnamed").await.state(),
        State::Proposed
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_station_that_only_deleted_numbers_name_stays_proposed() {
    let service = draft().await;
    proposed(&service, "misread").await;
    let state = async || service.station("stations/misread").await.state();
    service.ask(counting("stations/misread")).await.unwrap();
    service.ask(delete_number(NUMBER, "")).await.unwrap();
    service.ask(publish()).await.unwrap();
    assert_eq!(state().await, State::Proposed);
    // It comes back to what is published, and with it what it names.
    let number = service.ask(undelete_number(NUMBER, "复核")).await.unwrap();
    assert_eq!(state().await, State::Active);
    let station = service.station("stations/misread").await;
    assert_eq!(station.revision, number.revision);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_person_or_honour_that_a_number_names_is_not_removed() {
    let service = Service::start().await;
    let article = Article {
        headline: "通报".to_owned(),
        source_text: PAGE.to_owned(),
        people: ["p1", "p2"].map(person).to_vec(),
        honours: vec![Honour {
            id: "h1".to_owned(),
            title: "先进".to_owned(),
            state: pb::honour::State::Awarded.into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let create = pb::CreateArticleRequest {
        article_id: "report".to_owned(),
        article: Some(article),
        validate_only: false,
    };
    service.ask(create).await.unwrap();
    let number = pb::Statistic {
        speaker: "p1".to_owned(),
        honour: "h1".to_owned(),
        ..statistic("城东所查处3起", "3", "起")
    };
    service
        .create_statistic(ARTICLE, "east", number)
        .await
        .unwrap();

    let mut request = retitle("");
    request.update_mask = mask(&["people", "honours"]);
    request.article.as_mut().unwrap().people = vec![person("p2")];
    let refusal = service.ask(request.clone()).await.unwrap_err();
    refusal.is(InvalidArgument, "FIELD_INVALID");
    assert_eq!(refusal.fields(), ["article.people", "article.honours"]);
    // A person nobody names may go; and all may, once the number is another's.
    let mut unnamed = request.clone();
    unnamed.article.as_mut().unwrap().people = vec![person("p1")];
    unnamed.update_mask = mask(&["people"]);
    service.ask(unnamed).await.unwrap();
    let mut request_number = remark(NUMBER, "", "");
    request_number.update_mask = mask(&["speaker", "honour"]);
    service.ask(request_number).await.unwrap();
    service.ask(request).await.unwrap();
    assert_eq!(service.fault().await, None);
}

fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        display_name: "张三".to_owned(),
        ..Default::default()
    }
}

//! Every write is logged with who made it, whatever way it came.

use bulletin::guard::caller::Role;
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::{self, Article, Station, Statistic};
use tonic::Code;

use super::{CACHES, City, retract};
use crate::support::edits::{delete_article, update_article, update_station};
use crate::support::{Service, statistic};
use crate::transfer::{import, of_station};

/// Who made each revision after 0, as the log has it.
async fn actors(city: &City) -> Vec<String> {
    let sql = "select actor from revisions where revision > 0 order by revision";
    let mut connection = city.service.database.connect().await;
    let found = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
    found.unwrap()
}

/// Every method that writes a station or an article, and its numbers, once.
async fn write_all(service: &Service) {
    let station = service.create_station("s1").await.unwrap();
    let name = station.name.clone();
    let renamed = Station {
        display_name: "改名派出所".into(),
        ..station
    };
    update_station(service, renamed).await.unwrap();
    let delete = pb::DeleteStationRequest {
        name: name.clone(),
        ..Default::default()
    };
    service.ask(delete).await.unwrap();
    let undelete = pb::UndeleteStationRequest {
        name,
        ..Default::default()
    };
    service.ask(undelete).await.unwrap();

    let text = "查处3起,查处5起。";
    let article = service.create_article("a1", text).await.unwrap().name;
    let number = statistic("查处3起", "3", "起");
    let made = service.create_statistic(&article, "n1", number).await;
    let number = made.unwrap().name;
    let changed = Statistic {
        name: number.clone(),
        metric: "起数".into(),
        ..Default::default()
    };
    let update = pb::UpdateStatisticRequest {
        statistic: Some(changed),
        ..Default::default()
    };
    service.ask(update).await.unwrap();
    let delete = pb::DeleteStatisticRequest {
        name: number.clone(),
        ..Default::default()
    };
    service.ask(delete).await.unwrap();
    let undelete = pb::UndeleteStatisticRequest {
        name: number,
        ..Default::default()
    };
    service.ask(undelete).await.unwrap();
    let retitled = Article {
        name: article.clone(),
        headline: "新标题".into(),
        ..Default::default()
    };
    update_article(service, retitled, "").await.unwrap();
    delete_article(service, &article).await.unwrap();
    let undelete = pb::UndeleteArticleRequest {
        name: article.clone(),
        ..Default::default()
    };
    service.ask(undelete).await.unwrap();
    service.publish(&article).await.unwrap();
    retract(service, &article).await;
    let page = pb::IngestBulletinRequest {
        text: "城西派出所查处酒驾9起\n\n本报讯 城西派出所昨日查处酒驾9起。\n".into(),
        ..Default::default()
    };
    assert!(service.ask(page).await.unwrap().created);
}

#[tokio::test]
async fn every_method_that_writes_says_who_does() {
    let city = City::empty(CACHES[0]).await;
    write_all(&city.editor).await;
    let by_anna = actors(&city).await;
    assert_eq!(by_anna, ["anna"; 15]);
    let given = |id: &str| {
        of_station(Station {
            name: format!("stations/{id}"),
            display_name: id.into(),
            kind: pb::station::Kind::PoliceStation.into(),
            ..Default::default()
        })
    };
    let chunks = [vec![given("c1"), given("c2")], vec![given("c3")]];
    import(&city.admin, Mode::Upsert, "", chunks).await;
    assert_eq!(actors(&city).await[15..], ["root"; 2]);
    // What changes nothing, or is only tried, makes no revision to be signed.
    let again = city.reader.called_by(Role::Editor, "carl");
    let same = pb::UpdateStationRequest {
        station: Some(again.station("stations/c1").await),
        ..Default::default()
    };
    again.ask(same).await.unwrap();
    let refused = again.create_station("c1").await.unwrap_err();
    refused.is(Code::AlreadyExists, "RECORD_EXISTS");
    assert_eq!(actors(&city).await.len(), 17);
    // The chain holds who it was.
    assert_eq!(city.admin.fault().await, None);
    let other = "update revisions set actor = 'carl' where revision = 3";
    city.service.database.tamper(other).await;
    assert!(city.admin.fault().await.is_some());
}

#[tokio::test]
async fn writes_of_one_group_are_each_of_their_own_caller() {
    let city = City::empty(CACHES[0]).await;
    let writes = (0..40).map(|number| {
        let id = format!("w{number}");
        let caller = city.service.called_by(Role::Editor, &id);
        tokio::spawn(async move {
            caller.create_station(&id).await.unwrap();
        })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap();
    }
    for number in 0..40 {
        let versions = city.admin.revisions(&format!("stations/w{number}")).await;
        assert_eq!(versions[0].actor, format!("w{number}"));
    }
}

#[tokio::test]
async fn an_id_as_long_as_a_header_is_cut_short() {
    let city = City::empty(CACHES[0]).await;
    let caller = city.service.called_by(Role::Editor, &"x".repeat(2_000));
    caller.create_station("s1").await.unwrap();
    assert_eq!(actors(&city).await, ["x".repeat(256)]);
    assert_eq!(city.admin.fault().await, None);
}

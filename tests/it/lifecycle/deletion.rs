//! Delete and undelete: what goes, what comes back, and names that stay taken.

use bulletin::pb::change::Type;
use bulletin::pb::{self, Article, Station};
use tonic::Code::{AlreadyExists, FailedPrecondition, NotFound};

use super::{
    ARTICLE, NUMBER, PAGE, add, delete, delete_number, delete_station, draft, publish, retract,
    undelete, undelete_number, undelete_station,
};
use crate::support::Service;

#[tokio::test]
async fn an_article_with_numbers_is_deleted_only_by_force() {
    let service = draft().await;
    let mut request = delete(ARTICLE);
    request.force = false;
    let refusal = service.ask(request.clone()).await.unwrap_err();
    refusal.is(FailedPrecondition, "HAS_CHILDREN");
    assert_eq!(refusal.metadata["count"], "2");
    request.force = true;
    let article = service.ask(request).await.unwrap();
    assert_eq!(article.delete_time, article.update_time);
    let number = service.statistic(NUMBER).await;
    assert_eq!(
        (number.revision, number.delete_time),
        (article.revision, article.delete_time)
    );
    assert_eq!(
        service.history(NUMBER).await,
        [Type::Deleted, Type::Created]
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn an_article_whose_numbers_are_all_deleted_needs_no_force() {
    let service = draft().await;
    for id in ["east", "west"] {
        let name = format!("{ARTICLE}/statistics/{id}");
        service.ask(delete_number(&name, "")).await.unwrap();
    }
    let mut request = delete(ARTICLE);
    request.force = false;
    service.ask(request).await.unwrap();
}

#[tokio::test]
async fn undelete_brings_back_exactly_what_the_deletion_took() {
    let service = draft().await;
    let before = service.article(ARTICLE).await;
    let kept = service.statistic(NUMBER).await;
    let west = "articles/report/statistics/west";
    service.ask(delete_number(west, "")).await.unwrap();
    service.ask(delete(ARTICLE)).await.unwrap();

    let article = service.ask(undelete(ARTICLE)).await.unwrap();
    assert_eq!((article.delete_time, &article.etag), (None, &before.etag));
    assert_eq!(article.create_time, before.create_time);
    let number = service.statistic(NUMBER).await;
    assert_eq!((number.delete_time, &number.etag), (None, &kept.etag));
    assert_eq!(number.revision, article.revision);
    assert!(service.statistic(west).await.delete_time.is_some());
    assert_eq!(
        service.history(NUMBER).await,
        [Type::Undeleted, Type::Deleted, Type::Created]
    );
    assert_eq!(service.history(west).await, [Type::Deleted, Type::Created]);
    assert_eq!(service.fault().await, None);
}

/// The statistic was deleted first, then rewritten by the article's publication and retraction.
#[tokio::test]
async fn a_number_deleted_before_stays_deleted_whatever_the_article_goes_through() {
    let service = draft().await;
    let west = "articles/report/statistics/west";
    service.ask(delete_number(west, "")).await.unwrap();
    service.ask(publish()).await.unwrap();
    assert!(service.statistic(west).await.delete_time.is_some());
    service.ask(retract("失实")).await.unwrap();
    service.ask(delete(ARTICLE)).await.unwrap();
    let article = service.ask(undelete(ARTICLE)).await.unwrap();
    assert_eq!(article.state(), pb::article::State::Retracted);
    assert!(service.statistic(west).await.delete_time.is_some());
    assert!(service.statistic(NUMBER).await.delete_time.is_none());
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn the_name_of_a_deleted_record_stays_taken() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    let taken = |outcome: Result<(), crate::support::Refusal>, deleted: &str| {
        let refusal = outcome.unwrap_err();
        refusal.is(AlreadyExists, "RECORD_EXISTS");
        assert_eq!(refusal.metadata["deleted"], deleted, "{refusal:?}");
    };
    taken(service.create_station("east").await.map(drop), "false");
    taken(service.ask(add("east", "")).await.map(drop), "false");
    taken(
        service.create_article("report", PAGE).await.map(drop),
        "false",
    );

    service.ask(delete_number(NUMBER, "")).await.unwrap();
    service.ask(delete_station("stations/east")).await.unwrap();
    taken(service.create_station("east").await.map(drop), "true");
    taken(service.ask(add("east", "")).await.map(drop), "true");
    service.ask(delete(ARTICLE)).await.unwrap();
    taken(
        service.create_article("report", PAGE).await.map(drop),
        "true",
    );

    let update = pb::UpdateStationRequest {
        station: Some(service.station("stations/east").await),
        allow_missing: true,
        ..Default::default()
    };
    taken(service.ask(update).await.map(drop), "true");
}

#[tokio::test]
async fn allow_missing_makes_a_delete_repeatable() {
    let service = draft().await;
    let head = service.head().await;
    let refusal = service.ask(delete("articles/none")).await.unwrap_err();
    refusal.is(NotFound, "RECORD_MISSING");
    let mut request = delete("articles/none");
    request.allow_missing = true;
    let nothing = Article {
        name: "articles/none".to_owned(),
        ..Default::default()
    };
    assert_eq!(service.ask(request).await.unwrap(), nothing);
    assert_eq!(service.head().await, head);

    let mut request = delete(ARTICLE);
    request.allow_missing = true;
    let deleted = service.ask(request.clone()).await.unwrap();
    let head = service.head().await;
    assert_eq!(service.ask(request).await.unwrap(), deleted);
    service
        .ask(delete(ARTICLE))
        .await
        .unwrap_err()
        .is(NotFound, "RECORD_MISSING");
    assert_eq!(service.head().await, head);
}

#[tokio::test]
async fn allow_missing_makes_an_update_create() {
    let service = Service::start().await;
    let station = Station {
        name: "stations/east".to_owned(),
        display_name: "城东所".to_owned(),
        kind: pb::station::Kind::PoliceStation.into(),
        ..Default::default()
    };
    let article = Article {
        name: ARTICLE.to_owned(),
        headline: "通报".to_owned(),
        source_text: PAGE.to_owned(),
        ..Default::default()
    };
    let mut of_station = pb::UpdateStationRequest {
        station: Some(station),
        ..Default::default()
    };
    let mut of_article = pb::UpdateArticleRequest {
        article: Some(article),
        ..Default::default()
    };
    let mut of_number = super::remark(NUMBER, "查处数", "");
    of_number.statistic = Some(pb::Statistic {
        name: NUMBER.to_owned(),
        ..crate::support::statistic("城东所查处3起", "3", "起")
    });
    service
        .ask(of_station.clone())
        .await
        .unwrap_err()
        .is(NotFound, "RECORD_MISSING");
    service
        .ask(of_article.clone())
        .await
        .unwrap_err()
        .is(NotFound, "RECORD_MISSING");
    service
        .ask(of_number.clone())
        .await
        .unwrap_err()
        .is(NotFound, "RECORD_MISSING");

    of_station.allow_missing = true;
    of_article.allow_missing = true;
    of_number.allow_missing = true;
    let refusal = service.ask(of_number.clone()).await.unwrap_err();
    refusal.is(NotFound, "RECORD_MISSING");
    assert_eq!(refusal.metadata["names"], ARTICLE);
    let station = service.ask(of_station).await.unwrap();
    assert_eq!(station.state(), pb::station::State::Active);
    let article = service.ask(of_article).await.unwrap();
    assert_eq!(article.state(), pb::article::State::Draft);
    let number = service.ask(of_number).await.unwrap();
    assert_eq!(number.state(), pb::article::State::Draft);
    for name in ["stations/east", ARTICLE, NUMBER] {
        assert_eq!(service.history(name).await, [Type::Created], "{name}");
    }
    // A mask says what to change; what is made anew has all that is given.
    let of_another = pb::UpdateArticleRequest {
        article: Some(Article {
            name: "articles/another".to_owned(),
            headline: "通报".to_owned(),
            kicker: "肩题".to_owned(),
            source_text: PAGE.to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["headline".to_owned()],
        }),
        allow_missing: true,
        ..Default::default()
    };
    let another = service.ask(of_another).await.unwrap();
    assert_eq!(
        (another.kicker.as_str(), another.source),
        ("肩题", article.source)
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn what_is_not_deleted_is_not_brought_back() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    let head = service.head().await;
    let article = service.ask(undelete(ARTICLE)).await.unwrap_err();
    article.is(AlreadyExists, "NOT_DELETED");
    let number = service.ask(undelete_number(NUMBER, "")).await.unwrap_err();
    number.is(AlreadyExists, "NOT_DELETED");
    let station = service
        .ask(undelete_station("stations/east"))
        .await
        .unwrap_err();
    station.is(AlreadyExists, "NOT_DELETED");
    let nothing = service.ask(undelete("articles/none")).await.unwrap_err();
    nothing.is(NotFound, "RECORD_MISSING");
    assert_eq!(service.head().await, head);

    service.ask(delete(ARTICLE)).await.unwrap();
    let orphan = service.ask(undelete_number(NUMBER, "")).await.unwrap_err();
    orphan.is(NotFound, "RECORD_MISSING");
    assert_eq!(orphan.metadata["names"], ARTICLE);
}

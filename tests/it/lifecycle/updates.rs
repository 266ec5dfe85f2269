//! Updates: etags, what is only validated, what changes nothing, and what may not be changed.

use bulletin::pb::article::State;
use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{self, Station};
use tonic::Code::{Aborted, FailedPrecondition, InvalidArgument};

use super::{
    ARTICLE, NUMBER, add, delete, delete_number, delete_station, draft, publish, published, remark,
    retitle, retract, undelete,
};
use crate::support::{Service, mask, statistic};

fn rename(station: &Station, display_name: &str) -> pb::UpdateStationRequest {
    pb::UpdateStationRequest {
        station: Some(Station {
            display_name: display_name.to_owned(),
            ..station.clone()
        }),
        update_mask: mask(&["display_name"]),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_etag_is_taken_with_and_without_quotes_and_refused_when_stale() {
    let service = Service::start().await;
    let first = service.create_station("east").await.unwrap();
    let second = service.ask(rename(&first, "东所")).await.unwrap();
    assert_ne!(second.etag, first.etag);
    let refusal = service.ask(rename(&first, "东东所")).await.unwrap_err();
    refusal.is(Aborted, "ETAG_MISMATCH");
    assert_eq!(refusal.metadata["etag"], second.etag.trim_matches('"'));
    assert_eq!(refusal.metadata["name"], "stations/east");

    let bare = Station {
        etag: second.etag.trim_matches('"').to_owned(),
        ..second
    };
    service.ask(rename(&bare, "东三所")).await.unwrap();
    let unasked = Station {
        etag: String::new(),
        ..first
    };
    service.ask(rename(&unasked, "东四所")).await.unwrap();
}

#[tokio::test]
async fn every_write_refuses_a_stale_etag() {
    let service = draft().await;
    service.create_station("east").await.unwrap();
    let etag = "\"0123456789abcdef\"".to_owned();
    let head = service.head().await;
    let mut refusals = Vec::new();
    macro_rules! stale {
        ($request:expr) => {{
            let mut request = $request;
            request.etag.clone_from(&etag);
            refusals.push(service.ask(request).await.unwrap_err());
        }};
    }
    stale!(publish());
    stale!(delete(ARTICLE));
    stale!(delete_number(NUMBER, ""));
    stale!(delete_station("stations/east"));
    let mut request = retitle("更正");
    request.article.as_mut().unwrap().etag.clone_from(&etag);
    refusals.push(service.ask(request).await.unwrap_err());
    let mut request = remark(NUMBER, "查处", "");
    request.statistic.as_mut().unwrap().etag.clone_from(&etag);
    refusals.push(service.ask(request).await.unwrap_err());
    assert_eq!(service.head().await, head);

    service.ask(delete(ARTICLE)).await.unwrap();
    stale!(undelete(ARTICLE));
    service.ask(undelete(ARTICLE)).await.unwrap();
    service.ask(publish()).await.unwrap();
    stale!(retract("失实"));
    for refusal in refusals {
        refusal.is(Aborted, "ETAG_MISMATCH");
    }
}

#[tokio::test]
async fn of_many_updates_from_one_etag_exactly_one_is_made() {
    const WRITERS: usize = 16;
    let service = Service::start().await;
    let mut station = service.create_station("east").await.unwrap();
    for round in 0..5 {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let mut client = service.stations();
            let request = rename(&station, &format!("第{round}-{writer}所"));
            writers.spawn(async move {
                crate::support::Refusal::or(client.update_station(request).await)
            });
        }
        let outcomes = writers.join_all().await;
        let mut made = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(station) => made.push(station),
                Err(refusal) => drop(refusal.is(Aborted, "ETAG_MISMATCH").clone()),
            }
        }
        assert_eq!(made.len(), 1, "{made:?}");
        station = service.station("stations/east").await;
        assert_eq!(station, made[0]);
    }
    assert_eq!(service.revisions("stations/east").await.len(), 6);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn an_update_that_changes_nothing_makes_no_revision() {
    let service = published().await;
    let station = service.create_station("east").await.unwrap();
    let head = service.head().await;
    let article = service.article(ARTICLE).await;
    let kept = service.ask(retitle(&article.headline)).await.unwrap();
    assert_eq!(
        (kept.revision, kept.etag),
        (article.revision, article.etag.clone())
    );
    let whole = pb::UpdateArticleRequest {
        article: Some(article),
        update_mask: mask(&["*"]),
        ..Default::default()
    };
    service.ask(whole).await.unwrap();
    let number = service.statistic(NUMBER).await;
    let whole = pb::UpdateStatisticRequest {
        statistic: Some(number.clone()),
        update_mask: mask(&["*"]),
        ..Default::default()
    };
    assert_eq!(service.ask(whole).await.unwrap(), number);
    let same = service
        .ask(rename(&station, &station.display_name))
        .await
        .unwrap();
    assert_eq!(same, station);
    assert_eq!(service.head().await, head);
}

/// Each write as it is validated, then as it is made: the answers differ in times alone.
#[tokio::test]
async fn a_write_that_is_only_validated_answers_what_it_would_write() {
    let service = draft().await;
    macro_rules! validated {
        ($request:expr) => {{
            let mut request = $request;
            let head = service.head().await;
            request.validate_only = true;
            let would = service.ask(request.clone()).await.unwrap();
            assert_eq!(service.head().await, head);
            request.validate_only = false;
            let is = service.ask(request).await.unwrap();
            assert_eq!(is.revision, head.revision + 1);
            assert_eq!((&would.name, &would.etag), (&is.name, &is.etag));
            assert_eq!(would.revision, is.revision);
            assert_eq!(would.delete_time.is_some(), is.delete_time.is_some());
        }};
    }
    validated!(pb::CreateStationRequest {
        station_id: "east".to_owned(),
        station: Some(Station {
            display_name: "城东所".to_owned(),
            kind: 6,
            ..Default::default()
        }),
        ..Default::default()
    });
    let station = service.station("stations/east").await;
    validated!(rename(&station, "东所"));
    validated!(delete_station("stations/east"));
    validated!(super::undelete_station("stations/east"));
    validated!(retitle("更正"));
    validated!(add("sum", ""));
    validated!(remark(NUMBER, "查处", ""));
    validated!(delete_number(NUMBER, ""));
    validated!(super::undelete_number(NUMBER, ""));
    validated!(delete(ARTICLE));
    validated!(undelete(ARTICLE));
    validated!(publish());
    validated!(retract("失实"));
    let state = service.statistic(NUMBER).await.state();
    assert_eq!(state, State::Retracted);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn an_article_has_at_most_a_thousand_numbers_deleted_ones_included() {
    let service = draft().await;
    let more = (2..1_000).map(|n| {
        let name = format!("{ARTICLE}/statistics/n{n}");
        let number = statistic("共8起", "8", "起");
        pb::Record {
            record: Some(AnyRecord::Statistic(pb::Statistic { name, ..number })),
        }
    });
    service.load(more.collect()).await;
    let refusal = service.ask(add("more", "")).await.unwrap_err();
    refusal.is(InvalidArgument, "FIELD_INVALID");
    assert_eq!(refusal.fields(), ["parent"]);
    service.ask(delete_number(NUMBER, "")).await.unwrap();
    service
        .ask(add("more", ""))
        .await
        .unwrap_err()
        .is(InvalidArgument, "FIELD_INVALID");
    let west = "articles/report/statistics/west";
    service.ask(remark(west, "查处", "")).await.unwrap();
    service
        .ask(super::undelete_number(NUMBER, ""))
        .await
        .unwrap();
    service.ask(publish()).await.unwrap();
    assert_eq!(
        service
            .statistic("articles/report/statistics/n999")
            .await
            .state(),
        State::Published
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_record_of_a_newer_release_is_served_but_not_changed() {
    let service = draft().await;
    let station = service.create_station("east").await.unwrap();
    // Field 990, a text: a field this release does not know.
    for table in ["articles", "stations", "statistics"] {
        let sql = format!("update {table} set record = record || '\\xf23d0161'::bytea");
        assert!(service.database.tamper(&sql).await > 0);
    }
    let head = service.head().await;
    let refusals = [
        service.ask(retitle("更正")).await.map(drop),
        service.ask(publish()).await.map(drop),
        service.ask(delete(ARTICLE)).await.map(drop),
        service.ask(remark(NUMBER, "查处", "")).await.map(drop),
        service.ask(delete_number(NUMBER, "")).await.map(drop),
        service.ask(rename(&station, "东所")).await.map(drop),
        service.ask(delete_station("stations/east")).await.map(drop),
    ];
    for refusal in refusals {
        refusal.unwrap_err().is(FailedPrecondition, "SCHEMA_NEWER");
    }
    assert_eq!(service.head().await, head);
    assert_eq!(service.article(ARTICLE).await.headline, "标题 report");
    assert_eq!(service.station("stations/east").await, station);
    service.statistic(NUMBER).await;
}

//! What a watch is sent: by kind, parent and station, with records before and after.

use bulletin::pb::change::Type;
use bulletin::pb::record::{Kind, Record as AnyRecord};
use bulletin::pb::{
    Article, Record, Station, Statistic, WatchChangesRequest, watch_changes_response,
};
use tonic::Code;

use super::recording::from;
use super::starts::{changes, long_article, next, watch_for};
use crate::support::edits::{create_article, delete_article, update_article, update_station};
use crate::support::{Service, statistic};

fn from_the_start() -> WatchChangesRequest {
    WatchChangesRequest {
        start: Some(from("0")),
        ..WatchChangesRequest::default()
    }
}

/// Every change that a watch is sent up to the newest revision.
async fn sent(service: &Service, request: WatchChangesRequest) -> Vec<bulletin::pb::Change> {
    let head = service.head().await.token;
    let mut stream = watch_for(service, request).await.unwrap();
    let mut sent = Vec::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        sent.extend(message.changes);
        if message.token == head {
            return sent;
        }
    }
}

fn types(sent: &[bulletin::pb::Change]) -> Vec<(Type, &str)> {
    sent.iter()
        .map(|change| (change.r#type(), change.name.as_str()))
        .collect()
}

/// An article that names one station, then another.
async fn service_with_a_move() -> Service {
    let service = Service::start().await;
    for id in ["east", "west"] {
        service.create_station(id).await.unwrap();
    }
    let mention = |station: &str| bulletin::pb::Mention {
        station: station.to_owned(),
        surface: "该所".to_owned(),
        span: None,
    };
    let article = Article {
        headline: "标题".to_owned(),
        source_text: "查处88起。".to_owned(),
        mentions: vec![mention("stations/east")],
        ..Article::default()
    };
    let article = create_article(&service, "a1", article).await.unwrap();
    let named = Statistic {
        stations: vec!["stations/west".to_owned()],
        ..statistic("88起", "88", "起")
    };
    service
        .create_statistic(&article.name, "t1", named)
        .await
        .unwrap();
    let moved = Article {
        name: article.name.clone(),
        mentions: vec![mention("stations/west")],
        ..Article::default()
    };
    update_article(&service, moved, "").await.unwrap();
    let renamed = Station {
        name: "stations/west".to_owned(),
        display_name: "西门派出所".to_owned(),
        ..Station::default()
    };
    update_station(&service, renamed).await.unwrap();
    delete_article(&service, &article.name).await.unwrap();
    service
}

#[tokio::test]
async fn kinds_and_parents_narrow_what_is_sent() {
    let service = service_with_a_move().await;
    let of_kinds = |kinds: &[Kind]| WatchChangesRequest {
        kinds: kinds.iter().map(|kind| i32::from(*kind)).collect(),
        ..from_the_start()
    };
    let sent_of = async |request| {
        let sent = sent(&service, request).await;
        let names = sent.iter().map(|change| change.name.clone());
        names.collect::<Vec<_>>()
    };
    let all = sent_of(from_the_start()).await;
    assert!(!all.iter().any(|name| name.starts_with("sources/")));
    assert_eq!(all.len(), 8);
    let sources = sent_of(of_kinds(&[Kind::Source, Kind::Source])).await;
    assert_eq!(sources.len(), 1);
    assert!(sources[0].starts_with("sources/"));
    let statistics = sent_of(of_kinds(&[Kind::Statistic])).await;
    assert_eq!(statistics, ["articles/a1/statistics/t1"; 2]);
    let below = WatchChangesRequest {
        parent: "articles/a1".to_owned(),
        ..from_the_start()
    };
    let below = sent_of(below).await;
    assert_eq!(below.len(), 5);
    assert!(below.iter().all(|name| name.starts_with("articles/a1")));
}

#[tokio::test]
async fn a_station_is_left_by_records_that_name_it_no_longer() {
    let service = service_with_a_move().await;
    let of = |station: &str| WatchChangesRequest {
        station: station.to_owned(),
        include_old: true,
        ..from_the_start()
    };
    let east = sent(&service, of("stations/east")).await;
    assert_eq!(
        types(&east),
        [
            (Type::Created, "stations/east"),
            (Type::Created, "articles/a1"),
            (Type::Left, "articles/a1"),
        ]
    );
    let left = &east[2];
    assert!(left.new.is_none() && left.old == east[1].new && left.old.is_some());
    let west = sent(&service, of("stations/west")).await;
    assert_eq!(
        types(&west),
        [
            (Type::Created, "stations/west"),
            (Type::Created, "articles/a1/statistics/t1"),
            (Type::Updated, "articles/a1"),
            (Type::Updated, "stations/west"),
            (Type::Deleted, "articles/a1"),
            (Type::Deleted, "articles/a1/statistics/t1"),
        ]
    );
    let is_deleted = |record: &Option<Record>| match record.as_ref().unwrap().record.as_ref() {
        Some(AnyRecord::Article(article)) => article.delete_time.is_some(),
        other => panic!("not an article: {other:?}"),
    };
    assert!(is_deleted(&west[4].new) && !is_deleted(&west[4].old));
}

#[tokio::test]
async fn records_before_and_after_are_sent_as_asked() {
    let service = service_with_a_move().await;
    let plain = sent(&service, from_the_start()).await;
    assert!(
        plain
            .iter()
            .all(|change| change.old.is_none() && change.new.is_some())
    );
    let both = WatchChangesRequest {
        include_old: true,
        ..from_the_start()
    };
    let both = sent(&service, both).await;
    for change in &both {
        assert_eq!(
            change.old.is_some(),
            change.r#type() != Type::Created,
            "{change:?}"
        );
    }
    let neither = WatchChangesRequest {
        omit_new: true,
        ..from_the_start()
    };
    let neither = sent(&service, neither).await;
    assert_eq!(types(&neither), types(&plain));
    assert!(
        neither
            .iter()
            .all(|change| change.old.is_none() && change.new.is_none())
    );
}

#[tokio::test]
async fn a_filter_that_cannot_be_meant_is_refused() {
    let service = Service::start().await;
    for (request, fields) in [
        (
            WatchChangesRequest {
                kinds: vec![0, 2, 99],
                ..WatchChangesRequest::default()
            },
            vec!["kinds[0]", "kinds[2]"],
        ),
        (
            WatchChangesRequest {
                parent: "stations/a1".to_owned(),
                station: "articles/a1".to_owned(),
                ..WatchChangesRequest::default()
            },
            vec!["parent", "station"],
        ),
        (
            WatchChangesRequest {
                kinds: vec![Kind::Source.into()],
                parent: "articles/a1".to_owned(),
                ..WatchChangesRequest::default()
            },
            vec!["kinds"],
        ),
    ] {
        let refusal = watch_for(&service, request).await.unwrap_err();
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::InvalidArgument, "FIELD_INVALID")
        );
        let found: Vec<&str> = refusal
            .violations
            .iter()
            .map(|(field, _)| field.as_str())
            .collect();
        assert_eq!(found, fields);
    }
}

#[tokio::test]
async fn a_revision_above_a_mebibyte_comes_in_parts_of_which_the_last_has_the_token() {
    let service = Service::start().await;
    let mut stream = watch_for(&service, WatchChangesRequest::default())
        .await
        .unwrap();
    next(&mut stream).await;
    let named = |name: &str| Record {
        record: Some(AnyRecord::Article(Article {
            name: name.to_owned(),
            ..long_article()
        })),
    };
    let names = ["articles/a1", "articles/a2"];
    service.load(names.map(named).into()).await;
    let parts = [next(&mut stream).await, next(&mut stream).await];
    for (part, name) in parts.iter().zip(names) {
        assert_eq!(part.r#type(), watch_changes_response::Type::Changes);
        assert_eq!(changes(part), [(Type::Created, name)]);
    }
    assert!(parts[0].token.is_empty());
    assert_eq!(parts[1].token, service.head().await.token);
}

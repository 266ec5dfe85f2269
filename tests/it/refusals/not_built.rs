//! What the API names and this release does not build.

use bulletin::pb::{self, total};
use tokio_stream::iter;
use tonic::Code::{InvalidArgument, Unimplemented};

use super::case::Case;
use crate::support::{Call, Service};

fn not_built(name: &str, call: impl Call) -> Case {
    Case::new(name, call, Unimplemented, "NOT_BUILT", &[])
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        not_built("SearchArticles", pb::SearchArticlesRequest::default()),
        not_built("ResolveStations", pb::ResolveStationsRequest::default()),
        not_built(
            "ListStationHonours",
            pb::ListStationHonoursRequest::default(),
        ),
        not_built(
            "AggregateStatistics",
            pb::AggregateStatisticsRequest::default(),
        ),
        not_built("IngestBulletin", pb::IngestBulletinRequest::default()),
    ];
    cases.extend(streams());
    cases.extend(lists());
    cases
}

fn streams() -> Vec<Case> {
    let watch = |service: &Service| {
        let mut client = service.changes();
        async move {
            client
                .watch_changes(pb::WatchChangesRequest::default())
                .await
                .map(drop)
        }
    };
    let export = |service: &Service| {
        let mut client = service.transfer();
        async move {
            client
                .export_records(pb::ExportRecordsRequest::default())
                .await
                .map(drop)
        }
    };
    let import = |service: &Service| {
        let mut client = service.transfer();
        let chunks = iter([pb::ImportRecordsRequest::default()]);
        async move { client.import_records(chunks).await.map(drop) }
    };
    let case = |name, send| Case::sending(name, send, Unimplemented, "NOT_BUILT", &[]);
    vec![
        case(
            "WatchChanges",
            Box::new(move |service| Box::pin(watch(service))),
        ),
        case(
            "ExportRecords",
            Box::new(move |service| Box::pin(export(service))),
        ),
        case(
            "ImportRecords",
            Box::new(move |service| Box::pin(import(service))),
        ),
    ]
}

fn lists() -> Vec<Case> {
    let mut cases = Vec::new();
    for (filter, order_by, total) in [
        ("state = PUBLISHED", "", total::Mode::Unspecified),
        ("", "create_time desc", total::Mode::Unspecified),
        ("", "name desc", total::Mode::Unspecified),
        ("", "", total::Mode::Estimate),
        ("", "", total::Mode::Exact),
    ] {
        let name = |list: &str| format!("{list} {filter:?} {order_by:?} {total:?}");
        let (filter, order_by) = (filter.to_owned(), order_by.to_owned());
        let articles = pb::ListArticlesRequest {
            filter: filter.clone(),
            order_by: order_by.clone(),
            total: total.into(),
            ..Default::default()
        };
        let stations = pb::ListStationsRequest {
            filter: filter.clone(),
            order_by: order_by.clone(),
            total: total.into(),
            ..Default::default()
        };
        let statistics = pb::ListStatisticsRequest {
            parent: "articles/-".to_owned(),
            filter: filter.clone(),
            order_by: order_by.clone(),
            total: total.into(),
            ..Default::default()
        };
        cases.push(not_built(&name("ListArticles"), articles));
        cases.push(not_built(&name("ListStations"), stations));
        cases.push(not_built(&name("ListStatistics"), statistics));
    }
    let unknown = pb::ListStationsRequest {
        total: 4,
        ..Default::default()
    };
    cases.push(Case::new(
        "total 4",
        unknown,
        InvalidArgument,
        "FIELD_INVALID",
        &["total"],
    ));
    cases
}

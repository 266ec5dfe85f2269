//! What the API names and this release does not build.

use bulletin::pb;
use tokio_stream::iter;
use tonic::Code::Unimplemented;

use super::case::Case;
use crate::support::{Call, Service};

fn not_built(name: &str, call: impl Call) -> Case {
    Case::new(name, call, Unimplemented, "NOT_BUILT", &[])
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![not_built(
        "IngestBulletin",
        pb::IngestBulletinRequest::default(),
    )];
    cases.extend(streams());
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
            "ImportRecords",
            Box::new(move |service| Box::pin(import(service))),
        ),
    ]
}

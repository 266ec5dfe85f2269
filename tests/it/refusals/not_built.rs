//! What the API names and this release does not build.

use bulletin::pb;
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
    let case = |name, send| Case::sending(name, send, Unimplemented, "NOT_BUILT", &[]);
    vec![case(
        "WatchChanges",
        Box::new(move |service| Box::pin(watch(service))),
    )]
}

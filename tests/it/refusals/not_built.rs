//! What the API names and this release does not build.

use bulletin::pb;
use tonic::Code::Unimplemented;

use super::case::Case;

pub fn cases() -> Vec<Case> {
    vec![Case::new(
        "IngestBulletin",
        pb::IngestBulletinRequest::default(),
        Unimplemented,
        "NOT_BUILT",
        &[],
    )]
}

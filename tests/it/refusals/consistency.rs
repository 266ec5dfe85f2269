//! Reads: tokens and revisions that cannot be asked for.

use bulletin::pb::consistency::Requirement;
use bulletin::pb::{self, Consistency};
use tonic::Code::{FailedPrecondition, InvalidArgument, OutOfRange};

use super::case::Case;
use super::lists::CONFERENCE;
use crate::support::Service;

pub fn fresh(requirement: Requirement) -> Option<Consistency> {
    Some(Consistency {
        requirement: Some(requirement),
    })
}

pub async fn cases(service: &Service) -> Vec<Case> {
    let head = service.head().await;
    let get = |requirement| pb::GetStationRequest {
        name: "stations/mps".to_owned(),
        consistency: fresh(requirement),
    };
    let list = |requirement| pb::ListArticlesRequest {
        consistency: fresh(requirement),
        ..Default::default()
    };
    let after = |token: &str| Requirement::AtLeastAsFresh(token.to_owned());
    let mut cases = Vec::new();
    for token in [
        "",
        "x",
        "-",
        "-1",
        "+1",
        "1-",
        "1-xyz",
        "1-abc",
        "9223372036854775808",
        "1 ",
        "一",
    ] {
        let field = &["consistency.at_least_as_fresh"];
        let name = format!("token {token:?}");
        let get = get(after(token));
        cases.push(Case::new(
            name,
            get,
            InvalidArgument,
            "TOKEN_INVALID",
            field,
        ));
    }
    let (revision, chain) = head.token.split_once('-').unwrap();
    let other = chain
        .replace(|c: char| c.is_ascii_digit(), "f")
        .replace('e', "d");
    let forked = format!("{revision}-{other}");
    let ahead = format!("{}-{chain}", head.revision + 1);
    let bare = (head.revision + 1).to_string();
    for token in [&forked, &ahead, &bare] {
        let (code, reason) = (FailedPrecondition, "HISTORY_FORKED");
        let (get, list) = (get(after(token)), list(after(token)));
        cases.push(Case::new(
            format!("get, token {token}"),
            get,
            code,
            reason,
            &[],
        ));
        cases.push(Case::new(
            format!("list, token {token}"),
            list,
            code,
            reason,
            &[],
        ));
    }
    let at = ["consistency.exactly_at"];
    let statistics = pb::ListStatisticsRequest {
        parent: CONFERENCE.to_owned(),
        consistency: fresh(Requirement::ExactlyAt(1)),
        ..Default::default()
    };
    let batch = pb::BatchGetStationsRequest {
        names: vec!["stations/mps".to_owned()],
        consistency: fresh(Requirement::ExactlyAt(1)),
    };
    let ahead = get(Requirement::ExactlyAt(head.revision + 1));
    cases.extend([
        Case::invalid("exactly at -1", get(Requirement::ExactlyAt(-1)), &at),
        Case::invalid("list exactly at", list(Requirement::ExactlyAt(1)), &at),
        Case::invalid("list numbers exactly at", statistics, &at),
        Case::invalid("batch exactly at", batch, &at),
        Case::new(
            "exactly ahead",
            ahead,
            OutOfRange,
            "REVISION_COMPACTED",
            &[],
        ),
    ]);
    cases
}

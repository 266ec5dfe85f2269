//! Reads: names, batches, pages, views, consistency, revisions.

use bulletin::pb;
use bulletin::pb::consistency::Requirement;
use tonic::Code::{InvalidArgument, NotFound};

use super::case::Case;
use super::consistency::fresh;
use crate::support::{Call, Service};

pub const CONFERENCE: &str = "articles/paichusuo-work-conference";

pub async fn cases(service: &Service) -> Vec<Case> {
    let mut cases = names();
    cases.extend(batches());
    cases.extend(pages(service).await);
    cases.extend(missing());
    cases
}

fn names() -> Vec<Case> {
    let article = pb::GetArticleRequest {
        name: "stations/mps".to_owned(),
        ..Default::default()
    };
    let view = pb::GetArticleRequest {
        name: CONFERENCE.to_owned(),
        view: 4,
        ..Default::default()
    };
    let station = pb::GetStationRequest {
        name: "stations/MPS".to_owned(),
        ..Default::default()
    };
    let statistic = pb::GetStatisticRequest {
        name: format!("{CONFERENCE}/statistics/s01/extra"),
        ..Default::default()
    };
    let list_view = pb::ListArticlesRequest {
        view: -1,
        ..Default::default()
    };
    let mut cases = vec![
        Case::invalid("get article by another name", article, &["name"]),
        Case::invalid("get in an unknown view", view, &["view"]),
        Case::invalid("list in an unknown view", list_view, &["view"]),
        Case::invalid("get station", station, &["name"]),
        Case::invalid("get statistic", statistic, &["name"]),
    ];
    for parent in [
        "",
        "articles",
        "articles/*",
        "stations/-",
        "articles/-/statistics/s01",
    ] {
        let request = pb::ListStatisticsRequest {
            parent: parent.to_owned(),
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("list under {parent:?}"),
            request,
            &["parent"],
        ));
    }
    for name in [
        "",
        "articles/-",
        "sources/ab",
        "stations/",
        "articles/ab@1",
        "x",
    ] {
        let request = revisions(name);
        cases.push(Case::invalid(
            format!("revisions of {name:?}"),
            request,
            &["name"],
        ));
    }
    cases
}

fn revisions(name: &str) -> pb::ListRevisionsRequest {
    pb::ListRevisionsRequest {
        name: name.to_owned(),
        ..Default::default()
    }
}

fn batches() -> Vec<Case> {
    let articles = |names: Vec<String>| pb::BatchGetArticlesRequest {
        names,
        ..Default::default()
    };
    let many = |count| vec!["stations/mps".to_owned(); count];
    let stations = pb::BatchGetStationsRequest {
        names: many(1_001),
        ..Default::default()
    };
    let of_another = pb::BatchGetStatisticsRequest {
        parent: "articles/draft".to_owned(),
        names: vec![
            "articles/draft/statistics/number".to_owned(),
            format!("{CONFERENCE}/statistics/s01"),
            "articles/draft".to_owned(),
        ],
        ..Default::default()
    };
    let parent = pb::BatchGetStatisticsRequest {
        parent: "articles".to_owned(),
        names: vec![format!("{CONFERENCE}/statistics/s01")],
        ..Default::default()
    };
    let bad = vec![CONFERENCE.to_owned(), "x".to_owned(), String::new()];
    vec![
        Case::invalid("batch of none", articles(Vec::new()), &["names"]),
        Case::invalid(
            "batch of stations, none",
            pb::BatchGetStationsRequest::default(),
            &["names"],
        ),
        Case::invalid(
            "batch of numbers, none",
            pb::BatchGetStatisticsRequest::default(),
            &["names"],
        ),
        Case::invalid("batch of 1,001", stations, &["names"])
            .saying("at most 1000 items, got 1001"),
        Case::invalid(
            "batch with bad names",
            articles(bad),
            &["names[1]", "names[2]"],
        ),
        Case::invalid(
            "batch of other articles",
            of_another,
            &["names[1]", "names[2]"],
        ),
        Case::invalid("batch under no article", parent, &["parent"]),
    ]
}

async fn pages(service: &Service) -> Vec<Case> {
    let first = pb::ListStationsRequest {
        page_size: 1,
        ..Default::default()
    };
    let first = service.ask(first).await.unwrap();
    let token = first.next_page_token;
    let mut flipped = token.clone().into_bytes();
    flipped[30] = if flipped[30] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let stations = |page_token: String| pb::ListStationsRequest {
        page_token,
        ..Default::default()
    };
    let mut cases = Vec::new();
    for bad in [
        "x",
        "%%%",
        "AAAA",
        "1",
        &"A".repeat(5_000),
        &token[1..],
        &flipped,
    ] {
        cases.push(wrong(
            "page token",
            "PAGE_TOKEN_INVALID",
            stations(bad.to_owned()),
        ));
    }
    let deleted = pb::ListStationsRequest {
        page_token: token.clone(),
        show_deleted: true,
        ..Default::default()
    };
    let articles = pb::ListArticlesRequest {
        page_token: token.clone(),
        ..Default::default()
    };
    let numbers = pb::ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_token: token.clone(),
        ..Default::default()
    };
    let versions = pb::ListRevisionsRequest {
        page_token: token,
        ..revisions("stations/mps")
    };
    cases.extend([
        wrong(
            "page token with other options",
            "PAGE_TOKEN_INVALID",
            deleted,
        ),
        wrong(
            "page token of stations for articles",
            "PAGE_TOKEN_INVALID",
            articles,
        ),
        wrong(
            "page token of stations for numbers",
            "PAGE_TOKEN_INVALID",
            numbers,
        ),
        wrong(
            "page token of stations for revisions",
            "PAGE_TOKEN_INVALID",
            versions,
        ),
    ]);
    for size in [-1, i32::MIN] {
        let articles = pb::ListArticlesRequest {
            page_size: size,
            ..Default::default()
        };
        let stations = pb::ListStationsRequest {
            page_size: size,
            ..Default::default()
        };
        let versions = pb::ListRevisionsRequest {
            page_size: size,
            ..revisions("stations/mps")
        };
        let numbers = pb::ListStatisticsRequest {
            parent: CONFERENCE.to_owned(),
            page_size: size,
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("articles, page size {size}"),
            articles,
            &["page_size"],
        ));
        cases.push(Case::invalid(
            format!("stations, page size {size}"),
            stations,
            &["page_size"],
        ));
        cases.push(Case::invalid(
            format!("numbers, page size {size}"),
            numbers,
            &["page_size"],
        ));
        cases.push(Case::invalid(
            format!("revisions, page size {size}"),
            versions,
            &["page_size"],
        ));
    }
    cases
}

/// A refusal of `page_token`.
fn wrong(name: &str, reason: &'static str, call: impl Call) -> Case {
    Case::new(name, call, InvalidArgument, reason, &["page_token"])
}

fn missing() -> Vec<Case> {
    let article = pb::GetArticleRequest {
        name: "articles/none".to_owned(),
        ..Default::default()
    };
    let batch = pb::BatchGetArticlesRequest {
        names: vec![
            "articles/none".to_owned(),
            CONFERENCE.to_owned(),
            "articles/no".to_owned(),
        ],
        ..Default::default()
    };
    let numbers = pb::ListStatisticsRequest {
        parent: "articles/none".to_owned(),
        ..Default::default()
    };
    let before = pb::GetArticleRequest {
        name: CONFERENCE.to_owned(),
        consistency: fresh(Requirement::ExactlyAt(0)),
        ..Default::default()
    };
    let missing =
        |name, call: pb::GetArticleRequest| Case::new(name, call, NotFound, "RECORD_MISSING", &[]);
    vec![
        missing("article that does not exist", article),
        missing("article before it was", before),
        Case::new(
            "batch with two missing",
            batch,
            NotFound,
            "RECORD_MISSING",
            &[],
        )
        .saying("articles \"articles/none\", \"articles/no\" do not exist"),
        Case::new(
            "numbers of no article",
            numbers,
            NotFound,
            "RECORD_MISSING",
            &[],
        ),
        Case::new(
            "revisions of nothing",
            revisions("articles/none"),
            NotFound,
            "RECORD_MISSING",
            &[],
        ),
    ]
}

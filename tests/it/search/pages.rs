//! Pages: each article once, best first in blocks of the newest, whatever the size of a page.

use std::collections::BTreeSet;

use bulletin::pb;
use bulletin::pb::record::Record as AnyRecord;
use tonic::Code;

use super::{answer, asked, id};
use crate::support::Service;

const COUNT: usize = 1_300;

/// Of 1,300 articles every other has the word; one of ten is undated, and the dates repeat.
async fn filled() -> Service {
    let service = Service::start().await;
    let records: Vec<pb::Record> = (0..COUNT).map(record).collect();
    for chunk in records.chunks(500) {
        service.load(chunk.to_vec()).await;
    }
    service
}

fn has_word(at: usize) -> bool {
    at.is_multiple_of(2) || at.is_multiple_of(7)
}

fn record(at: usize) -> pb::Record {
    let word = if has_word(at) { "灯塔" } else { "码头" };
    let date = pb::Date {
        year: 2020,
        month: i32::try_from(1 + at % 12).unwrap(),
        day: i32::try_from(1 + at % 28).unwrap(),
    };
    let article = pb::Article {
        name: format!("articles/a{at:04}"),
        headline: format!("第{at}号"),
        state: pb::article::State::Published.into(),
        publication: Some(pb::Publication {
            newspaper: "海报".into(),
            publish_date: (!at.is_multiple_of(10)).then_some(date),
            ..Default::default()
        }),
        paragraphs: vec![super::paragraph(&word.repeat(1 + at % 4))],
        ..Default::default()
    };
    pb::Record {
        record: Some(AnyRecord::Article(article)),
    }
}

async fn all_pages(service: &Service, query: &str, page_size: i32) -> Vec<(String, f64)> {
    let mut request = pb::SearchArticlesRequest {
        page_size,
        view: pb::View::Basic.into(),
        ..asked(query)
    };
    let mut all = Vec::new();
    loop {
        let page = answer(service, request.clone()).await.unwrap();
        assert!(page.results.len() <= usize::try_from(page_size).unwrap());
        all.extend(page.results.iter().map(|found| (id(found), found.score)));
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn pages_of_any_size_are_the_same_list_and_have_each_article_once() {
    let service = filled().await;
    let whole = all_pages(&service, "灯塔", 1_000).await;
    for page_size in [37, 250] {
        assert_eq!(all_pages(&service, "灯塔", page_size).await, whole);
    }
    let expected: BTreeSet<String> = (0..COUNT)
        .filter(|at| has_word(*at))
        .map(|at| format!("a{at:04}"))
        .collect();
    let found: BTreeSet<String> = whole.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!((whole.len(), &found), (expected.len(), &expected));
    // The newest 500 come first, best first.
    let order = |id: &String| {
        let at: usize = id[1..].parse().unwrap();
        let dated = (!at.is_multiple_of(10)).then_some((1 + at % 12, 1 + at % 28));
        (std::cmp::Reverse(dated), id.clone())
    };
    let mut newest: Vec<&String> = expected.iter().collect();
    newest.sort_by_key(|id| order(id));
    for (block, expected) in whole.chunks(500).zip(newest.chunks(500)) {
        let mut ids: Vec<&String> = block.iter().map(|(id, _)| id).collect();
        ids.sort_by_key(|id| order(id));
        // Articles of one chunk are of one time, those of another of a later one: within a date the
        // chunks come newest first, so only the sets are compared where a date is cut in two.
        let outside = ids.iter().filter(|id| !expected.contains(id)).count();
        assert!(outside <= 60, "{outside}");
        assert!(block.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    }
}

#[tokio::test]
async fn a_page_token_is_of_its_query_filter_and_view() {
    let service = filled().await;
    let first = pb::SearchArticlesRequest {
        page_size: 10,
        ..asked("灯塔")
    };
    let token = answer(&service, first.clone())
        .await
        .unwrap()
        .next_page_token;
    let next = pb::SearchArticlesRequest {
        page_token: token,
        ..first
    };
    let other_size = pb::SearchArticlesRequest {
        page_size: 3,
        ..next.clone()
    };
    assert_eq!(answer(&service, other_size).await.unwrap().results.len(), 3);
    let refused = [
        pb::SearchArticlesRequest {
            query: "码头".into(),
            ..next.clone()
        },
        pb::SearchArticlesRequest {
            filter: "state = PUBLISHED".into(),
            ..next.clone()
        },
        pb::SearchArticlesRequest {
            view: pb::View::Basic.into(),
            ..next.clone()
        },
        pb::SearchArticlesRequest {
            page_token: "x".into(),
            ..next
        },
    ];
    for request in refused {
        let refusal = answer(&service, request).await.unwrap_err();
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::InvalidArgument, "PAGE_TOKEN_INVALID")
        );
    }
}

/// Few of the newest are meant, so more and more are looked through.
#[tokio::test]
async fn a_rare_mix_of_common_words_is_found_among_all() {
    let service = filled().await;
    let request = pb::SearchArticlesRequest {
        filter: "publication.publish_date = \"2020-02-02\"".into(),
        ..asked("码头 号")
    };
    let found = answer(&service, request).await.unwrap().results;
    let mut ids: Vec<String> = found.iter().map(id).collect();
    ids.sort();
    let is_meant =
        |at: &usize| at % 12 == 1 && at % 28 == 1 && !at.is_multiple_of(10) && !has_word(*at);
    let expected: Vec<String> = (0..COUNT)
        .filter(is_meant)
        .map(|at| format!("a{at:04}"))
        .collect();
    assert!(expected.len() > 5);
    assert_eq!(ids, expected);
}

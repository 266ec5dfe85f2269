//! The query language: words, phrases, exclusions, several words in one, a filter beside.

use bulletin::pb;
use tonic::Code;

use super::{answer, asked, ids, publish, search, texts};
use crate::support::Service;

async fn three() -> Service {
    let service = Service::start().await;
    publish(
        &service,
        "aa",
        "交警查处电动自行车",
        "交警上路，查处闯红灯。",
    )
    .await;
    publish(&service, "bb", "电动自行车新规", "交警昨日查处一起。").await;
    publish(&service, "cc", "自行车赛", "市民骑电动车前往。").await;
    service
}

#[tokio::test]
async fn all_words_must_stand_and_no_excluded_one() {
    let service = three().await;
    for (query, found) in [
        ("交警", &["aa", "bb"][..]),
        ("交警 电动自行车", &["aa", "bb"]),
        ("自行车", &["aa", "bb", "cc"]),
        ("自行车 -交警", &["cc"]),
        ("自行车 －交警", &["cc"]),
        ("-\"查处电动\" 交警", &["bb"]),
        ("\"查处电动\"", &["aa"]),
        ("“查处电动” 交警", &["aa"]),
        ("「查处电动」", &["aa"]),
        ("\"交警查处\"", &["aa"]),
        ("\"交警 查处\"", &["aa"]),
        ("\"交警上路，查处\"", &["aa"]),
        ("\"交警上路查处\"", &[]),
        ("交警、闯红灯", &["aa"]),
        ("交警 -查处", &[]),
        ("-昨日\"查处\"", &["aa"]),
        ("自行车 -交警 -电动", &[]),
        ("不存在的词", &[]),
    ] {
        let mut ids = ids(&service, asked(query)).await;
        ids.sort();
        assert_eq!(ids, found, "{query}");
    }
}

/// What stands as it was written comes first.
#[tokio::test]
async fn a_long_run_is_also_the_words_it_is_made_of() {
    let service = three().await;
    let found = search(&service, "交警查处电动自行车").await;
    assert_eq!(found.len(), 2);
    assert_eq!(texts(&found[0]), ["交警查处电动自行车"]);
    assert_eq!(texts(&found[1]), ["电动", "自行车", "交警", "查处"]);
    let phrase = search(&service, "\"交警查处电动自行车\"").await;
    assert_eq!(phrase.len(), 1);
    // Four characters are one word.
    assert_eq!(search(&service, "查处电动").await.len(), 1);
}

#[tokio::test]
async fn a_filter_beside_narrows_what_is_found() {
    let service = three().await;
    for (filter, found) in [
        ("", &["aa", "bb", "cc"][..]),
        ("headline:新规", &["bb"]),
        (
            "name != \"articles/aa\" AND state = PUBLISHED",
            &["bb", "cc"],
        ),
        ("state = DRAFT", &[]),
    ] {
        let request = pb::SearchArticlesRequest {
            filter: filter.to_owned(),
            ..asked("自行车")
        };
        let mut ids = ids(&service, request).await;
        ids.sort();
        assert_eq!(ids, found, "{filter}");
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_meant_is_refused_with_the_reason() {
    let service = Service::start().await;
    let long = "长".repeat(501);
    let many = "词 ".repeat(33);
    for (query, says) in [
        ("", "query must have a word, got \"\""),
        ("  　", "query must have a word, got"),
        ("，。！", "query must have a word, got \"，。！\""),
        ("\"\"", "query must have a word, got"),
        ("-", "query must have a word, got \"-\""),
        (
            "-交警",
            "query must have a word that is not excluded, got \"-交警\"",
        ),
        (
            "交警 \"查处",
            "query must close its quotation mark '\"' at column 4",
        ),
        (
            "“查处",
            "query must close its quotation mark '“' at column 1",
        ),
        (&long, "query must have at most 500 code points, got 501"),
        (
            &many,
            "query must have at most 32 words and phrases, got 33",
        ),
    ] {
        let refusal = answer(&service, asked(query)).await.unwrap_err();
        assert_eq!(refusal.code, Code::InvalidArgument, "{query}");
        assert_eq!(refusal.reason, "FIELD_INVALID", "{query}");
        assert_eq!(refusal.fields(), ["query"], "{query}");
        assert!(
            refusal.message.starts_with(says),
            "{query}: {}",
            refusal.message
        );
    }
    let request = pb::SearchArticlesRequest {
        filter: "titel = x".into(),
        ..asked("交警")
    };
    let refusal = answer(&service, request).await.unwrap_err();
    assert_eq!(refusal.reason, "FILTER_INVALID");
    for (page_size, view) in [(-1, 0), (0, 9)] {
        let request = pb::SearchArticlesRequest {
            page_size,
            view,
            ..asked("交警")
        };
        let refusal = answer(&service, request).await.unwrap_err();
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::InvalidArgument, "FIELD_INVALID")
        );
    }
}

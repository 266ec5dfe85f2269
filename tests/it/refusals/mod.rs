//! Bad requests: a table of them, one a rule, each with the code, reason and field paths it is answered
//! with, and what must hold for all: nothing is written, and no answer tells how the service is made.

mod articles;
mod asked_lists;
mod case;
mod comparisons;
mod consistency;
mod counts;
mod limits;
mod lists;
mod pages;
mod people;
mod raw;
mod stations;
mod statistics;
mod writes;

use bulletin::pb;
use tonic::Code;

use crate::support::Service;
use case::run;

/// Where the table's requests stand: the seed page, and a draft with a person, an honour and a number.
async fn service() -> Service {
    let service = Service::seeded().await;
    service.ask(articles::article(|_| {})).await.unwrap();
    let number = statistics::number(|_| {});
    service
        .create_statistic("articles/draft", "number", number)
        .await
        .unwrap();
    service
}

#[tokio::test]
async fn every_bad_request_is_refused_by_its_rule_and_writes_nothing() {
    let service = service().await;
    let before = service.head().await;
    let mut cases = articles::cases();
    cases.extend(people::cases());
    cases.extend(counts::cases());
    cases.extend(limits::cases());
    cases.extend(stations::cases());
    cases.extend(statistics::cases());
    cases.extend(comparisons::cases());
    cases.extend(writes::cases());
    cases.extend(lists::cases(&service).await);
    cases.extend(consistency::cases(&service).await);
    cases.extend(raw::cases());
    cases.extend(asked_lists::cases());
    cases.extend(pages::cases());
    assert!(cases.len() >= 400, "only {} cases", cases.len());

    run(&service, cases).await;

    assert_eq!(service.head().await, before);
    assert_eq!(service.fault().await, None);
    service.create_station("still-answers").await.unwrap();
}

/// The requests that the table makes bad are good as they are.
#[tokio::test]
async fn the_requests_of_the_table_are_good_but_for_what_a_row_changes() {
    let service = service().await;
    let mut article = articles::article(|_| {});
    article.article_id = "another".to_owned();
    article.validate_only = true;
    service.ask(article).await.unwrap();
    service.ask(statistics::create(|_| {})).await.unwrap();
    service.ask(stations::create(|_| {})).await.unwrap();
    limits::accepted(&service).await;
}

/// Details travel in a header, of which clients take 8 KiB to 16 KiB.
#[tokio::test]
async fn an_answer_with_much_to_say_fits_a_header() {
    let service = service().await;
    let long = "所".repeat(100);
    let everywhere = articles::article(|article| {
        article.mentions = vec![
            pb::Mention {
                station: long.clone(),
                surface: "所".to_owned(),
                span: None,
            };
            1_000
        ];
    });
    let refusal = service.ask(everywhere).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
    assert!(refusal.violations.len() >= 8, "{refusal:?}");
    assert!(
        refusal.message.contains("and 99 more violations"),
        "{refusal:?}"
    );

    let names: Vec<String> = (0..1_000).map(|n| format!("articles/{n:a>50}")).collect();
    let batch = pb::BatchGetArticlesRequest {
        names: names.clone(),
        ..Default::default()
    };
    let refusal = service.ask(batch).await.unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
    assert_eq!(refusal.metadata["count"], "1000");
    let listed: Vec<&str> = refusal.metadata["names"].split(',').collect();
    assert!(listed.len() >= 40, "{refusal:?}");
    assert_eq!(listed, names[..listed.len()]);

    // A quote stands in at most 100 pieces; more are not even looked at.
    for (pieces, reason) in [(100, "SPAN_AMBIGUOUS"), (10_000, "SPAN_MISMATCH")] {
        let mut article = articles::article(|article| {
            article.source_text = "所\n".repeat(15_000);
            article.paragraphs.clear();
            article.people.clear();
            article.headline_span = articles::span(&"所".repeat(pieces));
        });
        article.article_id = "across-lines".to_owned();
        let refusal = service.ask(article).await.unwrap_err();
        refusal.is(Code::InvalidArgument, reason);
    }
}

#[tokio::test]
async fn a_batch_names_every_record_that_is_missing_once() {
    let service = service().await;
    let names = ["nowhere", "mps", "gone", "nowhere", "ningbo-psb", "gone"];
    let batch = pb::BatchGetStationsRequest {
        names: names.iter().map(|id| format!("stations/{id}")).collect(),
        consistency: None,
    };
    let refusal = service.ask(batch).await.unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
    assert_eq!(refusal.metadata["names"], "stations/nowhere,stations/gone");
    assert_eq!(refusal.metadata["count"], "2");
}

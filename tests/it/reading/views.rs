//! BASIC, FULL, SOURCE; batches in the order asked for.

use bulletin::pb::{self, View};
use prost::Message as _;
use tonic::Code::{NotFound, ResourceExhausted};

use super::{CONFERENCE, at, create_large, get};
use crate::support::Service;

#[tokio::test]
async fn each_view_is_a_prefix_of_the_next() {
    let service = Service::seeded().await;
    let read = async |view| service.ask(get(CONFERENCE, view)).await.unwrap();
    let (basic, full) = (read(View::Basic).await, read(View::Full).await);
    let source = read(View::Source).await;
    assert_eq!(read(View::Unspecified).await, full);

    let (basic_bytes, full_bytes) = (basic.encode_to_vec(), full.encode_to_vec());
    assert!(basic_bytes.len() < full_bytes.len());
    assert!(full_bytes.starts_with(&basic_bytes));
    assert!(source.encode_to_vec().starts_with(&full_bytes));

    assert!(!basic.headline.is_empty() && basic.source.is_some() && !basic.bylines.is_empty());
    assert!(basic.paragraphs.is_empty() && basic.people.is_empty() && basic.mentions.is_empty());
    assert!(basic.honours.is_empty() && basic.quotations.is_empty() && basic.works.is_empty());
    assert!(!full.paragraphs.is_empty() && !full.people.is_empty() && !full.mentions.is_empty());
    assert_eq!(full.source_text, "");
    let length = source.source_text.chars().count();
    assert_eq!(i32::try_from(length).unwrap(), full.source.unwrap().length);
}

/// The same at an old revision, in a batch and in a list.
#[tokio::test]
async fn a_view_is_the_same_however_it_is_read() {
    let service = Service::seeded().await;
    for view in [View::Basic, View::Full, View::Source] {
        let article = service.ask(get(CONFERENCE, view)).await.unwrap();
        let old = pb::GetArticleRequest {
            consistency: at(article.revision),
            ..get(CONFERENCE, view)
        };
        assert_eq!(service.ask(old).await.unwrap(), article, "{view:?}");
        let batch = pb::BatchGetArticlesRequest {
            names: vec![CONFERENCE.to_owned()],
            view: view.into(),
            consistency: None,
        };
        let batch = service.ask(batch).await.unwrap();
        assert_eq!(batch.articles, std::slice::from_ref(&article), "{view:?}");
        let list = pb::ListArticlesRequest {
            view: view.into(),
            ..Default::default()
        };
        assert_eq!(
            service.ask(list).await.unwrap().articles[0],
            article,
            "{view:?}"
        );
    }
    let list = service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap();
    let basic = service.ask(get(CONFERENCE, View::Basic)).await.unwrap();
    assert_eq!(list.articles[0], basic);
}

#[tokio::test]
async fn a_batch_answers_in_the_order_asked_for_with_repeats() {
    let service = Service::seeded().await;
    let ids = ["mps", "cixi-kuangyan", "mps", "ningbo-psb", "cixi-kuangyan"];
    let names = ids.map(|id| format!("stations/{id}"));
    let batch = pb::BatchGetStationsRequest {
        names: names.to_vec(),
        consistency: None,
    };
    let answer = service.ask(batch).await.unwrap();
    assert!(
        answer
            .stations
            .iter()
            .map(|station| &station.name)
            .eq(&names)
    );
    assert_eq!(answer.token, service.head().await.token);

    let names = ["s10", "s01", "s10"].map(|id| format!("{CONFERENCE}/statistics/{id}"));
    for parent in ["", "articles/-", CONFERENCE] {
        let batch = pb::BatchGetStatisticsRequest {
            parent: parent.to_owned(),
            names: names.to_vec(),
            consistency: None,
        };
        let answer = service.ask(batch).await.unwrap();
        assert!(
            answer
                .statistics
                .iter()
                .map(|number| &number.name)
                .eq(&names),
            "{parent}"
        );
    }
    let thousand = pb::BatchGetStationsRequest {
        names: vec!["stations/mps".to_owned(); 1_000],
        consistency: None,
    };
    assert_eq!(service.ask(thousand).await.unwrap().stations.len(), 1_000);
}

#[tokio::test]
async fn a_batch_above_4_mib_is_refused_whole() {
    let service = Service::start().await;
    create_large(&service, "large", 1_500_000).await;
    let batch = |count| pb::BatchGetArticlesRequest {
        names: vec!["articles/large".to_owned(); count],
        ..Default::default()
    };
    assert_eq!(service.ask(batch(2)).await.unwrap().articles.len(), 2);
    let refusal = service.ask(batch(3)).await.unwrap_err();
    refusal.is(ResourceExhausted, "MESSAGE_TOO_LARGE");
    assert!(refusal.message.contains("4128768"), "{refusal:?}");
    // BASIC is small, and what is missing is said before what is too large.
    let mut basic = batch(3);
    basic.set_view(View::Basic);
    assert_eq!(service.ask(basic).await.unwrap().articles.len(), 3);
    let mut missing = batch(3);
    missing.names.push("articles/none".to_owned());
    service
        .ask(missing)
        .await
        .unwrap_err()
        .is(NotFound, "RECORD_MISSING");
}

/// 2 MiB of record and 1 MiB of page are the most there is, and fit a message.
#[tokio::test]
async fn the_longest_article_is_served_with_its_page() {
    let service = Service::start().await;
    let paragraph = pb::Paragraph {
        text: "a".repeat(50_000),
        kind: pb::paragraph::Kind::Body.into(),
        fragments: vec![pb::Fragment {
            start: 0,
            end: 50_000,
        }],
    };
    let article = pb::Article {
        headline: "长篇".to_owned(),
        paragraphs: vec![paragraph; 41],
        source_text: "a".repeat(1024 * 1024),
        ..Default::default()
    };
    let create = pb::CreateArticleRequest {
        article_id: "longest".to_owned(),
        article: Some(article),
        validate_only: false,
    };
    service.ask(create).await.unwrap();
    let article = service.article("articles/longest").await;
    assert_eq!(article.source_text.len(), 1024 * 1024);
    let list = pb::ListArticlesRequest {
        view: View::Source.into(),
        ..Default::default()
    };
    assert_eq!(service.ask(list).await.unwrap().articles, [article]);
}

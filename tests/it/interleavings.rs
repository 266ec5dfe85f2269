//! Two writes that meet behind the lock, in either order: what is read, is read after the lock.

use bulletin::pb::{self, Article, Statistic};
use tokio::task::JoinHandle;
use tonic::Code;

use crate::support::edits::{
    create_article, delete_article, delete_station, update_article, update_station,
};
use crate::support::{Database, HeadLock, Refusal, Service, statistic};

const PAGE: &str = "6月11日,交警大队查处闯红灯88起。";
const ARTICLE: &str = "articles/a1";
const STATISTIC: &str = "articles/a1/statistics/s1";

/// Two instances on one database.
async fn pair() -> [Service; 2] {
    let database = Database::create().await;
    let first = Service::on(database.clone()).await;
    [first, Service::on(database).await]
}

/// Lets two writes through two instances wait for the lock, the first before the second.
async fn meet<A: Send + 'static, B: Send + 'static>(
    database: &Database,
    first: impl Future<Output = A> + Send + 'static,
    second: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let mut lock = HeadLock::take(database).await;
    let first: JoinHandle<A> = tokio::spawn(first);
    lock.wait_for_writers(1).await;
    let second: JoinHandle<B> = tokio::spawn(second);
    lock.wait_for_writers(2).await;
    lock.release().await;
    (first.await.unwrap(), second.await.unwrap())
}

/// The same, with the second before the first.
async fn meet_swapped<A: Send + 'static, B: Send + 'static>(
    database: &Database,
    first: impl Future<Output = A> + Send + 'static,
    second: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let (second, first) = meet(database, second, first).await;
    (first, second)
}

#[tokio::test]
async fn of_two_updates_from_one_etag_the_later_is_aborted() {
    let [one, other] = pair().await;
    let database = one.database.clone();
    let station = one.create_station("s1").await.unwrap();
    let (mut red, mut blue) = (station.clone(), station);
    red.display_name = "红".to_owned();
    blue.display_name = "蓝".to_owned();
    let (first, second) = meet(
        &database,
        Box::pin(async move { update_station(&one, red).await }),
        Box::pin(async move { (update_station(&other, blue).await, other) }),
    )
    .await;
    let (second, service) = second;
    let kept = first.unwrap();
    assert_eq!(kept.display_name, "红");
    let refusal = second.unwrap_err();
    refusal.is(Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(refusal.metadata["etag"], kept.etag.trim_matches('"'));
    assert_eq!(service.station("stations/s1").await, kept);
    assert_eq!(service.fault().await, None);
}

fn counted() -> Statistic {
    statistic("88起", "88", "起")
}

/// A new statistic, and what becomes of its article meanwhile.
async fn article_pair() -> ([Service; 2], Service) {
    let services = pair().await;
    services[0].create_article("a1", PAGE).await.unwrap();
    let observer = Service::on(services[0].database.clone()).await;
    (services, observer)
}

#[tokio::test]
async fn a_statistic_does_not_outlive_its_article() {
    let ([one, other], observer) = article_pair().await;
    let (created, deleted) = meet(
        &observer.database,
        Box::pin(async move { one.create_statistic(ARTICLE, "s1", counted()).await }),
        Box::pin(async move { delete_article(&other, ARTICLE).await }),
    )
    .await;
    let (created, deleted) = (created.unwrap(), deleted.unwrap());
    assert_eq!(created.delete_time, None);
    let left = observer.statistic(STATISTIC).await;
    assert_eq!(
        (left.revision, left.delete_time),
        (deleted.revision, deleted.delete_time)
    );
    assert_eq!(observer.fault().await, None);

    let ([one, other], observer) = article_pair().await;
    let (created, deleted) = meet_swapped(
        &observer.database,
        Box::pin(async move { one.create_statistic(ARTICLE, "s1", counted()).await }),
        Box::pin(async move { delete_article(&other, ARTICLE).await }),
    )
    .await;
    deleted.unwrap();
    created.unwrap_err().is(Code::NotFound, "RECORD_MISSING");
    assert_eq!(observer.fault().await, None);
}

async fn new_page(service: &Service, text: &str) -> Result<Article, Refusal> {
    let article = Article {
        name: ARTICLE.to_owned(),
        source_text: text.to_owned(),
        ..Article::default()
    };
    update_article(service, article, "").await
}

/// The words at a statistic's span, in its article's page.
async fn words(service: &Service) -> String {
    let (article, statistic) = (
        service.article(ARTICLE).await,
        service.statistic(STATISTIC).await,
    );
    assert_eq!(statistic.source_sha256, article.source.unwrap().sha256);
    let page: Vec<char> = article.source_text.chars().collect();
    let fragments = statistic.span.unwrap().fragments.into_iter();
    fragments
        .flat_map(|part| {
            let (start, end) = (usize::try_from(part.start), usize::try_from(part.end));
            page[start.unwrap()..end.unwrap()].to_vec()
        })
        .collect()
}

#[tokio::test]
async fn a_statistic_stands_in_the_page_that_its_article_gets_meanwhile() {
    let moved = format!("本报讯 {PAGE}");
    for is_swapped in [false, true] {
        let ([one, other], observer) = article_pair().await;
        let text = moved.clone();
        let create = Box::pin(async move { one.create_statistic(ARTICLE, "s1", counted()).await });
        let change = Box::pin(async move { new_page(&other, &text).await });
        let (created, changed) = match is_swapped {
            false => meet(&observer.database, create, change).await,
            true => meet_swapped(&observer.database, create, change).await,
        };
        let (created, changed) = (created.unwrap(), changed.unwrap());
        assert_eq!(created.revision > changed.revision, is_swapped);
        assert_eq!(words(&observer).await, "88起");
        assert_eq!(observer.fault().await, None);
    }
}

#[tokio::test]
async fn a_statistic_whose_words_go_meanwhile_is_refused_or_broken() {
    const WITHOUT: &str = "6月11日,交警大队查处闯红灯八十八起。";
    let ([one, other], observer) = article_pair().await;
    let (created, changed) = meet_swapped(
        &observer.database,
        Box::pin(async move { one.create_statistic(ARTICLE, "s1", counted()).await }),
        Box::pin(async move { new_page(&other, WITHOUT).await }),
    )
    .await;
    changed.unwrap();
    created
        .unwrap_err()
        .is(Code::InvalidArgument, "SPAN_MISMATCH");
    assert_eq!(observer.fault().await, None);

    let ([one, other], observer) = article_pair().await;
    let (created, changed) = meet(
        &observer.database,
        Box::pin(async move { one.create_statistic(ARTICLE, "s1", counted()).await }),
        Box::pin(async move { new_page(&other, WITHOUT).await }),
    )
    .await;
    created.unwrap();
    let left = observer.statistic(STATISTIC).await;
    assert_eq!(left.revision, changed.unwrap().revision);
    assert_eq!(left.span.unwrap().state(), pb::span::State::Broken);
    assert_eq!(observer.fault().await, None);
}

async fn name_the_station(service: &Service) -> Result<Article, Refusal> {
    let mention = pb::Mention {
        station: "stations/s1".to_owned(),
        surface: "交警大队".to_owned(),
        ..Default::default()
    };
    let article = Article {
        headline: "标题".to_owned(),
        mentions: vec![mention],
        ..Article::default()
    };
    create_article(service, "a1", article).await
}

#[tokio::test]
async fn a_station_is_not_deleted_beside_an_article_that_names_it() {
    for is_swapped in [false, true] {
        let [one, other] = pair().await;
        one.create_station("s1").await.unwrap();
        let observer = Service::on(one.database.clone()).await;
        let create = Box::pin(async move { name_the_station(&one).await });
        let delete = Box::pin(async move { delete_station(&other, "stations/s1").await });
        if is_swapped {
            let (created, deleted) = meet_swapped(&observer.database, create, delete).await;
            assert!(deleted.unwrap().delete_time.is_some());
            let refusal = created.unwrap_err();
            refusal.is(Code::InvalidArgument, "REFERENCE_MISSING");
            assert_eq!(refusal.fields(), ["article.mentions[0].station"]);
        } else {
            let (created, deleted) = meet(&observer.database, create, delete).await;
            let refusal = deleted.unwrap_err();
            refusal.is(Code::FailedPrecondition, "RECORD_REFERENCED");
            assert_eq!(refusal.metadata["by"], created.unwrap().name);
        }
        assert_eq!(observer.fault().await, None);
    }
}

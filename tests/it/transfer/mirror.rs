//! What is exported is imported elsewhere as it was, again and again, and after any interruption.

use bulletin::page::Page;
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::import_records_response::result::Outcome;
use bulletin::pb::record::Record as Any;
use bulletin::pb::{Article, ExportRecordsRequest, Record, Statistic, UndeleteArticleRequest};
use prost::Message as _;

use super::{
    Exported, everything, export, import, of_article, of_source, of_statistic, outcomes, upsert,
};
use crate::support::edits::{delete_article, update_article};
use crate::support::history::service_with_history;
use crate::support::seeds::{CONFERENCE, TRAFFIC};
use crate::support::{Service, statistic};

/// A record without what the service sets anew.
pub fn content(record: &Record) -> Vec<u8> {
    let mut record = record.clone();
    match record.record.as_mut().unwrap() {
        Any::Article(article) => (article.revision, article.update_time) = (0, None),
        Any::Station(station) => (station.revision, station.update_time) = (0, None),
        Any::Statistic(statistic) => (statistic.revision, statistic.update_time) = (0, None),
        Any::Source(_) => {}
    }
    record.encode_to_vec()
}

fn contents(exported: &Exported) -> Vec<Vec<u8>> {
    exported.records.iter().map(content).collect()
}

/// A copy made by importing chunks of so many records.
async fn copy(exported: &Exported, size: usize) -> (Service, Vec<Outcome>) {
    let copy = Service::start().await;
    let chunks = exported.chunks(size);
    let imported = import(&copy, Mode::Upsert, "", chunks).await;
    (copy, outcomes(&imported))
}

#[tokio::test]
async fn an_export_imported_elsewhere_is_the_same_export() {
    let service = service_with_history().await;
    let original = export(&service, everything()).await;
    for size in [1, 7, 500] {
        let (copy, outcomes) = copy(&original, size).await;
        assert!(outcomes.iter().all(|one| *one == Outcome::Created));
        let copied = export(&copy, everything()).await;
        assert_eq!(copied.summary, original.summary, "{size}");
        assert_eq!(contents(&copied), contents(&original), "{size}");
        let chunks = original.records.len().div_ceil(size);
        assert_eq!(copy.head().await.revision, i64::try_from(chunks).unwrap());
        assert_eq!(copy.fault().await, None);
    }
}

#[tokio::test]
async fn what_was_deleted_together_comes_back_together_in_a_copy_too() {
    let service = Service::start().await;
    let text = "城东所查处闯红灯88起。";
    let article = Article {
        name: "articles/a1".to_owned(),
        headline: "通报".to_owned(),
        source: Some(Page::new(text).source()),
        ..Default::default()
    };
    let counted = Statistic {
        name: "articles/a1/statistics/s1".to_owned(),
        ..statistic("88起", "88", "起")
    };
    let records = vec![of_source(text), of_article(article), of_statistic(counted)];
    upsert(&service, "", records).await;
    delete_article(&service, "articles/a1").await.unwrap();
    let deleted = export(&service, everything()).await;
    for size in [1, 500] {
        let (copy, _) = copy(&deleted, size).await;
        let undelete = UndeleteArticleRequest {
            name: "articles/a1".to_owned(),
            ..Default::default()
        };
        copy.ask(undelete).await.unwrap();
        let exported = export(&copy, everything()).await;
        let is_deleted = |record: &&Record| match record.record.as_ref().unwrap() {
            Any::Article(article) => article.delete_time.is_some(),
            Any::Statistic(statistic) => statistic.delete_time.is_some(),
            _ => false,
        };
        assert_eq!(exported.records.iter().find(is_deleted), None, "{size}");
        assert_eq!(copy.fault().await, None);
    }
}

#[tokio::test]
async fn a_file_imported_twice_changes_nothing() {
    let service = service_with_history().await;
    let original = export(&service, everything()).await;
    let (copy, _) = copy(&original, 20).await;
    let head = copy.head().await;
    for mode in [Mode::Upsert, Mode::SkipExisting] {
        for size in [7, 500] {
            let chunks = original.chunks(size);
            let again = import(&copy, mode, "", chunks).await;
            assert!(
                again.iter().all(|one| one.outcome == Outcome::Unchanged),
                "{again:?}"
            );
            assert_eq!(copy.head().await, head);
        }
    }
}

#[tokio::test]
async fn a_copy_catches_up_with_all_that_happened_since() {
    let service = service_with_history().await;
    let (copy, _) = copy(&export(&service, everything()).await, 500).await;

    let retract = bulletin::pb::RetractArticleRequest {
        name: TRAFFIC.to_owned(),
        reason: "失实".to_owned(),
        ..Default::default()
    };
    service.ask(retract).await.unwrap();
    let mut corrected = service.article(CONFERENCE).await;
    corrected.headline = "改了".to_owned();
    corrected.source_text = format!("更正:{}", corrected.source_text);
    update_article(&service, corrected, "漏了两字")
        .await
        .unwrap();
    service.create_article("draft", "只有一行。").await.unwrap();
    let undelete = bulletin::pb::UndeleteArticleRequest {
        name: "articles/gone".to_owned(),
        ..Default::default()
    };
    service.ask(undelete).await.unwrap();
    service.create_article("new", "又有一行。").await.unwrap();
    service.publish("articles/new").await.unwrap();
    delete_article(&service, "articles/draft").await.unwrap();

    let newest = export(&service, everything()).await;
    for size in [newest.records.len().min(500), 3] {
        let chunks = newest.chunks(size);
        let imported = import(&copy, Mode::Upsert, "同步", chunks).await;
        let refused: Vec<_> = imported
            .iter()
            .filter(|one| one.refusal.is_some())
            .collect();
        assert!(refused.is_empty(), "{refused:#?}");
    }
    let copied = export(&copy, everything()).await;
    assert_eq!(copied.summary, newest.summary);
    assert_eq!(copy.fault().await, None);
}

#[tokio::test]
async fn what_is_live_is_copied_without_what_is_deleted() {
    let service = service_with_history().await;
    let live = export(&service, ExportRecordsRequest::default()).await;
    let (copy, outcomes) = copy(&live, 500).await;
    assert!(outcomes.iter().all(|one| *one == Outcome::Created));
    assert_eq!(export(&copy, everything()).await.summary, live.summary);
}

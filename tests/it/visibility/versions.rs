//! Old versions: readers are shown those that were public, of what still is.

use std::time::{Duration, Instant};

use bulletin::changes::compact::{Before, Compaction};
use bulletin::pb::change::Type;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::{self, Consistency, Station};
use tonic::Code;

use super::{CACHES, City, State, Target, retract};
use crate::support::edits::{delete_article, delete_station, update_article, update_station};
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, Refusal, Service};
use crate::transfer::{of_station, upsert};

const ARTICLE: &str = "articles/report";

const PASSED_OVER: u32 = 300;

/// How long a message to the database takes, and one from it.
const SLOW: Duration = Duration::from_millis(30);

/// An article's life: the revisions of its draft, another draft, its publication, a correction, and its
/// retraction.
struct Life {
    city: City,
    revisions: [i64; 5],
}

impl Life {
    async fn of_cache(cache_bytes: u64) -> Self {
        let city = City::empty(cache_bytes).await;
        let editor = &city.editor;
        let drafted = editor.create_article("report", "页").await.unwrap();
        let titled = |headline: &str| pb::Article {
            name: ARTICLE.to_owned(),
            headline: headline.to_owned(),
            ..Default::default()
        };
        let redrafted = update_article(editor, titled("二稿"), "").await.unwrap();
        let published = editor.publish(ARTICLE).await.unwrap();
        let corrected = update_article(editor, titled("三稿"), "更正")
            .await
            .unwrap();
        let retracted = retract(editor, ARTICLE).await;
        let versions = [drafted, redrafted, published, corrected, retracted];
        Self {
            revisions: versions.map(|version| version.revision),
            city,
        }
    }
}

async fn at(
    service: &Service,
    name: &str,
    revision: i64,
    view: pb::View,
) -> Result<pb::Article, Refusal> {
    let request = pb::GetArticleRequest {
        name: name.to_owned(),
        view: view.into(),
        consistency: Some(Consistency {
            requirement: Some(Requirement::ExactlyAt(revision)),
        }),
    };
    service.ask(request).await
}

/// The articles' revisions at which there is an answer.
async fn answered(service: &Service, revisions: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut answered = Vec::new();
    for revision in revisions {
        match at(service, ARTICLE, revision, pb::View::Source).await {
            Ok(article) => {
                assert_eq!(article.source_text, "页");
                answered.push(revision);
            }
            Err(refusal) => {
                let never = at(service, "articles/never", revision, pb::View::Source).await;
                let never = format!("{:?}", never.unwrap_err());
                let told = format!("{refusal:?}").replace(ARTICLE, "articles/never");
                assert_eq!(told, never);
                refusal.is(Code::NotFound, "RECORD_MISSING");
            }
        }
    }
    answered
}

#[tokio::test]
async fn a_version_is_shown_when_it_was_public_and_the_record_is() {
    for cache_bytes in CACHES {
        let Life { city, revisions } = Life::of_cache(cache_bytes).await;
        let [drafted, _, published, corrected, retracted] = revisions;
        let whole = answered(&city.editor, drafted..=retracted).await;
        assert_eq!(whole, (drafted..=retracted).collect::<Vec<_>>());
        let shown = answered(&city.reader, drafted..=retracted).await;
        assert_eq!(shown, (published..=retracted).collect::<Vec<_>>());
        let old = at(&city.reader, ARTICLE, published, pb::View::Basic)
            .await
            .unwrap();
        assert_eq!((old.headline.as_str(), old.revision), ("二稿", published));
        let deleted = delete_article(&city.admin, ARTICLE).await.unwrap().revision;
        assert!(answered(&city.reader, drafted..=deleted).await.is_empty());
        assert_eq!(answered(&city.editor, corrected..=deleted).await.len(), 3);
        let undelete = pb::UndeleteArticleRequest {
            name: ARTICLE.to_owned(),
            ..Default::default()
        };
        let undeleted = city.admin.ask(undelete).await.unwrap().revision;
        let shown = answered(&city.reader, drafted..=undeleted).await;
        let expected = (published..=undeleted).filter(|revision| *revision != deleted);
        assert_eq!(shown, expected.collect::<Vec<_>>());
    }
}

/// The versions that come in pages of this size, newest first.
async fn versions(
    service: &Service,
    name: &str,
    page_size: i32,
) -> Result<Vec<pb::Revision>, Refusal> {
    let mut versions = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListRevisionsRequest {
            name: name.to_owned(),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await?;
        assert!(!page.revisions.is_empty(), "a page is empty");
        versions.extend(page.revisions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(versions);
        }
    }
}

fn revisions(versions: &[pb::Revision]) -> Vec<i64> {
    versions.iter().map(|version| version.revision).collect()
}

#[tokio::test]
async fn revisions_are_listed_from_the_publication_on_and_say_who_to_admins() {
    let Life {
        city,
        revisions: all,
    } = Life::of_cache(CACHES[0]).await;
    let newest_first: Vec<i64> = all.into_iter().rev().collect();
    for page_size in [1, 2, 3, 50] {
        let shown = versions(&city.reader, ARTICLE, page_size).await.unwrap();
        assert_eq!(revisions(&shown), newest_first[..3], "pages of {page_size}");
        assert!(shown.iter().all(|version| version.actor.is_empty()));
        let whole = versions(&city.editor, ARTICLE, page_size).await.unwrap();
        assert_eq!(revisions(&whole), newest_first, "pages of {page_size}");
        assert!(whole.iter().all(|version| version.actor.is_empty()));
        let signed = versions(&city.admin, ARTICLE, page_size).await.unwrap();
        assert!(signed.iter().all(|version| version.actor == "anna"));
    }
    let first = pb::ListRevisionsRequest {
        name: ARTICLE.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let token = city
        .editor
        .ask(first.clone())
        .await
        .unwrap()
        .next_page_token;
    let second = pb::ListRevisionsRequest {
        page_token: token,
        ..first
    };
    let refusal = city.reader.ask(second.clone()).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    assert!(city.editor.ask(second).await.is_ok());
    delete_article(&city.admin, ARTICLE).await.unwrap();
    let refusal = versions(&city.reader, ARTICLE, 50).await.unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
    assert_eq!(versions(&city.editor, ARTICLE, 50).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_record_that_was_away_is_listed_without_the_time_that_it_was() {
    let city = City::empty(CACHES[0]).await;
    let proposed = Station {
        name: "stations/s1".into(),
        display_name: "一派出所".into(),
        kind: pb::station::Kind::PoliceStation.into(),
        state: pb::station::State::Proposed.into(),
        ..Default::default()
    };
    let active = Station {
        state: pb::station::State::Active.into(),
        ..proposed.clone()
    };
    upsert(&city.admin, "", vec![of_station(proposed)]).await;
    upsert(&city.admin, "", vec![of_station(active)]).await;
    let undelete = pb::UndeleteStationRequest {
        name: "stations/s1".into(),
        ..Default::default()
    };
    for _ in 0..3 {
        delete_station(&city.editor, "stations/s1").await.unwrap();
        city.editor.ask(undelete.clone()).await.unwrap();
    }
    for page_size in [1, 2, 50] {
        let shown = versions(&city.reader, "stations/s1", page_size)
            .await
            .unwrap();
        let types: Vec<Type> = shown.iter().map(pb::Revision::r#type).collect();
        let undeleted = Type::Undeleted;
        assert_eq!(types, [undeleted, undeleted, undeleted, Type::Updated]);
        let whole = versions(&city.editor, "stations/s1", page_size)
            .await
            .unwrap();
        assert_eq!(whole.len(), 8);
    }
}

#[tokio::test]
async fn what_a_version_was_that_is_compacted_is_not_told() {
    let city = City::empty(CACHES[0]).await;
    city.editor.create_station("s1").await.unwrap();
    for name in ["甲所", "乙所"] {
        let station = Station {
            name: "stations/s1".into(),
            display_name: name.into(),
            ..Default::default()
        };
        update_station(&city.editor, station).await.unwrap();
    }
    let db = city.service.database.open().await;
    let before = Before::parse("3").unwrap();
    Compaction::begin(&db, &before)
        .await
        .unwrap()
        .finish()
        .await
        .unwrap();
    db.close().await;
    let compacted = |versions: Vec<pb::Revision>| -> Vec<bool> {
        versions.iter().map(|version| version.compacted).collect()
    };
    let shown = versions(&city.reader, "stations/s1", 50).await.unwrap();
    let whole = versions(&city.editor, "stations/s1", 50).await.unwrap();
    assert_eq!(compacted(whole), [false, true, true]);
    assert_eq!(compacted(shown), [false]);
}

/// A page of one version must not take a statement for each that is passed over to find the next.
#[tokio::test]
async fn many_versions_that_are_not_told_are_passed_over_together() {
    let database = Database::create().await;
    let (proxy, proxied) = Proxy::before(&database);
    let service = Service::with_named_callers(proxied.clone(), &proxied.settings(), 0).await;
    let city = City::called_at(service);
    city.editor.create_station("s1").await.unwrap();
    for turn in 0..PASSED_OVER {
        let station = Station {
            name: "stations/s1".into(),
            display_name: format!("第{turn}所"),
            ..Default::default()
        };
        update_station(&city.editor, station).await.unwrap();
    }
    let db = database.open().await;
    let newest = city.editor.station("stations/s1").await.revision;
    let before = Before::parse(&newest.to_string()).unwrap();
    let mut compaction = Compaction::begin(&db, &before).await.unwrap();
    compaction.finish().await.unwrap();
    db.close().await;
    proxy.set(Fault::Slow(SLOW));
    let begun = Instant::now();
    let shown = versions(&city.reader, "stations/s1", 1).await.unwrap();
    assert_eq!(revisions(&shown), [newest]);
    let time_max = SLOW * PASSED_OVER / 4;
    assert!(begun.elapsed() < time_max, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn deleted_numbers_and_stations_have_no_old_versions_for_readers() {
    let city = City::of_cache(CACHES[0]).await;
    let gone = Target::of(State::Deleted);
    let head = city.editor.head().await.revision;
    let mut shown = (0, 0);
    for revision in 1..=head {
        let consistency = Some(Consistency {
            requirement: Some(Requirement::ExactlyAt(revision)),
        });
        let station = pb::GetStationRequest {
            name: gone.station.clone(),
            consistency: consistency.clone(),
        };
        let statistic = pb::GetStatisticRequest {
            name: gone.statistic.clone(),
            consistency,
        };
        shown.0 += usize::from(city.editor.ask(station.clone()).await.is_ok());
        shown.1 += usize::from(city.editor.ask(statistic.clone()).await.is_ok());
        let refusal = city.reader.ask(station).await.unwrap_err();
        refusal.is(Code::NotFound, "RECORD_MISSING");
        let refusal = city.reader.ask(statistic).await.unwrap_err();
        refusal.is(Code::NotFound, "RECORD_MISSING");
    }
    assert!(shown.0 > 2 && shown.1 > 2);
}

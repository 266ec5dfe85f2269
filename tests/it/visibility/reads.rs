//! What reads tell readers beside records: totals, pages, tokens, refusals, and how soon it changes.

use bulletin::pb::total::Mode;
use bulletin::pb::{self, Station};
use tonic::Code;

use super::{CACHES, City, HIDDEN, State, Target, retract};
use crate::support::edits::{create_station_below, delete_article};
use crate::support::{Refusal, Service};
use crate::transfer::{messages, of_station, upsert};

fn article(state: State) -> String {
    Target::of(state).article
}

fn articles(names: &[&str]) -> pb::BatchGetArticlesRequest {
    pb::BatchGetArticlesRequest {
        names: names
            .iter()
            .map(|name| format!("articles/{name}"))
            .collect(),
        ..Default::default()
    }
}

/// How many articles, statistics and stations there are.
async fn totals(service: &Service, mode: Mode, filter: &str) -> [i64; 3] {
    let (total, filter) = (mode.into(), filter.to_owned());
    let of_articles = pb::ListArticlesRequest {
        total,
        filter: filter.clone(),
        ..Default::default()
    };
    let of_statistics = pb::ListStatisticsRequest {
        parent: "articles/-".into(),
        total,
        filter: filter.clone(),
        ..Default::default()
    };
    let of_stations = pb::ListStationsRequest {
        total,
        filter,
        ..Default::default()
    };
    let totals = [
        service.ask(of_articles).await.unwrap().total,
        service.ask(of_statistics).await.unwrap().total,
        service.ask(of_stations).await.unwrap().total,
    ];
    totals.map(|total| total.unwrap().size)
}

#[tokio::test]
async fn totals_count_what_is_shown() {
    let city = City::of_cache(CACHES[0]).await;
    for filter in ["", "create_time > 2000"] {
        assert_eq!(totals(&city.reader, Mode::Exact, filter).await, [2, 2, 1]);
        assert_eq!(totals(&city.editor, Mode::Exact, filter).await, [3, 3, 2]);
    }
}

#[tokio::test]
async fn an_estimate_for_readers_does_not_tell_how_common_a_value_is_among_drafts() {
    let city = City::empty(CACHES[0]).await;
    let title = |id: &str| format!("标题 {id}");
    for number in 0..30 {
        let id = format!("d{number}");
        city.editor.create_article(&id, "页").await.unwrap();
    }
    city.editor.create_article("p1", "页").await.unwrap();
    city.editor.publish("articles/p1").await.unwrap();
    city.service.database.tamper("analyze articles").await;
    let estimate = async |service: &Service, filter: String| {
        let request = pb::ListArticlesRequest {
            filter,
            total: Mode::Estimate.into(),
            ..Default::default()
        };
        service.ask(request).await.unwrap().total.unwrap()
    };
    let of_drafts = "headline = \"标题 d*\"".to_owned();
    let told = estimate(&city.reader, of_drafts.clone()).await;
    assert_eq!((told.size, told.mode()), (0, Mode::Estimate));
    assert!(estimate(&city.editor, of_drafts).await.size > 0);
    let of_one = format!("headline = \"{}\"", title("p1"));
    assert_eq!(estimate(&city.reader, of_one).await.size, 1);
}

/// Every page by name, backwards too, one record each, and the tokens between.
async fn pages(service: &Service, order_by: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut tokens) = (Vec::new(), Vec::new());
    let mut page_token = String::new();
    loop {
        let request = pb::ListStatisticsRequest {
            parent: "articles/-".into(),
            page_size: 1,
            order_by: order_by.to_owned(),
            page_token,
            ..Default::default()
        };
        let page = service.ask(request).await.unwrap();
        assert!(page.statistics.len() == 1, "a page is empty: {tokens:?}");
        names.extend(page.statistics.into_iter().map(|found| found.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (names, tokens);
        }
        tokens.push(page_token.clone());
    }
}

#[tokio::test]
async fn pages_of_readers_have_what_is_shown_whoever_read_them_before() {
    for cache_bytes in CACHES {
        let city = City::of_cache(cache_bytes).await;
        for order_by in ["name", "create_time desc", "quantity.value"] {
            let (all, _) = pages(&city.editor, order_by).await;
            let (shown, _) = pages(&city.reader, order_by).await;
            let of_all = all.iter().filter(|name| !name.contains(HIDDEN));
            assert_eq!(shown, of_all.cloned().collect::<Vec<_>>(), "{order_by}");
            assert_eq!((all.len(), shown.len()), (3, 2));
            // Again, as memory has them now.
            assert_eq!(pages(&city.editor, order_by).await.0, all);
            assert_eq!(pages(&city.reader, order_by).await.0, shown);
        }
    }
}

/// A request with a page token of another.
fn with_token(parent: &str, page_token: &str) -> pb::ListStatisticsRequest {
    pb::ListStatisticsRequest {
        parent: parent.to_owned(),
        page_size: 1,
        order_by: "name".into(),
        page_token: page_token.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_page_token_is_good_for_those_who_are_shown_the_same() {
    let city = City::of_cache(CACHES[0]).await;
    let (_, of_editor) = pages(&city.editor, "name").await;
    let (_, of_reader) = pages(&city.reader, "name").await;
    let asked = with_token("articles/-", &of_editor[0]);
    let refusal = city.reader.ask(asked.clone()).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let refusal = city
        .editor
        .ask(with_token("articles/-", &of_reader[0]))
        .await;
    refusal
        .unwrap_err()
        .is(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    assert!(
        city.admin.ask(asked).await.is_ok(),
        "admins are shown what editors are"
    );
    // The other methods that give pages.
    let search = |page_token: &str| pb::SearchArticlesRequest {
        query: "查处".into(),
        page_size: 1,
        page_token: page_token.to_owned(),
        ..Default::default()
    };
    for id in ["p1", "p2"] {
        city.editor.create_article(id, "查处").await.unwrap();
        let article = pb::Article {
            name: format!("articles/{id}"),
            headline: "查处".into(),
            ..Default::default()
        };
        let request = pb::UpdateArticleRequest {
            article: Some(article),
            ..Default::default()
        };
        city.editor.ask(request).await.unwrap();
        city.editor
            .publish(&format!("articles/{id}"))
            .await
            .unwrap();
    }
    let page = city.editor.ask(search("")).await.unwrap();
    assert!(!page.next_page_token.is_empty());
    assert!(city.editor.ask(search(&page.next_page_token)).await.is_ok());
    let refusal = city.reader.ask(search(&page.next_page_token)).await;
    refusal
        .unwrap_err()
        .is(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn readers_may_not_ask_for_deleted_records_and_nothing_is_read_for_it() {
    let city = City::of_cache(CACHES[0]).await;
    let of_articles = pb::ListArticlesRequest {
        show_deleted: true,
        ..Default::default()
    };
    let of_stations = pb::ListStationsRequest {
        show_deleted: true,
        ..Default::default()
    };
    let of_statistics = pb::ListStatisticsRequest {
        parent: "articles/-".into(),
        show_deleted: true,
        ..Default::default()
    };
    let export = pb::ExportRecordsRequest {
        show_deleted: true,
        ..Default::default()
    };
    assert_eq!(
        city.editor
            .ask(of_articles.clone())
            .await
            .unwrap()
            .articles
            .len(),
        4
    );
    assert_eq!(
        city.editor
            .ask(of_stations.clone())
            .await
            .unwrap()
            .stations
            .len(),
        3
    );
    let deleted = city
        .editor
        .ask(of_statistics.clone())
        .await
        .unwrap()
        .statistics;
    assert_eq!(deleted.len(), 5);
    assert!(messages(&city.editor, export.clone()).await.is_ok());
    for table in ["articles", "stations", "statistics", "changes"] {
        let away = format!("alter table {table} rename to {table}_away");
        city.service.database.tamper(&away).await;
    }
    for refusal in [
        city.reader.ask(of_articles).await.unwrap_err(),
        city.reader.ask(of_stations).await.unwrap_err(),
        city.reader.ask(of_statistics).await.unwrap_err(),
        messages(&city.reader, export).await.unwrap_err(),
    ] {
        refusal.is(Code::PermissionDenied, "PERMISSION_DENIED");
        assert_eq!(refusal.message, "show_deleted needs the role editor");
        assert_eq!(refusal.metadata["role"], "editor");
    }
}

#[tokio::test]
async fn a_batch_counts_what_is_not_shown_among_the_missing() {
    for cache_bytes in CACHES {
        let city = City::of_cache(cache_bytes).await;
        let asked = [
            "shown",
            "hidden-draft",
            "never-was",
            "hidden-gone",
            "shown-retracted",
        ];
        // So that memory has them all.
        for name in asked.iter().filter(|name| **name != "never-was") {
            assert!(city.editor.ask(articles(&[name])).await.is_ok());
        }
        let refusal = city.reader.ask(articles(&asked)).await.unwrap_err();
        refusal.is(Code::NotFound, "RECORD_MISSING");
        assert_eq!(
            refusal.message,
            "articles \"articles/hidden-draft\", \"articles/never-was\", \"articles/hidden-gone\" do not exist"
        );
        assert_eq!(refusal.metadata["count"], "3");
        let refusal = city.editor.ask(articles(&asked)).await.unwrap_err();
        assert_eq!(
            refusal.message,
            "article \"articles/never-was\" does not exist"
        );
        let shown = city
            .reader
            .ask(articles(&["shown-retracted", "shown"]))
            .await;
        assert_eq!(shown.unwrap().articles.len(), 2);
    }
}

async fn resolve(
    service: &Service,
    text: &str,
    article: &str,
) -> Result<Vec<pb::resolve_stations_response::Resolution>, Refusal> {
    let request = pb::ResolveStationsRequest {
        texts: vec![text.to_owned()],
        article: article.to_owned(),
        ..Default::default()
    };
    Ok(service.ask(request).await?.resolutions)
}

#[tokio::test]
async fn what_is_proposed_resolves_nothing_for_readers_not_even_through_what_is_below_it() {
    let city = City::of_cache(CACHES[0]).await;
    let proposed = Target::of(State::Draft).station;
    let above = Station {
        name: "stations/hidden-above".into(),
        display_name: "暗分局".into(),
        kind: pb::station::Kind::BranchBureau.into(),
        state: pb::station::State::Proposed.into(),
        ..Default::default()
    };
    upsert(&city.admin, "", vec![of_station(above)]).await;
    create_station_below(&city.admin, "below", "stations/hidden-above")
        .await
        .unwrap();
    let chain = "暗分局below派出所";
    let score = async |service: &Service, text: &str| {
        let found = resolve(service, text, "").await.unwrap().remove(0);
        let best = found.candidates.first().cloned().unwrap();
        assert_eq!(best.station.unwrap().name, "stations/below");
        (best.score, best.evidence)
    };
    // To readers one unknown bureau is as good as another.
    let unknown = score(&city.reader, "异分局below派出所").await;
    assert_eq!(score(&city.reader, chain).await, unknown);
    assert_ne!(score(&city.editor, chain).await, unknown);
    let of_draft = article(State::Draft);
    let refusal = resolve(&city.reader, "所", &of_draft).await.unwrap_err();
    refusal.is(Code::NotFound, "RECORD_MISSING");
    let found = resolve(&city.editor, "所", &of_draft)
        .await
        .unwrap()
        .remove(0);
    let names = found
        .candidates
        .into_iter()
        .map(|found| found.station.unwrap().name);
    assert!(names.collect::<Vec<_>>().contains(&proposed));
}

#[tokio::test]
async fn honours_are_told_of_articles_that_are_shown() {
    let city = City::of_cache(CACHES[0]).await;
    let request = pb::ListStationHonoursRequest {
        parent: Target::of(State::Published).station,
        ..Default::default()
    };
    for service in [&city.reader, &city.editor] {
        let honours = service.ask(request.clone()).await.unwrap().honours;
        let of: Vec<&str> = honours.iter().map(|held| held.article.as_str()).collect();
        assert_eq!(of, [article(State::Published)]);
    }
}

async fn get(service: &Service, name: &str) -> Result<pb::Article, Refusal> {
    let request = pb::GetArticleRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    service.ask(request).await
}

async fn listed(service: &Service) -> Vec<String> {
    let page = service
        .ask(pb::ListArticlesRequest::default())
        .await
        .unwrap();
    page.articles
        .into_iter()
        .map(|article| article.name)
        .collect()
}

/// Reads name no freshness: memory answers them, which has the record all the while.
#[tokio::test]
async fn what_is_published_is_there_at_once_and_what_is_deleted_is_gone_at_once() {
    for cache_bytes in CACHES {
        let city = City::empty(cache_bytes).await;
        let name = "articles/report";
        let is_shown = async || {
            assert!(get(&city.editor, name).await.is_ok());
            assert!(city.editor.ask(articles(&["report"])).await.is_ok());
            let found = get(&city.reader, name).await.is_ok();
            assert_eq!(city.reader.ask(articles(&["report"])).await.is_ok(), found);
            assert_eq!(listed(&city.reader).await.contains(&name.to_owned()), found);
            found
        };
        city.editor.create_article("report", "页").await.unwrap();
        assert!(!is_shown().await);
        city.editor.publish(name).await.unwrap();
        assert!(is_shown().await);
        retract(&city.editor, name).await;
        assert!(is_shown().await);
        delete_article(&city.admin, name).await.unwrap();
        assert!(!is_shown().await);
        let undelete = pb::UndeleteArticleRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        city.editor.ask(undelete).await.unwrap();
        assert!(is_shown().await);
    }
}

#[tokio::test]
async fn what_was_retracted_is_for_admins_to_delete() {
    let city = City::of_cache(CACHES[0]).await;
    let name = article(State::Retracted);
    let refusal = delete_article(&city.editor, &name).await.unwrap_err();
    refusal.is(Code::PermissionDenied, "PERMISSION_DENIED");
    assert_eq!(
        refusal.message,
        "deleting a RETRACTED article needs the role admin"
    );
    assert_eq!(refusal.metadata["role"], "admin");
    assert!(get(&city.reader, &name).await.is_ok());
    delete_article(&city.admin, &name).await.unwrap();
    assert!(get(&city.reader, &name).await.is_err());
}

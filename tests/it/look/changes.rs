//! What became of records: corrections, broken places, retractions.

use bulletin::pb::{self, Article, Statistic, UpdateStatisticRequest};

use super::Shown;
use crate::support::edits::update_article;
use crate::support::mask;
use crate::support::seeds::{PAGE_TEXT, TRAFFIC};

const WHY: &str = "页面录入有误";

/// Words of a record that a correction takes out.
const REMOVED: &str = "查处机动车斑马线未礼让2202起、";

#[tokio::test]
async fn a_corrected_field_is_told_with_what_is_gone_and_what_is_new() {
    let shown = Shown::seeded(&[]).await;
    let name = format!("{TRAFFIC}/statistics/t05");
    let request = UpdateStatisticRequest {
        statistic: Some(Statistic {
            name: name.clone(),
            place: "宁波市六区".to_owned(),
            categories: vec!["逆行".to_owned(), "逆向行驶".to_owned()],
            ..Statistic::default()
        }),
        update_mask: mask(&["place", "categories"]),
        correction_reason: "补全地名".to_owned(),
        ..UpdateStatisticRequest::default()
    };
    shown.service.ask(request).await.unwrap();
    let page = shown.page(&format!("/look/{name}/versions")).await;
    page.has(&[
        "<li id=\"r2\"><h2>CORRECTED",
        "补全地名",
        "<code>categories[0]</code>",
        "<ins>逆行</ins>",
        "<code>place</code>",
        "<ins>宁波</ins>市六区",
        "<li id=\"r1\"><h2>CREATED",
        "There is no earlier version",
    ]);
    // What every write changes is not told.
    page.lacks(&["etag", "update_time", "<del>"]);
    // Who reads the article is told, and led there.
    let article = shown.page(&format!("/look/{TRAFFIC}")).await;
    article.has(&[
        "id=\"statistic-t05\"",
        &format!("/look/{name}/versions"),
        "CORRECTED",
    ]);
}

#[tokio::test]
async fn a_corrected_text_shows_its_difference_and_what_was_lost_with_it() {
    let shown = Shown::seeded(&[]).await;
    let before = shown.service.article(TRAFFIC).await;
    let mut paragraphs = before.paragraphs.clone();
    for paragraph in &mut paragraphs {
        paragraph.text = paragraph.text.replace(REMOVED, "");
        paragraph.fragments.clear();
    }
    assert_eq!(PAGE_TEXT.matches(REMOVED).count(), 1);
    let article = Article {
        name: TRAFFIC.to_owned(),
        source_text: PAGE_TEXT.replace(REMOVED, ""),
        paragraphs,
        ..Article::default()
    };
    update_article(&shown.service, article, WHY).await.unwrap();

    let statistics = shown.service.statistics_of(TRAFFIC).await;
    let is_broken = |statistic: &&Statistic| {
        let span = statistic.span.as_ref().unwrap();
        span.state() == pb::span::State::Broken
    };
    let broken: Vec<&Statistic> = statistics.iter().filter(is_broken).collect();
    assert_eq!(broken.len(), 1);
    let id = broken[0].name.rsplit('/').next().unwrap();
    let quote = &broken[0].span.as_ref().unwrap().quote;

    let page = shown.page(&format!("/look/{TRAFFIC}")).await;
    page.has(&[&format!("/look/{TRAFFIC}/versions#r2"), "Corrected", WHY]);
    let row = page.row(&format!("statistic-{id}"));
    assert!(
        row.contains("BROKEN") && row.contains(quote.as_str()),
        "{row}"
    );
    assert!(!page.ids().contains(format!("at-statistic-{id}").as_str()));
    page.lacks(&[REMOVED]);
    // The others are marked where they stand now.
    let marked = page.marked();
    for statistic in statistics.iter().filter(|statistic| !is_broken(statistic)) {
        let id = statistic.name.rsplit('/').next().unwrap();
        assert_eq!(marked[id], statistic.span.as_ref().unwrap().quote);
    }
    page.has(&["MOVED"]);

    let versions = shown.page(&format!("/look/{TRAFFIC}/versions")).await;
    versions.has(&[
        "<li id=\"r2\"><h2>CORRECTED",
        WHY,
        "found again where it stands now",
        "<code>paragraphs[",
        &format!("<del>{REMOVED}</del>"),
        "<li id=\"r1\"><h2>CREATED",
    ]);
    let lost = shown
        .page(&format!("/look/{}/versions", broken[0].name))
        .await;
    lost.has(&[
        "CORRECTED",
        "<code>span.state</code>",
        "<del>VERIFIED</del><ins>BROKEN</ins>",
    ]);
}

#[tokio::test]
async fn what_was_retracted_is_shown_as_such() {
    let shown = Shown::seeded(&[]).await;
    shown
        .page(&format!("/look/{TRAFFIC}"))
        .await
        .lacks(&["RETRACTED", "Retracted"]);
    let request = pb::RetractArticleRequest {
        name: TRAFFIC.to_owned(),
        reason: "数字未经核实".to_owned(),
        ..Default::default()
    };
    shown.service.ask(request).await.unwrap();
    let page = shown.page(&format!("/look/{TRAFFIC}")).await;
    page.has(&["<strong>Retracted</strong>", "数字未经核实", "RETRACTED"]);
    shown.page("/look").await.has(&[TRAFFIC, "RETRACTED"]);
    let versions = shown.page(&format!("/look/{TRAFFIC}/versions")).await;
    versions.has(&[
        "RETRACTED",
        "<code>state</code>",
        "<del>PUBLISHED</del><ins>RETRACTED</ins>",
        "<code>retraction.reason</code>",
        "CREATED",
    ]);
}

/// More versions than a page has: what the last of a page changed, the first of the next tells.
#[tokio::test]
async fn versions_go_on_over_pages_and_each_is_told_by_the_one_before() {
    let shown = Shown::start(&[]).await;
    let text = "甲所3起。\n";
    let article = shown.service.create_article("often", text).await.unwrap();
    for place in 0..21 {
        let article = Article {
            name: article.name.clone(),
            headline: format!("标题{place}"),
            ..Article::default()
        };
        update_article(&shown.service, article, "").await.unwrap();
    }
    let first = shown
        .page(&format!("/look/{}/versions", article.name))
        .await;
    first.has(&[
        "<li id=\"r22\">",
        "<li id=\"r3\">",
        "<ins>1</ins>",
        "Next page",
    ]);
    first.lacks(&["<li id=\"r2\">", "There is no earlier version"]);
    let links = first.links();
    let next = links
        .iter()
        .find(|link| link.contains("versions?page="))
        .unwrap();
    let second = shown.page(next).await;
    second.has(&[
        "<li id=\"r2\">",
        "<li id=\"r1\">",
        "There is no earlier version",
    ]);
    second.lacks(&["<li id=\"r3\">", "Next page"]);

    let horizon = [
        "compact",
        "--database-url",
        &shown.database.url,
        "--before",
        "10",
    ];
    let compacted = crate::support::program::run(&horizon).await;
    assert_eq!(compacted.code, Some(0), "{compacted:?}");
    let first = shown
        .page(&format!("/look/{}/versions", article.name))
        .await;
    first.has(&["<li id=\"r9\">", "was compacted away"]);
}

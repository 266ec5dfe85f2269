//! Lists, articles with their marks, stations.

use bulletin::pb::{self, Article, Paragraph, paragraph};

use super::{Html, Shown, text};
use crate::support::Database;
use crate::support::edits::{create_article, create_station_below, update_article};
use crate::support::http::get;
use crate::support::program::Program;
use crate::support::seeds::{CONFERENCE, TRAFFIC};

const SCRIPT: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn without_the_option_there_are_no_pages() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    for path in ["/look", "/look/", "/look/articles/a", "/look/style.css"] {
        let answer = get(program.ops, path).await.unwrap();
        let told = "there are /metrics, /livez and /readyz\n";
        assert_eq!((answer.status, answer.text()), (404, told), "{path}");
    }
}

/// Every statistic of the seeds, every unit: marked where they stand, with their words.
#[tokio::test]
async fn an_article_is_shown_with_every_unit_and_number_marked() {
    let shown = Shown::seeded(&[]).await;
    for name in [TRAFFIC, CONFERENCE] {
        let article = shown.service.article(name).await;
        let statistics = shown.service.statistics_of(name).await;
        let page = shown.page(&format!("/look/{name}")).await;
        page.has(&["<html lang=\"en\">", "<section class=\"text\" lang=\"zh"]);

        // What is marked is the text, and nothing else of it.
        let body = page.text_between("<section class=\"text\"", "</section>");
        for paragraph in &article.paragraphs {
            assert!(body.contains(&paragraph.text), "{}", paragraph.text);
        }
        let marked = page.marked();
        assert!(!statistics.is_empty());
        for statistic in &statistics {
            let id = statistic.name.rsplit('/').next().unwrap();
            let span = statistic.span.as_ref().unwrap();
            assert_eq!(marked[id], span.quote, "{id}");
            let quantity = statistic.quantity.clone().unwrap();
            let place = page.at(&format!("at-statistic-{id}"));
            match !quantity.as_written.is_empty() && span.quote.contains(&quantity.as_written) {
                true => assert_eq!(place, Some(quantity.as_written.clone()), "{id}"),
                false => assert!(span.quote.starts_with(&place.unwrap()), "{id}"),
            }
            let row = page.row(&format!("statistic-{id}"));
            for part in [
                id,
                &quantity.as_written,
                &quantity.unit,
                &statistic.metric,
                &statistic.place,
            ] {
                assert!(row.contains(part), "{id}: no {part} in {row}");
            }
        }
        let ids = page.ids();
        for (index, mention) in article.mentions.iter().enumerate() {
            let place = page.at(&format!("at-unit-{index}")).unwrap();
            let quote = &mention.span.as_ref().unwrap().quote;
            assert!(quote.starts_with(&place), "{quote}: {place}");
            let unit = mention.station.replace("stations/", "unit-");
            assert!(page.row(&unit).contains(&mention.surface), "{mention:?}");
        }
        // Whatever is led to is there, in both directions.
        let inner = page.links();
        let inner = inner.iter().filter_map(|link| link.strip_prefix('#'));
        for link in inner {
            assert!(ids.contains(link), "nothing is #{link}");
        }
    }
}

#[tokio::test]
async fn a_record_is_told_as_it_was_written_and_as_it_was_read() {
    let shown = Shown::seeded(&[]).await;
    let page = shown.page(&format!("/look/{TRAFFIC}")).await;
    let row = page.row("statistic-t05");
    for part in [
        "4.75万",
        "47500起",
        "place市六区",
        "subject非机动车",
        "period",
    ] {
        assert!(row.contains(part), "{part}: {row}");
    }
    let conference = shown.page(&format!("/look/{CONFERENCE}")).await;
    // A target is no report.
    conference.has(&["<span class=\"badge\">TARGET"]);
    // A unit of a statistic leads to its station.
    page.has(&["<dt>units</dt>", "<a href=\"/look/stations/"]);
    conference.has(&[
        "id=\"honour-",
        "枫桥式公安派出所",
        "<a href=\"/look/stations/zhenhai-zhaobaoshan\">",
    ]);
}

#[tokio::test]
async fn articles_are_listed_newest_first_over_pages_and_found_by_words() {
    let shown = Shown::seeded(&[]).await;
    for place in 0..31 {
        let article = Article {
            headline: format!("标题{place}"),
            ..Article::default()
        };
        create_article(&shown.service, &format!("article-{place}"), article)
            .await
            .unwrap();
    }
    let mut links: Vec<String> = Vec::new();
    let mut path = "/look".to_owned();
    for _ in 0..2 {
        let page = shown.page(&path).await;
        let found = page.links();
        let articles = found
            .iter()
            .filter(|link| link.starts_with("/look/articles/"));
        links.extend(articles.map(|link| (*link).to_owned()));
        let next = found.iter().find(|link| link.starts_with("/look?page="));
        path = next.map(|link| (*link).to_owned()).unwrap_or_default();
    }
    assert_eq!(path, "", "there is a third page");
    let newest: Vec<String> = (0..31)
        .rev()
        .map(|place| format!("/look/articles/article-{place}"))
        .collect();
    assert_eq!(links[..31], newest);
    assert_eq!(links.len(), 33);

    // A query is told as it was asked, however it is written.
    let found = shown
        .page("/look?q=%E6%A5%93%E6%A9%8B%E7%B6%93%E9%A9%97")
        .await;
    found.has(&["value=\"楓橋經驗\"", CONFERENCE, "<mark>枫桥经验</mark>"]);
    found.lacks(&[TRAFFIC]);
    shown
        .page("/look?q=nobodysaysthis")
        .await
        .has(&["There are none"]);
    shown.refused("/look?q=%22", 400).await.has(&["query"]);
    shown
        .refused("/look?page=nonsense", 400)
        .await
        .has(&["page_token"]);
}

#[tokio::test]
async fn a_station_is_shown_with_its_names_its_honours_and_who_names_it() {
    let shown = Shown::seeded(&[]).await;
    let page = shown.page("/look/stations/zhenhai-zhaobaoshan").await;
    page.has(&[
        "<h1 lang=\"zh\">招宝山派出所</h1>",
        "POLICE_STATION",
        "<a href=\"/look/stations/zhenhai-branch\">",
        "<h2>Honours</h2>",
        "枫桥式公安派出所",
        "<h2>Articles that name it</h2>",
        CONFERENCE,
    ]);
    page.lacks(&[TRAFFIC]);
    // The honour's link leads to its record.
    let links = page.links();
    let link = links.iter().find(|link| link.contains("#honour-")).unwrap();
    let (path, id) = link.split_once('#').unwrap();
    assert!(shown.page(path).await.ids().contains(id), "{link}");
    create_station_below(&shown.service, "nobody-names", "stations/zhenhai-branch")
        .await
        .unwrap();
    shown
        .page("/look/stations/nobody-names")
        .await
        .has(&["None is reported", "There are none"]);
}

/// Nothing that a record or a visitor says is taken for a part of the page.
#[tokio::test]
async fn what_is_said_is_never_taken_for_html() {
    let shown = Shown::start(&[]).await;
    let quotation = format!("\"{SCRIPT}'&amp;");
    let article = Article {
        headline: SCRIPT.to_owned(),
        kicker: SCRIPT.to_owned(),
        paragraphs: vec![Paragraph {
            text: quotation.clone(),
            kind: paragraph::Kind::Body.into(),
            ..Paragraph::default()
        }],
        source_text: format!("{SCRIPT}\n\n{quotation}\n\n"),
        works: vec![pb::Work {
            title: SCRIPT.to_owned(),
            issuer: SCRIPT.to_owned(),
            ..pb::Work::default()
        }],
        ..Article::default()
    };
    let article = create_article(&shown.service, "scripted", article)
        .await
        .unwrap();
    shown.service.publish(&article.name).await.unwrap();
    let corrected = Article {
        name: article.name.clone(),
        deck: SCRIPT.to_owned(),
        ..Article::default()
    };
    update_article(&shown.service, corrected, SCRIPT)
        .await
        .unwrap();
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;";
    for path in [
        "/look".to_owned(),
        format!("/look/{}", article.name),
        format!("/look/{}/versions", article.name),
        "/look?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        "/look?q=alert".to_owned(),
    ] {
        let page = shown.page(&path).await;
        page.has(&[escaped]);
        page.lacks(&["<script"]);
    }
    let page = shown.page(&format!("/look/{}", article.name)).await;
    assert!(text(&page.0).contains(&quotation), "{}", page.0);
    for path in [
        "/look/articles/%3Cscript%3E",
        "/look/%3Cscript%3E",
        "/look?page=%3Cscript%3E",
    ] {
        let answer = shown.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}");
        Html(answer.text().to_owned()).lacks(&["<script"]);
    }
}

#[tokio::test]
async fn what_is_not_there_says_so_in_the_services_words() {
    let shown = Shown::seeded(&[]).await;
    for (path, status, message) in [
        (
            "/look/articles/nobody",
            404,
            "article &quot;articles/nobody&quot; does not exist",
        ),
        (
            "/look/stations/nobody",
            404,
            "station &quot;stations/nobody&quot; does not exist",
        ),
        ("/look/articles/nobody/versions", 404, "does not exist"),
        ("/look/articles/X", 400, "name must be articles/{article}"),
        ("/look/nothing", 404, "there is no such page"),
        ("/look/articles", 404, "there is no such page"),
    ] {
        shown.refused(path, status).await.has(&[message]);
    }
    // What begins alike is something else.
    assert_eq!(
        shown.get("/lookout").await.headers["content-type"],
        "text/plain; charset=utf-8"
    );
    for path in ["/metrics", "/livez", "/readyz"] {
        assert_eq!(shown.get(path).await.status, 200, "{path}");
    }
}

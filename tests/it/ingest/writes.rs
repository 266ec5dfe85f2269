//! What a page leaves behind: one revision, drafts or published, and nothing the second time.

use bulletin::pb::article::State;
use bulletin::pb::ingest_bulletin_response::warning::Code as Warning;
use bulletin::pb::{self, IngestBulletinRequest, Publication, station};
use tonic::Code;

use super::{PAGE, ingest, request};
use crate::support::edits::{create_article, update_article};
use crate::support::{Refusal, Service};

const REAL_PAGE: &str = include_str!("../../data/bulletin-page.txt");

async fn head(service: &Service) -> i64 {
    let head = service.ask(pb::GetHeadRequest::default()).await.unwrap();
    head.revision
}

#[tokio::test]
async fn a_page_is_one_revision_and_reads_back_as_answered() {
    let service = Service::start().await;
    let before = head(&service).await;
    let answer = ingest(&service, PAGE).await;
    assert!(answer.created);
    assert_eq!(head(&service).await, before + 1);
    assert!(answer.token.starts_with(&format!("{}-", before + 1)));
    assert_eq!(answer.articles.len(), 2);
    for (number, article) in (1..).zip(&answer.articles) {
        let page = article.source.as_ref().unwrap();
        assert_eq!(
            article.name,
            format!("articles/p{}-{number}", &page.sha256[..10])
        );
        assert_eq!(article.state(), State::Draft);
        let mut kept = service.article(&article.name).await;
        assert_eq!(kept.source_text, PAGE);
        kept.source_text.clear();
        assert_eq!(&kept, article);
    }
    assert!(answer.statistics.len() >= 2);
    assert_eq!(
        answer.statistics[0].name,
        format!("{}/statistics/s001", answer.articles[0].name)
    );
    for statistic in &answer.statistics {
        assert_eq!(&service.statistic(&statistic.name).await, statistic);
    }
    let names: Vec<&str> = answer
        .stations
        .iter()
        .map(|station| station.display_name.as_str())
        .collect();
    assert!(names.contains(&"南城派出所"), "{names:?}");
    for station in &answer.stations {
        assert_eq!(station.state(), station::State::Proposed);
        assert_eq!(&service.station(&station.name).await, station);
    }
}

#[tokio::test]
async fn a_known_page_answers_what_is_kept_and_writes_nothing() {
    let service = Service::start().await;
    let first = ingest(&service, PAGE).await;
    let before = head(&service).await;
    // A byte order mark is no part of the text.
    for text in [PAGE.to_owned(), format!("\u{feff}{PAGE}")] {
        let again = ingest(&service, &text).await;
        assert!(!again.created);
        assert_eq!(
            (&again.articles, &again.statistics),
            (&first.articles, &first.statistics)
        );
        assert_eq!(again.stations.len(), first.stations.len());
    }
    assert_eq!(head(&service).await, before);
    // What was changed since is what is kept; a deleted draft does not come back.
    let name = &first.articles[1].name;
    let delete = pb::DeleteArticleRequest {
        name: name.clone(),
        force: true,
        ..Default::default()
    };
    service.ask(delete).await.unwrap();
    let again = ingest(&service, PAGE).await;
    assert!(!again.created);
    assert!(again.articles[1].delete_time.is_some());
    assert!(again.articles[0].delete_time.is_none());
}

/// The second step of a misprint: the page's text is corrected, then the page is sent again as it was.
#[tokio::test]
async fn a_page_whose_text_was_corrected_is_known_still() {
    let service = Service::start().await;
    let first = ingest(&service, PAGE).await;
    let corrected = PAGE.replace("记者 李明", "记者 李鸣");
    for (at, article) in first.articles.iter().enumerate() {
        let article = pb::Article {
            name: article.name.clone(),
            source_text: corrected.clone(),
            ..Default::default()
        };
        let article = update_article(&service, article, "").await.unwrap();
        let before = head(&service).await;
        let again = ingest(&service, PAGE).await;
        assert!(!again.created);
        assert_eq!(head(&service).await, before);
        let names = |answer: &pb::IngestBulletinResponse| -> Vec<String> {
            let articles = answer.articles.iter().map(|article| article.name.clone());
            let statistics = answer.statistics.iter();
            articles
                .chain(statistics.map(|statistic| statistic.name.clone()))
                .collect()
        };
        assert_eq!(names(&again), names(&first));
        assert_eq!(again.stations.len(), first.stations.len());
        let sha256 = |article: &pb::Article| article.source.clone().unwrap().sha256;
        assert_eq!(sha256(&again.articles[at]), sha256(&article));
        assert_ne!(sha256(&article), sha256(&first.articles[at]));
    }
    let known = ingest(&service, &corrected).await;
    assert!(!known.created);
    assert_eq!(known.articles.len(), 2);
}

#[tokio::test]
async fn the_name_alone_does_not_make_a_page_known() {
    let service = Service::start().await;
    let tried = service.ask(IngestBulletinRequest {
        validate_only: true,
        ..request(PAGE)
    });
    let name = tried.await.unwrap().articles.remove(0).name;
    let id = name.strip_prefix("articles/").unwrap();
    service.create_article(id, "别的页面。").await.unwrap();
    let refusal = service.ask(request(PAGE)).await.unwrap_err();
    refusal.is(Code::AlreadyExists, "RECORD_EXISTS");
}

#[tokio::test]
async fn a_known_page_is_refused_whole_where_its_answer_is_too_long() {
    let service = Service::start().await;
    let long = "长".repeat(16_000);
    let page = format!("{PAGE}\n{long}\n");
    let paragraph = pb::Paragraph {
        text: long,
        kind: pb::paragraph::Kind::Body.into(),
        fragments: Vec::new(),
    };
    let article = pb::Article {
        headline: "长篇".to_owned(),
        source_text: page.clone(),
        paragraphs: vec![paragraph; 30],
        ..Default::default()
    };
    for id in ["long-1", "long-2"] {
        create_article(&service, id, article.clone()).await.unwrap();
    }
    assert_eq!(ingest(&service, &page).await.articles.len(), 2);
    create_article(&service, "long-3", article).await.unwrap();
    let refusal = service.ask(request(&page)).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    assert!(refusal.message.contains("a page's records"), "{refusal:?}");
}

#[tokio::test]
async fn the_real_page_is_written_whole() {
    let service = Service::start().await;
    let answer = ingest(&service, REAL_PAGE).await;
    assert!(answer.created);
    assert_eq!((answer.articles.len(), answer.stations.len()), (2, 18));
    assert!(answer.statistics.len() >= 30);
    // Its numbers qualify each other, in either order.
    let parent = answer.statistics.iter().find_map(|statistic| {
        (!statistic.parent_statistic.is_empty()).then_some(&statistic.parent_statistic)
    });
    let parent = service.statistic(parent.unwrap()).await;
    assert_eq!(parent.quantity.unwrap().value.unwrap().value, "20");
    let names: Vec<&str> = answer
        .statistics
        .iter()
        .map(|statistic| statistic.name.as_str())
        .collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[tokio::test]
async fn a_page_that_came_by_other_ways_is_known_too() {
    let service = Service::seeded().await;
    let answer = ingest(&service, REAL_PAGE).await;
    assert!(!answer.created);
    assert_eq!((answer.articles.len(), answer.statistics.len()), (2, 32));
    assert_eq!(
        answer.articles[0].name,
        "articles/paichusuo-work-conference"
    );
}

#[tokio::test]
async fn validate_only_answers_what_would_be_written() {
    let service = Service::start().await;
    let before = head(&service).await;
    let asked = IngestBulletinRequest {
        validate_only: true,
        ..request(PAGE)
    };
    let tried = service.ask(asked).await.unwrap();
    assert!(!tried.created);
    assert_eq!(head(&service).await, before);
    let missing = pb::GetArticleRequest {
        name: tried.articles[0].name.clone(),
        ..Default::default()
    };
    service
        .ask(missing)
        .await
        .unwrap_err()
        .is(Code::NotFound, "RECORD_MISSING");
    let written = ingest(&service, PAGE).await;
    let etags = |answer: &pb::IngestBulletinResponse| -> Vec<String> {
        let articles = answer.articles.iter().map(|article| article.etag.clone());
        articles
            .chain(
                answer
                    .statistics
                    .iter()
                    .map(|statistic| statistic.etag.clone()),
            )
            .collect()
    };
    assert_eq!(etags(&tried), etags(&written));
}

#[tokio::test]
async fn published_at_once_everything_may_be_seen() {
    let service = Service::start().await;
    let asked = IngestBulletinRequest {
        publish: true,
        publication: Some(Publication {
            newspaper: "海州日报".into(),
            page: "A02".into(),
            ..Default::default()
        }),
        ..request(PAGE)
    };
    let answer = service.ask(asked).await.unwrap();
    for article in &answer.articles {
        assert_eq!(article.state(), State::Published);
        let publication = article.publication.as_ref().unwrap();
        assert_eq!(
            (publication.newspaper.as_str(), publication.page.as_str()),
            ("海州日报", "A02")
        );
        assert_eq!(publication.publish_date, None);
    }
    assert!(
        answer
            .statistics
            .iter()
            .all(|statistic| statistic.state() == State::Published)
    );
    let named = &answer.articles[0].mentions;
    for mention in named {
        assert_eq!(
            service.station(&mention.station).await.state(),
            station::State::Active
        );
    }
}

#[tokio::test]
async fn the_print_that_the_page_names_is_kept_where_the_caller_does_not_say() {
    let service = Service::start().await;
    let text = format!("海州晚报 2021年3月5日 星期五 第A02版\n{PAGE}");
    let asked = IngestBulletinRequest {
        publication: Some(Publication {
            newspaper: "海州日报".into(),
            ..Default::default()
        }),
        ..request(&text)
    };
    let answer = service.ask(asked).await.unwrap();
    let publication = answer.articles[0].publication.clone().unwrap();
    assert_eq!(publication.newspaper, "海州日报");
    assert_eq!(publication.page, "A02");
    assert_eq!(
        publication
            .publish_date
            .map(|date| (date.year, date.month, date.day)),
        Some((2021, 3, 5))
    );
}

#[tokio::test]
async fn one_of_many_who_send_a_page_writes_it() {
    let service = Service::start().await;
    let before = head(&service).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let mut client = service.ingest();
            tokio::spawn(async move { Refusal::or(client.ingest_bulletin(request(PAGE)).await) })
        })
        .collect();
    let mut written = 0;
    let mut names = Vec::new();
    for call in calls {
        let answer = call.await.unwrap().unwrap();
        written += usize::from(answer.created);
        names.push(
            answer
                .articles
                .iter()
                .map(|article| article.name.clone())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(written, 1);
    names.dedup();
    assert_eq!(names.len(), 1);
    assert_eq!(head(&service).await, before + 1);
}

/// Pages that name the same new units agree on them, whichever is first.
#[tokio::test]
async fn pages_at_once_propose_a_unit_once() {
    let service = Service::start().await;
    let calls: Vec<_> = (1..=6)
        .map(|number| {
            let mut client = service.ingest();
            let text =
                format!("海州公安通报\n\n海州市公安局云台分局南城派出所查处违法行为{number}起。");
            tokio::spawn(async move { Refusal::or(client.ingest_bulletin(request(&text)).await) })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap().unwrap().created);
    }
    let list = pb::ListStationsRequest {
        filter: "display_name = \"南城派出所\"".into(),
        ..Default::default()
    };
    let stations = service.ask(list).await.unwrap().stations;
    assert_eq!(stations.len(), 1, "{stations:?}");
}

#[tokio::test]
async fn what_is_no_article_is_left_out_with_its_place() {
    let service = Service::start().await;
    let text =
        format!("{PAGE}\n沿街旺铺招租 电话0518-80000000\n\n相关链接\n\n去年海州新增停车位9999个\n");
    let answer = ingest(&service, &text).await;
    let found: Vec<(Warning, &str)> = answer
        .warnings
        .iter()
        .map(|warning| {
            (
                warning.code(),
                warning.span.as_ref().unwrap().quote.as_str(),
            )
        })
        .filter(|(code, _)| *code != Warning::StationProposed)
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0],
        (Warning::Advertisement, "沿街旺铺招租 电话0518-80000000")
    );
    assert_eq!(found[1].0, Warning::Tail);
    assert!(found[1].1.contains("9999"));
    let is_read =
        |statistic: &pb::Statistic| statistic.span.as_ref().unwrap().quote.contains("9999");
    assert!(!answer.statistics.iter().any(is_read));
}

#[tokio::test]
async fn a_page_without_an_article_leaves_nothing() {
    let service = Service::start().await;
    let before = head(&service).await;
    for text in ["＊＊＊", "广告"] {
        let answer = ingest(&service, text).await;
        assert!(!answer.created);
        assert_eq!(answer.articles, []);
        assert!(!answer.warnings.is_empty());
        assert!(!answer.token.is_empty());
    }
    assert_eq!(head(&service).await, before);
}

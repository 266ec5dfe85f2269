//! What is found, on the seed page and on articles made for it.

use bulletin::fold::fold;
use bulletin::pb;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{asked, create, id, ids, paragraph, publish, search, shown, texts};
use crate::support::Service;

const CONFERENCE: &str = "paichusuo-work-conference";
const REFORM: &str = "traffic-police-tieqi-grid-reform";

/// One of the two stands at the foot of one page and the head of the next.
#[tokio::test]
async fn a_word_is_found_wherever_it_stands_also_across_pages() {
    let service = Service::seeded().await;
    for (query, article, count) in [
        ("枫桥经验", CONFERENCE, 2),
        ("高频率", REFORM, 1),
        ("集中办事", REFORM, 1),
        ("4.75万起", REFORM, 1),
        ("98.9%", CONFERENCE, 1),
    ] {
        let found = search(&service, query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(id(&found[0]), article, "{query}");
        assert_eq!(texts(&found[0]), vec![query; count], "{query}");
        assert!(found[0].score > 0.0, "{query}");
    }
}

#[tokio::test]
async fn traditional_and_full_width_find_simplified_and_the_other_way_round() {
    let service = Service::seeded().await;
    let found = search(&service, "楓橋經驗").await;
    assert_eq!(texts(&found[0]), ["枫桥经验", "枫桥经验"]);
    let found = search(&service, "４．７５萬").await;
    assert_eq!(texts(&found[0]), ["4.75万"]);
    publish(&service, "old", "推廣楓橋經驗", "公安機關ＡＰＰ上線").await;
    let found = search(&service, "枫桥经验").await;
    assert_eq!(id(&found[0]), "old");
    assert_eq!(
        shown(&found[0]),
        [("headline".into(), 0, "楓橋經驗".into())]
    );
    let found = search(&service, "app上线").await;
    assert_eq!(texts(&found[0]), ["ＡＰＰ上線"]);
}

#[tokio::test]
async fn words_of_one_and_two_characters_names_and_numbers_are_found() {
    let service = Service::start().await;
    publish(
        &service,
        "one",
        "王　军说",
        "老旧小区改造，共投入1,200万元。",
    )
    .await;
    publish(&service, "two", "New York 的路", "车").await;
    for (query, article, text) in [
        ("王军", "one", "王　军"),
        ("王", "one", "王"),
        ("说", "one", "说"),
        ("小区", "one", "小区"),
        ("1200万元", "one", "1,200万元"),
        ("1,200", "one", "1,200"),
        ("new", "two", "New"),
        ("\"NEW york\"", "two", "New York"),
        ("车", "two", "车"),
    ] {
        let found = search(&service, query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(
            (id(&found[0]).as_str(), &texts(&found[0])[..]),
            (article, &[text.to_owned()][..]),
            "{query}"
        );
    }
    // Numbers and words are whole, and nothing reaches across a mark or into the next text.
    for query in ["200", "York路", "改造共", "说老旧", "元new"] {
        assert_eq!(search(&service, query).await.len(), 0, "{query}");
    }
}

#[tokio::test]
async fn every_text_of_an_article_is_searched_and_the_headline_counts_most() {
    let service = Service::start().await;
    let byline = |name: &str| pb::Byline {
        display_name: name.to_owned(),
        role: pb::byline::Role::Reporter.into(),
        ..Default::default()
    };
    let caption = |text: &str| pb::Caption {
        text: text.to_owned(),
        ..Default::default()
    };
    let subhead = pb::Paragraph {
        kind: pb::paragraph::Kind::Subhead.into(),
        ..paragraph("灯塔")
    };
    let base = pb::Article {
        headline: "标题".into(),
        ..Default::default()
    };
    let articles = [
        (
            "a-body",
            pb::Article {
                paragraphs: vec![paragraph("灯塔")],
                ..base.clone()
            },
        ),
        (
            "b-subhead",
            pb::Article {
                paragraphs: vec![subhead],
                ..base.clone()
            },
        ),
        (
            "c-kicker",
            pb::Article {
                kicker: "灯塔".into(),
                ..base.clone()
            },
        ),
        (
            "d-headline",
            pb::Article {
                headline: "灯塔".into(),
                ..base.clone()
            },
        ),
        (
            "e-byline",
            pb::Article {
                bylines: vec![byline("其他"), byline("灯塔")],
                ..base.clone()
            },
        ),
        (
            "f-caption",
            pb::Article {
                captions: vec![caption("灯塔")],
                ..base.clone()
            },
        ),
        (
            "g-deck",
            pb::Article {
                deck: "灯塔".into(),
                ..base
            },
        ),
    ];
    for (id, article) in articles {
        create(&service, id, article).await;
        let request = pb::PublishArticleRequest {
            name: format!("articles/{id}"),
            ..Default::default()
        };
        service.articles().publish_article(request).await.unwrap();
    }
    let found = search(&service, "灯塔").await;
    let mut places: Vec<_> = found
        .iter()
        .map(|found| (id(found), shown(found).remove(0)))
        .collect();
    assert_eq!(places[0].0, "d-headline");
    assert_eq!(
        places[1..3]
            .iter()
            .map(|(id, _)| &id[2..])
            .filter(|id| matches!(*id, "kicker" | "deck"))
            .count(),
        2
    );
    assert_eq!(
        places[3..5]
            .iter()
            .map(|(id, _)| &id[2..])
            .filter(|id| matches!(*id, "subhead" | "byline"))
            .count(),
        2
    );
    places.sort();
    let fields: Vec<_> = places
        .into_iter()
        .map(|(_, (field, index, text))| (field, index, text))
        .collect();
    let expected = [
        ("paragraphs", 0),
        ("paragraphs", 0),
        ("kicker", 0),
        ("headline", 0),
        ("bylines", 1),
        ("captions", 0),
        ("deck", 0),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(field, index)| ((*field).to_owned(), *index, "灯塔".to_owned()))
        .collect();
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn only_published_articles_are_found_as_they_are_now() {
    let service = Service::start().await;
    create(
        &service,
        "draft",
        pb::Article {
            headline: "灯塔".into(),
            ..Default::default()
        },
    )
    .await;
    publish(&service, "here", "灯塔", "旧词").await;
    publish(&service, "gone", "灯塔", "正文").await;
    let retract = pb::RetractArticleRequest {
        name: "articles/gone".into(),
        reason: "误报".into(),
        ..Default::default()
    };
    service.articles().retract_article(retract).await.unwrap();
    assert_eq!(ids(&service, asked("灯塔")).await, ["here"]);
    let correct = pb::UpdateArticleRequest {
        article: Some(pb::Article {
            name: "articles/here".into(),
            paragraphs: vec![paragraph("新词")],
            source_text: "灯塔\n新词".into(),
            ..Default::default()
        }),
        correction_reason: "更正".into(),
        ..Default::default()
    };
    service.articles().update_article(correct).await.unwrap();
    assert_eq!(search(&service, "旧词").await.len(), 0);
    assert_eq!(ids(&service, asked("新词")).await, ["here"]);
    let at_the_token = pb::SearchArticlesRequest {
        consistency: Some(pb::Consistency {
            requirement: Some(pb::consistency::Requirement::FullyConsistent(true)),
        }),
        ..asked("新词")
    };
    assert_eq!(ids(&service, at_the_token).await, ["here"]);
}

#[tokio::test]
async fn views_give_what_they_name_and_highlights_in_each() {
    let service = Service::seeded().await;
    let mut results = Vec::new();
    for view in [
        pb::View::Unspecified,
        pb::View::Basic,
        pb::View::Full,
        pb::View::Source,
    ] {
        let request = pb::SearchArticlesRequest {
            view: view.into(),
            ..asked("枫桥经验")
        };
        let found = super::answer(&service, request)
            .await
            .unwrap()
            .results
            .remove(0);
        let article = found.article.unwrap();
        results.push((
            article.paragraphs.len(),
            article.source_text.is_empty(),
            found.highlights,
        ));
    }
    assert_eq!(results[0], results[1]);
    assert_eq!((results[1].0, results[1].1), (0, true));
    assert!(results[2].0 > 0 && results[2].1);
    assert!(results[3].0 > 0 && !results[3].1);
    assert!(
        results
            .iter()
            .all(|(_, _, highlights)| *highlights == results[0].2)
    );
}

/// Any piece of the seed page's paragraphs, without a mark in it, is found where it was taken from, and
/// what is highlighted is that piece.
#[tokio::test]
async fn any_piece_of_a_text_finds_it_and_is_cut_exactly() {
    let service = Service::seeded().await;
    let request = pb::ListArticlesRequest {
        view: pb::View::Full.into(),
        ..Default::default()
    };
    let articles = service
        .articles()
        .list_articles(request)
        .await
        .unwrap()
        .into_inner()
        .articles;
    let mut pieces = Vec::new();
    for article in &articles {
        for (index, paragraph) in article.paragraphs.iter().enumerate() {
            for run in paragraph
                .text
                .split(|char: char| !char.is_alphanumeric() || char.is_ascii())
            {
                let run: Vec<char> = run.chars().collect();
                for length in 1..=4.min(run.len()) {
                    pieces.extend(run.windows(length).map(|piece| {
                        (
                            article.name.clone(),
                            i32::try_from(index).unwrap(),
                            String::from_iter(piece),
                        )
                    }));
                }
            }
        }
    }
    assert!(pieces.len() > 3_000, "{}", pieces.len());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let chosen = proptest::sample::subsequence(pieces, 300)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    for (name, index, piece) in chosen {
        let found = search(&service, &piece).await;
        let found = found
            .iter()
            .find(|found| found.article.as_ref().unwrap().name == name);
        let shown = found.map(shown).unwrap_or_default();
        assert!(
            shown
                .iter()
                .any(|(field, at, _)| field == "paragraphs" && *at == index),
            "{piece} in {name}"
        );
        let folded =
            |text: &str| -> String { fold(text).iter().map(|folded| folded.char).collect() };
        for (_, _, cut) in shown {
            // Those that overlap are one.
            assert!(folded(&cut).contains(&folded(&piece)), "{piece}: {cut}");
            assert!(
                cut.chars().count() < 2 * piece.chars().count().max(2),
                "{piece}: {cut}"
            );
        }
    }
}

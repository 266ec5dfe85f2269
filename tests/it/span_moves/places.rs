//! Which place a span moves to, and what moves nothing.

use bulletin::pb::{self, Article, Statistic, change, span};
use tonic::Code;

use crate::support::Service;
use crate::support::seeds::{CONFERENCE, PAGE_TEXT, TRAFFIC};
use crate::support::spans::{create, proven, quote, ranges, spans_of, three};

use super::*;

#[tokio::test]
async fn a_broken_span_is_found_where_its_context_says() {
    let service = Service::start().await;
    service
        .create_article("one", "城东所查处3起。")
        .await
        .unwrap();
    let name = "articles/one";
    let made = service
        .create_statistic(name, "s1", three("查处3起", &[]))
        .await
        .unwrap();
    let broken = correct(&service, name, "城东所查处4起。").await;
    assert_eq!(
        proven(&broken, &service.statistics_of(name).await),
        [0, 0, 1]
    );
    // Two places now, and nothing says which: it stays broken until somebody does.
    let twice = correct(&service, name, "城西所查处3起,城东所查处3起。").await;
    assert_eq!(
        proven(&twice, &service.statistics_of(name).await),
        [0, 0, 1]
    );
    let mut context = three("查处3起", &[]);
    context.name = made.name;
    context.span.as_mut().unwrap().prefix = "城东所".to_owned();
    let found = update_statistic(&service, context, &["span"], "")
        .await
        .unwrap();
    assert_eq!(ranges(&found.span), [(11, 15)]);
    assert_eq!(found.span.unwrap().state(), span::State::Verified);

    let mut draft = service.article(name).await;
    draft.headline_span = quote("城西所查处3起", &[]);
    update(&service, draft, &["headline_span"], "")
        .await
        .unwrap();
    correct(&service, name, "城东所查处3起。").await;
    let mut draft = correct(&service, name, "城西所查处3起,城西所查处3起。").await;
    assert_eq!(
        draft.headline_span.as_ref().unwrap().state(),
        span::State::Broken
    );
    draft.headline_span.as_mut().unwrap().suffix = "。".to_owned();
    let found = update(&service, draft, &["headline_span"], "")
        .await
        .unwrap();
    assert_eq!(ranges(&found.headline_span), [(8, 15)]);
}

#[tokio::test]
async fn deleted_statistics_move_too_and_come_back_in_the_right_place() {
    let service = Service::seeded().await;
    for id in ["t09", "t10", "t08"] {
        let request = pb::DeleteStatisticRequest {
            name: statistic_of(id),
            correction_reason: WHY.to_owned(),
            ..Default::default()
        };
        service
            .statistics()
            .delete_statistic(request)
            .await
            .unwrap();
    }
    assert_eq!(service.statistics_of(TRAFFIC).await.len(), 17);
    let after = correct(&service, TRAFFIC, &with_removed().replace(BEFORE, ADDED)).await;
    let broken = newest(&service, &statistic_of("t08")).await;
    assert_eq!(
        (broken.r#type(), broken.revision),
        (change::Type::Corrected, after.revision)
    );
    for (id, state) in [
        ("t08", span::State::Broken),
        ("t09", span::State::Moved),
        ("t10", span::State::Moved),
    ] {
        let request = pb::UndeleteStatisticRequest {
            name: statistic_of(id),
            correction_reason: WHY.to_owned(),
            ..Default::default()
        };
        let back = service
            .statistics()
            .undelete_statistic(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(back.span.as_ref().unwrap().state(), state, "{id}");
        proven(&after, &[back]);
    }
    assert_eq!(service.statistics_of(TRAFFIC).await.len(), 20);
    assert_eq!(service.fault().await, None);
}

/// A headline's words often stand in the text below it once more; so do rows that are all alike.
#[tokio::test]
async fn a_span_stays_where_it_was_read_when_its_words_stand_elsewhere_too() {
    let service = Service::start().await;
    let rows = "一所查处3起\n\n".repeat(6);
    let page = format!("铁骑上路\n\n今晨铁骑上路巡逻。\n\n{rows}本版编辑 周正");
    let mut draft = crate::support::spans::article(&page, &["今晨铁骑上路巡逻。"]);
    draft.headline_span = quote("铁骑上路", &[(0, 4)]);
    create(&service, "one", draft).await.unwrap();
    let name = "articles/one";
    let start = i32::try_from(page.chars().position(|c| c == '一').unwrap()).unwrap();
    for row in 0..6 {
        let at = start + row * 8;
        let row = three("一所查处3起", &[(at, at + 6)]);
        let id = format!("s{at:03}");
        service.create_statistic(name, &id, row).await.unwrap();
    }
    // A piece here and a piece there is a place too, though no search finds it.
    let apart = three("今晨3起", &[(6, 8), (start + 4, start + 6)]);
    service
        .create_statistic(name, "apart", apart)
        .await
        .unwrap();
    let places = |article: &Article, statistics: &[Statistic]| -> Vec<_> {
        let spans = spans_of(article, statistics).into_iter();
        spans.map(|(.., span)| span.fragments[0].start).collect()
    };
    let before = service.article(name).await;
    let old = places(&before, &service.statistics_of(name).await);
    assert_eq!(old.len(), 8);

    // Below all of them: nothing moves.
    let page = page.replace("周正", "周正平");
    let after = correct(&service, name, &page).await;
    let statistics = service.statistics_of(name).await;
    assert_eq!(places(&after, &statistics), old);
    assert_eq!(proven(&after, &statistics), [8, 0, 0]);
    // Above all of them, by less than a row and by more than one.
    for (above, moved) in [("晚报\n\n", 8), ("晚报早版第一版第一条\n\n", 8)] {
        let after = correct(&service, name, &format!("{above}{page}")).await;
        let statistics = service.statistics_of(name).await;
        let by = i32::try_from(above.chars().count()).unwrap();
        let expected: Vec<_> = old.iter().map(|start| start + by).collect();
        assert_eq!(places(&after, &statistics), expected);
        assert_eq!(proven(&after, &statistics), [0, moved, 0]);
    }
}

#[tokio::test]
async fn replacing_a_record_with_itself_changes_nothing() {
    let service = Service::seeded().await;
    correct(&service, TRAFFIC, &with_removed()).await;
    let head = service.head().await.revision;
    let mut written = 0;
    for name in [CONFERENCE, TRAFFIC] {
        let source = service.article(name).await;
        let full = Article {
            source_text: String::new(),
            ..source.clone()
        };
        for article in [source, full.clone()] {
            // Nothing changes, so there is nothing to give a reason for.
            assert_eq!(update(&service, article, &["*"], "").await.unwrap(), full);
            written += 1;
        }
        for statistic in service.statistics_of(name).await {
            let again = update_statistic(&service, statistic.clone(), &["*"], "")
                .await
                .unwrap();
            assert_eq!(again, statistic);
            written += 1;
        }
    }
    assert_eq!(written, 4 + 32);
    assert_eq!(service.head().await.revision, head);
}

#[tokio::test]
async fn a_correction_without_a_reason_moves_nothing() {
    let service = Service::seeded().await;
    let head = service.head().await.revision;
    let article = Article {
        name: TRAFFIC.to_owned(),
        source_text: with_added(),
        ..Article::default()
    };
    let refused = update(&service, article, &["source_text"], "").await;
    refused
        .unwrap_err()
        .is(Code::FailedPrecondition, "CORRECTION_REASON_REQUIRED");
    assert_eq!(service.head().await.revision, head);
    let article = service.article(TRAFFIC).await;
    assert_eq!(article.source_text, PAGE_TEXT);
    assert_eq!(
        proven(&article, &service.statistics_of(TRAFFIC).await),
        [23 + 20, 0, 0]
    );
}

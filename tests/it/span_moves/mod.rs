//! A correction of the page's text finds every span again in the same revision, or says it is broken.

mod places;

use bulletin::pb::{self, Article, Statistic, change, span};
use tonic::Code;

use crate::support::seeds::{CONFERENCE, PAGE_TEXT, TRAFFIC};
use crate::support::spans::{proven, quote, spans_of};
use crate::support::{Refusal, Service};

const WHY: &str = "页面录入有误";

/// A line of its own, before the caption; whole paragraphs stay whole.
const ADDED: &str = "本版编辑 周正\n\n";
const BEFORE: &str = "交警铁骑在路面巡逻。 通讯员供图";

/// Words of two records that a correction takes out.
const REMOVED: [&str; 2] = [
    "查处机动车斑马线未礼让2202起、",
    "随着《铁马逐风——交警铁骑之歌》响起,",
];

async fn update(
    service: &Service,
    article: Article,
    mask: &[&str],
    reason: &str,
) -> Result<Article, Refusal> {
    let paths = mask.iter().map(ToString::to_string).collect();
    let request = pb::UpdateArticleRequest {
        article: Some(article),
        update_mask: Some(prost_types::FieldMask { paths }),
        correction_reason: reason.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.articles().update_article(request).await)
}

async fn update_statistic(
    service: &Service,
    statistic: Statistic,
    mask: &[&str],
    reason: &str,
) -> Result<Statistic, Refusal> {
    let paths = mask.iter().map(ToString::to_string).collect();
    let request = pb::UpdateStatisticRequest {
        statistic: Some(statistic),
        update_mask: Some(prost_types::FieldMask { paths }),
        correction_reason: reason.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.statistics().update_statistic(request).await)
}

/// Gives an article another page text.
async fn correct(service: &Service, name: &str, text: &str) -> Article {
    let article = Article {
        name: name.to_owned(),
        source_text: text.to_owned(),
        ..Article::default()
    };
    update(service, article, &["source_text"], WHY)
        .await
        .unwrap();
    service.article(name).await
}

/// The newest version of a record.
async fn newest(service: &Service, name: &str) -> pb::Revision {
    let request = pb::ListRevisionsRequest {
        name: name.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let page = service.changes().list_revisions(request).await.unwrap();
    page.into_inner().revisions.remove(0)
}

fn statistic_of(id: &str) -> String {
    format!("{TRAFFIC}/statistics/{id}")
}

fn with_added() -> String {
    assert_eq!(PAGE_TEXT.matches(BEFORE).count(), 1);
    PAGE_TEXT.replace(BEFORE, &format!("{ADDED}{BEFORE}"))
}

fn with_removed() -> String {
    let without = |text: String, removed: &&str| {
        assert_eq!(text.matches(removed).count(), 1);
        text.replace(removed, "")
    };
    REMOVED.iter().fold(PAGE_TEXT.to_owned(), without)
}

#[tokio::test]
async fn spans_after_an_insertion_move_by_its_length_and_those_before_stay() {
    let service = Service::seeded().await;
    let before = service.article(TRAFFIC).await;
    let old = service.statistics_of(TRAFFIC).await;
    let other = service.article(CONFERENCE).await;

    let after = correct(&service, TRAFFIC, &with_added()).await;
    let new = service.statistics_of(TRAFFIC).await;
    assert_eq!(after.source_text, with_added());
    assert_ne!(after.source, before.source);
    // Moved: t10 to t20, the caption, both people, both quotations, the jump line, and six units.
    let [verified, moved, broken] = proven(&after, &new);
    assert_eq!((verified + moved, broken), (23 + 20, 0));

    let at = PAGE_TEXT[..PAGE_TEXT.find(BEFORE).unwrap()].chars().count();
    let (at, by) = (
        i32::try_from(at).unwrap(),
        i32::try_from(ADDED.chars().count()).unwrap(),
    );
    let expected = spans_of(&before, &old)
        .into_iter()
        .map(|(name, path, mut span)| {
            if span.fragments[0].start >= at {
                span.set_state(span::State::Moved);
                for fragment in &mut span.fragments {
                    fragment.start += by;
                    fragment.end += by;
                }
            }
            (name, path, span)
        });
    assert_eq!(spans_of(&after, &new), expected.collect::<Vec<_>>());
    let of = |state| {
        new.iter()
            .filter(move |found| found.span.as_ref().unwrap().state() == state)
    };
    assert_eq!(of(span::State::Verified).count(), 9);
    assert_eq!(of(span::State::Moved).count(), 11);
    for (old, new) in before.paragraphs.iter().zip(&after.paragraphs) {
        let by = if old.fragments[0].start >= at { by } else { 0 };
        assert_eq!(
            new.fragments[0].start,
            old.fragments[0].start + by,
            "{}",
            old.text
        );
    }

    // One revision: the article is CORRECTED with the reason, its statistics REANCHORED, moved or not.
    let correction = newest(&service, TRAFFIC).await;
    assert_eq!(correction.r#type(), change::Type::Corrected);
    assert_eq!(
        (correction.reason.as_str(), correction.revision),
        (WHY, after.revision)
    );
    assert_eq!(after.corrections.len(), 1);
    assert_eq!(
        (
            after.corrections[0].reason.as_str(),
            after.corrections[0].revision
        ),
        (WHY, after.revision)
    );
    for statistic in &new {
        let version = newest(&service, &statistic.name).await;
        assert_eq!(
            version.r#type(),
            change::Type::Reanchored,
            "{}",
            statistic.name
        );
        assert_eq!(
            (version.revision, statistic.revision),
            (after.revision, after.revision)
        );
        assert_eq!(statistic.corrections, []);
    }
    // The other article of the page keeps its text, and nothing of it was written.
    assert_eq!(service.article(CONFERENCE).await, other);
    assert_eq!(
        proven(&other, &service.statistics_of(CONFERENCE).await),
        [35 + 12, 0, 0]
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn spans_whose_words_were_removed_are_broken_and_none_is_dropped() {
    let service = Service::seeded().await;
    let after = correct(&service, TRAFFIC, &with_removed()).await;
    let statistics = service.statistics_of(TRAFFIC).await;
    assert_eq!(statistics.len(), 20);
    // t08 and the song; t01 to t20 but for t08 are found again.
    assert_eq!(proven(&after, &statistics)[2], 2);
    let broken = spans_of(&after, &statistics);
    let broken = broken
        .iter()
        .filter(|(.., span)| span.state() == span::State::Broken);
    let broken: Vec<_> = broken
        .map(|(name, path, span)| (name, path, &span.quote))
        .collect();
    assert_eq!(
        broken[0],
        (
            &TRAFFIC.to_owned(),
            &"works[0].span".to_owned(),
            &after.works[0].title
        )
    );
    assert_eq!(broken[1].0, &statistic_of("t08"));
    assert_eq!(broken[1].2, "查处机动车斑马线未礼让2202起");
    // The two paragraphs no longer stand as they were; they keep their text, without a place.
    let lost = after
        .paragraphs
        .iter()
        .map(|found| found.fragments.is_empty());
    let first_two = [true, true, false, false, false, false, false, false];
    assert_eq!(lost.collect::<Vec<_>>(), first_two);

    for statistic in &statistics {
        let version = newest(&service, &statistic.name).await;
        assert_eq!(version.revision, after.revision);
        let reasons: Vec<_> = statistic
            .corrections
            .iter()
            .map(|found| &found.reason)
            .collect();
        if statistic.name == statistic_of("t08") {
            assert_eq!(
                (version.r#type(), version.reason.as_str()),
                (change::Type::Corrected, WHY)
            );
            assert_eq!(reasons, [WHY]);
        } else {
            assert_eq!(
                version.r#type(),
                change::Type::Reanchored,
                "{}",
                statistic.name
            );
            assert!(reasons.is_empty(), "{}", statistic.name);
        }
    }
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_page_set_right_again_mends_what_was_broken() {
    let service = Service::seeded().await;
    let before = service.article(TRAFFIC).await;
    let old = service.statistics_of(TRAFFIC).await;
    let broken = correct(&service, TRAFFIC, &with_removed()).await;
    assert_eq!(proven(&broken, &service.statistics_of(TRAFFIC).await)[2], 2);
    let after = correct(&service, TRAFFIC, PAGE_TEXT).await;
    let new = service.statistics_of(TRAFFIC).await;
    assert_eq!(proven(&after, &new)[2], 0);
    assert_eq!(
        (&after.source, &after.paragraphs),
        (&before.source, &before.paragraphs)
    );
    let places = |article: &Article, statistics: &[Statistic]| -> Vec<_> {
        let spans = spans_of(article, statistics).into_iter();
        spans
            .map(|(name, path, span)| (name, path, span.fragments))
            .collect()
    };
    assert_eq!(places(&after, &new), places(&before, &old));
    let mended = newest(&service, &statistic_of("t08")).await;
    assert_eq!(mended.r#type(), change::Type::Reanchored);
}

#[tokio::test]
async fn a_broken_span_is_carried_over_by_other_changes() {
    let service = Service::seeded().await;
    correct(&service, TRAFFIC, &with_removed()).await;
    let broken = service.article(TRAFFIC).await;
    let headline = Article {
        name: TRAFFIC.to_owned(),
        headline: "宁波公安交警勤务改革见成效".to_owned(),
        ..Article::default()
    };
    let updated = update(&service, headline, &["headline"], WHY)
        .await
        .unwrap();
    assert_eq!(updated.headline, "宁波公安交警勤务改革见成效");
    assert_eq!(updated.works, broken.works);
    assert_eq!(
        updated.works[0].span.as_ref().unwrap().state(),
        span::State::Broken
    );
    assert_eq!(updated.paragraphs, broken.paragraphs);

    let metric = Statistic {
        name: statistic_of("t08"),
        metric: "查处机动车未礼让".to_owned(),
        ..Statistic::default()
    };
    let updated = update_statistic(&service, metric.clone(), &["metric"], WHY)
        .await
        .unwrap();
    assert_eq!(updated.metric, "查处机动车未礼让");
    assert_eq!(updated.span.as_ref().unwrap().state(), span::State::Broken);
    // New words are proven like any: they must stand on the page as it is now.
    let words = |words: &str| Statistic {
        span: quote(words, &[]),
        ..metric.clone()
    };
    let refused = update_statistic(&service, words("斑马线未礼让2202起"), &["span"], WHY).await;
    refused
        .unwrap_err()
        .is(Code::InvalidArgument, "SPAN_MISMATCH");
}

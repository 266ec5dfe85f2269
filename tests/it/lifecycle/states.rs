//! DRAFT, PUBLISHED, RETRACTED, and what may change in each.

use bulletin::pb::article::State;
use bulletin::pb::change::Type;
use tonic::Code::FailedPrecondition;

use super::{
    ARTICLE, NUMBER, add, delete, delete_number, draft, publish, published, remark, retitle,
    retract, undelete_number,
};
use crate::support::Refusal;

#[tokio::test]
async fn an_article_and_its_statistics_are_drafts_until_it_is_published() {
    let service = draft().await;
    assert_eq!(service.article(ARTICLE).await.state(), State::Draft);
    let changed = service.ask(retitle("初稿")).await.unwrap();
    assert!(changed.corrections.is_empty());
    service.ask(remark(NUMBER, "查处", "")).await.unwrap();
    let article = service.ask(publish()).await.unwrap();
    assert_eq!(article.state(), State::Published);
    assert_eq!(article.headline, "初稿");
    let number = service.statistic(NUMBER).await;
    assert_eq!(number.state(), State::Published);
    assert_eq!(number.revision, article.revision);
    assert_eq!(
        service.history(ARTICLE).await,
        [Type::Published, Type::Updated, Type::Created]
    );
    assert_eq!(
        service.history(NUMBER).await,
        [Type::Published, Type::Updated, Type::Created]
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_published_article_changes_only_with_a_reason_that_is_kept() {
    let service = published().await;
    let refusal = service.ask(retitle("更正")).await.unwrap_err();
    refusal.is(FailedPrecondition, "CORRECTION_REASON_REQUIRED");
    assert_eq!(refusal.metadata["name"], ARTICLE);

    let mut request = retitle("更正");
    request.correction_reason = "标题有误".to_owned();
    let article = service.ask(request).await.unwrap();
    let [correction] = article.corrections.as_slice() else {
        panic!("one correction is kept: {article:?}");
    };
    assert_eq!(correction.reason, "标题有误");
    assert_eq!(correction.revision, article.revision);
    assert_eq!(correction.time, article.update_time);
    assert_eq!(article.state(), State::Published);

    let mut again = retitle("再更正");
    again.correction_reason = "仍有误".to_owned();
    let again = service.ask(again).await.unwrap();
    let reasons: Vec<&str> = again
        .corrections
        .iter()
        .map(|c| c.reason.as_str())
        .collect();
    assert_eq!(reasons, ["标题有误", "仍有误"]);
    assert_eq!(again.corrections[0], *correction);

    let newest = &service.revisions(ARTICLE).await[0];
    assert_eq!(
        (newest.r#type(), newest.reason.as_str()),
        (Type::Corrected, "仍有误")
    );
    assert_eq!(newest.revision, again.revision);
}

#[tokio::test]
async fn every_change_to_a_published_number_is_a_correction() {
    let service = published().await;
    let refused = |outcome: Result<_, Refusal>| {
        outcome
            .unwrap_err()
            .is(FailedPrecondition, "CORRECTION_REASON_REQUIRED");
    };
    let sum = "articles/report/statistics/sum";
    refused(service.ask(add("sum", "")).await);
    let number = service.ask(add("sum", "漏报")).await.unwrap();
    assert_eq!(number.state(), State::Published);
    refused(service.ask(remark(sum, "合计", "")).await);
    service.ask(remark(sum, "合计", "改名")).await.unwrap();
    refused(service.ask(delete_number(sum, "")).await);
    service.ask(delete_number(sum, "重复")).await.unwrap();
    refused(service.ask(undelete_number(sum, "")).await);
    let number = service.ask(undelete_number(sum, "未重复")).await.unwrap();

    let reasons: Vec<&str> = number
        .corrections
        .iter()
        .map(|c| c.reason.as_str())
        .collect();
    assert_eq!(reasons, ["漏报", "改名", "重复", "未重复"]);
    assert_eq!(service.history(sum).await, [Type::Corrected; 4]);
    let revisions = service.revisions(sum).await;
    assert_eq!(revisions[3].reason, "漏报");
    assert_eq!(number.corrections[3].revision, revisions[0].revision);
    assert!(service.article(ARTICLE).await.corrections.is_empty());
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_retraction_is_final_and_takes_the_numbers_along() {
    let service = published().await;
    let article = service.ask(retract("失实")).await.unwrap();
    assert_eq!(article.state(), State::Retracted);
    let retraction = article.retraction.clone().unwrap();
    assert_eq!(
        (retraction.reason.as_str(), retraction.time),
        ("失实", article.update_time)
    );
    let number = service.statistic(NUMBER).await;
    assert_eq!(
        (number.state(), number.revision),
        (State::Retracted, article.revision)
    );
    let newest = &service.revisions(NUMBER).await[0];
    assert_eq!(
        (newest.r#type(), newest.reason.as_str()),
        (Type::Retracted, "失实")
    );

    let refused = |outcome: Result<_, Refusal>| {
        let refusal = outcome.unwrap_err();
        refusal.is(FailedPrecondition, "ILLEGAL_TRANSITION");
        assert_eq!(refusal.metadata["state"], "RETRACTED");
    };
    let mut update = retitle("更正");
    update.correction_reason = "试".to_owned();
    refused(service.ask(update).await.map(drop));
    refused(service.ask(publish()).await.map(drop));
    refused(service.ask(retract("再撤")).await.map(drop));
    refused(service.ask(add("sum", "试")).await.map(drop));
    refused(service.ask(remark(NUMBER, "试", "试")).await.map(drop));
    refused(service.ask(delete_number(NUMBER, "试")).await.map(drop));

    let deleted = service.ask(delete(ARTICLE)).await.unwrap();
    assert_eq!(deleted.state(), State::Retracted);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn transitions_that_are_not_in_the_diagram_are_refused() {
    let service = draft().await;
    let head = service.head().await;
    let refusal = service.ask(retract("早")).await.unwrap_err();
    refusal.is(FailedPrecondition, "ILLEGAL_TRANSITION");
    assert_eq!(refusal.metadata["state"], "DRAFT");
    assert_eq!(service.head().await, head);

    service.ask(publish()).await.unwrap();
    let head = service.head().await;
    let refusal = service.ask(publish()).await.unwrap_err();
    refusal.is(FailedPrecondition, "ILLEGAL_TRANSITION");
    assert_eq!(refusal.metadata["state"], "PUBLISHED");
    let refusal = service.ask(delete(ARTICLE)).await.unwrap_err();
    refusal.is(FailedPrecondition, "ILLEGAL_TRANSITION");
    assert!(
        refusal.message.contains("retract it instead"),
        "{refusal:?}"
    );
    assert_eq!(service.head().await, head);
}

/// States are the service's: what a caller sends of them is ignored.
#[tokio::test]
async fn a_state_that_is_sent_changes_nothing() {
    let service = draft().await;
    let mut request = retitle("标题 report");
    let article = request.article.as_mut().unwrap();
    article.set_state(State::Published);
    article.revision = 99;
    article.corrections = vec![Default::default()];
    article.retraction = Some(Default::default());
    request.update_mask = None;
    let head = service.head().await;
    let article = service.ask(request).await.unwrap();
    assert_eq!(article.state(), State::Draft);
    assert!(article.corrections.is_empty() && article.retraction.is_none());
    assert_eq!(service.head().await, head);
}

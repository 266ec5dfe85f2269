//! Quotes are proven against the page, or found in it; what does not stand there is refused.

use bulletin::pb;
use tonic::Code;

use crate::support::seeds::{CONFERENCE, TRAFFIC};
use crate::support::spans::{
    PAGE, PARAGRAPHS, article, create, proven, quote, ranges, spans_of, three,
};
use crate::support::{Service, statistic};

/// A service with `articles/one` on the page above.
async fn service() -> Service {
    let service = Service::start().await;
    create(&service, "one", article(PAGE, &PARAGRAPHS))
        .await
        .unwrap();
    service
}

#[tokio::test]
async fn every_span_of_the_seeds_cuts_its_quote_out_of_the_page() {
    let service = Service::seeded().await;
    let mut crossing = 0;
    for (name, spans, statistics) in [(CONFERENCE, 35, 12), (TRAFFIC, 23, 20)] {
        let article = service.article(name).await;
        let numbers = service.statistics_of(name).await;
        assert_eq!(numbers.len(), statistics, "{name}");
        assert_eq!(proven(&article, &numbers), [spans + statistics, 0, 0]);
        let all = spans_of(&article, &numbers);
        crossing += all
            .iter()
            .filter(|(.., span)| span.fragments.len() == 2)
            .count();
        assert!(
            article
                .paragraphs
                .iter()
                .all(|found| !found.fragments.is_empty())
        );
    }
    assert_eq!(crossing, 1, "培育出近300个富有宁波特色的“枫桥⏎⏎经验”品牌");
}

#[tokio::test]
async fn a_quote_that_stands_nowhere_is_refused_and_nothing_is_written() {
    let service = service().await;
    let head = service.head().await.revision;
    let wrong = three("查处4起", &[]);
    let refusal = service
        .create_statistic("articles/one", "s1", wrong)
        .await
        .unwrap_err();
    refusal.is(Code::InvalidArgument, "SPAN_MISMATCH");
    assert_eq!(refusal.fields(), ["statistic.span.quote"]);
    assert!(refusal.message.contains("查处4起"), "{refusal:?}");
    // Blanks are part of a quote: it is cut out, not searched for.
    let blank = three("查处 3起", &[]);
    let refusal = service
        .create_statistic("articles/one", "s1", blank)
        .await
        .unwrap_err();
    refusal.is(Code::InvalidArgument, "SPAN_MISMATCH");
    let none = three("", &[]);
    let refusal = service
        .create_statistic("articles/one", "s1", none)
        .await
        .unwrap_err();
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(refusal.fields(), ["statistic.span.quote"]);
    assert_eq!(service.head().await.revision, head);
}

#[tokio::test]
async fn every_wrong_span_of_an_article_is_named_at_once() {
    let service = Service::start().await;
    let mut wrong = article(PAGE, &PARAGRAPHS);
    wrong.headline_span = quote("警方查处4起", &[]);
    wrong.works.push(pb::Work {
        title: "枫桥".to_owned(),
        span: quote("枫桥", &[(0, 2)]),
        ..Default::default()
    });
    let refusal = create(&service, "one", wrong).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "SPAN_MISMATCH");
    let fields = ["article.headline_span.quote", "article.works[0].span.quote"];
    assert_eq!(refusal.fields(), fields);
    assert!(
        refusal.violations[1].1.contains("there stands \"警方\""),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn an_ambiguous_quote_lists_its_places_and_context_or_fragments_decide() {
    let service = service().await;
    let ambiguous = three("查处3起", &[]);
    let refused = service
        .create_statistic("articles/one", "s1", ambiguous.clone())
        .await;
    let refusal = refused.unwrap_err();
    refusal.is(Code::InvalidArgument, "SPAN_AMBIGUOUS");
    assert_eq!(refusal.fields(), ["statistic.span.quote"]);
    assert!(
        refusal.message.contains("2 places: 11..15, 34..38"),
        "{refusal:?}"
    );

    let with = |prefix: &str, suffix: &str| {
        let mut statistic = ambiguous.clone();
        let span = statistic.span.as_mut().unwrap();
        (span.prefix, span.suffix) = (prefix.to_owned(), suffix.to_owned());
        statistic
    };
    let cases = [
        ("prefix", with("城西所", ""), (34, 38)),
        ("suffix", with("", ",培育"), (11, 15)),
        ("both", with("所", "。"), (34, 38)),
        // What stands before the headline's number stands in no paragraph.
        ("source", with("警方", ""), (2, 6)),
        ("fragments", three("查处3起", &[(2, 6)]), (2, 6)),
    ];
    for (id, statistic, place) in cases {
        let made = service
            .create_statistic("articles/one", id, statistic)
            .await
            .unwrap();
        assert_eq!(ranges(&made.span), [place], "{id}");
    }
    let both = service
        .create_statistic("articles/one", "s1", with("所", "起"))
        .await;
    both.unwrap_err().is(Code::InvalidArgument, "SPAN_MISMATCH");
    let neither = service
        .create_statistic("articles/one", "s1", with("所", ""))
        .await;
    neither
        .unwrap_err()
        .is(Code::InvalidArgument, "SPAN_AMBIGUOUS");
    let numbers = service.statistics_of("articles/one").await;
    assert_eq!(
        proven(&service.article("articles/one").await, &numbers),
        [5, 0, 0]
    );
}

#[tokio::test]
async fn left_out_fragments_are_found_across_a_page_break() {
    let service = service().await;
    let across = || statistic("培育“枫桥经验”品牌", "1", "个");
    let made = service
        .create_statistic("articles/one", "s1", across())
        .await
        .unwrap();
    assert_eq!(ranges(&made.span), [(16, 21), (23, 28)]);
    // Without paragraphs the lines of the page are joined.
    create(&service, "two", article(PAGE, &[])).await.unwrap();
    let made = service
        .create_statistic("articles/two", "s1", across())
        .await
        .unwrap();
    assert_eq!(ranges(&made.span), [(16, 21), (23, 28)]);
    for name in ["articles/one", "articles/two"] {
        let numbers = service.statistics_of(name).await;
        assert_eq!(proven(&service.article(name).await, &numbers), [1, 0, 0]);
    }
}

#[tokio::test]
async fn fragments_that_are_not_the_quotes_place_are_refused() {
    let service = service().await;
    let length = i32::try_from(PAGE.chars().count()).unwrap();
    let (place, order) = ("SPAN_MISMATCH", "FIELD_INVALID");
    let cases: [(&[(i32, i32)], &str); 12] = [
        (&[(12, 16)], place),
        (&[(11, 14)], place),
        (&[(11, 16)], place),
        (&[(11, 13), (14, 15)], place),
        (&[(length - 1, length + 3)], place),
        (&[(11, i32::MAX)], place),
        (&[(11, 11)], order),
        (&[(15, 11)], order),
        (&[(-4, 0)], order),
        (&[(11, 14), (13, 15)], order),
        (&[(13, 15), (11, 13)], order),
        (&[(11, 15), (15, 15)], order),
    ];
    for (at, reason) in cases {
        let made = service
            .create_statistic("articles/one", "s1", three("查处3起", at))
            .await;
        let refusal = made.unwrap_err();
        refusal.is(Code::InvalidArgument, reason);
        let field = if reason == place {
            "quote"
        } else {
            "fragments"
        };
        assert_eq!(
            refusal.fields(),
            [format!("statistic.span.{field}")],
            "{at:?}"
        );
    }
    // Pieces that touch are a place all the same.
    let touching = three("查处3起", &[(11, 13), (13, 15)]);
    let made = service
        .create_statistic("articles/one", "s1", touching)
        .await
        .unwrap();
    assert_eq!(ranges(&made.span), [(11, 13), (13, 15)]);
}

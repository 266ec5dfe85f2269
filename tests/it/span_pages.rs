//! Pages as they come: any line ends and characters, with paragraphs, by hash, or none at all.

use bulletin::pb::{self, Article};
use tonic::Code;

use crate::support::Service;
use crate::support::spans::{
    PAGE, PARAGRAPHS, article, create, cut, fragments, paragraph, proven, quote, ranges, three,
};

#[tokio::test]
async fn offsets_count_code_points_beyond_the_basic_plane_and_line_ends_as_they_are() {
    let service = Service::start().await;
    let pages = [
        (
            "astral",
            "𠮷所🚓出动3次,救护👨\u{200d}👩车3次",
            "🚓出动3次",
            (2, 7),
        ),
        ("before", "𠮷🚓𠮷查处3起", "查处3起", (3, 7)),
        (
            "crlf",
            "标题\r\n\r\n城东所\r\n查处3起\r\n",
            "查处3起",
            (11, 15),
        ),
        ("bom", "\u{feff}城东所查处3起", "查处3起", (3, 7)),
        ("combining", "e\u{301}所查处3起", "查处3起", (3, 7)),
    ];
    for (id, page, quote, place) in pages {
        let name = format!("articles/{id}");
        let made = service.create_article(id, page).await.unwrap();
        let length = page.trim_start_matches('\u{feff}').chars().count();
        assert_eq!(
            usize::try_from(made.source.unwrap().length).unwrap(),
            length,
            "{id}"
        );
        let made = service
            .create_statistic(&name, "s1", three(quote, &[]))
            .await
            .unwrap();
        assert_eq!(ranges(&made.span), [place], "{id}");
        let given = three(quote, &[place]);
        service.create_statistic(&name, "s2", given).await.unwrap();
        let numbers = service.statistics_of(&name).await;
        let article = service.article(&name).await;
        assert_eq!(proven(&article, &numbers), [2, 0, 0], "{id}");
        assert_eq!(
            article.source_text,
            page.trim_start_matches('\u{feff}'),
            "{id}"
        );
    }
    // A quote across line ends of two characters.
    let across = three("城东所查处3起", &[]);
    let made = service
        .create_statistic("articles/crlf", "s3", across)
        .await
        .unwrap();
    assert_eq!(ranges(&made.span), [(6, 9), (11, 15)]);
    // The text without its mark is one page, however it was sent.
    let bare = service
        .create_article("bare", "城东所查处3起")
        .await
        .unwrap();
    assert_eq!(bare.source, service.article("articles/bom").await.source);
}

#[tokio::test]
async fn an_article_without_a_source_has_no_places() {
    let service = Service::start().await;
    let mut draft = article("", &["城东所查处3起。"]);
    draft.headline_span = quote("标题", &[]);
    draft.mentions.push(pb::Mention {
        station: "stations/a-b".to_owned(),
        surface: "城东所".to_owned(),
        span: quote("城东所", &[(0, 3)]),
    });
    draft.paragraphs.push(paragraph("城西所。", &[(8, 12)]));
    let refusal = create(&service, "one", draft.clone()).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
    let fields = [
        "article.headline_span",
        "article.mentions[0].span",
        "article.paragraphs[1].fragments",
    ];
    assert_eq!(refusal.fields(), fields);

    draft.headline_span = None;
    draft.mentions.clear();
    draft.paragraphs[1].fragments.clear();
    let made = create(&service, "one", draft).await.unwrap();
    assert_eq!((made.source, made.paragraphs.len()), (None, 2));
    let refused = service
        .create_statistic("articles/one", "s1", three("查处3起", &[]))
        .await;
    let refusal = refused.unwrap_err();
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(refusal.fields(), ["statistic.span"]);
}

#[tokio::test]
async fn paragraphs_are_found_and_verified() {
    let service = Service::start().await;
    create(&service, "one", article(PAGE, &PARAGRAPHS))
        .await
        .unwrap();
    let served = service.article("articles/one").await;
    let places: Vec<_> = served
        .paragraphs
        .iter()
        .map(|found| found.fragments.clone())
        .collect();
    assert_eq!(
        places,
        [fragments(&[(8, 21), (23, 29)]), fragments(&[(31, 39)])]
    );
    assert_eq!(proven(&served, &[]), [0, 0, 0]);
    for found in &served.paragraphs {
        assert_eq!(cut(PAGE, &found.fragments).as_ref(), Some(&found.text));
    }

    let mut given = article(PAGE, &[]);
    given.paragraphs = vec![
        paragraph("警方查处3起", &[(0, 6)]),
        paragraph("经验", &[(23, 25)]),
    ];
    let made = create(&service, "two", given.clone()).await.unwrap();
    assert_eq!(made.paragraphs, given.paragraphs);

    given.paragraphs[0].fragments = fragments(&[(1, 7)]);
    given.paragraphs[1].text = "没有这一段".to_owned();
    given.paragraphs[1].fragments.clear();
    given.paragraphs.push(paragraph("查处3起", &[]));
    let refusal = create(&service, "third", given.clone()).await.unwrap_err();
    // Two reasons at once: the plainest is the answer's.
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
    let texts = [0, 1, 2].map(|index| format!("article.paragraphs[{index}].text"));
    assert_eq!(refusal.fields(), texts);
    assert!(
        refusal.violations[2].1.contains("stands at 3 places"),
        "{refusal:?}"
    );
    given.paragraphs.truncate(2);
    let refusal = create(&service, "third", given).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "SPAN_MISMATCH");
}

#[tokio::test]
async fn a_page_that_is_kept_is_named_by_its_hash() {
    let service = Service::start().await;
    create(&service, "one", article(PAGE, &PARAGRAPHS))
        .await
        .unwrap();
    let first = service.article("articles/one").await;
    let named = |sha256: &str| Article {
        source: Some(pb::Source {
            sha256: sha256.to_owned(),
            ..Default::default()
        }),
        ..article("", &PARAGRAPHS)
    };
    let sha256 = first.source.clone().unwrap().sha256;
    let second = create(&service, "two", named(&sha256)).await.unwrap();
    assert_eq!(second.source, first.source);
    let made = service
        .create_statistic("articles/two", "s1", three("警方查处3起", &[]))
        .await;
    let made = made.unwrap();
    let second = service.article("articles/two").await;
    assert_eq!(second.source_text, PAGE);
    assert_eq!(proven(&second, &[made]), [1, 0, 0]);

    let refusal = create(&service, "third", named(&"0".repeat(64)))
        .await
        .unwrap_err();
    refusal.is(Code::InvalidArgument, "REFERENCE_MISSING");
    assert_eq!(refusal.fields(), ["article.source.sha256"]);
    for malformed in ["0", &sha256.to_uppercase(), &format!("{sha256}0")] {
        let refusal = create(&service, "third", named(malformed))
            .await
            .unwrap_err();
        refusal.is(Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(refusal.fields(), ["article.source.sha256"]);
    }
}

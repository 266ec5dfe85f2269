//! Articles: ids, texts, pages, spans, paragraphs.

use bulletin::pb::{self, Article, Fragment, Paragraph, Span};
use tonic::Code::InvalidArgument;

use super::case::Case;

/// The page of the table's draft. `近300人` stands in it twice.
pub const PAGE: &str = "通报\n\n上半年,鄞州大队查处闯红灯4.75万起,同比下降3.5%,近300人受罚。\n\n\
                        大队长张三说:“秩序好转。”\n\n近300人参加学习,受表扬。\n";

/// A request to create `articles/draft`, but for what `change` does to it.
pub fn article(change: impl FnOnce(&mut Article)) -> pb::CreateArticleRequest {
    let mut article = Article {
        headline: "通报".to_owned(),
        headline_span: span("通报"),
        source_text: PAGE.to_owned(),
        people: vec![pb::Person {
            id: "p1".to_owned(),
            display_name: "张三".to_owned(),
            span: span("张三"),
            ..Default::default()
        }],
        honours: vec![pb::Honour {
            id: "h1".to_owned(),
            title: "表扬".to_owned(),
            state: pb::honour::State::Awarded.into(),
            recipients: vec!["stations/haishu-jiangxia".to_owned()],
            ..Default::default()
        }],
        paragraphs: vec![paragraph("大队长张三说:“秩序好转。”")],
        ..Default::default()
    };
    change(&mut article);
    pb::CreateArticleRequest {
        article_id: "draft".to_owned(),
        article: Some(article),
        validate_only: false,
    }
}

pub fn span(quote: &str) -> Option<Span> {
    Some(Span {
        quote: quote.to_owned(),
        ..Default::default()
    })
}

pub fn paragraph(text: &str) -> Paragraph {
    Paragraph {
        text: text.to_owned(),
        kind: pb::paragraph::Kind::Body.into(),
        fragments: Vec::new(),
    }
}

fn placed(quote: &str, places: &[(i32, i32)]) -> Option<Span> {
    let fragments = places.iter().map(|&(start, end)| Fragment { start, end });
    Some(Span {
        quote: quote.to_owned(),
        fragments: fragments.collect(),
        ..Default::default()
    })
}

fn invalid(name: &str, fields: &[&str], change: impl FnOnce(&mut Article)) -> Case {
    Case::invalid(format!("article: {name}"), article(change), fields)
}

fn wrong(name: &str, reason: &'static str, field: &str, change: impl FnOnce(&mut Article)) -> Case {
    let name = format!("article: {name}");
    Case::new(name, article(change), InvalidArgument, reason, &[field])
}

pub fn cases() -> Vec<Case> {
    let mut cases = ids();
    cases.extend(texts());
    cases.extend(pages());
    cases.extend(spans());
    cases.extend(paragraphs());
    cases.extend(several());
    cases
}

fn ids() -> Vec<Case> {
    let long = "a".repeat(64);
    let ids = [
        "", "a", "A1", "1a", "-a", "a-", "a_b", "a b", "所所", "a\0", "a/b", &long,
    ];
    let case = |id: &&str| {
        let mut request = article(|_| {});
        request.article_id = (*id).to_owned();
        Case::invalid(format!("article id {id:?}"), request, &["article_id"])
    };
    let mut cases: Vec<Case> = ids.iter().map(case).collect();
    let missing = pb::CreateArticleRequest {
        article_id: "ab".to_owned(),
        ..Default::default()
    };
    cases.push(Case::invalid("article: missing", missing, &["article"]));
    cases
}

fn texts() -> Vec<Case> {
    let headline = |text: &str| {
        let text = text.to_owned();
        invalid(
            &format!("headline {text:?}"),
            &["article.headline"],
            move |article| {
                article.headline = text;
            },
        )
    };
    vec![
        headline(""),
        headline(" \u{3000}"),
        headline("通\n报"),
        headline("通\u{2028}报"),
        headline("通\u{2029}报"),
        headline("通\0报"),
        headline("通\u{85}报"),
        invalid("kicker of two lines", &["article.kicker"], |article| {
            article.kicker = "上\r下".to_owned();
        }),
        invalid(
            "language with underscore",
            &["article.language_code"],
            |article| {
                article.language_code = "zh_CN".to_owned();
            },
        ),
        invalid(
            "language begins with a digit",
            &["article.language_code"],
            |article| {
                article.language_code = "1zh".to_owned();
            },
        ),
        invalid(
            "language subtag of nine",
            &["article.language_code"],
            |article| {
                article.language_code = "zh-abcdefghi".to_owned();
            },
        ),
        invalid("language of 36", &["article.language_code"], |article| {
            article.language_code = format!("zh{}", "-abcdefg".repeat(5));
        }),
        invalid("inferred unknown", &["article.inferred[1]"], |article| {
            article.inferred = vec!["kicker".to_owned(), "kick".to_owned()];
        }),
        invalid("inferred twice", &["article.inferred[1]"], |article| {
            article.inferred = vec!["kicker".to_owned(), "kicker".to_owned()];
        }),
        invalid(
            "inferred inside a list",
            &["article.inferred[0]"],
            |article| {
                article.inferred = vec!["people.id".to_owned()];
            },
        ),
        invalid(
            "completeness unknown",
            &["article.completeness"],
            |article| {
                article.completeness = 9;
            },
        ),
    ]
}

fn pages() -> Vec<Case> {
    let bare = |article: &mut Article, text: String| {
        *article = Article {
            headline: "通报".to_owned(),
            source_text: text,
            ..Default::default()
        };
    };
    let hash = |article: &mut Article, sha256: &str| {
        article.source_text.clear();
        article.source = Some(pb::Source {
            sha256: sha256.to_owned(),
            ..Default::default()
        });
    };
    let field = "article.source.sha256";
    vec![
        invalid("page with NUL", &["article.source_text"], |article| {
            article.source_text.push('\0');
        }),
        invalid("page with escape", &["article.source_text"], |article| {
            article.source_text.push('\u{1b}');
        }),
        invalid("page of 1 MiB and 1", &["article.source_text"], |article| {
            bare(article, "a".repeat(1024 * 1024 - 2) + "所");
        }),
        invalid("page hash too short", &[field], |article| {
            hash(article, "00ff")
        }),
        invalid("page hash in capitals", &[field], |article| {
            hash(article, &"AB".repeat(32));
        }),
        wrong("page not kept", "REFERENCE_MISSING", field, |article| {
            hash(article, &"ab".repeat(32));
        }),
        invalid("record above 2 MiB", &["article"], |article| {
            bare(article, String::new());
            article.paragraphs = vec![paragraph(&"所".repeat(49_999)); 14];
        }),
        invalid(
            "places without a page",
            &["article.headline_span", "article.paragraphs[0].fragments"],
            |article| {
                bare(article, String::new());
                article.headline_span = span("通报");
                article.paragraphs = vec![Paragraph {
                    fragments: vec![Fragment { start: 0, end: 2 }],
                    ..paragraph("通报")
                }];
            },
        ),
    ]
}

fn spans() -> Vec<Case> {
    let quote = "article.headline_span.quote";
    let places = "article.headline_span.fragments";
    let mismatch = |name: &str, span: Option<Span>| {
        wrong(name, "SPAN_MISMATCH", quote, |article| {
            article.headline_span = span
        })
    };
    let out_of_order = |name: &str, span: Option<Span>| {
        invalid(name, &[places], |article| article.headline_span = span)
    };
    vec![
        invalid("empty quote", &[quote], |article| {
            article.headline_span = span("")
        }),
        mismatch("quote that stands nowhere", span("通告")),
        mismatch("quote at another place", placed("通报", &[(1, 3)])),
        mismatch("quote beyond the page", placed("通报", &[(0, 2_000)])),
        mismatch(
            "quote in two wrong pieces",
            placed("通报", &[(0, 1), (2, 3)]),
        ),
        wrong("quote at two places", "SPAN_AMBIGUOUS", quote, |article| {
            article.headline_span = span("近300人");
        }),
        wrong(
            "quote whose prefix differs",
            "SPAN_MISMATCH",
            quote,
            |article| {
                article.headline_span = span("近300人");
                article.headline_span.as_mut().unwrap().prefix = "约".to_owned();
            },
        ),
        out_of_order("empty range", placed("通报", &[(2, 2)])),
        out_of_order("range turned round", placed("通报", &[(2, 0)])),
        out_of_order("negative range", placed("通报", &[(-1, 2)])),
        out_of_order("ranges out of order", placed("通报", &[(1, 2), (0, 1)])),
        out_of_order("ranges that overlap", placed("通报", &[(0, 2), (1, 2)])),
        out_of_order("101 ranges", placed("通报", &[(0, 1); 101])),
        invalid("control character in a quote", &[quote, quote], |article| {
            article.headline_span = span("通\0报");
        }),
    ]
}

fn paragraphs() -> Vec<Case> {
    let text = "article.paragraphs[0].text";
    let replaced = |name: &str, fields: &[&str], paragraph: Paragraph| {
        invalid(name, fields, |article| article.paragraphs = vec![paragraph])
    };
    let body = paragraph("通报");
    vec![
        replaced("blank paragraph", &[text, text], paragraph(" ")),
        replaced(
            "paragraph of two lines",
            &[text],
            paragraph("通报\n\n上半年"),
        ),
        replaced(
            "paragraph of no kind",
            &["article.paragraphs[0].kind"],
            Paragraph {
                kind: 0,
                ..body.clone()
            },
        ),
        replaced(
            "paragraph of an unknown kind",
            &["article.paragraphs[0].kind"],
            Paragraph {
                kind: 3,
                ..body.clone()
            },
        ),
        wrong(
            "paragraph that stands nowhere",
            "SPAN_MISMATCH",
            text,
            |article| {
                article.paragraphs = vec![paragraph("下半年")];
            },
        ),
        wrong(
            "paragraph at another place",
            "SPAN_MISMATCH",
            text,
            |article| {
                article.paragraphs[0].fragments = vec![Fragment { start: 0, end: 13 }];
            },
        ),
        replaced(
            "paragraph in 101 pieces",
            &["article.paragraphs[0].fragments"],
            Paragraph {
                fragments: vec![Fragment { start: 0, end: 1 }; 101],
                ..body
            },
        ),
    ]
}

fn several() -> Vec<Case> {
    let fields = [
        "article.headline",
        "article.kicker",
        "article.publication.page",
        "article.publication.publish_date",
        "article.people[0].id",
        "article.honours[0].state",
        "article.honours[0].recipients[0]",
        "article.paragraphs[0].text",
    ];
    vec![invalid("several rules at once", &fields, |article| {
        article.headline.clear();
        article.kicker = "\u{7f}".to_owned();
        article.publication = Some(pb::Publication {
            page: "A".repeat(51),
            publish_date: Some(pb::Date {
                year: 2020,
                month: 2,
                day: 30,
            }),
            ..Default::default()
        });
        article.people[0].id = "P1".to_owned();
        article.honours[0].state = 0;
        article.honours[0].recipients[0] = "haishu".to_owned();
        article.paragraphs[0].text = "无处".to_owned();
    })]
}

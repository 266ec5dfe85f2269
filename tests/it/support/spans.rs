//! Spans as a client checks them: by counting code points of the text that is served.

use bulletin::articles::each_span;
use bulletin::pb::{self, Article, Fragment, Paragraph, Span, Statistic, paragraph, span};

use super::{Refusal, Service, statistic};

/// 3起 stands in the headline's line and in each paragraph; 枫桥经验 crosses a page break.
pub const PAGE: &str = "警方查处3起\n\n城东所查处3起,培育“枫桥\n\n经验”品牌。\n\n城西所查处3起。";
pub const PARAGRAPHS: [&str; 2] = ["城东所查处3起,培育“枫桥经验”品牌。", "城西所查处3起。"];

/// The text of fragments, counted out by code points; nothing for a range the text does not have.
pub fn cut(text: &str, fragments: &[Fragment]) -> Option<String> {
    let text: Vec<char> = text.chars().collect();
    let one = |fragment: &Fragment| {
        let start = usize::try_from(fragment.start).ok()?;
        let end = usize::try_from(fragment.end).ok()?;
        Some(text.get(start..end)?.iter().collect::<String>())
    };
    fragments.iter().map(one).collect()
}

/// A span of a record: the record's name, the path in it, and the span.
pub type Placed = (String, String, Span);

/// Every span of an article that is set, and of its statistics.
pub fn spans_of(article: &Article, statistics: &[Statistic]) -> Vec<Placed> {
    let mut found = Vec::new();
    let name = article.name.as_str();
    each_span(&mut article.clone(), &mut |path, span| {
        found.extend(
            span.clone()
                .map(|span| (name.to_owned(), path.to_owned(), span)),
        );
    });
    for statistic in statistics {
        let span = statistic.span.clone().unwrap();
        found.push((statistic.name.clone(), "span".to_owned(), span));
    }
    found
}

/// How many spans are VERIFIED, MOVED and BROKEN. Fails when one does not cut its quote out of the
/// article's `source_text`, a broken one has a place, or a statistic is of another text.
#[track_caller]
pub fn proven(article: &Article, statistics: &[Statistic]) -> [usize; 3] {
    assert!(
        !article.source_text.is_empty(),
        "read the article in the SOURCE view"
    );
    for statistic in statistics {
        assert_eq!(
            statistic.source_sha256,
            article.source.as_ref().unwrap().sha256
        );
    }
    let mut counts = [0; 3];
    for (name, path, span) in spans_of(article, statistics) {
        let cut = cut(&article.source_text, &span.fragments);
        match span.state() {
            span::State::Broken => {
                assert_eq!(span.fragments, [], "{name} {path}");
                counts[2] += 1;
            }
            state => {
                assert!(!span.fragments.is_empty(), "{name} {path}");
                assert_eq!(cut.as_deref(), Some(span.quote.as_str()), "{name} {path}");
                let is_moved = match state {
                    span::State::Verified => 0,
                    span::State::Moved => 1,
                    _ => panic!("{name} {path} has no state"),
                };
                counts[is_moved] += 1;
            }
        }
        assert_eq!((span.prefix.as_str(), span.suffix.as_str()), ("", ""));
    }
    for paragraph in article
        .paragraphs
        .iter()
        .filter(|found| !found.fragments.is_empty())
    {
        let cut = cut(&article.source_text, &paragraph.fragments);
        assert_eq!(
            cut.as_deref(),
            Some(paragraph.text.as_str()),
            "{}",
            article.name
        );
    }
    counts
}

pub fn fragments(ranges: &[(i32, i32)]) -> Vec<Fragment> {
    let fragment = |&(start, end): &(i32, i32)| Fragment { start, end };
    ranges.iter().map(fragment).collect()
}

pub fn ranges(span: &Option<Span>) -> Vec<(i32, i32)> {
    let fragments = &span.as_ref().unwrap().fragments;
    fragments
        .iter()
        .map(|found| (found.start, found.end))
        .collect()
}

pub fn paragraph(text: &str, at: &[(i32, i32)]) -> Paragraph {
    Paragraph {
        text: text.to_owned(),
        kind: paragraph::Kind::Body.into(),
        fragments: fragments(at),
    }
}

pub fn quote(text: &str, at: &[(i32, i32)]) -> Option<Span> {
    Some(Span {
        quote: text.to_owned(),
        fragments: fragments(at),
        ..Span::default()
    })
}

/// A statistic of three cases.
pub fn three(quote: &str, at: &[(i32, i32)]) -> Statistic {
    let mut three = statistic(quote, "3", "起");
    three.span.as_mut().unwrap().fragments = fragments(at);
    three
}

/// An article on a page, with these paragraphs.
pub fn article(source_text: &str, paragraphs: &[&str]) -> Article {
    let paragraphs = paragraphs.iter().map(|text| paragraph(text, &[]));
    Article {
        headline: "标题".to_owned(),
        paragraphs: paragraphs.collect(),
        source_text: source_text.to_owned(),
        ..Article::default()
    }
}

pub async fn create(service: &Service, id: &str, article: Article) -> Result<Article, Refusal> {
    let request = pb::CreateArticleRequest {
        article_id: id.to_owned(),
        article: Some(article),
        validate_only: false,
    };
    Refusal::or(service.articles().create_article(request).await)
}

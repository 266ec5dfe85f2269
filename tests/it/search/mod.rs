//! SearchArticles: what a query finds, what it highlights, and how its pages follow each other.

mod finding;
mod language;
mod pages;

use bulletin::pb;
use bulletin::pb::search_articles_response::Result as Found;

use crate::support::{Refusal, Service};

async fn answer(
    service: &Service,
    request: pb::SearchArticlesRequest,
) -> Result<pb::SearchArticlesResponse, Refusal> {
    Refusal::or(service.articles().search_articles(request).await)
}

fn asked(query: &str) -> pb::SearchArticlesRequest {
    pb::SearchArticlesRequest {
        query: query.to_owned(),
        view: pb::View::Full.into(),
        ..Default::default()
    }
}

async fn search(service: &Service, query: &str) -> Vec<Found> {
    answer(service, asked(query)).await.unwrap().results
}

/// The ids of the articles found.
async fn ids(service: &Service, request: pb::SearchArticlesRequest) -> Vec<String> {
    let found = answer(service, request).await.unwrap().results;
    found.iter().map(id).collect()
}

fn id(found: &Found) -> String {
    let name = &found.article.as_ref().unwrap().name;
    name.strip_prefix("articles/").unwrap().to_owned()
}

/// What is highlighted: the field, which of several, and the text that the fragments cut.
fn shown(found: &Found) -> Vec<(String, i32, String)> {
    let article = found.article.as_ref().unwrap();
    let mut shown = Vec::new();
    for highlight in &found.highlights {
        let index = usize::try_from(highlight.index).unwrap();
        let text = match highlight.field.as_str() {
            "headline" => &article.headline,
            "kicker" => &article.kicker,
            "deck" => &article.deck,
            "bylines" => &article.bylines[index].display_name,
            "paragraphs" => &article.paragraphs[index].text,
            "captions" => &article.captions[index].text,
            other => panic!("no field {other}"),
        };
        let characters: Vec<char> = text.chars().collect();
        for fragment in &highlight.fragments {
            let at = |place: i32| usize::try_from(place).unwrap();
            let cut = characters[at(fragment.start)..at(fragment.end)].iter();
            shown.push((highlight.field.clone(), highlight.index, cut.collect()));
        }
    }
    shown
}

fn texts(found: &Found) -> Vec<String> {
    shown(found).into_iter().map(|(_, _, text)| text).collect()
}

fn paragraph(text: &str) -> pb::Paragraph {
    pb::Paragraph {
        text: text.to_owned(),
        kind: pb::paragraph::Kind::Body.into(),
        ..Default::default()
    }
}

/// Creates an article of a headline and a paragraph, and publishes it.
async fn publish(service: &Service, id: &str, headline: &str, text: &str) {
    let article = pb::Article {
        headline: headline.to_owned(),
        source_text: format!("{headline}\n{text}"),
        paragraphs: vec![paragraph(text)],
        ..Default::default()
    };
    create(service, id, article).await;
    let request = pb::PublishArticleRequest {
        name: format!("articles/{id}"),
        ..Default::default()
    };
    service.articles().publish_article(request).await.unwrap();
}

async fn create(service: &Service, id: &str, article: pb::Article) {
    let request = pb::CreateArticleRequest {
        article_id: id.to_owned(),
        article: Some(article),
        ..Default::default()
    };
    service.articles().create_article(request).await.unwrap();
}

//! What reads return: views, batches, snapshots, pages, versions; and what stands beside the services.

mod beside;
mod pages;
mod snapshots;
mod versions;
mod views;

use bulletin::pb::consistency::Requirement;
use bulletin::pb::{self, Article, Consistency};

use crate::support::Service;

const CONFERENCE: &str = "articles/paichusuo-work-conference";

fn get(name: &str, view: pb::View) -> pb::GetArticleRequest {
    pb::GetArticleRequest {
        name: name.to_owned(),
        view: view.into(),
        consistency: None,
    }
}

fn get_station(name: &str, consistency: Option<Consistency>) -> pb::GetStationRequest {
    pb::GetStationRequest {
        name: name.to_owned(),
        consistency,
    }
}

fn at(revision: i64) -> Option<Consistency> {
    Some(Consistency {
        requirement: Some(Requirement::ExactlyAt(revision)),
    })
}

fn as_fresh_as(token: &str) -> Option<Consistency> {
    Some(Consistency {
        requirement: Some(Requirement::AtLeastAsFresh(token.to_owned())),
    })
}

/// Creates an article of about so many bytes, without a page.
async fn create_large(service: &Service, id: &str, bytes: usize) {
    let paragraph = pb::Paragraph {
        text: "a".repeat(49_990),
        kind: pb::paragraph::Kind::Body.into(),
        fragments: Vec::new(),
    };
    let request = pb::CreateArticleRequest {
        article_id: id.to_owned(),
        article: Some(Article {
            headline: "长篇".to_owned(),
            paragraphs: vec![paragraph; bytes / 50_000],
            ..Default::default()
        }),
        validate_only: false,
    };
    service.ask(request).await.unwrap();
}

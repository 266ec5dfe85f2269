//! The life of records: states, corrections, deletion, etags, references.

mod deletion;
mod references;
mod states;
mod updates;

use bulletin::pb::{self, Article, Statistic};

use crate::support::{Service, mask, statistic};

const PAGE: &str = "通报\n\n城东所查处3起,城西所查处5起,共8起。张三说好。\n";
const ARTICLE: &str = "articles/report";
const NUMBER: &str = "articles/report/statistics/east";

/// A draft with two numbers, `east` and `west`.
async fn draft() -> Service {
    let service = Service::start().await;
    service.create_article("report", PAGE).await.unwrap();
    for (id, quote, value) in [
        ("east", "城东所查处3起", "3"),
        ("west", "城西所查处5起", "5"),
    ] {
        let number = statistic(quote, value, "起");
        service.create_statistic(ARTICLE, id, number).await.unwrap();
    }
    service
}

async fn published() -> Service {
    let service = draft().await;
    service.publish(ARTICLE).await.unwrap();
    service
}

fn retitle(headline: &str) -> pb::UpdateArticleRequest {
    pb::UpdateArticleRequest {
        article: Some(Article {
            name: ARTICLE.to_owned(),
            headline: headline.to_owned(),
            ..Default::default()
        }),
        update_mask: mask(&["headline"]),
        ..Default::default()
    }
}

fn remark(name: &str, metric: &str, reason: &str) -> pb::UpdateStatisticRequest {
    pb::UpdateStatisticRequest {
        statistic: Some(Statistic {
            name: name.to_owned(),
            metric: metric.to_owned(),
            ..Default::default()
        }),
        correction_reason: reason.to_owned(),
        ..Default::default()
    }
}

fn add(id: &str, reason: &str) -> pb::CreateStatisticRequest {
    pb::CreateStatisticRequest {
        parent: ARTICLE.to_owned(),
        statistic_id: id.to_owned(),
        statistic: Some(statistic("共8起", "8", "起")),
        correction_reason: reason.to_owned(),
        ..Default::default()
    }
}

fn delete(name: &str) -> pb::DeleteArticleRequest {
    pb::DeleteArticleRequest {
        name: name.to_owned(),
        force: true,
        ..Default::default()
    }
}

fn undelete(name: &str) -> pb::UndeleteArticleRequest {
    pb::UndeleteArticleRequest {
        name: name.to_owned(),
        ..Default::default()
    }
}

fn retract(reason: &str) -> pb::RetractArticleRequest {
    pb::RetractArticleRequest {
        name: ARTICLE.to_owned(),
        reason: reason.to_owned(),
        ..Default::default()
    }
}

fn publish() -> pb::PublishArticleRequest {
    pb::PublishArticleRequest {
        name: ARTICLE.to_owned(),
        ..Default::default()
    }
}

fn delete_number(name: &str, reason: &str) -> pb::DeleteStatisticRequest {
    pb::DeleteStatisticRequest {
        name: name.to_owned(),
        correction_reason: reason.to_owned(),
        ..Default::default()
    }
}

fn undelete_number(name: &str, reason: &str) -> pb::UndeleteStatisticRequest {
    pb::UndeleteStatisticRequest {
        name: name.to_owned(),
        correction_reason: reason.to_owned(),
        ..Default::default()
    }
}

fn delete_station(name: &str) -> pb::DeleteStationRequest {
    pb::DeleteStationRequest {
        name: name.to_owned(),
        ..Default::default()
    }
}

fn undelete_station(name: &str) -> pb::UndeleteStationRequest {
    pb::UndeleteStationRequest {
        name: name.to_owned(),
        ..Default::default()
    }
}

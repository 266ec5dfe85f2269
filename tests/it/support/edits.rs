//! Calls with all that varies as arguments.

use bulletin::pb::{self, Article, Station, Statistic};

use super::{Refusal, Service};

/// A police station below another.
pub async fn create_station_below(
    service: &Service,
    id: &str,
    parent: &str,
) -> Result<Station, Refusal> {
    let station = Station {
        display_name: format!("{id}派出所"),
        kind: pb::station::Kind::PoliceStation.into(),
        parent: parent.to_owned(),
        ..Station::default()
    };
    let request = pb::CreateStationRequest {
        station_id: id.to_owned(),
        station: Some(station),
        validate_only: false,
    };
    Refusal::or(service.stations().create_station(request).await)
}

/// Changes the fields that are set, if the etag is the current one.
pub async fn update_station(service: &Service, station: Station) -> Result<Station, Refusal> {
    let request = pb::UpdateStationRequest {
        station: Some(station),
        ..Default::default()
    };
    Refusal::or(service.stations().update_station(request).await)
}

pub async fn delete_station(service: &Service, name: &str) -> Result<Station, Refusal> {
    let request = pb::DeleteStationRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.stations().delete_station(request).await)
}

/// Creates an article as it is given, but for its name.
pub async fn create_article(
    service: &Service,
    id: &str,
    article: Article,
) -> Result<Article, Refusal> {
    let request = pb::CreateArticleRequest {
        article_id: id.to_owned(),
        article: Some(article),
        validate_only: false,
    };
    Refusal::or(service.articles().create_article(request).await)
}

/// Changes the fields that are set, if the etag is the current one.
pub async fn update_article(
    service: &Service,
    article: Article,
    correction_reason: &str,
) -> Result<Article, Refusal> {
    let request = pb::UpdateArticleRequest {
        article: Some(article),
        correction_reason: correction_reason.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.articles().update_article(request).await)
}

/// Deletes an article with its statistics.
pub async fn delete_article(service: &Service, name: &str) -> Result<Article, Refusal> {
    let request = pb::DeleteArticleRequest {
        name: name.to_owned(),
        force: true,
        ..Default::default()
    };
    Refusal::or(service.articles().delete_article(request).await)
}

pub async fn delete_statistic(service: &Service, name: &str) -> Result<Statistic, Refusal> {
    let request = pb::DeleteStatisticRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    Refusal::or(service.statistics().delete_statistic(request).await)
}

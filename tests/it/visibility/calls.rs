//! Every method of the API, called about the records of one state. Nothing is written.

use bulletin::pb::consistency::Requirement;
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::watch_changes_response::Type;
use bulletin::pb::{self, Article, Consistency, Record, Station, Statistic, record};
use prost::Message;

use super::Target;
use crate::support::{Call, Refusal, Service, statistic};
use crate::transfer::{messages, of_article, requests};

const REASON: &str = "更正";

/// The bytes of the answer. Reads ask for this freshness.
pub async fn call(
    method: &str,
    service: &Service,
    target: &Target,
    requirement: Option<Requirement>,
) -> Result<Vec<u8>, Refusal> {
    let Target {
        article,
        statistic,
        station,
        page,
    } = target.clone();
    let asker = Asker {
        service,
        consistency: requirement.map(|requirement| Consistency {
            requirement: Some(requirement),
        }),
    };
    match method {
        "GetArticle" | "BatchGetArticles" | "ListArticles" | "SearchArticles" => {
            asker.read_article(method, article).await
        }
        "GetStation" | "BatchGetStations" | "ListStations" | "ResolveStations"
        | "ListStationHonours" => asker.read_station(method, station).await,
        "GetStatistic" | "BatchGetStatistics" | "ListStatistics" | "AggregateStatistics" => {
            asker.read_statistic(method, target).await
        }
        "GetHead" => asker.ask(pb::GetHeadRequest {}).await,
        "ListRevisions" => asker.revisions(article).await,
        "WatchChanges" => snapshot(service, vec![record::Kind::Article.into()]).await,
        "ExportRecords" => export(service).await,
        "CreateArticle" | "UpdateArticle" | "DeleteArticle" | "UndeleteArticle"
        | "PublishArticle" | "RetractArticle" => asker.write_article(method, article).await,
        "CreateStation" | "UpdateStation" | "DeleteStation" | "UndeleteStation" => {
            asker.write_station(method, station).await
        }
        "CreateStatistic" | "UpdateStatistic" | "DeleteStatistic" | "UndeleteStatistic" => {
            asker.write_statistic(method, statistic).await
        }
        "ImportRecords" => import(service, article).await,
        "IngestBulletin" => {
            let request = pb::IngestBulletinRequest {
                text: page,
                validate_only: true,
                ..Default::default()
            };
            asker.ask(request).await
        }
        other => panic!("{other} has no case here: add one, and a row to the table"),
    }
}

struct Asker<'a> {
    service: &'a Service,
    consistency: Option<Consistency>,
}

impl Asker<'_> {
    async fn ask<C: Call<Answer: Message>>(&self, request: C) -> Result<Vec<u8>, Refusal> {
        let answer = self.service.ask(request).await?;
        Ok(answer.encode_to_vec())
    }

    async fn read_article(&self, method: &str, name: String) -> Result<Vec<u8>, Refusal> {
        let view = pb::View::Source.into();
        let consistency = self.consistency.clone();
        match method {
            "GetArticle" => {
                let request = pb::GetArticleRequest {
                    name,
                    view,
                    consistency,
                };
                self.ask(request).await
            }
            "BatchGetArticles" => {
                let names = vec![name];
                let request = pb::BatchGetArticlesRequest {
                    names,
                    view,
                    consistency,
                };
                self.ask(request).await
            }
            "ListArticles" => {
                let request = pb::ListArticlesRequest {
                    view,
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
            _ => {
                let request = pb::SearchArticlesRequest {
                    query: "查处".into(),
                    view,
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
        }
    }

    async fn read_station(&self, method: &str, name: String) -> Result<Vec<u8>, Refusal> {
        let consistency = self.consistency.clone();
        match method {
            "GetStation" => self.ask(pb::GetStationRequest { name, consistency }).await,
            "BatchGetStations" => {
                let names = vec![name];
                self.ask(pb::BatchGetStationsRequest { names, consistency })
                    .await
            }
            "ListStations" => {
                let request = pb::ListStationsRequest {
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "ResolveStations" => {
                let id = name.trim_start_matches("stations/");
                let request = pb::ResolveStationsRequest {
                    texts: vec![format!("{id}派出所"), "hidden拟派出所".to_owned()],
                    consistency,
                    ..Default::default()
                };
                let answer = self.service.ask(request).await?;
                // The texts that were asked for come back.
                let found = answer
                    .resolutions
                    .into_iter()
                    .flat_map(|found| found.candidates);
                let stations = found.filter_map(|candidate| candidate.station);
                Ok(pb::ListStationsResponse {
                    stations: stations.collect(),
                    ..Default::default()
                }
                .encode_to_vec())
            }
            _ => {
                let request = pb::ListStationHonoursRequest {
                    parent: name,
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
        }
    }

    async fn read_statistic(&self, method: &str, target: &Target) -> Result<Vec<u8>, Refusal> {
        let consistency = self.consistency.clone();
        let (name, parent) = (target.statistic.clone(), target.parent().to_owned());
        match method {
            "GetStatistic" => {
                self.ask(pb::GetStatisticRequest { name, consistency })
                    .await
            }
            "BatchGetStatistics" => {
                let request = pb::BatchGetStatisticsRequest {
                    names: vec![name],
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "ListStatistics" => {
                let request = pb::ListStatisticsRequest {
                    parent,
                    consistency,
                    ..Default::default()
                };
                self.ask(request).await
            }
            _ => {
                let request = pb::AggregateStatisticsRequest {
                    parent,
                    function: pb::aggregate_statistics_request::Function::Count.into(),
                    include_statistics: true,
                    consistency,
                    ..Default::default()
                };
                let answer = self.service.ask(request).await?;
                let groups = answer.groups.into_iter();
                let names = groups.flat_map(|group| group.statistics);
                Ok(of_names(names))
            }
        }
    }

    async fn revisions(&self, name: String) -> Result<Vec<u8>, Refusal> {
        let request = pb::ListRevisionsRequest {
            name,
            consistency: self.consistency.clone(),
            ..Default::default()
        };
        self.ask(request).await
    }

    async fn write_article(&self, method: &str, name: String) -> Result<Vec<u8>, Refusal> {
        let (etag, validate_only) = (String::new(), true);
        let article = Article {
            name: name.clone(),
            headline: "另一个标题".into(),
            ..Default::default()
        };
        match method {
            "CreateArticle" => {
                let article_id = id(&name);
                let request = pb::CreateArticleRequest {
                    article_id,
                    article: Some(article),
                    validate_only,
                };
                self.ask(request).await
            }
            "UpdateArticle" => {
                let request = pb::UpdateArticleRequest {
                    article: Some(article),
                    correction_reason: REASON.into(),
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "DeleteArticle" => {
                let request = pb::DeleteArticleRequest {
                    name,
                    force: true,
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "UndeleteArticle" => {
                let request = pb::UndeleteArticleRequest {
                    name,
                    etag,
                    validate_only,
                };
                self.ask(request).await
            }
            "PublishArticle" => {
                let request = pb::PublishArticleRequest {
                    name,
                    etag,
                    validate_only,
                };
                self.ask(request).await
            }
            _ => {
                let request = pb::RetractArticleRequest {
                    name,
                    etag,
                    reason: REASON.into(),
                    validate_only,
                };
                self.ask(request).await
            }
        }
    }

    async fn write_station(&self, method: &str, name: String) -> Result<Vec<u8>, Refusal> {
        let (etag, validate_only) = (String::new(), true);
        let station = Station {
            name: name.clone(),
            display_name: "另一个派出所".into(),
            kind: pb::station::Kind::PoliceStation.into(),
            ..Default::default()
        };
        match method {
            "CreateStation" => {
                let request = pb::CreateStationRequest {
                    station_id: id(&name),
                    station: Some(station),
                    validate_only,
                };
                self.ask(request).await
            }
            "UpdateStation" => {
                let request = pb::UpdateStationRequest {
                    station: Some(station),
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "DeleteStation" => {
                let request = pb::DeleteStationRequest {
                    name,
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            _ => {
                let request = pb::UndeleteStationRequest {
                    name,
                    etag,
                    validate_only,
                };
                self.ask(request).await
            }
        }
    }

    async fn write_statistic(&self, method: &str, name: String) -> Result<Vec<u8>, Refusal> {
        let correction_reason = REASON.to_owned();
        let validate_only = true;
        match method {
            "CreateStatistic" => {
                let (parent, _) = name.split_once("/statistics/").unwrap();
                let request = pb::CreateStatisticRequest {
                    parent: parent.to_owned(),
                    statistic_id: id(&name),
                    statistic: Some(statistic("查处3起", "3", "起")),
                    correction_reason,
                    validate_only,
                };
                self.ask(request).await
            }
            "UpdateStatistic" => {
                let statistic = Statistic {
                    name,
                    metric: "另一个指标".into(),
                    ..Default::default()
                };
                let request = pb::UpdateStatisticRequest {
                    statistic: Some(statistic),
                    correction_reason,
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            "DeleteStatistic" => {
                let request = pb::DeleteStatisticRequest {
                    name,
                    correction_reason,
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
            _ => {
                let request = pb::UndeleteStatisticRequest {
                    name,
                    correction_reason,
                    validate_only,
                    ..Default::default()
                };
                self.ask(request).await
            }
        }
    }
}

fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap().to_owned()
}

/// Names as a message has them.
fn of_names(names: impl Iterator<Item = String>) -> Vec<u8> {
    let articles = names.map(|name| Article {
        name,
        ..Default::default()
    });
    let message = pb::ListArticlesResponse {
        articles: articles.collect(),
        ..Default::default()
    };
    message.encode_to_vec()
}

fn of_records(records: Vec<Record>) -> Vec<u8> {
    let message = pb::ExportRecordsResponse {
        records,
        ..Default::default()
    };
    message.encode_to_vec()
}

/// The records that a watch begins with.
async fn snapshot(service: &Service, kinds: Vec<i32>) -> Result<Vec<u8>, Refusal> {
    let request = pb::WatchChangesRequest {
        start: Some(Start::Snapshot(true)),
        kinds,
        ..Default::default()
    };
    let stream = service.changes().watch_changes(request).await;
    let mut stream = Refusal::or(stream)?;
    let mut records = Vec::new();
    loop {
        let message = stream.message().await.unwrap().unwrap();
        match message.r#type() {
            Type::SnapshotEnd => return Ok(of_records(records)),
            _ => records.extend(message.records),
        }
    }
}

async fn export(service: &Service) -> Result<Vec<u8>, Refusal> {
    let messages = messages(service, pb::ExportRecordsRequest::default()).await?;
    let records = messages.into_iter().flat_map(|message| message.records);
    // A page's text holds its article's id; readers must not be given it here.
    Ok(of_records(records.collect()))
}

/// Imports a record that is there already, which changes nothing.
async fn import(service: &Service, name: String) -> Result<Vec<u8>, Refusal> {
    let given = of_article(Article {
        name,
        headline: "另一个标题".into(),
        ..Default::default()
    });
    let messages = requests(Mode::SkipExisting, "", [vec![given]]);
    let mut client = service.transfer();
    let stream = client.import_records(tokio_stream::iter(messages)).await;
    let mut stream = Refusal::or(stream)?;
    let answer = stream.message().await;
    let answer = answer.map_err(|status| Refusal::of(&status))?;
    Ok(answer.unwrap().encode_to_vec())
}

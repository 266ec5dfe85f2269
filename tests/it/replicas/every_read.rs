//! Every RPC that reads, asked alike, so that answers can be compared.

use bulletin::pb::aggregate_statistics_request::Function;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::total::Mode;
use bulletin::pb::{self, Consistency, View};
use tonic::Status;

use super::{requirement, revision, token};
use crate::support::{Call, Refusal, Service};

/// The answer, or the refusal, as text without what differs from read to read; and the token.
#[derive(Debug)]
pub struct Answer {
    pub method: &'static str,
    pub outcome: Result<(String, String), Refusal>,
}

impl Answer {
    /// Without the token, and without what repeats it.
    pub fn content(&self) -> String {
        let (content, token) = self.outcome.as_ref().unwrap_or_else(|refusal| {
            panic!("{}: {refusal:?}", self.method);
        });
        content.replace(token, "TOKEN")
    }

    pub fn revision(&self) -> i64 {
        revision(&self.outcome.as_ref().unwrap().1)
    }
}

pub const ARTICLE: &str = "articles/paichusuo-work-conference";

async fn ask<C: Call>(service: &Service, method: &'static str, call: C) -> Answer
where
    C::Answer: std::fmt::Debug,
{
    let outcome: Result<_, Status> = call.call(service).await;
    let outcome = match outcome {
        Ok(response) => {
            let token = token(&response);
            let mut content = format!("{:?}", response.into_inner());
            // Page tokens are sealed with chance.
            if let Some((before, _)) = content.split_once("next_page_token: \"") {
                content = before.to_owned();
            }
            Ok((content, token))
        }
        Err(status) => Err(Refusal::of(&status)),
    };
    Answer { method, outcome }
}

/// Asks every RPC that takes a consistency, of the seed page and of one station.
pub async fn ask_all(
    service: &Service,
    station: &str,
    consistency: Option<Consistency>,
) -> Vec<Answer> {
    let station = format!("stations/{station}");
    let mut answers = of_articles(service, &station, consistency.clone()).await;
    answers.extend(of_stations(service, &station, consistency.clone()).await);
    answers.extend(of_statistics(service, consistency.clone()).await);
    let request = pb::ListRevisionsRequest {
        name: station,
        consistency,
        ..Default::default()
    };
    answers.push(ask(service, "ListRevisions", request).await);
    answers
}

async fn of_articles(
    service: &Service,
    station: &str,
    consistency: Option<Consistency>,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    for view in [View::Basic, View::Full, View::Source] {
        let request = pb::GetArticleRequest {
            name: ARTICLE.to_owned(),
            view: view.into(),
            consistency: consistency.clone(),
        };
        answers.push(ask(service, "GetArticle", request).await);
    }
    let request = pb::BatchGetArticlesRequest {
        names: vec![ARTICLE.to_owned()],
        consistency: consistency.clone(),
        ..Default::default()
    };
    answers.push(ask(service, "BatchGetArticles", request).await);
    for total in [Mode::Exact, Mode::Estimate] {
        let request = pb::ListArticlesRequest {
            total: total.into(),
            filter: "state = PUBLISHED".to_owned(),
            consistency: consistency.clone(),
            ..Default::default()
        };
        answers.push(ask(service, "ListArticles", request).await);
    }
    let request = pb::SearchArticlesRequest {
        query: "枫桥经验".to_owned(),
        consistency: consistency.clone(),
        ..Default::default()
    };
    answers.push(ask(service, "SearchArticles", request).await);
    let request = pb::ListStationHonoursRequest {
        parent: station.to_owned(),
        consistency,
        ..Default::default()
    };
    answers.push(ask(service, "ListStationHonours", request).await);
    answers
}

async fn of_stations(
    service: &Service,
    station: &str,
    consistency: Option<Consistency>,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    let request = pb::GetStationRequest {
        name: station.to_owned(),
        consistency: consistency.clone(),
    };
    answers.push(ask(service, "GetStation", request).await);
    let request = pb::BatchGetStationsRequest {
        names: vec![station.to_owned(), "stations/zhenhai-branch".to_owned()],
        consistency: consistency.clone(),
    };
    answers.push(ask(service, "BatchGetStations", request).await);
    let request = pb::ListStationsRequest {
        page_size: 1_000,
        total: Mode::Exact.into(),
        consistency: consistency.clone(),
        ..Default::default()
    };
    answers.push(ask(service, "ListStations", request).await);
    let request = pb::ResolveStationsRequest {
        texts: vec!["镇海分局".to_owned(), "招宝山派出所".to_owned()],
        article: ARTICLE.to_owned(),
        consistency,
        ..Default::default()
    };
    answers.push(ask(service, "ResolveStations", request).await);
    answers
}

async fn of_statistics(service: &Service, consistency: Option<Consistency>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for parent in ["articles/-", ARTICLE] {
        let request = pb::ListStatisticsRequest {
            parent: parent.to_owned(),
            consistency: consistency.clone(),
            ..Default::default()
        };
        answers.push(ask(service, "ListStatistics", request).await);
    }
    let listed = pb::ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_size: 2,
        ..Default::default()
    };
    // The names do not change.
    if let Ok(listed) = service.ask(listed).await {
        let names: Vec<String> = listed
            .statistics
            .into_iter()
            .map(|found| found.name)
            .collect();
        let request = pb::GetStatisticRequest {
            name: names[0].clone(),
            consistency: consistency.clone(),
        };
        answers.push(ask(service, "GetStatistic", request).await);
        let request = pb::BatchGetStatisticsRequest {
            names,
            consistency: consistency.clone(),
            ..Default::default()
        };
        answers.push(ask(service, "BatchGetStatistics", request).await);
    }
    let request = pb::AggregateStatisticsRequest {
        parent: "articles/-".to_owned(),
        function: Function::Count.into(),
        consistency,
        ..Default::default()
    };
    answers.push(ask(service, "AggregateStatistics", request).await);
    answers
}

/// The station as it was after a revision.
pub async fn ask_at(service: &Service, station: &str, revision: i64) -> Answer {
    let request = pb::GetStationRequest {
        name: format!("stations/{station}"),
        consistency: requirement(Requirement::ExactlyAt(revision)),
    };
    ask(service, "GetStation at", request).await
}

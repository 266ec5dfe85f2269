//! Export and import, over gRPC and as commands.

mod export;
mod snapshot;

use bulletin::pb::export_records_response::Summary;
use bulletin::pb::record::Kind;
use bulletin::pb::record::Record as Any;
use bulletin::pb::{ExportRecordsRequest, ExportRecordsResponse, Record};

use crate::support::{Refusal, Service};

/// Everything, deleted records too.
pub fn everything() -> ExportRecordsRequest {
    ExportRecordsRequest {
        show_deleted: true,
        ..Default::default()
    }
}

/// All messages of an export.
pub async fn messages(
    service: &Service,
    request: ExportRecordsRequest,
) -> Result<Vec<ExportRecordsResponse>, Refusal> {
    let stream = service.transfer().export_records(request).await;
    let mut stream = Refusal::or(stream)?;
    let mut messages = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return Ok(messages),
            Err(status) => return Err(Refusal::of(&status)),
        }
    }
}

/// An export's records, and what it says of them.
#[derive(Debug, PartialEq)]
pub struct Exported {
    pub records: Vec<Record>,
    pub summary: Summary,
    pub token: String,
}

impl Exported {
    pub fn of(messages: Vec<ExportRecordsResponse>) -> Self {
        let last = messages.last().unwrap().clone();
        let (before, _) = messages.split_at(messages.len() - 1);
        assert!(before.iter().all(|message| message.summary.is_none()));
        assert!(messages.iter().all(|message| message.token == last.token));
        Self {
            records: messages
                .into_iter()
                .flat_map(|message| message.records)
                .collect(),
            summary: last.summary.unwrap(),
            token: last.token,
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.records.iter().map(name).collect()
    }
}

pub async fn export(service: &Service, request: ExportRecordsRequest) -> Exported {
    Exported::of(messages(service, request).await.unwrap())
}

pub fn name(record: &Record) -> String {
    match record.record.as_ref().unwrap() {
        Any::Article(article) => article.name.clone(),
        Any::Station(station) => station.name.clone(),
        Any::Statistic(statistic) => statistic.name.clone(),
        Any::Source(source) => format!("sources/{}", source.sha256),
    }
}

pub fn etag(record: &Record) -> String {
    match record.record.as_ref().unwrap() {
        Any::Article(article) => article.etag.clone(),
        Any::Station(station) => station.etag.clone(),
        Any::Statistic(statistic) => statistic.etag.clone(),
        Any::Source(source) => source.sha256.clone(),
    }
}

pub fn kind(record: &Record) -> Kind {
    match record.record.as_ref().unwrap() {
        Any::Article(_) => Kind::Article,
        Any::Station(_) => Kind::Station,
        Any::Statistic(_) => Kind::Statistic,
        Any::Source(_) => Kind::Source,
    }
}

//! Export and import, over gRPC and as commands.

mod commands;
mod export;
mod imports;
mod interrupted;
mod mirror;
mod snapshot;

use bulletin::pb::export_records_response::Summary;
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::import_records_response::result::Outcome;
use bulletin::pb::record::Kind;
use bulletin::pb::record::Record as Any;
use bulletin::pb::{
    Article, ImportRecordsRequest, ImportRecordsResponse, SourceText, Station, Statistic,
};
use bulletin::pb::{ExportRecordsRequest, ExportRecordsResponse, Record};

use bulletin::transfer::order::References;

pub use self::export::digest_of;

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

    /// Chunks of so many records, each after what it refers to.
    pub fn chunks(&self, size: usize) -> Vec<Vec<Record>> {
        let mut references = References::default();
        let records = self.records.iter().cloned();
        let mut ordered: Vec<Record> = records.flat_map(|record| references.push(record)).collect();
        ordered.extend(references.finish());
        assert_eq!(ordered.len(), self.records.len());
        ordered.chunks(size).map(<[Record]>::to_vec).collect()
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

pub fn of_source(text: &str) -> Record {
    let sha256 = bulletin::page::Page::new(text).sha256().to_owned();
    let text = text.to_owned();
    any(Any::Source(SourceText { sha256, text }))
}

pub fn of_station(station: Station) -> Record {
    any(Any::Station(station))
}

pub fn of_article(article: Article) -> Record {
    any(Any::Article(article))
}

pub fn of_statistic(statistic: Statistic) -> Record {
    any(Any::Statistic(statistic))
}

fn any(record: Any) -> Record {
    Record {
        record: Some(record),
    }
}

/// The messages of an import.
pub fn requests(
    mode: Mode,
    correction_reason: &str,
    chunks: impl IntoIterator<Item = Vec<Record>>,
) -> Vec<ImportRecordsRequest> {
    let mut requests: Vec<ImportRecordsRequest> = chunks
        .into_iter()
        .map(|records| ImportRecordsRequest {
            records,
            ..Default::default()
        })
        .collect();
    if let Some(first) = requests.first_mut() {
        first.mode = mode.into();
        first.correction_reason = correction_reason.to_owned();
    }
    requests
}

/// Sends messages, and gives the answers; also of an import that fails, with why it did.
pub async fn send(
    service: &Service,
    requests: Vec<ImportRecordsRequest>,
) -> (Vec<ImportRecordsResponse>, Option<Refusal>) {
    let mut client = service.transfer();
    let stream = client.import_records(tokio_stream::iter(requests));
    let mut stream = stream.await.unwrap().into_inner();
    let mut answers = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(answer)) => answers.push(answer),
            Ok(None) => return (answers, None),
            Err(status) => return (answers, Some(Refusal::of(&status))),
        }
    }
}

/// Imports chunks, and gives what became of each record.
pub async fn import(
    service: &Service,
    mode: Mode,
    correction_reason: &str,
    chunks: impl IntoIterator<Item = Vec<Record>>,
) -> Vec<Imported> {
    let (answers, refusal) = send(service, requests(mode, correction_reason, chunks)).await;
    assert!(refusal.is_none(), "{refusal:?}");
    let results = answers.into_iter().flat_map(|answer| answer.results);
    results.map(Imported::of).collect()
}

/// Imports records as one chunk, to replace what is there.
pub async fn upsert(
    service: &Service,
    correction_reason: &str,
    records: Vec<Record>,
) -> Vec<Imported> {
    import(service, Mode::Upsert, correction_reason, [records]).await
}

/// What became of a record.
#[derive(Debug)]
pub struct Imported {
    pub name: String,
    pub outcome: Outcome,
    pub refusal: Option<Refusal>,
}

impl Imported {
    fn of(result: bulletin::pb::import_records_response::Result) -> Self {
        let outcome = result.outcome();
        let refusal = result.error.map(|error| {
            let details = prost::Message::encode_to_vec(&error).into();
            let code = tonic::Code::from(error.code);
            Refusal::of(&tonic::Status::with_details(code, error.message, details))
        });
        assert_eq!(outcome == Outcome::Refused, refusal.is_some());
        Self {
            name: result.name,
            outcome,
            refusal,
        }
    }
}

pub fn outcomes(imported: &[Imported]) -> Vec<Outcome> {
    imported.iter().map(|imported| imported.outcome).collect()
}

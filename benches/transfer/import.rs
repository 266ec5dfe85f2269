//! Writing: through the service, and by COPY of the rows that this left.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bulletin::pb::import_records_request::Mode;
use bulletin::pb::import_records_response::result::Outcome;
use bulletin::pb::transfer_service_client::TransferServiceClient;
use bulletin::pb::{ImportRecordsRequest, Record};
use sqlx::{Connection as _, PgConnection};
use tokio_stream::StreamExt as _;
use tonic::transport::Endpoint;

const CHUNK_RECORDS: usize = 500;

pub async fn import(address: &str, records: Vec<Record>) -> Result<Duration> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?
        .connect()
        .await?;
    let mut client = TransferServiceClient::new(channel);
    let chunks = records.chunks(CHUNK_RECORDS).enumerate();
    let requests: Vec<ImportRecordsRequest> = chunks
        .map(|(index, records)| ImportRecordsRequest {
            mode: if index == 0 { Mode::Upsert.into() } else { 0 },
            records: records.to_vec(),
            ..Default::default()
        })
        .collect();
    let began = Instant::now();
    let requests = tokio_stream::iter(requests);
    let mut answers = client.import_records(requests).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        for result in answer.results {
            ensure!(result.outcome() != Outcome::Refused, "{result:?}");
        }
    }
    Ok(began.elapsed())
}

/// In an order in which rows find what they refer to.
const TABLES: [&str; 6] = [
    "revisions",
    "changes",
    "sources",
    "stations",
    "articles",
    "statistics",
];

/// Copies all rows to the other database; only writing them is measured.
pub async fn copy(from: &str, to: &str) -> Result<Duration> {
    let mut from = PgConnection::connect(from).await?;
    let mut to = PgConnection::connect(to).await?;
    sqlx::query("delete from revisions")
        .execute(&mut to)
        .await?;
    let mut spent = Duration::ZERO;
    for table in TABLES {
        let sql = format!("copy {table} to stdout (format binary)");
        let mut rows = Vec::new();
        let mut stream = from.copy_out_raw(&sql).await?;
        while let Some(bytes) = stream.next().await {
            rows.push(bytes?);
        }
        drop(stream);
        let began = Instant::now();
        let sql = format!("copy {table} from stdin (format binary)");
        let mut copy = to.copy_in_raw(&sql).await?;
        for bytes in rows {
            copy.send(bytes).await?;
        }
        copy.finish().await?;
        spent += began.elapsed();
    }
    for connection in [from, to] {
        connection.close().await?;
    }
    Ok(spent)
}

/// All of a statement's rows, streamed.
pub async fn copied_out(connection: &mut PgConnection, select: &str) -> Result<usize> {
    let sql = format!("copy ({select}) to stdout (format binary)");
    let mut stream = connection.copy_out_raw(&sql).await?;
    let mut bytes = 0;
    while let Some(part) = stream.next().await {
        bytes += part?.len();
    }
    Ok(bytes)
}

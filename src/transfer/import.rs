//! ImportRecords: chunks as they come, each proven while the one before it is written.

use std::sync::Arc;

use prost::Message as _;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::context::Context;
use crate::corrections::check_correction_reason;
use crate::edge::foreign::documented;
use crate::error::{Error, Result};
use crate::pb::import_records_request::Mode as AskedMode;
use crate::pb::{ImportRecordsRequest, ImportRecordsResponse};
use crate::rules::Check;
use crate::threads;
use crate::transfer::chunk::{Chunk, Mode};

/// Most records of a chunk.
const RECORDS_MAX: usize = 500;

/// How many chunks are proven before their turn, and how many answers wait for the caller.
const CHUNKS_AHEAD: usize = 1;

type Answers = mpsc::Sender<Result<ImportRecordsResponse, Status>>;

/// Takes chunks until the caller ends the stream, goes away, or does something wrong, and until the
/// service stops.
pub fn start(
    context: Context,
    requests: Streaming<ImportRecordsRequest>,
    actor: Arc<str>,
) -> mpsc::Receiver<Result<ImportRecordsResponse, Status>> {
    let (answers, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let (chunks, proven) = mpsc::channel(CHUNKS_AHEAD);
    threads::bulk(write_all(context.clone(), actor, proven, answers));
    threads::bulk(take_all(context, requests, chunks));
    receiver
}

/// Reads and proves chunks. What ends the import early comes last, after the chunks before it.
async fn take_all(
    context: Context,
    mut requests: Streaming<ImportRecordsRequest>,
    chunks: mpsc::Sender<Result<Chunk, Status>>,
) {
    let mut asked = None;
    loop {
        // A place for it first: nothing is read ahead without bound.
        let Ok(place) = chunks.reserve().await else {
            return;
        };
        match next(&context, &mut requests, &mut asked).await {
            Ok(Some(chunk)) => place.send(Ok(chunk)),
            Ok(None) => return,
            Err(status) => return place.send(Err(status)),
        }
    }
}

/// What the first message asks for.
struct Asked {
    mode: Mode,
    correction_reason: String,
}

async fn next(
    context: &Context,
    requests: &mut Streaming<ImportRecordsRequest>,
    asked: &mut Option<Asked>,
) -> Result<Option<Chunk>, Status> {
    let mut stopping = context.stopping.clone();
    let message = tokio::select! {
        biased;
        () = stopping.begun() => return Err(Error::Draining.into()),
        message = requests.message() => message,
    };
    let message = message.map_err(|status| documented(&status).unwrap_or(status))?;
    let Some(request) = message else {
        return Ok(None);
    };
    let asked = match asked {
        None => asked.insert(first(&request)?),
        Some(asked) => {
            check_later(&request)?;
            asked
        }
    };
    let mut check = Check::default();
    check.count("records", request.records.len(), RECORDS_MAX);
    check.finish()?;
    let mut chunk = Chunk::new(request.records, asked.mode, &asked.correction_reason);
    chunk.prepare(&context.db).await?;
    Ok(Some(chunk))
}

fn first(request: &ImportRecordsRequest) -> Result<Asked> {
    let mut check = Check::default();
    check.required_enum::<AskedMode>("mode", request.mode);
    check.finish()?;
    check_correction_reason(&request.correction_reason)?;
    let mode = match request.mode() {
        AskedMode::SkipExisting => Mode::SkipExisting,
        AskedMode::Unspecified | AskedMode::Upsert => Mode::Upsert,
    };
    Ok(Asked {
        mode,
        correction_reason: request.correction_reason.clone(),
    })
}

fn check_later(request: &ImportRecordsRequest) -> Result<()> {
    let mut check = Check::default();
    if request.mode != 0 {
        check.refuse("mode", "must be unset after the first message");
    }
    if !request.correction_reason.is_empty() {
        check.refuse("correction_reason", "must be unset after the first message");
    }
    check.finish()
}

/// Writes chunks one after the other, and answers each once it is durable.
async fn write_all(
    context: Context,
    actor: Arc<str>,
    mut chunks: mpsc::Receiver<Result<Chunk, Status>>,
    answers: Answers,
) {
    while let Some(chunk) = chunks.recv().await {
        let answer = match chunk {
            Ok(chunk) => write(&context, &actor, chunk).await.map_err(Status::from),
            Err(status) => Err(status),
        };
        let is_last = answer.is_err();
        if answers.send(answer).await.is_err() || is_last {
            return;
        }
    }
}

async fn write(context: &Context, actor: &str, mut chunk: Chunk) -> Result<ImportRecordsResponse> {
    // What waited for the chunk before it finds that now.
    if chunk.is_unproven() {
        chunk.prepare(&context.db).await?;
    }
    let committed = context.committer.submit(chunk, actor, false).await?;
    let mut response =
        ImportRecordsResponse::decode(&committed.answer[..]).map_err(Error::internal)?;
    response.token = committed.token.to_string();
    Ok(response)
}

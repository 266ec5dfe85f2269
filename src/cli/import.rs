//! `bulletin import`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail, ensure};
use indicatif::ProgressBar;
use prost::Message as _;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::cli::client::{Channel, Retry, channel, progress};
use crate::cli::export::line_of;
use crate::cli::file::{is_at, open};
use crate::config::{ImportMode, ImportOptions};
use crate::pb::import_records_request::Mode;
use crate::pb::import_records_response::result::Outcome;
use crate::pb::transfer_service_client::TransferServiceClient;
use crate::pb::{ImportRecordsRequest, ImportRecordsResponse, Record};
use crate::seed::parse_line;
use crate::transfer::order::References;

/// Most records, and about most bytes, of a chunk.
const CHUNK_RECORDS: usize = 500;
const CHUNK_BYTES: usize = 2 * 1024 * 1024;

/// Chunks that are sent before the first of them is answered, and that are read before they are sent.
const CHUNKS_AHEAD: usize = 3;

type Chunk = Vec<Record>;

pub async fn run(options: ImportOptions) -> anyhow::Result<()> {
    let channel = channel(&options.client)?;
    let read = Arc::new(AtomicU64::new(0));
    let (lines, size) = open(&options.file, &read)
        .with_context(|| format!("cannot read {}", options.file.display()))?;
    let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
    let (end, ended) = oneshot::channel();
    // A thread that the end of the command does not wait for: standard input may never say more.
    std::thread::spawn(move || end.send(read_chunks(lines, &sender)));
    let mut import = Import {
        chunks,
        sent: VecDeque::new(),
        outcome: Totals::new(options.refused.as_deref(), &options.file)?,
        read,
        bar: progress(size, "bytes"),
        is_read: false,
    };
    let mut retry = Retry::new(&options.client);
    while let Err(status) = import.call(&channel, &options, &mut retry).await? {
        retry.after(status).await?;
    }
    import.bar.finish_and_clear();
    // What was wrong with a line comes after the chunks before it were written.
    ended.await.context("the reading ended by itself")??;
    import.outcome.tell()
}

/// Parses lines and puts them in order; ends early when nobody takes them any more.
fn read_chunks(
    lines: Box<dyn std::io::BufRead + Send>,
    chunks: &mpsc::Sender<Chunk>,
) -> anyhow::Result<()> {
    let mut references = References::default();
    let mut chunk = Growing::default();
    for (number, line) in (1..).zip(std::io::BufRead::lines(lines)) {
        let line = line.with_context(|| format!("line {number} cannot be read"))?;
        if line.trim().is_empty() {
            continue;
        }
        let record = parse_line(number, &line);
        // What is right before a wrong line is written.
        let (ready, fault) = match record {
            Ok(record) => (references.push(record), None),
            Err(error) => (references.finish(), Some(error)),
        };
        for record in ready {
            if let Some(full) = chunk.push(record)
                && chunks.blocking_send(full).is_err()
            {
                return Ok(());
            }
        }
        if let Some(error) = fault {
            let _ = chunks.blocking_send(chunk.records);
            return Err(error.into());
        }
    }
    for record in references.finish() {
        if let Some(full) = chunk.push(record)
            && chunks.blocking_send(full).is_err()
        {
            return Ok(());
        }
    }
    // Nobody takes it: the import failed, which is told there.
    let _ = chunks.blocking_send(chunk.records);
    Ok(())
}

#[derive(Default)]
struct Growing {
    records: Chunk,
    bytes: usize,
}

impl Growing {
    /// Adds a record; gives the chunk that is full without it.
    fn push(&mut self, record: Record) -> Option<Chunk> {
        let bytes = record.encoded_len();
        let is_full = !self.records.is_empty()
            && (self.records.len() == CHUNK_RECORDS || self.bytes + bytes > CHUNK_BYTES);
        let full = is_full.then(|| std::mem::take(self).records);
        self.bytes += bytes;
        self.records.push(record);
        full
    }
}

struct Import {
    chunks: mpsc::Receiver<Chunk>,
    /// Not answered yet; sent again by the next call.
    sent: VecDeque<Chunk>,
    outcome: Totals,
    read: Arc<AtomicU64>,
    bar: ProgressBar,
    is_read: bool,
}

impl Import {
    /// One call: sends what is not answered, then what is read, until all is answered.
    async fn call(
        &mut self,
        channel: &Channel,
        options: &ImportOptions,
        retry: &mut Retry,
    ) -> anyhow::Result<Result<(), Status>> {
        let (requests, stream) = mpsc::channel(CHUNKS_AHEAD + 1);
        let mut client = TransferServiceClient::new(channel.clone());
        let answers = client.import_records(ReceiverStream::new(stream)).await;
        let mut answers = match answers {
            Ok(answers) => answers.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        let mut requests = Some(requests);
        let mut is_first = true;
        let mut unsent: VecDeque<Chunk> = self.sent.drain(..).collect();
        loop {
            while let Some(sender) = &requests
                && self.sent.len() < CHUNKS_AHEAD
            {
                let Some(chunk) = self.next(&mut unsent).await else {
                    requests = None;
                    break;
                };
                let request = request(options, &chunk, is_first);
                is_first = false;
                self.sent.push_back(chunk);
                // A call that has ended says why in its answers.
                let _ = sender.send(request).await;
            }
            match answers.message().await {
                Ok(Some(answer)) => {
                    retry.succeeded();
                    self.answered(answer)?;
                }
                Ok(None) if self.sent.is_empty() && self.is_read => return Ok(Ok(())),
                Ok(None) => return Ok(Err(self.broken(unsent, "the import was cut off"))),
                Err(status) => {
                    self.sent.extend(unsent);
                    return Ok(Err(status));
                }
            }
        }
    }

    fn broken(&mut self, unsent: VecDeque<Chunk>, why: &str) -> Status {
        self.sent.extend(unsent);
        Status::unavailable(why)
    }

    async fn next(&mut self, unsent: &mut VecDeque<Chunk>) -> Option<Chunk> {
        if let Some(chunk) = unsent.pop_front() {
            return Some(chunk);
        }
        let chunk = self.chunks.recv().await;
        self.is_read = chunk.is_none();
        chunk
    }

    fn answered(&mut self, answer: ImportRecordsResponse) -> anyhow::Result<()> {
        let chunk = self
            .sent
            .pop_front()
            .context("the service answered a chunk that was not sent")?;
        self.outcome.add(answer, chunk, &self.bar)?;
        self.bar.set_position(self.read.load(Ordering::Relaxed));
        let count = self.outcome.count();
        let rate = count as f64 / self.bar.elapsed().as_secs_f64();
        self.bar
            .set_message(format!("{count} records, {rate:.0}/s"));
        Ok(())
    }
}

fn request(options: &ImportOptions, records: &[Record], is_first: bool) -> ImportRecordsRequest {
    let mode = match options.mode {
        ImportMode::Upsert => Mode::Upsert,
        ImportMode::SkipExisting => Mode::SkipExisting,
    };
    let mut request = ImportRecordsRequest {
        records: records.to_vec(),
        ..Default::default()
    };
    if is_first {
        request.mode = mode.into();
        request
            .correction_reason
            .clone_from(&options.correction_reason);
    }
    request
}

/// What became of the records.
struct Totals {
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    token: String,
    refused_file: Option<(PathBuf, File)>,
}

impl Totals {
    fn new(refused: Option<&Path>, read: &Path) -> anyhow::Result<Self> {
        let file = refused.map(|path| {
            // Its records would be gone before they are read.
            let is_read = File::open(path).is_ok_and(|file| is_at(&file, read));
            ensure!(
                !is_read,
                "{} is the file that is read; name another for what is refused",
                path.display()
            );
            let file = File::create(path);
            let file = file.with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok((path.to_owned(), file))
        });
        Ok(Self {
            created: 0,
            updated: 0,
            unchanged: 0,
            refused: 0,
            token: String::new(),
            refused_file: file.transpose()?,
        })
    }

    fn count(&self) -> usize {
        self.created + self.updated + self.unchanged + self.refused
    }

    fn add(
        &mut self,
        answer: ImportRecordsResponse,
        chunk: Chunk,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        if answer.results.len() != chunk.len() {
            bail!("the service did not answer every record of a chunk");
        }
        self.token = answer.token;
        for (result, record) in answer.results.into_iter().zip(chunk) {
            match result.outcome() {
                Outcome::Created => self.created += 1,
                Outcome::Updated => self.updated += 1,
                Outcome::Unchanged => self.unchanged += 1,
                Outcome::Refused | Outcome::Unspecified => {
                    self.refused += 1;
                    let why = result.error.map(|error| error.message).unwrap_or_default();
                    // Beside the bar, not through it.
                    bar.suspend(|| eprintln!("{}: {why}", result.name));
                    self.keep_refused(record)?;
                }
            }
        }
        Ok(())
    }

    fn keep_refused(&mut self, record: Record) -> anyhow::Result<()> {
        let Some((path, file)) = &mut self.refused_file else {
            return Ok(());
        };
        let line = line_of(record, false)?;
        file.write_all(&line)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn tell(self) -> anyhow::Result<()> {
        println!(
            "{} created, {} updated, {} unchanged, {} refused as of {}",
            self.created, self.updated, self.unchanged, self.refused, self.token
        );
        match self.refused {
            0 => Ok(()),
            1 => bail!("1 record was refused"),
            count => bail!("{count} records were refused"),
        }
    }
}

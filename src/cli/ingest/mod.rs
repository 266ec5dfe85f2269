//! `bulletin ingest`.

mod inputs;

use std::collections::VecDeque;
use std::io::IsTerminal as _;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use self::inputs::{Input, inputs};
use crate::cli::client::{Channel, MESSAGE_BYTES, Retry, channel, print, progress};
use crate::cli::count::counted;
use crate::cli::json::line;
use crate::cli::summary::summary;
use crate::config::{IngestOptions, Output};
use crate::pb::ingest_service_client::IngestServiceClient;
use crate::pb::{IngestBulletinRequest, IngestBulletinResponse, Publication};

const MESSAGE: &str = "bulletin.v1.IngestBulletinResponse";

/// A page that was sent, and what became of it.
type Sent = JoinHandle<anyhow::Result<IngestBulletinResponse>>;

pub async fn run(options: IngestOptions) -> anyhow::Result<()> {
    let channel = channel(&options.client)?;
    let options = Arc::new(options);
    let inputs = inputs(&options.files)?;
    let count = inputs.len() as u64;
    let bar = if count > 1 {
        progress(count, "pages")
    } else {
        ProgressBar::hidden()
    };
    let mut totals = Totals::default();
    let mut is_shown = true;
    let mut inputs = inputs.into_iter();
    // Answers are shown in the order of the files, whichever comes first.
    let mut sent: VecDeque<(Input, Sent)> = VecDeque::new();
    loop {
        while sent.len() < usize::from(options.concurrency) {
            let Some(input) = inputs.next() else {
                break;
            };
            let call = call(channel.clone(), input.clone(), Arc::clone(&options));
            sent.push_back((input, tokio::spawn(call)));
        }
        let Some((input, call)) = sent.pop_front() else {
            break;
        };
        match call.await.context("a call ended by itself")? {
            Ok(response) => {
                // Who reads no more has not said that the pages be not written.
                is_shown = is_shown && show(&options, &input, &response, &bar)?;
                totals.add(&response);
            }
            Err(error) => {
                totals.failed += 1;
                bar.suspend(|| eprintln!("{input}: {error:#}"));
            }
        }
        bar.inc(1);
        let rate = bar.position() as f64 / bar.elapsed().as_secs_f64().max(f64::EPSILON);
        bar.set_message(format!("{} of {count} pages, {rate:.0}/s", bar.position()));
    }
    bar.finish_and_clear();
    totals.tell(&options)
}

/// Reads a file and sends it; a page that was written already is answered as it is kept, so a call may
/// be made again.
async fn call(
    channel: Channel,
    input: Input,
    options: Arc<IngestOptions>,
) -> anyhow::Result<IngestBulletinResponse> {
    let encoding = options.encoding;
    let text = tokio::task::spawn_blocking(move || input.read(encoding)).await??;
    let mut client = IngestServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES);
    let request = IngestBulletinRequest {
        text,
        publication: publication(&options),
        publish: options.publish,
        validate_only: options.validate_only,
    };
    let mut retry = Retry::new(&options.client);
    loop {
        match client.ingest_bulletin(request.clone()).await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => retry.after(status).await?,
        }
    }
}

fn publication(options: &IngestOptions) -> Option<Publication> {
    let publication = Publication {
        newspaper: options.newspaper.clone(),
        edition: options.edition.clone(),
        publish_date: options.date,
        page: options.page.clone(),
        section: options.section.clone(),
    };
    (publication != Publication::default()).then_some(publication)
}

/// Prints what was read; answers whether there is anybody to read more.
fn show(
    options: &IngestOptions,
    input: &Input,
    response: &IngestBulletinResponse,
    bar: &ProgressBar,
) -> anyhow::Result<bool> {
    let bytes = match options.output {
        Output::Json => line(MESSAGE, response)?,
        Output::Text => summary(&input.to_string(), response).into_bytes(),
    };
    bar.suspend(|| print(&bytes))
}

#[derive(Default)]
struct Totals {
    pages: usize,
    known: usize,
    articles: usize,
    statistics: usize,
    stations: usize,
    warnings: usize,
    failed: usize,
}

impl Totals {
    fn add(&mut self, response: &IngestBulletinResponse) {
        self.pages += 1;
        self.known += usize::from(!response.created);
        self.articles += response.articles.len();
        self.statistics += response.statistics.len();
        self.stations += response.stations.len();
        self.warnings += response.warnings.len();
    }

    /// Of one page its summary says it all; lines of JSON are for programs.
    fn tell(self, options: &IngestOptions) -> anyhow::Result<()> {
        let is_told = self.pages + self.failed > 1
            && (options.output == Output::Text || std::io::stderr().is_terminal());
        if is_told {
            let known = match options.validate_only {
                true => String::new(),
                false => format!(" ({} known before)", self.known),
            };
            eprintln!(
                "{}{known}: {}, {}, {} proposed, {}",
                counted(self.pages, "page"),
                counted(self.articles, "article"),
                counted(self.statistics, "statistic"),
                counted(self.stations, "station"),
                counted(self.warnings, "warning")
            );
        }
        match self.failed {
            0 => Ok(()),
            count => bail!("{} could not be read", counted(count, "page")),
        }
    }
}

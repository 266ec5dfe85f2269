//! `bulletin export`.

use std::fs::{self, File};
use std::io::{ErrorKind, IsTerminal as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::cli::client::{Channel, MESSAGE_BYTES, Retry, channel, progress};
use crate::cli::count::counted;
use crate::cli::file::{Form, beside, is_at, is_standard, replace};
use crate::cli::json::line;
use crate::config::{ExportOptions, RecordKind};
use crate::pb::article_service_client::ArticleServiceClient;
use crate::pb::export_records_response::Summary;
use crate::pb::record::Record as Any;
use crate::pb::station_service_client::StationServiceClient;
use crate::pb::statistic_service_client::StatisticServiceClient;
use crate::pb::transfer_service_client::TransferServiceClient;
use crate::pb::{self, ExportRecordsRequest, ExportRecordsResponse, Record};
use crate::seed;

pub async fn run(options: ExportOptions) -> anyhow::Result<()> {
    let channel = channel(&options.client)?;
    let mut request = request(&options);
    let mut target = Target::open(&options, &request)?;
    if let Some(cursor) = target.cursor.take() {
        eprintln!("going on with {}", options.file.display());
        request.cursor = cursor;
    }
    let mut retry = Retry::new(&options.client);
    let bar = progress(estimate(&channel, &options).await, "records");
    loop {
        match stream(&channel, &mut request, &mut target, &mut retry, &bar).await? {
            Ok((summary, token)) => {
                bar.finish_and_clear();
                target.finish()?;
                tell(&summary, &token);
                return Ok(());
            }
            Err(status) => {
                let is_gone = is_gone(&status);
                let waited = retry.after(status).await;
                match (is_gone, &target.partial) {
                    (true, Some(partial)) => waited.with_context(|| {
                        let cursor = partial.cursor_path.display();
                        format!(
                            "what was begun cannot be gone on with; remove {cursor} to begin anew"
                        )
                    })?,
                    _ => waited?,
                }
            }
        }
    }
}

/// Whether the revision that is exported is there no more.
fn is_gone(status: &Status) -> bool {
    let reason = status.get_details_error_info().map(|info| info.reason);
    matches!(
        reason.as_deref(),
        Some("HISTORY_FORKED" | "REVISION_COMPACTED")
    )
}

fn request(options: &ExportOptions) -> ExportRecordsRequest {
    let kinds = options.kinds.iter().copied().map(RecordKind::number);
    ExportRecordsRequest {
        kinds: kinds.collect(),
        filter: options.filter.clone(),
        show_deleted: options.show_deleted,
        cursor: String::new(),
    }
}

/// About how many records there will be; 0 when that is not known.
async fn estimate(channel: &Channel, options: &ExportOptions) -> u64 {
    if !std::io::stderr().is_terminal() || !options.filter.is_empty() {
        return 0;
    }
    let is_asked = |kind| options.kinds.is_empty() || options.kinds.contains(&kind);
    let total = pb::total::Mode::Estimate.into();
    let (show_deleted, page_size) = (options.show_deleted, 1);
    let stations = pb::ListStationsRequest {
        page_size,
        show_deleted,
        total,
        ..Default::default()
    };
    let articles = pb::ListArticlesRequest {
        page_size,
        show_deleted,
        total,
        ..Default::default()
    };
    let statistics = pb::ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_size,
        show_deleted,
        total,
        ..Default::default()
    };
    let stations = StationServiceClient::new(channel.clone())
        .list_stations(stations)
        .await;
    let articles = ArticleServiceClient::new(channel.clone())
        .list_articles(articles)
        .await;
    let statistics = StatisticServiceClient::new(channel.clone())
        .list_statistics(statistics)
        .await;
    let size = |total: Option<Option<pb::Total>>| {
        let size = total.flatten().map_or(0, |total| total.size);
        u64::try_from(size).unwrap_or(0)
    };
    let stations = size(stations.ok().map(|page| page.into_inner().total));
    let articles = size(articles.ok().map(|page| page.into_inner().total));
    let statistics = size(statistics.ok().map(|page| page.into_inner().total));
    // About one page an article.
    [
        (RecordKind::Source, articles),
        (RecordKind::Station, stations),
        (RecordKind::Article, articles),
        (RecordKind::Statistic, statistics),
    ]
    .into_iter()
    .filter_map(|(kind, size)| is_asked(kind).then_some(size))
    .sum()
}

type Ended = Result<(Summary, String), Status>;

/// Takes one call's messages; `request` goes on behind the last that was written.
async fn stream(
    channel: &Channel,
    request: &mut ExportRecordsRequest,
    target: &mut Target,
    retry: &mut Retry,
    bar: &indicatif::ProgressBar,
) -> anyhow::Result<Ended> {
    let mut client =
        TransferServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES);
    let mut messages = match client.export_records(request.clone()).await {
        Ok(messages) => messages.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    loop {
        let message = match messages.message().await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(Err(Status::unavailable("the export was cut off"))),
            Err(status) => return Ok(Err(status)),
        };
        retry.succeeded();
        let sent = u64::try_from(message.sent_count).unwrap_or(0);
        // It was an estimate.
        if bar.length().is_some_and(|length| length < sent) {
            bar.set_length(sent);
        }
        bar.set_position(sent);
        bar.set_message(format!(
            "{} records, {:.0}/s",
            message.sent_count,
            bar.per_sec()
        ));
        request.cursor.clone_from(&message.cursor);
        let (summary, token) = (message.summary.clone(), message.token.clone());
        target.write(message).await?;
        if let Some(summary) = summary {
            return Ok(Ok((summary, token)));
        }
    }
}

fn tell(summary: &Summary, token: &str) {
    let nouns = ["source", "station", "article", "statistic"];
    let counts: Vec<String> = summary
        .counts
        .iter()
        .zip(nouns)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    eprintln!(
        "{} as of {token}; digest {}",
        counts.join(", "),
        summary.digest
    );
}

/// Where the lines go.
struct Target {
    form: Form,
    content_only: bool,
    /// Nothing when they go to standard output.
    partial: Option<Partial>,
    cursor: Option<String>,
}

/// A file that is not complete, and the one beside it that says where it goes on.
struct Partial {
    file: File,
    length: u64,
    path: PathBuf,
    cursor_path: PathBuf,
    final_path: PathBuf,
    /// The options it was begun with.
    request: Value,
}

impl Target {
    fn open(options: &ExportOptions, request: &ExportRecordsRequest) -> anyhow::Result<Self> {
        let mut target = Self {
            form: Form::of(&options.file),
            content_only: options.content_only,
            partial: None,
            cursor: None,
        };
        if is_standard(&options.file) {
            return Ok(target);
        }
        let request = json!({
            "kinds": request.kinds,
            "filter": request.filter,
            "show_deleted": request.show_deleted,
            "content_only": options.content_only,
        });
        let (partial, cursor) = Partial::open(&options.file, request)?;
        (target.partial, target.cursor) = (Some(partial), cursor);
        Ok(target)
    }

    async fn write(&mut self, message: ExportRecordsResponse) -> anyhow::Result<()> {
        let (form, content_only) = (self.form, self.content_only);
        let cursor = message.cursor;
        let packing = move || -> anyhow::Result<Vec<u8>> {
            let mut lines = Vec::new();
            for record in message.records {
                lines.extend(line_of(record, content_only)?);
            }
            match lines.is_empty() {
                true => Ok(lines),
                false => Ok(form.pack(lines)?),
            }
        };
        let packed = tokio::task::spawn_blocking(packing).await??;
        match &mut self.partial {
            Some(partial) => partial.write(&packed, &cursor),
            None => {
                let mut output = std::io::stdout().lock();
                let written = output.write_all(&packed).and_then(|()| output.flush());
                written.context("cannot write to standard output")
            }
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.partial {
            Some(partial) => partial.finish(),
            None => Ok(()),
        }
    }
}

impl Partial {
    /// Goes on with what an earlier run left, if it was begun with the same options.
    fn open(path: &Path, request: Value) -> anyhow::Result<(Self, Option<String>)> {
        let (partial, cursor_path) = (beside(path, "partial"), beside(path, "cursor"));
        let mut file = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&partial)
            .with_context(|| format!("cannot write {}", partial.display()))?;
        // Until the command ends. One that has just ended may have given the file its name.
        let is_ours = file.try_lock().is_ok() && is_at(&file, &partial);
        ensure!(is_ours, "another export writes {}", path.display());
        let left = left(&cursor_path, &partial)?;
        if let Some((found, ..)) = &left
            && *found != request
        {
            bail!(
                "{} is of an export with other options; repeat them, or remove it",
                cursor_path.display()
            );
        }
        let (length, cursor) = left.map_or((0, None), |(_, length, cursor)| (length, Some(cursor)));
        // What came after the cursor comes again.
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        let partial = Self {
            file,
            length,
            path: partial,
            cursor_path,
            final_path: path.to_owned(),
            request,
        };
        Ok((partial, cursor))
    }

    fn write(&mut self, packed: &[u8], cursor: &str) -> anyhow::Result<()> {
        self.file
            .write_all(packed)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.length += packed.len() as u64;
        let state = json!({ "request": self.request, "length": self.length, "cursor": cursor });
        replace(&self.cursor_path, state.to_string().as_bytes())
    }

    fn finish(self) -> anyhow::Result<()> {
        let renamed = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, &self.final_path));
        renamed.with_context(|| format!("cannot write {}", self.final_path.display()))?;
        match fs::remove_file(&self.cursor_path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.cursor_path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// The options, length and cursor that an earlier run left with its partial file.
fn left(cursor: &Path, partial: &Path) -> anyhow::Result<Option<(Value, u64, String)>> {
    let text = match fs::read_to_string(cursor) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", cursor.display()));
        }
    };
    let malformed = || format!("{} is no state of an export; remove it", cursor.display());
    let state: Value = serde_json::from_str(&text).with_context(malformed)?;
    let length = state["length"].as_u64().with_context(malformed)?;
    let cursor = state["cursor"].as_str().with_context(malformed)?.to_owned();
    let there = fs::metadata(partial).map_or(0, |metadata| metadata.len());
    // A machine that stopped may have kept the one file and lost the other's end.
    Ok((there >= length).then(|| (state["request"].clone(), length, cursor)))
}

/// A record in canonical JSON, and a line feed.
pub fn line_of(mut record: Record, content_only: bool) -> anyhow::Result<Vec<u8>> {
    if content_only {
        match &mut record.record {
            Some(Any::Article(article)) => (article.revision, article.update_time) = (0, None),
            Some(Any::Station(station)) => (station.revision, station.update_time) = (0, None),
            Some(Any::Statistic(statistic)) => {
                (statistic.revision, statistic.update_time) = (0, None);
            }
            Some(Any::Source(_)) | None => {}
        }
    }
    line(seed::MESSAGE, &record)
}

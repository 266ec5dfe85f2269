//! `bulletin watch`.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::cli::client::{Channel, MESSAGE_BYTES, Retry, channel};
use crate::cli::file::replace;
use crate::cli::json::line;
use crate::config::{RecordKind, WatchFrom, WatchOptions};
use crate::pb::change_service_client::ChangeServiceClient;
use crate::pb::watch_changes_request::Start;
use crate::pb::watch_changes_response::Type;
use crate::pb::{GetHeadRequest, WatchChangesRequest, WatchChangesResponse};
use crate::token::AskedToken;

const MESSAGE: &str = "bulletin.v1.WatchChangesResponse";

pub async fn run(options: WatchOptions) -> anyhow::Result<()> {
    let channel = channel(&options.client)?;
    let mut watch = Watch {
        request: request(&options)?,
        options,
        lines: Vec::new(),
        until: None,
    };
    let mut retry = Retry::new(&watch.options.client);
    loop {
        match watch.stream(&channel, &mut retry).await? {
            Ended::Done => return Ok(()),
            Ended::Failed(status) => {
                // What came in part comes again.
                watch.lines.clear();
                if let Some(advice) = watch.advice(&status) {
                    anyhow::bail!("{}; {advice}", status.message());
                }
                retry.after(status).await?;
            }
        }
    }
}

fn request(options: &WatchOptions) -> anyhow::Result<WatchChangesRequest> {
    let kinds = options.kinds.iter().copied().map(RecordKind::number);
    let start = match &options.from {
        None | Some(WatchFrom::Now) => None,
        Some(WatchFrom::Snapshot) => Some(Start::Snapshot(true)),
        Some(WatchFrom::Token(token)) => Some(Start::Token(token.clone())),
    };
    let kept = options.resume_file.as_deref().map(kept).transpose()?;
    Ok(WatchChangesRequest {
        start: kept.flatten().or(start),
        kinds: kinds.collect(),
        parent: options.parent.clone(),
        station: options.station.clone(),
        include_old: options.include_old,
        omit_new: options.omit_new,
    })
}

/// Where an earlier run has come to.
fn kept(file: &Path) -> anyhow::Result<Option<Start>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let place = match text.trim().split_once(' ') {
        Some(("token", token)) => Start::Token(token.to_owned()),
        Some(("cursor", cursor)) => Start::Cursor(cursor.to_owned()),
        _ => anyhow::bail!("{} is no place of a watch; remove it", file.display()),
    };
    Ok(Some(place))
}

enum Ended {
    Done,
    Failed(Status),
}

struct Watch {
    options: WatchOptions,
    /// Begins where the last whole message ended.
    request: WatchChangesRequest,
    /// Messages of a revision that has not come whole.
    lines: Vec<u8>,
    /// The newest revision when it began, where it ends once that has come.
    until: Option<i64>,
}

impl Watch {
    /// What to do where the place to begin at is there no more.
    fn advice(&self, status: &Status) -> Option<String> {
        let info = status.get_details_error_info()?;
        if !["HISTORY_FORKED", "REVISION_COMPACTED"].contains(&info.reason.as_str()) {
            return None;
        }
        let lost = info.metadata.get("last_common_token");
        let lost = lost.map(|token| format!("what came after {token} was lost; "));
        // The file would be gone by again, whatever --from says.
        let file = self.options.resume_file.as_ref();
        let file = file.map(|file| format!("remove {} and ", file.display()));
        let (lost, file) = (lost.unwrap_or_default(), file.unwrap_or_default());
        Some(format!("{lost}{file}begin anew with --from snapshot"))
    }

    async fn stream(&mut self, channel: &Channel, retry: &mut Retry) -> anyhow::Result<Ended> {
        let mut client =
            ChangeServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES);
        if self.options.until_checkpoint && self.until.is_none() {
            match client.get_head(GetHeadRequest {}).await {
                Ok(head) => self.until = Some(head.into_inner().revision),
                Err(status) => return Ok(Ended::Failed(status)),
            }
        }
        let mut messages = match client.watch_changes(self.request.clone()).await {
            Ok(messages) => messages.into_inner(),
            Err(status) => return Ok(Ended::Failed(status)),
        };
        loop {
            let message = match messages.message().await {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(Ended::Failed(Status::unavailable("the watch was cut off"))),
                Err(status) => return Ok(Ended::Failed(status)),
            };
            retry.succeeded();
            if !self.take(message)? {
                return Ok(Ended::Done);
            }
        }
    }

    /// Writes what is whole; answers whether there is anybody to read more.
    fn take(&mut self, message: WatchChangesResponse) -> anyhow::Result<bool> {
        let place = match (message.cursor.as_str(), message.token.as_str()) {
            ("", "") => None,
            ("", token) => Some(Start::Token(token.to_owned())),
            (cursor, _) => Some(Start::Cursor(cursor.to_owned())),
        };
        self.lines.extend(line(MESSAGE, &message)?);
        let Some(place) = place else {
            return Ok(true);
        };
        let mut output = std::io::stdout().lock();
        let written = output.write_all(&self.lines).and_then(|()| output.flush());
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(false),
            written => written.context("cannot write to standard output")?,
        }
        self.lines.clear();
        if let Some(file) = &self.options.resume_file {
            let text = match &place {
                Start::Cursor(cursor) => format!("cursor {cursor}\n"),
                Start::Token(token) => format!("token {token}\n"),
                Start::Snapshot(_) => String::new(),
            };
            replace(file, text.as_bytes())?;
        }
        self.request.start = Some(place);
        Ok(!self.until.is_some_and(|until| is_all(&message, until)))
    }
}

/// Whether a watch that began when this revision was the newest has sent all that was there. A checkpoint may
/// come on the way as well.
fn is_all(message: &WatchChangesResponse, until: i64) -> bool {
    let reached = AskedToken::parse("token", &message.token);
    match message.r#type() {
        Type::SnapshotEnd => true,
        Type::Checkpoint => reached.is_ok_and(|token| token.revision >= until),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_on_the_way_is_not_the_end() {
        let message = |kind: Type, revision: i64| WatchChangesResponse {
            r#type: kind.into(),
            token: format!("{revision}-0123456789abcdef"),
            ..Default::default()
        };
        for (kind, revision, expected) in [
            (Type::Checkpoint, 6, false),
            (Type::Checkpoint, 7, true),
            (Type::Checkpoint, 8, true),
            (Type::Changes, 7, false),
            (Type::Started, 7, false),
            (Type::SnapshotEnd, 6, true),
        ] {
            let is_end = is_all(&message(kind, revision), 7);
            assert_eq!(is_end, expected, "{kind:?} {revision}");
        }
    }
}

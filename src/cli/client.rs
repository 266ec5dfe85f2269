//! What commands that call a service share: the connection, trying again, ^C, progress.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::cli::endpoint::{Token, endpoint, hint};
use crate::config::{ClientOptions, ServiceAddress};
use crate::edge::foreign::MESSAGE_BYTES_MAX;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a quiet connection is asked whether it lives, and how long it may take to say so.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What may be on its way of a stream: some messages.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// An export's messages are sent in frames of this size instead of 16 KiB, each of which is written and read by itself.
const FRAME_BYTES: u32 = 256 * 1024;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long a service is tried again before whoever waits is told so.
const SILENCE: Duration = Duration::from_secs(1);

/// Longest message taken or sent, in bytes.
pub const MESSAGE_BYTES: usize = MESSAGE_BYTES_MAX;

/// ^C: what is done is kept.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Runs a command until it ends, or until ^C.
pub async fn until_interrupted(
    command: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        outcome = command => outcome,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("^C cannot be waited for")?;
            Err(Interrupted.into())
        }
    }
}

/// A connection whose calls carry the token that there is.
pub type Channel = InterceptedService<tonic::transport::Channel, Token>;

/// Connects when it is first called, and again whenever the connection is lost.
pub fn channel(options: &ClientOptions) -> anyhow::Result<Channel> {
    let token = Token::of(options.token_file.as_ref())?;
    let channel = endpoint(&options.service)?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .connect_lazy();
    Ok(InterceptedService::new(channel, token))
}

/// How long a service is tried again that fails for reasons that pass.
#[derive(Debug)]
pub struct Retry {
    service: ServiceAddress,
    timeout: Duration,
    has_succeeded: bool,
    failing_since: Option<Instant>,
    is_told: bool,
    pause: Duration,
}

impl Retry {
    pub fn new(options: &ClientOptions) -> Self {
        Self {
            service: options.service.clone(),
            timeout: Duration::from_millis(options.retry_timeout_ms),
            has_succeeded: false,
            failing_since: None,
            is_told: false,
            pause: FIRST_PAUSE,
        }
    }

    /// The service did something: from now on it is waited for anew.
    pub fn succeeded(&mut self) {
        self.has_succeeded = true;
        self.failing_since = None;
        self.is_told = false;
        self.pause = FIRST_PAUSE;
    }

    /// Waits a little, or gives up with what went wrong.
    pub async fn after(&mut self, status: Status) -> anyhow::Result<()> {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if !is_passing(&status) || since.elapsed() + self.pause > self.timeout {
            return Err(self.failure(&status));
        }
        tracing::debug!(error = status.message(), "trying again");
        if since.elapsed() > SILENCE && !self.is_told {
            let (failure, seconds) = (self.failure(&status), self.timeout.as_secs());
            eprintln!("bulletin: {failure}; trying again, for {seconds} s (--retry-timeout-ms)");
            self.is_told = true;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }

    fn failure(&self, status: &Status) -> anyhow::Error {
        let reason = status.get_details_error_info().map(|info| info.reason);
        match reason {
            Some(_) => anyhow!("{}", status.message()),
            None => {
                let (addr, said) = (&self.service.addr, status.message());
                let hint = match self.has_succeeded {
                    true => "",
                    false => hint(&self.service, said),
                };
                anyhow!("{addr} does not answer: {said}{hint}")
            }
        }
    }
}

/// Whether the call may succeed when it is made again. What carries no reason was not made by a service,
/// but by a connection that broke.
fn is_passing(status: &Status) -> bool {
    match status.get_details_error_info() {
        Some(_) => status.code() == Code::Unavailable,
        None => matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
        ),
    }
}

/// A bar on standard error with rate and time left; nothing unless that is a terminal.
pub fn progress(total: u64, unit: &str) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target((total > 0).then_some(total), target);
    let form = match total {
        0 => format!("{{spinner}} {{human_pos}} {unit}, {{per_sec}}, {{msg}}"),
        _ => "[{bar:30}] {percent}%, {eta} left, {msg}".to_owned(),
    };
    if let Ok(style) = ProgressStyle::with_template(&form) {
        bar.set_style(style);
    }
    bar
}

/// Prints what a command is for; answers whether there is anybody to read more.
pub fn print(bytes: &[u8]) -> anyhow::Result<bool> {
    let stdout = std::io::stdout();
    // Colours are taken out again where nobody could see them.
    let mut output = anstream::AutoStream::auto(stdout.lock());
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => {
            written.context("cannot write to standard output")?;
            Ok(true)
        }
    }
}

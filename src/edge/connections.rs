//! Connections as they come: one that says nothing ends, and that there can be no more ends nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use tokio_stream::Stream;
use tonic::transport::server::Connected;
use tracing::warn;

/// What HTTP/2 begins with; requests of HTTP/1 are longer.
const OPENING_BYTES: usize = 24;

/// Before connections are taken again when there can be no more: one must end first.
const FULL_PAUSE: Duration = Duration::from_millis(100);

/// How long peers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until what a connection begins with has come. The framework would wait for ever.
    pub opening: Duration,
    /// How long a connection is silent before it is asked whether it lives.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            opening: Duration::from_secs(10),
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(20),
        }
    }
}

/// Takes connections for as long as it is asked for them.
#[derive(Debug)]
pub struct Connections {
    listener: TcpListener,
    patience: Duration,
    /// While there can be no more.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Connections {
    pub fn of(listener: TcpListener, patience: Duration) -> Self {
        Self {
            listener,
            patience,
            pause: None,
        }
    }
}

impl Stream for Connections {
    type Item = io::Result<Opening<TcpStream>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut was_full = false;
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            was_full = true;
        }
        loop {
            match ready!(self.listener.poll_accept(context)) {
                Ok((stream, _)) => {
                    self.pause = None;
                    // One that is gone again says so when it is read.
                    let _ = stream.set_nodelay(true);
                    return Poll::Ready(Some(Ok(Opening::new(stream, self.patience))));
                }
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    if !was_full {
                        warn!(%error, "no connection can be taken; those that exist go on");
                    }
                    was_full = true;
                    let pause = self.pause.insert(Box::pin(sleep(FULL_PAUSE)));
                    ready!(pause.as_mut().poll(context));
                }
            }
        }
    }
}

/// Whether one connection ended before it was taken, which says nothing of the next.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

/// A connection that must begin in time. Later the framework asks it whether it lives.
#[derive(Debug)]
pub struct Opening<S> {
    stream: S,
    /// Until it has begun: how much is missing, and how long that may take.
    wait: Option<(usize, Pin<Box<Sleep>>)>,
}

impl<S> Opening<S> {
    pub fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            wait: Some((OPENING_BYTES, Box::pin(sleep(patience)))),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some((missing, end)) = &mut self.wait else {
            return outcome;
        };
        *missing = missing.saturating_sub(buffer.filled().len() - before);
        let is_begun = *missing == 0;
        if outcome.is_pending() && end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if is_begun {
            self.wait = None;
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: Connected> Connected for Opening<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> S::ConnectInfo {
        self.stream.connect_info()
    }
}

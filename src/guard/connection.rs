//! A connection of a client: plain or by TLS, with what is known of the other side.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::guard::certificate::names;
use crate::guard::gathered::{Gathered, Turns};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// What every client says before anything else: HTTP/2's preface. A request of HTTP/1.1 is no shorter.
const GREETING_BYTES: usize = 24;

/// The other side of a connection; each call of it has this in its extensions.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// The names of the certificate that it has shown, most particular first.
    pub names: Arc<[Arc<str>]>,
}

/// Takes one of the places there are for connections until it is dropped.
pub struct Connection {
    stream: Gathered<Stream>,
    peer: Peer,
    greeting: Option<Greeting>,
    _place: OwnedSemaphorePermit,
}

/// Plain, or by TLS.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// A client that connects and says nothing is not waited for; HTTP has bounds of its own after that.
struct Greeting {
    missing_bytes: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Connection {
    pub fn plain(
        stream: TcpStream,
        address: SocketAddr,
        place: OwnedSemaphorePermit,
        greeting_timeout: Duration,
    ) -> Self {
        let peer = Peer {
            address,
            names: Arc::default(),
        };
        Self::new(Either::Left(stream), peer, place, greeting_timeout)
    }

    pub fn tls(
        stream: TlsStream<TcpStream>,
        address: SocketAddr,
        place: OwnedSemaphorePermit,
        greeting_timeout: Duration,
    ) -> Self {
        let shown = stream.get_ref().1.peer_certificates();
        let own = shown.and_then(|certificates| certificates.first());
        let peer = Peer {
            address,
            names: own.map(names).unwrap_or_default().into(),
        };
        Self::new(
            Either::Right(Box::new(stream)),
            peer,
            place,
            greeting_timeout,
        )
    }

    fn new(
        stream: Stream,
        peer: Peer,
        place: OwnedSemaphorePermit,
        greeting_timeout: Duration,
    ) -> Self {
        Self {
            stream: Gathered::new(stream),
            peer,
            greeting: Some(Greeting {
                missing_bytes: GREETING_BYTES,
                deadline: Box::pin(sleep(greeting_timeout)),
            }),
            _place: place,
        }
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// To be told of each turn of the task that reads and writes.
    pub fn turns(&self) -> &Turns {
        self.stream.turns()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(greeting) = &mut self.greeting else {
            return polled;
        };
        match polled {
            Poll::Ready(read) => {
                let come = buffer.filled().len() - before;
                greeting.missing_bytes = greeting.missing_bytes.saturating_sub(come);
                if greeting.missing_bytes == 0 {
                    self.greeting = None;
                }
                Poll::Ready(read)
            }
            Poll::Pending => {
                ready!(greeting.deadline.as_mut().poll(context));
                Poll::Ready(Err(ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Connection {
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
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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

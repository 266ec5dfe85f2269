//! Takes connections from a socket and makes them ready for calls. Nothing a client does, or does not do,
//! keeps others from being taken.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tracing::{debug, warn};

use crate::guard::connection::Connection;
use crate::guard::tls::Tls;

pub const CONNECTIONS_MAX: usize = 20_000;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
pub const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long nobody is taken when the machine has nothing left to take somebody with.
const PAUSE: Duration = Duration::from_millis(100);

/// Ready connections that the server has not taken yet.
const READY_MAX: usize = 64;

/// What happens at most once within this time is told of.
const TOLD_INTERVAL: Duration = Duration::from_secs(1);

/// How clients reach the services.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Unset: calls and answers can be read on their way.
    pub tls: Option<Tls>,
    pub connections_max: usize,
    /// After this a connection takes no new calls, and its client makes another.
    pub connection_max_age: Option<Duration>,
    /// How long a handshake may take, and again what a client says first.
    pub handshake_timeout: Duration,
    /// How long a connection is silent before it is asked whether it lives.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: None,
            connections_max: CONNECTIONS_MAX,
            connection_max_age: None,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
        }
    }
}

impl Transport {
    /// Ready connections, in the order they become so. The socket is closed when this is dropped.
    pub fn connections(self, listener: TcpListener) -> impl Stream<Item = Connection> {
        let (ready, connections) = mpsc::channel(READY_MAX);
        let entrance = Entrance {
            places: Arc::new(Semaphore::new(self.connections_max)),
            transport: self,
            ready,
            handshakes: JoinSet::new(),
            failures: Seldom::default(),
            refusals: Seldom::default(),
        };
        tokio::spawn(entrance.accept(listener));
        ReceiverStream::new(connections)
    }
}

struct Entrance {
    transport: Transport,
    places: Arc<Semaphore>,
    ready: mpsc::Sender<Connection>,
    handshakes: JoinSet<()>,
    failures: Seldom,
    refusals: Seldom,
}

impl Entrance {
    async fn accept(mut self, listener: TcpListener) {
        loop {
            tokio::select! {
                () = self.ready.closed() => return,
                Some(_) = self.handshakes.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, address)) => self.admit(stream, address),
                    Err(error) => self.pause(&error).await,
                },
            }
        }
    }

    fn admit(&mut self, stream: TcpStream, address: SocketAddr) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            if let Some(count) = self.refusals.happened(Instant::now()) {
                let connections_max = self.transport.connections_max;
                warn!(
                    count,
                    connections_max, "connections were closed at once: there are as many as may be"
                );
            }
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%address, %error, "a connection was gone before it was taken");
            return;
        }
        let opening = Opening {
            stream,
            address,
            place,
            bound: self.transport.handshake_timeout,
        };
        let (tls, ready) = (self.transport.tls.clone(), self.ready.clone());
        self.handshakes.spawn(async move {
            let connection = match &tls {
                None => Some(opening.plain()),
                Some(tls) => opening.shake_hands(tls).await,
            };
            if let Some(connection) = connection {
                // Nobody takes it any more when the server is stopping.
                let _ = ready.send(connection).await;
            }
        });
    }

    /// One client's failure is none of the next one's. Where it is the machine's, such as too many open
    /// files, trying at once would only burn time.
    async fn pause(&mut self, error: &io::Error) {
        let is_clients = matches!(
            error.kind(),
            ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionRefused
        );
        if is_clients {
            return;
        }
        if let Some(count) = self.failures.happened(Instant::now()) {
            warn!(count, %error, "connections cannot be taken");
        }
        tokio::select! {
            () = self.ready.closed() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// A connection that was taken, and is not ready for calls.
struct Opening {
    stream: TcpStream,
    address: SocketAddr,
    place: OwnedSemaphorePermit,
    bound: Duration,
}

impl Opening {
    fn plain(self) -> Connection {
        Connection::plain(self.stream, self.address, self.place, self.bound)
    }

    async fn shake_hands(self, tls: &Tls) -> Option<Connection> {
        let Self {
            stream,
            address,
            place,
            bound,
        } = self;
        let acceptor = TlsAcceptor::from(Arc::clone(&tls.current().value.config));
        match timeout(bound, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(Connection::tls(stream, address, place, bound)),
            Ok(Err(error)) => {
                debug!(%address, %error, "a handshake failed");
                None
            }
            Err(_) => {
                debug!(%address, "a handshake was given up: it took too long");
                None
            }
        }
    }
}

/// Counts what may happen often, and says when it is time to tell of it.
#[derive(Debug, Default)]
struct Seldom {
    told: Option<Instant>,
    count: u64,
}

impl Seldom {
    /// How often it happened since it was last told of, when it should be.
    fn happened(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let is_recent = self.told.is_some_and(|told| now < told + TOLD_INTERVAL);
        if is_recent {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_told_once_a_second_with_how_often() {
        let mut seldom = Seldom::default();
        let start = Instant::now();
        let told: Vec<Option<u64>> = [0, 1, 999, 1_000, 1_001, 2_500]
            .into_iter()
            .map(|ms| seldom.happened(start + Duration::from_millis(ms)))
            .collect();
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}

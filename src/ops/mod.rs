//! The port for those who look after the service: metrics, and whether it lives and serves. Plain HTTP/1.1
//! that anybody on the port may read; it holds no record and no secret, unless it was asked to show records
//! (`look/`), which it does to those who may see them.

mod format;
mod health;
mod metrics;
mod process;
mod tip;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use prost::bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

pub use self::health::{Health, Watched};
use self::metrics::Metrics;
use crate::look::calls::Inside;
use crate::look::{self, Look};

/// Most connections at once: a scraper and three probes need four.
const CONNECTIONS_MAX: usize = 32;

/// What a connection may take, from its first byte to the last of the answer. There is one request on
/// each, so nothing rests open.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);
const HEADER_TIME_MAX: Duration = Duration::from_secs(5);

/// The most that is kept of a request.
const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How long nothing is taken after a connection could not be.
const PAUSE: Duration = Duration::from_millis(100);

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The port, until it is dropped.
pub struct Ops {
    address: SocketAddr,
    health: Health,
    answers: Arc<Answers>,
    task: JoinHandle<()>,
}

impl Ops {
    /// Answers from now on; that the service starts, until it is told what to watch.
    pub fn start(listener: TcpListener, look: Option<Look>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let health = Health::default();
        let answers = Arc::new(Answers {
            metrics: Metrics::of(health.clone()),
            health: health.clone(),
            look,
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&answers)));
        Ok(Self {
            address,
            health,
            answers,
            task,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service has started: this is what it is made of.
    pub fn watch(&self, watched: Watched) {
        tokio::spawn(tip::log_each_minute(watched.clone()));
        self.health.watch(watched);
    }

    /// The same for the pages: this is what they read.
    pub fn show(&self, inside: Weak<Inside>) {
        if let Some(look) = &self.answers.look {
            look.open(inside);
        }
    }
}

impl Drop for Ops {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Answers {
    metrics: Metrics,
    health: Health,
    look: Option<Look>,
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    static CONNECTIONS: Semaphore = Semaphore::const_new(CONNECTIONS_MAX);
    loop {
        // Never closed.
        let Ok(place) = CONNECTIONS.acquire().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                drop(tokio::spawn(answer(
                    stream,
                    peer,
                    Arc::clone(&answers),
                    place,
                )));
            }
            Err(error) => {
                warn!(error = %error, "the ops port takes no connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    answers: Arc<Answers>,
    _place: SemaphorePermit<'static>,
) {
    let answers = &*answers;
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(answers.answer(request, peer).await)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(REQUEST_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(CONNECTION_TIME_MAX, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(error = %error, "a connection to the ops port broke"),
        Err(_) => debug!("a connection to the ops port took too long"),
    }
}

impl Answers {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if let Some(look) = self.look.as_ref().filter(|_| look::is_below(path)) {
            return look.answer(request, peer).await;
        }
        if !matches!(path, "/metrics" | "/livez" | "/readyz") {
            let paths = match self.look {
                Some(_) => "there are /look, /metrics, /livez and /readyz\n",
                None => "there are /metrics, /livez and /readyz\n",
            };
            return response(StatusCode::NOT_FOUND, PLAIN_TEXT, paths.to_owned());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, PLAIN_TEXT, String::new());
            let allowed = header::HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(header::ALLOW, allowed);
            return refused;
        }
        match path {
            "/metrics" => match self.metrics.page() {
                Ok(page) => response(StatusCode::OK, OPEN_METRICS, page),
                Err(_) => response(StatusCode::INTERNAL_SERVER_ERROR, PLAIN_TEXT, String::new()),
            },
            "/livez" => checked(self.health.lives()),
            _ => checked(self.health.is_ready()),
        }
    }
}

fn checked(outcome: Result<&'static str, String>) -> Response<Full<Bytes>> {
    match outcome {
        Ok(well) => response(StatusCode::OK, PLAIN_TEXT, format!("{well}\n")),
        Err(fault) => response(
            StatusCode::SERVICE_UNAVAILABLE,
            PLAIN_TEXT,
            format!("{fault}\n"),
        ),
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

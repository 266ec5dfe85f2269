//! Speaks HTTP on connections: 2 for gRPC, 1.1 for pages in browsers.
//!
//! A call is begun by the task of its connection, and handed to another only where it must wait. Reads that memory
//! answers never do: what a client has sent together is answered together (ADR 23).

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use pin_project_lite::pin_project;
use prost::bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt as _};
use tonic::codegen::http::{Request, Response};
use tower::util::Oneshot;
use tower::{BoxError, Service, ServiceExt as _};
use tracing::debug;

use crate::guard::caller::Role;
use crate::guard::calls::method;
use crate::guard::connection::{Connection, Peer};
use crate::guard::methods::Need;
use crate::guard::transport::Transport;

const STREAMS_MAX: u32 = 1_024;
const RESET_STREAMS_MAX: usize = 64;
const LOCAL_RESET_STREAMS_MAX: usize = 1_024;
const HEADER_BYTES_MAX: u32 = 16 * 1024;

/// How often in a row a connection's task has a turn before others have theirs.
const TURNS_MAX: usize = 4;

/// Serves calls on connections until `stop` resolves, and then until those under way are finished.
pub async fn serve<S, B>(
    calls: S,
    transport: &Transport,
    connections: impl Stream<Item = Connection>,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let age_max = transport.connection_max_age;
    let (ending, is_ending) = watch::channel(());
    {
        // The socket is closed as soon as no more connections are taken.
        let (mut connections, mut stop) = (pin!(connections), pin!(stop));
        loop {
            let connection = tokio::select! {
                () = &mut stop => break,
                connection = connections.next() => connection,
            };
            let Some(connection) = connection else { break };
            let calls = Calls {
                inner: calls.clone(),
                peer: connection.peer().clone(),
            };
            let is_ending = is_ending.clone();
            let begun = Begun::default();
            let builder = builder(transport, begun.clone());
            let served = Served {
                connection,
                calls,
                begun,
                age_max,
            };
            tokio::spawn(served.run(builder, is_ending));
        }
    }
    drop(is_ending);
    // Nobody listens when there are no connections.
    let _ = ending.send(());
    ending.closed().await;
}

fn builder(transport: &Transport, begun: Begun) -> Builder<Begun> {
    let mut builder = Builder::new(begun);
    // Most are near the framework's own, which its next release may change.
    builder
        .http2()
        .max_concurrent_streams(STREAMS_MAX)
        .max_local_error_reset_streams(LOCAL_RESET_STREAMS_MAX)
        .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(transport.ping_interval)
        .keep_alive_timeout(transport.ping_timeout)
        .timer(TokioTimer::new());
    // Without it there is no bound to how long a client's headers take.
    builder
        .http1()
        .max_buf_size(HEADER_BYTES_MAX as usize)
        .timer(TokioTimer::new());
    builder
}

/// A connection that is served.
struct Served<S> {
    connection: Connection,
    calls: Calls<S>,
    begun: Begun,
    age_max: Option<Duration>,
}

impl<S, B> Served<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Serves it until it ends; grown old, or when all end, it takes no new calls.
    async fn run(self, builder: Builder<Begun>, mut is_ending: watch::Receiver<()>) {
        let turns = self.connection.turns().clone();
        let io = TokioIo::new(self.connection);
        let mut serving = pin!(builder.serve_connection(io, self.calls));
        let mut end = pin!(async {
            tokio::select! {
                // Nobody being left to say so is an end as well.
                _ = is_ending.changed() => {}
                () = grown_old(self.age_max) => {}
            }
        });
        let mut ends = false;
        let served = std::future::poll_fn(|context| {
            if !ends && end.as_mut().poll(context).is_ready() {
                ends = true;
                serving.as_mut().graceful_shutdown();
            }
            for _ in 0..TURNS_MAX {
                turns.begin();
                let served = serving.as_mut().poll(context);
                if served.is_ready() || !turns.is_due() {
                    return served;
                }
                // Answers that come from elsewhere seldom come alone: others may be about to.
                if !self.begun.has_answered() {
                    break;
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        if let Err(error) = served.await {
            debug!(%error, "a connection failed");
        }
    }
}

async fn grown_old(age_max: Option<Duration>) {
    match age_max {
        Some(age_max) => sleep(age_max).await,
        None => std::future::pending().await,
    }
}

/// Begins calls at once, and hands on what then waits.
#[derive(Clone, Debug, Default)]
struct Begun {
    has_answered: Arc<AtomicBool>,
}

impl Begun {
    /// Whether a call was finished at once since this was asked.
    fn has_answered(&self) -> bool {
        self.has_answered.swap(false, Ordering::Relaxed)
    }
}

impl<F> Executor<F> for Begun
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, call: F) {
        let mut call = Box::pin(call);
        // The task that takes it polls it again before it waits, and is then the one that is woken.
        let mut context = Context::from_waker(Waker::noop());
        // A call that panics must not end those beside it: what it was is said by the panic's own hook.
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context)));
        match polled {
            Ok(Poll::Pending) => drop(tokio::spawn(call)),
            Ok(Poll::Ready(())) => self.has_answered.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
    }
}

/// The calls of one connection.
#[derive(Clone)]
struct Calls<S> {
    inner: S,
    peer: Peer,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Calls<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Call<Oneshot<S, Request<Incoming>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let is_long = is_long(request.uri().path());
        request.extensions_mut().insert(self.peer.clone());
        Call {
            is_long,
            call: self.inner.clone().oneshot(request),
        }
    }
}

/// Whether a call may think for long before it first waits: what is written is proven first, and texts that are
/// to be resolved are taken apart.
fn is_long(path: &str) -> bool {
    let method = method(path);
    method.need >= Need::Role(Role::Editor) || method.name == "ResolveStations"
}

pin_project! {
    /// A call, or one that lets others of its connection go first.
    struct Call<F> {
        is_long: bool,
        #[pin]
        call: F,
    }
}

impl<F: Future> Future for Call<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if std::mem::take(this.is_long) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.call.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Empty, Full};
    use hyper::client::conn::http2::{SendRequest, handshake};
    use hyper_util::rt::TokioExecutor;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;
    use tower::service_fn;

    use super::*;

    type Client = SendRequest<Empty<Bytes>>;

    const SOON: Duration = Duration::from_secs(10);

    /// A server of three paths, and a client on one connection of it.
    struct Running {
        client: Client,
        /// Lets the calls of `/waits` go on.
        goes_on: Arc<Notify>,
        stop: Arc<Notify>,
        serving: JoinHandle<()>,
    }

    impl Running {
        /// Lets a call of `/waits` go on, which must end well.
        async fn finish(&self, waits: JoinHandle<Option<usize>>) {
            self.goes_on.notify_one();
            let waited = timeout(SOON, waits).await.expect("it is woken");
            assert_eq!(waited.expect("it ends"), Some(1_000));
        }
    }

    async fn running() -> Running {
        let goes_on = Arc::<Notify>::default();
        let waited_for = Arc::clone(&goes_on);
        let calls = service_fn(move |request: Request<Incoming>| {
            let waited_for = Arc::clone(&waited_for);
            async move {
                match request.uri().path() {
                    "/panics" => panic!("a handler's own fault"),
                    "/waits" => waited_for.notified().await,
                    _ => {}
                }
                let body = Full::new(Bytes::from(vec![b'x'; 1_000]));
                Ok::<_, Infallible>(Response::new(body))
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let stop = Arc::<Notify>::default();
        let stopped = Arc::clone(&stop);
        let serving = tokio::spawn(async move {
            let transport = Transport::default();
            let connections = transport.clone().connections(listener);
            serve(calls, &transport, connections, stopped.notified()).await;
        });
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("a handshake");
        tokio::spawn(connection);
        Running {
            client,
            goes_on,
            stop,
            serving,
        }
    }

    /// How many bytes a path answers with; nothing where the call fails.
    async fn call(mut client: Client, path: &'static str) -> Option<usize> {
        let request = Request::get(format!("http://here{path}")).body(Empty::new());
        let answer = client
            .send_request(request.expect("a request"))
            .await
            .ok()?;
        let body = answer.into_body().collect().await.ok()?;
        Some(body.to_bytes().len())
    }

    #[tokio::test]
    async fn calls_of_a_connection_are_answered_while_one_waits() {
        let running = running().await;
        let waits = tokio::spawn(call(running.client.clone(), "/waits"));
        for _ in 0..100 {
            let answered = timeout(SOON, call(running.client.clone(), "/")).await;
            assert_eq!(answered, Ok(Some(1_000)));
        }
        assert!(!waits.is_finished());
        running.finish(waits).await;
    }

    #[tokio::test]
    async fn a_call_that_panics_ends_alone() {
        let running = running().await;
        let waits = tokio::spawn(call(running.client.clone(), "/waits"));
        let panicked = timeout(SOON, call(running.client.clone(), "/panics")).await;
        assert_eq!(panicked, Ok(None));
        let answered = timeout(SOON, call(running.client.clone(), "/")).await;
        assert_eq!(answered, Ok(Some(1_000)));
        running.finish(waits).await;
    }

    #[tokio::test]
    async fn a_stop_finishes_the_calls_under_way() {
        let running = running().await;
        let waits = tokio::spawn(call(running.client.clone(), "/waits"));
        assert_eq!(call(running.client.clone(), "/").await, Some(1_000));
        running.stop.notify_one();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!running.serving.is_finished(), "a call is under way");
        assert_eq!(
            call(running.client.clone(), "/").await,
            None,
            "none is taken"
        );
        running.finish(waits).await;
        let ended = timeout(SOON, running.serving)
            .await
            .expect("all are finished");
        ended.expect("it does not panic");
    }

    #[test]
    fn what_thinks_first_is_begun_elsewhere() {
        for (path, expected) in [
            ("/bulletin.v1.ArticleService/GetArticle", false),
            ("/bulletin.v1.StationService/ResolveStations", true),
            ("/bulletin.v1.ChangeService/WatchChanges", false),
            ("/grpc.health.v1.Health/Check", false),
            ("/bulletin.v1.ArticleService/CreateArticle", true),
            ("/bulletin.v1.IngestService/IngestBulletin", true),
            ("/bulletin.v1.TransferService/ImportRecords", true),
        ] {
            assert_eq!(is_long(path), expected, "{path}");
        }
    }
}

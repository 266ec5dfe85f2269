//! Puts the services together and serves them on a socket.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::bail;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower::layer::util::{Identity, Stack};
use tower::util::{Either, option_layer};
use tower::{Layer as _, ServiceBuilder};
use tower_http::cors::CorsLayer;
use tracing::{info, warn};

use crate::articles::search::query::load_dictionary;
use crate::articles::service::Articles;
use crate::cache::{BYTES_MAX as CACHE_BYTES_MAX, Cache};
use crate::changes::committer::{Committer, GROUP_REQUESTS_MAX};
use crate::changes::service::Changes;
use crate::changes::tail::{Following, follow};
use crate::context::{Context, Stopping};
use crate::db::Db;
use crate::db::history::History;
use crate::edge::foreign::MESSAGE_BYTES_MAX;
use crate::edge::wire::article_service_server::{ArticleServiceServer, SERVICE_NAME as ARTICLES};
use crate::edge::wire::change_service_server::{ChangeServiceServer, SERVICE_NAME as CHANGES};
use crate::edge::wire::ingest_service_server::{IngestServiceServer, SERVICE_NAME as INGEST};
use crate::edge::wire::station_service_server::{SERVICE_NAME as STATIONS, StationServiceServer};
use crate::edge::wire::statistic_service_server::{
    SERVICE_NAME as STATISTICS, StatisticServiceServer,
};
use crate::edge::wire::transfer_service_server::{SERVICE_NAME as TRANSFER, TransferServiceServer};
use crate::error::Result;
use crate::extract::load_rules;
use crate::guard::admission::Admission;
use crate::guard::gate::{self, Gate};
use crate::guard::http;
use crate::guard::identify::Identify;
use crate::guard::origins::{Origin, cors};
use crate::guard::transport::Transport;
use crate::ingest::service::Ingest;
use crate::look::calls::Inside;
use crate::ops::Watched;
use crate::paging::PageTokens;
use crate::seeing::Seeing;
use crate::stations::service::Stations;
use crate::statistics::service::Statistics;
use crate::tables::Tables;
use crate::transfer::service::Transfer;
use crate::{articles, pb, stations, statistics};

/// How records become rows.
pub const TABLES: Tables = Tables {
    stations: stations::store::row,
    articles: articles::store::row,
    statistics: statistics::store::row,
};

/// Longest message of those who ask how the service is, or what it has.
const QUESTION_BYTES_MAX: usize = 4 * 1024;

/// What health reports on; the empty name is the server as a whole.
const HEALTH_NAMES: [&str; 7] = [
    "", ARTICLES, STATIONS, STATISTICS, CHANGES, TRANSFER, INGEST,
];

/// Connections that wait to be taken, as far as the kernel allows. Those above it are made to wait a second,
/// which a restart of all clients at once must not come to.
const WAITING_CONNECTIONS_MAX: u32 = 4_096;
/// How long a watch is silent at most, unless told otherwise.
const WATCH_CHECKPOINT_INTERVAL: Duration = Duration::from_secs(5);

/// The services on one database, before they are given a socket.
pub struct Bulletin {
    context: Context,
    committer: JoinHandle<()>,
    following: Following,
    stopping: watch::Sender<bool>,
    gate: Gate,
    transport: Transport,
    inside: Option<Arc<Inside>>,
}

impl Bulletin {
    pub async fn start(db: Db) -> Result<Self> {
        Self::start_with_cache(db, CACHE_BYTES_MAX).await
    }

    /// Keeps about so many bytes of records and pages in memory; 0 keeps none.
    pub async fn start_with_cache(db: Db, cache_bytes: u64) -> Result<Self> {
        Self::start_in_groups_of(db, GROUP_REQUESTS_MAX, cache_bytes).await
    }

    /// The same with the committer's groups of another size, to measure what they are worth.
    #[doc(hidden)]
    pub async fn start_in_groups_of(db: Db, requests_max: usize, cache_bytes: u64) -> Result<Self> {
        let page_tokens = Arc::new(PageTokens::load(&db).await?);
        // Nothing waits for them but the calls that need them.
        tokio::task::spawn_blocking(load_dictionary);
        tokio::task::spawn_blocking(load_rules);
        let following = follow(&db, Cache::of(cache_bytes)).await?;
        let (handle, committer) = Committer::start_in_groups_of(db.clone(), &TABLES, requests_max);
        let (sender, stopping) = Stopping::channel();
        Ok(Self {
            context: Context {
                db,
                committer: handle,
                page_tokens,
                stopping,
                feed: Arc::clone(&following.feed),
                watch_checkpoint_interval: WATCH_CHECKPOINT_INTERVAL,
            },
            committer,
            following,
            stopping: sender,
            gate: Gate::default(),
            transport: Transport::default(),
            inside: None,
        })
    }

    /// Who tells callers apart; else anybody may call anything.
    pub fn with_callers(mut self, callers: Arc<dyn Identify>) -> Self {
        self.gate.callers = callers;
        self
    }

    /// How clients reach it; else in plaintext.
    pub fn with_transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Of which origins pages may call from a browser.
    pub fn with_web_origins(mut self, origins: &[Origin]) -> Self {
        self.gate.pages = cors(origins);
        self
    }

    /// How much is taken at once, and how long a unary call may take.
    pub fn with_bounds(mut self, admission: Admission, call_timeout: Duration) -> Self {
        self.gate.admission = admission;
        self.gate.deadlines.unary_max = call_timeout;
        self
    }

    /// From what duration on a unary call is logged as slow.
    pub fn with_slow_calls(mut self, slow: Duration) -> Self {
        self.gate.seeing = Seeing::with_slow(slow);
        self
    }

    /// What the ops port looks at; to be asked for once all is said.
    pub fn watched(&self) -> Watched {
        Watched {
            db: self.context.db.clone(),
            feed: Arc::clone(&self.context.feed),
            stopping: self.context.stopping.clone(),
            commits: Arc::clone(self.context.committer.counts()),
            committer: self.committer.abort_handle(),
            tail: self.following.task(),
            seeing: self.gate.seeing.clone(),
            admission: self.gate.admission.clone(),
            tls: self.transport.tls.clone(),
        }
    }

    /// The services for callers in this process, behind the same layers, until the service has stopped; to be
    /// asked for once all is said.
    pub fn inside(&mut self) -> Weak<Inside> {
        let routes = routes(self.context.clone()).prepare();
        let inside = Arc::new(self.gate.clone().layers().layer(routes));
        let inside = self.inside.insert(inside);
        Arc::downgrade(inside)
    }

    /// How long a watch is silent at most.
    pub fn with_watch_checkpoint_interval(mut self, interval: Duration) -> Self {
        self.context.watch_checkpoint_interval = interval;
        self
    }

    /// How many bytes of the newest changes are kept in memory for watches; who is further behind reads
    /// from the database.
    pub fn with_watch_buffer_bytes(self, bytes_max: usize) -> Self {
        self.context.feed.bound(bytes_max);
        self
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Serves until `stop` resolves, then finishes the calls under way, within the bound.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
        drain_timeout: Duration,
    ) -> anyhow::Result<()> {
        let Self {
            context,
            mut committer,
            following,
            stopping,
            gate,
            transport,
            inside,
        } = self;
        let db = context.db.clone();
        // Held so that the committer cannot end before the services do.
        let handle = context.committer.clone();
        let (health, health_service) = tonic_health::server::health_reporter();
        set_health(&health, ServingStatus::Serving).await;
        let (stopped, is_stopping) = tokio::sync::oneshot::channel();
        let history = Arc::clone(&following.history);
        let drain = async move {
            tokio::select! {
                () = stop => {}
                () = follow_reloads(&health, &history) => {}
            }
            set_health(&health, ServingStatus::NotServing).await;
            info!("stopping: calls under way are finished, those that may last are ended");
            stopping.send_replace(true);
            // Nobody waits for the start of the drain when the server has failed already.
            let _ = stopped.send(());
        };
        // Anybody may ask, so that there is little to say.
        let health_service = health_service.max_decoding_message_size(QUESTION_BYTES_MAX);
        let routes = routes(context).add_service(health_service);
        let calls = layers(gate).layer(routes.prepare());
        let connections = transport.clone().connections(listener);
        let serving = http::serve(calls, &transport, connections, drain);
        let bound = async move {
            match is_stopping.await {
                Ok(()) => tokio::time::sleep(drain_timeout).await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = serving => {}
            () = bound => {
                warn!(drain_timeout_ms = drain_timeout.as_millis(), "calls were cut off by the drain's bound");
            }
            // Without it nothing can be written any more: better to be started again.
            ended = &mut committer => {
                db.close().await;
                bail!("the committer ended by itself: {ended:?}");
            }
        }
        drop((handle, inside));
        // Every other handle went with the services, so the committer ends once its queue is empty.
        if tokio::time::timeout(drain_timeout, committer)
            .await
            .is_err()
        {
            warn!("the committer was cut off by the drain's bound");
        }
        drop(following);
        db.close().await;
        Ok(())
    }
}

/// Not ready while another history is taken in.
async fn follow_reloads(health: &HealthReporter, history: &History) {
    let mut reloading = history.reloading();
    while reloading.changed().await.is_ok() {
        let status = match *reloading.borrow_and_update() {
            true => ServingStatus::NotServing,
            false => ServingStatus::Serving,
        };
        set_health(health, status).await;
    }
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for name in HEALTH_NAMES {
        health.set_service_status(name, status).await;
    }
}

type Pages = Stack<Either<CorsLayer, Identity>, Identity>;

/// The layers of `layers`, the one that a call passes first last.
pub type Layers = Stack<gate::Layers, Stack<GrpcWebLayer, Pages>>;

/// What a call passes before its handler. The benchmark serves its references behind it too, so that nothing
/// but the handlers differs.
#[doc(hidden)]
pub fn layers(gate: Gate) -> Layers {
    ServiceBuilder::new()
        .layer(option_layer(gate.pages.clone()))
        .layer(GrpcWebLayer::new())
        .layer(gate.layers())
        .into_inner()
}

fn routes(context: Context) -> Routes {
    macro_rules! bounded {
        ($server:ident, $service:expr) => {
            $server::new($service)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX)
        };
    }
    let (v1, v1alpha) = (reflection().build_v1(), reflection().build_v1alpha());
    Routes::default()
        .add_service(bounded!(
            ArticleServiceServer,
            Articles::new(context.clone())
        ))
        .add_service(bounded!(
            StationServiceServer,
            Stations::new(context.clone())
        ))
        .add_service(bounded!(
            StatisticServiceServer,
            Statistics::new(context.clone())
        ))
        .add_service(bounded!(ChangeServiceServer, Changes::new(context.clone())))
        .add_service(bounded!(
            TransferServiceServer,
            Transfer::new(context.clone())
        ))
        .add_service(bounded!(IngestServiceServer, Ingest::new(context)))
        .add_service(
            v1.expect("the descriptors are valid")
                .max_decoding_message_size(QUESTION_BYTES_MAX),
        )
        .add_service(
            v1alpha
                .expect("the descriptors are valid")
                .max_decoding_message_size(QUESTION_BYTES_MAX),
        )
}

/// Describes the API, and the details that errors carry, so that clients can print them.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Binds the socket.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A port that was just left can be taken again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_CONNECTIONS_MAX)
}

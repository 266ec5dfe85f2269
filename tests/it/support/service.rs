//! The service in this process, on a free port, with clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bulletin::changes::verify;
use bulletin::db::{Db, Settings};
use bulletin::guard::admission::Admission;
use bulletin::guard::caller::Role;
use bulletin::guard::identify::Identify;
use bulletin::guard::origins::Origin;
use bulletin::guard::transport::Transport;
use bulletin::pb::article_service_client::ArticleServiceClient;
use bulletin::pb::change_service_client::ChangeServiceClient;
use bulletin::pb::ingest_service_client::IngestServiceClient;
use bulletin::pb::station_service_client::StationServiceClient;
use bulletin::pb::statistic_service_client::StatisticServiceClient;
use bulletin::pb::transfer_service_client::TransferServiceClient;
use bulletin::pb::{self, Article, Station, Statistic};
use bulletin::seed;
use bulletin::server::{Bulletin, TABLES, bind};
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};

use super::callers::{agent, named_callers};
use super::{Database, Refusal};

/// Small, so that watches that are slow read from the database.
const WATCH_BUFFER_BYTES: usize = 1024 * 1024;

/// Stops when dropped.
pub struct Service {
    pub database: Database,
    pub address: SocketAddr,
    pub channel: Channel,
    stop: oneshot::Sender<()>,
}

impl Service {
    /// On an empty database of its own.
    pub async fn start() -> Self {
        Self::on(Database::create().await).await
    }

    /// With the seed page.
    pub async fn seeded() -> Self {
        Self::seeded_with(Transport::default()).await
    }

    /// The same, which clients reach so.
    pub async fn seeded_with(transport: Transport) -> Self {
        let database = Database::create().await;
        let bulletin = Bulletin::start(database.open_for_service().await)
            .await
            .unwrap()
            .with_transport(transport);
        seed::load(
            &bulletin.context().committer,
            seed::parse(seed::PAGE).unwrap(),
        )
        .await
        .unwrap();
        Self::run(database, bulletin).await
    }

    /// Another instance on a database that may have one already.
    pub async fn on(database: Database) -> Self {
        let bulletin = Bulletin::start(database.open_for_service().await)
            .await
            .unwrap();
        Self::run(database, bulletin).await
    }

    /// Another instance, which connects as the settings say.
    pub async fn with(database: Database, settings: &Settings) -> Self {
        let db = Db::connect(settings).await.unwrap();
        let bulletin = Bulletin::start(db).await.unwrap();
        Self::run(database, bulletin).await
    }

    /// The same, whose every read goes to the database.
    pub async fn without_cache(database: Database, settings: &Settings) -> Self {
        let db = Db::connect(settings).await.unwrap();
        let bulletin = Bulletin::start_with_cache(db, 0).await.unwrap();
        Self::run(database, bulletin).await
    }

    /// On an empty database, for such callers, by such a way.
    pub async fn guarded(transport: Transport, callers: Arc<dyn Identify>) -> Self {
        let database = Database::create().await;
        let bulletin = Bulletin::start(database.open_for_service().await).await;
        let bulletin = bulletin
            .unwrap()
            .with_transport(transport)
            .with_callers(callers);
        Self::run(database, bulletin).await
    }

    /// On an empty database, with pages of these origins that may call from a browser.
    pub async fn for_pages_of(origins: &[&str], callers: Arc<dyn Identify>) -> Self {
        let database = Database::create().await;
        let bulletin = Bulletin::start(database.open_for_service().await).await;
        let origins: Vec<Origin> = origins.iter().map(|one| one.parse().unwrap()).collect();
        let bulletin = bulletin
            .unwrap()
            .with_web_origins(&origins)
            .with_callers(callers);
        Self::run(database, bulletin).await
    }

    /// One that tells callers apart, with memory or without. Whoever does not say who he is is refused: see
    /// `called_by`.
    pub async fn with_named_callers(
        database: Database,
        settings: &Settings,
        cache_bytes: u64,
    ) -> Self {
        let db = Db::connect(settings).await.unwrap();
        let bulletin = Bulletin::start_with_cache(db, cache_bytes).await.unwrap();
        Self::run(database, bulletin.with_callers(named_callers())).await
    }

    /// The same service, as somebody of this role and id calls it.
    pub fn called_by(&self, role: Role, id: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let endpoint = endpoint.user_agent(agent(role, id)).unwrap();
        Self {
            channel: endpoint.connect_lazy(),
            ..Self::at(self.database.clone(), self.address)
        }
    }

    /// With bounds of its own.
    pub async fn bounded(database: Database, admission: Admission, call_timeout: Duration) -> Self {
        let settings = database.settings();
        Self::bounded_with(database, &settings, admission, call_timeout).await
    }

    /// The same, which connects as the settings say.
    pub async fn bounded_with(
        database: Database,
        settings: &Settings,
        admission: Admission,
        call_timeout: Duration,
    ) -> Self {
        let db = Db::connect(settings).await.unwrap();
        let bulletin = Bulletin::start(db).await.unwrap();
        let bulletin = bulletin.with_bounds(admission, call_timeout);
        Self::run(database, bulletin).await
    }

    async fn run(database: Database, bulletin: Bulletin) -> Self {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            let _ = stopped.await;
        };
        let bulletin = bulletin
            .with_watch_checkpoint_interval(Duration::from_millis(50))
            .with_watch_buffer_bytes(WATCH_BUFFER_BYTES);
        tokio::spawn(bulletin.serve(listener, stopped, Duration::from_secs(5)));
        Self {
            stop,
            ..Self::at(database, address)
        }
    }

    /// One that runs elsewhere, in another process.
    pub fn at(database: Database, address: SocketAddr) -> Self {
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect_lazy();
        Self {
            database,
            address,
            channel,
            stop: oneshot::channel().0,
        }
    }

    /// Begins to stop, as on a signal.
    pub fn stop(&mut self) {
        // Dropping the end that a signal would use does as well.
        self.stop = oneshot::channel().0;
    }

    pub fn articles(&self) -> ArticleServiceClient<Channel> {
        ArticleServiceClient::new(self.channel.clone())
    }

    pub fn stations(&self) -> StationServiceClient<Channel> {
        StationServiceClient::new(self.channel.clone())
    }

    pub fn statistics(&self) -> StatisticServiceClient<Channel> {
        StatisticServiceClient::new(self.channel.clone())
    }

    pub fn changes(&self) -> ChangeServiceClient<Channel> {
        ChangeServiceClient::new(self.channel.clone())
    }

    pub fn transfer(&self) -> TransferServiceClient<Channel> {
        TransferServiceClient::new(self.channel.clone())
    }

    pub fn ingest(&self) -> IngestServiceClient<Channel> {
        IngestServiceClient::new(self.channel.clone())
    }

    pub async fn article(&self, name: &str) -> Article {
        let request = pb::GetArticleRequest {
            name: name.to_owned(),
            view: pb::View::Source.into(),
            consistency: None,
        };
        self.articles()
            .get_article(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn station(&self, name: &str) -> Station {
        let request = pb::GetStationRequest {
            name: name.to_owned(),
            consistency: None,
        };
        self.stations()
            .get_station(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn statistic(&self, name: &str) -> Statistic {
        let request = pb::GetStatisticRequest {
            name: name.to_owned(),
            consistency: None,
        };
        self.statistics()
            .get_statistic(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// Creates a police station.
    pub async fn create_station(&self, id: &str) -> Result<Station, Refusal> {
        let station = Station {
            display_name: format!("{id}派出所"),
            kind: pb::station::Kind::PoliceStation.into(),
            ..Station::default()
        };
        let request = pb::CreateStationRequest {
            station_id: id.to_owned(),
            station: Some(station),
            validate_only: false,
        };
        Refusal::or(self.stations().create_station(request).await)
    }

    /// Creates an article on a page.
    pub async fn create_article(&self, id: &str, source_text: &str) -> Result<Article, Refusal> {
        let article = Article {
            headline: format!("标题 {id}"),
            source_text: source_text.to_owned(),
            ..Article::default()
        };
        let request = pb::CreateArticleRequest {
            article_id: id.to_owned(),
            article: Some(article),
            validate_only: false,
        };
        Refusal::or(self.articles().create_article(request).await)
    }

    /// Creates a statistic that counts what the quote says.
    pub async fn create_statistic(
        &self,
        article: &str,
        id: &str,
        statistic: Statistic,
    ) -> Result<Statistic, Refusal> {
        let request = pb::CreateStatisticRequest {
            parent: article.to_owned(),
            statistic_id: id.to_owned(),
            statistic: Some(statistic),
            ..Default::default()
        };
        Refusal::or(self.statistics().create_statistic(request).await)
    }

    pub async fn publish(&self, article: &str) -> Result<Article, Refusal> {
        let request = pb::PublishArticleRequest {
            name: article.to_owned(),
            ..Default::default()
        };
        Refusal::or(self.articles().publish_article(request).await)
    }

    /// Writes records as one revision, as the seed page is.
    pub async fn load(&self, records: Vec<pb::Record>) {
        let bulletin = Bulletin::start(self.database.open().await).await.unwrap();
        let context = bulletin.context();
        seed::load(&context.committer, records).await.unwrap();
        context.db.close().await;
    }

    /// The newest revision.
    pub async fn head(&self) -> pb::Head {
        self.changes()
            .get_head(pb::GetHeadRequest {})
            .await
            .unwrap()
            .into_inner()
    }

    /// What `bulletin verify` finds wrong.
    pub async fn fault(&self) -> Option<String> {
        let db = self.database.open().await;
        let report = verify::verify(&db, &TABLES, None).await.unwrap();
        db.close().await;
        report.fault
    }
}

/// A valid statistic whose number stands in the quote.
pub fn statistic(quote: &str, value: &str, unit: &str) -> Statistic {
    Statistic {
        metric: "查处数".to_owned(),
        quantity: Some(pb::Quantity {
            value: Some(pb::Decimal {
                value: value.to_owned(),
            }),
            unit: unit.to_owned(),
            ..Default::default()
        }),
        qualifier: pb::statistic::Qualifier::Exact.into(),
        assertion: pb::statistic::Assertion::Reported.into(),
        span: Some(pb::Span {
            quote: quote.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

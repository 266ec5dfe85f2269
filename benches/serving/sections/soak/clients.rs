//! Clients that do what clients do, each in its own way, until they are told to stop.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bulletin::pb::article_service_client::ArticleServiceClient;
use bulletin::pb::change_service_client::ChangeServiceClient;
use bulletin::pb::statistic_service_client::StatisticServiceClient;
use bulletin::pb::transfer_service_client::TransferServiceClient;
use bulletin::pb::{
    ExportRecordsRequest, GetArticleRequest, ListStatisticsRequest, SearchArticlesRequest,
    WatchChangesRequest, watch_changes_request::Start,
};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::*;
use crate::sections::hot;

const WRITE_INTERVAL: Duration = Duration::from_millis(50);
const SEARCH_INTERVAL: Duration = Duration::from_millis(250);
const LIST_INTERVAL: Duration = Duration::from_millis(200);
const EXPORT_INTERVAL: Duration = Duration::from_secs(2);
const CONNECT_INTERVAL: Duration = Duration::from_millis(250);
const GIVEN_UP_INTERVAL: Duration = Duration::from_millis(100);
const GIVEN_UP_AFTER: Duration = Duration::from_millis(1);
/// Most of a slow export that is read before it is dropped.
const EXPORT_TIME: Duration = Duration::from_secs(4);
const WATCHES: u64 = 40;
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const QUERIES: [&str; 4] = ["电动自行车", "派出所", "非机动车 -闯红灯", "\"枫桥经验\""];

/// Tells all clients that it is over.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }

    fn told(&self) -> Told {
        Told(self.0.subscribe())
    }
}

struct Told(watch::Receiver<bool>);

impl Told {
    /// Waits for the next time, unless it is over.
    async fn next(&mut self, pause: Duration) -> bool {
        timeout(pause, self.0.wait_for(|is_over| *is_over))
            .await
            .is_err()
    }
}

/// How often what was done.
#[derive(Debug, Default)]
struct Counts {
    writes: AtomicU64,
    searches: AtomicU64,
    lists: AtomicU64,
    exported: AtomicU64,
    changes: AtomicU64,
    connections: AtomicU64,
    given_up: AtomicU64,
}

impl Counts {
    fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(more as u64, Ordering::Relaxed);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        write!(
            formatter,
            "{} writes, {} searches, {} lists, {} records exported, {} changes watched, {} connections \
             for one call, {} calls given up",
            of(&self.writes),
            of(&self.searches),
            of(&self.lists),
            of(&self.exported),
            of(&self.changes),
            of(&self.connections),
            of(&self.given_up)
        )
    }
}

/// All of them at work.
pub struct Clients {
    tasks: JoinSet<Vec<String>>,
    counts: Arc<Counts>,
}

/// What came of them.
pub struct Done {
    pub counts: String,
    /// What failed that should not.
    pub failures: Vec<String>,
}

impl Clients {
    pub fn start(address: &str, drafts: Vec<String>, stop: &Stop) -> Self {
        let counts = Arc::new(Counts::default());
        let drafts: Arc<[String]> = drafts.into();
        let ways = [
            Way::Write,
            Way::Search,
            Way::List,
            Way::Export,
            Way::Connect,
            Way::GiveUp,
        ];
        let watches = (0..WATCHES).map(Way::Watch);
        let mut tasks = JoinSet::new();
        for way in ways.into_iter().chain(watches) {
            let client = One {
                address: address.to_owned(),
                counts: Arc::clone(&counts),
                drafts: Arc::clone(&drafts),
                told: stop.told(),
            };
            tasks.spawn(client.go_on(way));
        }
        Self { tasks, counts }
    }

    pub async fn done(mut self) -> Result<Done> {
        let mut failures = Vec::new();
        while let Some(ended) = self.tasks.join_next().await {
            failures.extend(ended?);
        }
        Ok(Done {
            counts: self.counts.to_string(),
            failures,
        })
    }
}

/// What a client does.
#[derive(Clone, Copy, Debug)]
enum Way {
    Write,
    Search,
    List,
    Export,
    /// Makes a connection for one call.
    Connect,
    /// Does not wait for its answers.
    GiveUp,
    /// Watches, by its number.
    Watch(u64),
}

struct One {
    address: String,
    counts: Arc<Counts>,
    drafts: Arc<[String]>,
    told: Told,
}

impl One {
    /// Begins anew after a failure, and tells of it.
    async fn go_on(mut self, way: Way) -> Vec<String> {
        let mut failures = Vec::new();
        loop {
            let ended = match way {
                Way::Write => self.write().await,
                Way::Search => self.search().await,
                Way::List => self.list().await,
                Way::Export => self.export().await,
                Way::Connect => self.connect().await,
                Way::GiveUp => self.give_up().await,
                Way::Watch(number) => self.watch(number).await,
            };
            match ended {
                Ok(()) => return failures,
                Err(error) => failures.push(format!("{way:?}: {error:#}")),
            }
            if !self.told.next(AGAIN_AFTER).await {
                return failures;
            }
        }
    }

    async fn channel(&self) -> Result<Channel> {
        let endpoint = Endpoint::from_shared(self.address.clone())?;
        endpoint
            .connect()
            .await
            .context("the service takes no connection")
    }

    async fn write(&mut self) -> Result<()> {
        let mut client = ArticleServiceClient::new(self.channel().await?);
        let mut number = 0;
        while self.told.next(WRITE_INTERVAL).await {
            number += 1;
            let draft = &self.drafts[number as usize % self.drafts.len()];
            client.update_article(hot::update(draft, number)).await?;
            Counts::add(&self.counts.writes, 1);
        }
        Ok(())
    }

    async fn search(&mut self) -> Result<()> {
        let mut client = ArticleServiceClient::new(self.channel().await?);
        for query in QUERIES.iter().cycle() {
            if !self.told.next(SEARCH_INTERVAL).await {
                break;
            }
            let request = SearchArticlesRequest {
                query: (*query).to_owned(),
                ..SearchArticlesRequest::default()
            };
            client.search_articles(request).await?;
            Counts::add(&self.counts.searches, 1);
        }
        Ok(())
    }

    async fn list(&mut self) -> Result<()> {
        let mut client = StatisticServiceClient::new(self.channel().await?);
        let mut least = 0;
        while self.told.next(LIST_INTERVAL).await {
            least += 1;
            let request = ListStatisticsRequest {
                parent: "articles/-".to_owned(),
                // Every second list is whole, and long.
                filter: match least % 2 {
                    0 => String::new(),
                    _ => format!("assertion = REPORTED AND quantity.value >= {least}"),
                },
                page_size: 100 + 900 * (1 - least % 2),
                ..ListStatisticsRequest::default()
            };
            client.list_statistics(request).await?;
            Counts::add(&self.counts.lists, 1);
        }
        Ok(())
    }

    /// Every second one is left in the middle.
    async fn export(&mut self) -> Result<()> {
        let mut client = TransferServiceClient::new(self.channel().await?);
        while self.told.next(EXPORT_INTERVAL).await {
            let mut stream = client
                .export_records(ExportRecordsRequest::default())
                .await?
                .into_inner();
            let reading = async {
                while let Some(message) = stream.message().await? {
                    Counts::add(&self.counts.exported, message.records.len());
                }
                Ok::<_, Status>(())
            };
            // Time over is what was meant.
            if let Ok(read) = timeout(EXPORT_TIME, reading).await {
                read?;
            }
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<()> {
        while self.told.next(CONNECT_INTERVAL).await {
            let mut client = ArticleServiceClient::new(self.channel().await?);
            client.get_article(get(&self.drafts[0])).await?;
            Counts::add(&self.counts.connections, 1);
        }
        Ok(())
    }

    async fn give_up(&mut self) -> Result<()> {
        let mut client = ArticleServiceClient::new(self.channel().await?);
        while self.told.next(GIVEN_UP_INTERVAL).await {
            let mut request = Request::new(get(&self.drafts[0]));
            request.set_timeout(GIVEN_UP_AFTER);
            match client.get_article(request).await {
                Ok(_) => {}
                Err(status)
                    if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) =>
                {
                    Counts::add(&self.counts.given_up, 1);
                }
                Err(status) => return Err(status.into()),
            }
        }
        Ok(())
    }

    /// Watches for some seconds, each client as long as its number says, then begins anew.
    async fn watch(&mut self, number: u64) -> Result<()> {
        while self.told.next(Duration::from_millis(20 * number)).await {
            let mut client = ChangeServiceClient::new(self.channel().await?);
            let request = WatchChangesRequest {
                // One is enough: it is sent every record each time.
                start: (number == 8).then_some(Start::Snapshot(true)),
                ..WatchChangesRequest::default()
            };
            let mut stream = client.watch_changes(request).await?.into_inner();
            let until = Instant::now() + Duration::from_secs(1 + number % 13);
            while Instant::now() < until {
                let Ok(message) = timeout(Duration::from_secs(1), stream.message()).await else {
                    continue;
                };
                let message = message?.context("a watch ended by itself")?;
                Counts::add(&self.counts.changes, message.changes.len());
            }
        }
        Ok(())
    }
}

fn get(name: &str) -> GetArticleRequest {
    GetArticleRequest {
        name: name.to_owned(),
        ..GetArticleRequest::default()
    }
}

//! Postgres, and the service, killed in the middle of writes: what was acknowledged is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bulletin::db::Db;
use bulletin::pb::{Article, ListArticlesRequest, ListStatisticsRequest};
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::log::{Acknowledged, check_acknowledged, check_order, count};
use crate::support::private::{Scratch, crash, database, start, stop};
use crate::support::program::Program;
use crate::support::{Database, Refusal, Service, until};

const WRITERS: usize = 8;

/// How many writes are acknowledged before the kill.
const ENOUGH: u32 = 40;

/// Writers that go on until they are told to stop.
struct Writers {
    tasks: JoinSet<Vec<Acknowledged>>,
    count: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

impl Writers {
    /// Each creates an article with a page of its own, so that every write has two rows.
    fn start(service: &Arc<Service>, prefix: &str) -> Self {
        let (count, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for writer in 0..WRITERS {
            let (service, id) = (Arc::clone(service), format!("{prefix}{writer}"));
            let (count, is_over) = (Arc::clone(&count), Arc::clone(&is_over));
            tasks.spawn(async move {
                let mut writes = Vec::new();
                for turn in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let id = format!("{id}-{turn}");
                    match service
                        .create_article(&id, &format!("{id}:查处88起。"))
                        .await
                    {
                        Ok(article) => {
                            writes.push(Acknowledged::of(&article));
                            count.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(refusal) => expect_outage(&refusal),
                    }
                }
                writes
            });
        }
        Self {
            tasks,
            count,
            is_over,
        }
    }

    /// Returns once this many more writes are acknowledged.
    async fn wait_for(&self, more: u32) {
        let goal = self.count.load(Ordering::SeqCst) + more;
        let count = &self.count;
        until(&format!("{goal} writes are acknowledged"), async || {
            count.load(Ordering::SeqCst) >= goal
        })
        .await;
    }

    async fn stop(self) -> Vec<Acknowledged> {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

/// A write meanwhile may be unavailable or of unknown outcome, and nothing else. A service that was
/// killed says nothing, so the client speaks for it.
fn expect_outage(refusal: &Refusal) {
    let is_of_client = refusal.code == Code::Unknown && refusal.message == "transport error";
    assert!(
        refusal.code == Code::Unavailable || is_of_client,
        "{refusal:?}"
    );
}

/// What was acknowledged is there, and nothing is there by halves.
async fn check(database: &Database, service: &Service, acknowledged: &[Acknowledged]) {
    assert_eq!(service.fault().await, None);
    check_order(database).await;
    check_acknowledged(database, acknowledged).await;
    for write in acknowledged {
        let article = service.article(&write.name).await;
        assert_eq!(Acknowledged::of(&article), *write);
        assert!(!article.source_text.is_empty());
    }
    let halves = "revisions where actor = '' and row_count = 1";
    assert_eq!(count(database, halves).await, 0);
}

#[tokio::test]
async fn postgres_killed_in_the_middle_of_writes_loses_nothing_and_the_service_goes_on() {
    let scratch = Scratch::new("crash-postgres");
    let postgres = start(scratch.options()).await;
    let database = database(&postgres);
    let db = Db::connect(&database.settings()).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await;
    let service = Arc::new(Service::on(database.clone()).await);

    let writers = Writers::start(&service, "a");
    writers.wait_for(ENOUGH).await;
    crash(postgres).await;
    let postgres = start(scratch.options()).await;
    assert_eq!(postgres.database_url(), database.url);
    writers.wait_for(ENOUGH).await;
    let acknowledged = writers.stop().await;
    check(&database, &service, &acknowledged).await;
    drop(service);
    stop(postgres).await;
}

#[tokio::test]
async fn a_service_killed_in_the_middle_of_writes_starts_again_with_all_it_acknowledged() {
    let scratch = Scratch::new("crash-service");
    let state_dir = scratch.path().to_str().unwrap();
    let mut acknowledged = Vec::new();
    let mut seeded = None;
    for prefix in ["a", "b"] {
        let mut program = Program::serve(&["--state-dir", state_dir]).await;
        // Its database is its own; nothing here reads it before the service has ended.
        let service = Arc::new(program.service(&Database {
            url: String::new(),
            name: String::new(),
        }));
        let found = seeds(&service).await;
        assert!(!found.is_empty());
        assert_eq!(*seeded.get_or_insert_with(|| found.clone()), found);
        let writers = Writers::start(&service, prefix);
        writers.wait_for(ENOUGH).await;
        program.kill();
        acknowledged.extend(writers.stop().await);
    }

    let postgres = start(scratch.options()).await;
    let database = database(&postgres);
    let service = Service::on(database.clone()).await;
    check(&database, &service, &acknowledged).await;
    assert_eq!(Some(seeds(&service).await), seeded);
    drop(service);
    stop(postgres).await;
}

/// Names, revisions and etags of the records of the seed page.
async fn seeds(service: &Service) -> Vec<Acknowledged> {
    let articles = ListArticlesRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let articles = service.articles().list_articles(articles).await.unwrap();
    let articles = articles.into_inner().articles.into_iter();
    let mut seeds: Vec<_> = articles
        .filter(|article: &Article| article.revision == 1)
        .map(|article| Acknowledged::of(&article))
        .collect();
    let statistics = ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_size: 1_000,
        ..Default::default()
    };
    let statistics = service.statistics().list_statistics(statistics).await;
    let statistics = statistics.unwrap().into_inner().statistics;
    seeds.extend(statistics.iter().map(Acknowledged::of));
    seeds
}

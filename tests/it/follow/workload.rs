//! Writers of every kind of change, some of which are refused, and what became of each write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bulletin::pb::{self, Article, Station, Statistic};
use bulletin::record::Record;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::edits::{
    create_article, create_station_below, delete_article, delete_statistic, update_article,
    update_station,
};
use crate::support::log::Acknowledged;
use crate::support::{Refusal, Service, mask, statistic, until};

/// Stations that articles name by turns, so that records come to name one and cease to.
pub const STATIONS: [&str; 2] = ["stations/east", "stations/west"];

/// What clients know of their writes.
#[derive(Debug, Default)]
pub struct Outcomes {
    pub acknowledged: Vec<Acknowledged>,
    /// Writes that may have happened.
    pub unknown: usize,
}

impl Outcomes {
    fn note<R: Record>(&mut self, outcome: Result<R, Refusal>) -> Option<R> {
        match outcome {
            Ok(record) => {
                self.acknowledged.push(Acknowledged::of(&record));
                Some(record)
            }
            Err(refusal) => {
                // A service that was killed says nothing, so the client speaks for it.
                let is_of_client = refusal.code == Code::Unknown || refusal.code == Code::Cancelled;
                match refusal.code {
                    Code::Unavailable => self.unknown += 1,
                    _ if is_of_client && refusal.reason.is_empty() => self.unknown += 1,
                    // An earlier write that was of unknown outcome had happened, or had not.
                    Code::AlreadyExists | Code::NotFound | Code::FailedPrecondition => {}
                    _ => panic!("{refusal:?}"),
                }
                None
            }
        }
    }
}

/// The stations that the writers name.
pub async fn prepare(service: &Service) -> Vec<Acknowledged> {
    let mut made = Vec::new();
    for name in STATIONS {
        let id = name.strip_prefix("stations/").unwrap();
        made.push(Acknowledged::of(&service.create_station(id).await.unwrap()));
    }
    made
}

/// Writers that go on until they are told to stop.
pub struct Writers {
    tasks: JoinSet<Outcomes>,
    rounds: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

impl Writers {
    /// Each writes through one of the services; each has ids of its own.
    pub fn start(services: &[Arc<Service>], prefix: &str, count: usize) -> Self {
        let (rounds, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for writer in 0..count {
            let services = services.to_vec();
            let prefix = format!("{prefix}{writer}");
            let (rounds, is_over) = (Arc::clone(&rounds), Arc::clone(&is_over));
            tasks.spawn(async move {
                let mut outcomes = Outcomes::default();
                for turn in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let service = &services[writer % services.len()];
                    round(service, &format!("{prefix}-{turn}"), turn, &mut outcomes).await;
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
                outcomes
            });
        }
        Self {
            tasks,
            rounds,
            is_over,
        }
    }

    /// Returns once this many more rounds are over.
    pub async fn wait_for(&self, more: u32) {
        let goal = self.rounds.load(Ordering::SeqCst) + more;
        let rounds = &self.rounds;
        until(&format!("{goal} rounds are over"), async || {
            rounds.load(Ordering::SeqCst) >= goal
        })
        .await;
    }

    pub async fn stop(self) -> Outcomes {
        self.is_over.store(true, Ordering::SeqCst);
        let mut all = Outcomes::default();
        for outcomes in self.tasks.join_all().await {
            all.acknowledged.extend(outcomes.acknowledged);
            all.unknown += outcomes.unknown;
        }
        all
    }
}

/// A life of an article and its statistics, with every type of change and some refusals on the way.
async fn round(service: &Service, id: &str, turn: usize, outcomes: &mut Outcomes) {
    let (here, there) = (STATIONS[turn % 2], STATIONS[(turn + 1) % 2]);
    let article = Article {
        headline: format!("标题 {id}"),
        source_text: format!("{id}:查处88起,酒驾9起。"),
        mentions: vec![mention(here)],
        ..Article::default()
    };
    let Some(article) = outcomes.note(create_article(service, id, article).await) else {
        return;
    };
    let named = Statistic {
        stations: vec![here.to_owned()],
        ..statistic("88起", "88", "起")
    };
    let made = service.create_statistic(&article.name, "s1", named).await;
    outcomes.note(made);
    // Refused: it exists.
    let again = service.create_statistic(&article.name, "s1", statistic("9起", "9", "起"));
    outcomes.note(again.await);
    let moved = Article {
        name: article.name.clone(),
        mentions: vec![mention(there)],
        ..Article::default()
    };
    outcomes.note(update_article(service, moved, "").await);
    let below = create_station_below(service, &format!("{id}-st"), here).await;
    if let Some(station) = outcomes.note(below) {
        let moved = Station {
            parent: there.to_owned(),
            ..station
        };
        outcomes.note(update_station(service, moved).await);
    }
    if turn.is_multiple_of(3) {
        delete(service, &article.name, outcomes).await;
    } else {
        publish(service, &article.name, id, outcomes).await;
    }
}

async fn delete(service: &Service, article: &str, outcomes: &mut Outcomes) {
    outcomes.note(delete_article(service, article).await);
    let request = pb::UndeleteArticleRequest {
        name: article.to_owned(),
        ..Default::default()
    };
    let undeleted = service.articles().undelete_article(request).await;
    outcomes.note(Refusal::or(undeleted));
}

async fn publish(service: &Service, article: &str, id: &str, outcomes: &mut Outcomes) {
    outcomes.note(service.publish(article).await);
    // Refused: a reason is needed.
    let corrected = Article {
        name: article.to_owned(),
        source_text: format!("更正。{id}:查处88起,酒驾9起。"),
        ..Article::default()
    };
    outcomes.note(update_article(service, corrected.clone(), "").await);
    outcomes.note(update_article(service, corrected, "漏了两字").await);
    outcomes.note(correct_statistic(service, &format!("{article}/statistics/s1")).await);
    outcomes.note(delete_statistic(service, &format!("{article}/statistics/none")).await);
    let request = pb::RetractArticleRequest {
        name: article.to_owned(),
        reason: "不实".to_owned(),
        ..Default::default()
    };
    let retracted = service.articles().retract_article(request).await;
    outcomes.note(Refusal::or(retracted));
}

async fn correct_statistic(service: &Service, name: &str) -> Result<Statistic, Refusal> {
    let request = pb::UpdateStatisticRequest {
        statistic: Some(Statistic {
            name: name.to_owned(),
            place: "海曙区".to_owned(),
            ..Statistic::default()
        }),
        update_mask: mask(&["place"]),
        correction_reason: "补全地名".to_owned(),
        ..Default::default()
    };
    Refusal::or(service.statistics().update_statistic(request).await)
}

fn mention(station: &str) -> pb::Mention {
    pb::Mention {
        station: station.to_owned(),
        surface: "该所".to_owned(),
        span: None,
    }
}

//! Who is shown what: drafts, proposed stations and deleted records are not there for readers, in any answer;
//! and every write is logged with who did it.

mod actors;
mod calls;
mod matrix;
mod mirror;
mod reads;
mod versions;
mod watches;

use bulletin::cache;
use bulletin::guard::caller::Role;
use bulletin::pb::{self, Article, Station};

use crate::support::edits::{create_article, delete_article, delete_station};
use crate::support::{Database, Service, statistic};
use crate::transfer::{of_station, upsert};

/// With memory, and without.
const CACHES: [u64; 2] = [cache::BYTES_MAX, 0];

/// What stands in the name and in a text of everything that readers must not see, and nowhere else.
const HIDDEN: &str = "hidden";

/// How far a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Of a station: PROPOSED.
    Draft,
    /// Of a station: ACTIVE.
    Published,
    Retracted,
    Deleted,
}

const STATES: [State; 4] = [
    State::Draft,
    State::Published,
    State::Retracted,
    State::Deleted,
];

/// Records of one state, each of the city.
#[derive(Clone, Debug)]
struct Target {
    article: String,
    statistic: String,
    station: String,
    /// The article's.
    page: String,
}

impl Target {
    fn of(state: State) -> Self {
        let (article, statistic, station) = match state {
            State::Draft => ("hidden-draft", "hidden-draft/n1", "hidden-proposed"),
            State::Published => ("shown", "shown/n1", "shown"),
            State::Retracted => ("shown-retracted", "shown-retracted/n1", "shown"),
            State::Deleted => ("hidden-gone", "shown/hidden-gone", "hidden-gone"),
        };
        Self::named(article, statistic, station)
    }

    /// Of records that never were.
    fn never() -> Self {
        Self::named("never-was", "never-was/n1", "never-was")
    }

    fn named(article: &str, statistic: &str, station: &str) -> Self {
        let (of, statistic) = statistic.split_once('/').unwrap();
        Self {
            article: format!("articles/{article}"),
            statistic: format!("articles/{of}/statistics/{statistic}"),
            station: format!("stations/{station}"),
            page: page(article),
        }
    }

    /// The article that the statistic is of.
    fn parent(&self) -> &str {
        self.statistic.split("/statistics/").next().unwrap()
    }
}

fn page(id: &str) -> String {
    format!("通报 {id}\n\n查处3起,共5起。\n")
}

/// A service with records of every state, which tells callers apart.
pub struct City {
    pub service: Service,
    pub admin: Service,
    pub editor: Service,
    pub reader: Service,
}

impl City {
    async fn of_cache(cache_bytes: u64) -> Self {
        let city = Self::empty(cache_bytes).await;
        city.fill().await;
        city
    }

    async fn empty(cache_bytes: u64) -> Self {
        let database = Database::create().await;
        let settings = database.settings();
        let service = Service::with_named_callers(database, &settings, cache_bytes).await;
        Self::called_at(service)
    }

    /// The callers of a service that tells them apart.
    pub fn called_at(service: Service) -> Self {
        let called_by = |role, id| service.called_by(role, id);
        Self {
            admin: called_by(Role::Admin, "root"),
            editor: called_by(Role::Editor, "anna"),
            reader: called_by(Role::Reader, "ben"),
            service,
        }
    }

    async fn fill(&self) {
        let admin = &self.admin;
        let proposed = Station {
            name: Target::of(State::Draft).station,
            display_name: "hidden拟派出所".to_owned(),
            kind: pb::station::Kind::PoliceStation.into(),
            state: pb::station::State::Proposed.into(),
            ..Station::default()
        };
        upsert(admin, "", vec![of_station(proposed)]).await;
        for id in ["shown", "hidden-gone"] {
            admin.create_station(id).await.unwrap();
        }
        let gone = Target::of(State::Deleted);
        delete_station(admin, &gone.station).await.unwrap();
        for state in STATES {
            self.write(state).await;
        }
        let retracted = Target::of(State::Retracted);
        for name in [&retracted.article, &gone.article] {
            retract(admin, name).await;
        }
        delete_article(admin, &gone.article).await.unwrap();
        let number = pb::DeleteStatisticRequest {
            name: gone.statistic,
            correction_reason: "重复".to_owned(),
            ..Default::default()
        };
        admin.ask(number).await.unwrap();
    }

    /// An article with a number, published unless it is the draft.
    async fn write(&self, state: State) {
        let target = Target::of(state);
        let id = target.article.strip_prefix("articles/").unwrap();
        let mentioned = match state {
            State::Draft => target.station.clone(),
            _ => Target::of(State::Published).station,
        };
        let article = Article {
            headline: format!("标题 {id}"),
            source_text: target.page.clone(),
            honours: vec![pb::Honour {
                id: "h1".into(),
                title: format!("荣誉 {id}"),
                recipients: vec![Target::of(State::Published).station],
                state: pb::honour::State::Awarded.into(),
                ..Default::default()
            }],
            mentions: vec![pb::Mention {
                station: mentioned,
                surface: "所".into(),
                ..Default::default()
            }],
            paragraphs: vec![pb::Paragraph {
                text: "查处3起,共5起。".into(),
                kind: pb::paragraph::Kind::Body.into(),
                ..Default::default()
            }],
            ..Article::default()
        };
        create_article(&self.admin, id, article).await.unwrap();
        let mut numbers = vec![("n1", "查处3起", "3")];
        if state == State::Published {
            numbers.push(("hidden-gone", "共5起", "5"));
        }
        for (number, quote, value) in numbers {
            let given = statistic(quote, value, "起");
            let made = self.admin.create_statistic(&target.article, number, given);
            made.await.unwrap();
        }
        if state != State::Draft {
            self.admin.publish(&target.article).await.unwrap();
        }
    }
}

async fn retract(service: &Service, article: &str) -> Article {
    let request = pb::RetractArticleRequest {
        name: article.to_owned(),
        reason: "有误".to_owned(),
        ..Default::default()
    };
    service.ask(request).await.unwrap()
}

/// Whether bytes hold a text.
fn holds(bytes: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    bytes.windows(text.len()).any(|window| window == text)
}

//! What a reader builds of a watch is what it is shown in lists, whatever editors do meanwhile.

use std::collections::BTreeMap;

use bulletin::pb::change::Type;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::{self, Article, Change, Consistency, Record, Station, Statistic, View, station};

use super::watches::Watch;
use super::{CACHES, City};
use crate::support::edits::{delete_article, update_article};
use crate::support::{Service, statistic};
use crate::transfer::{name, of_article, of_station, of_statistic, upsert};

const ARTICLES: u64 = 5;
const NUMBERS: u64 = 3;
const STATIONS: u64 = 4;

const ROUNDS: u64 = 5;
const WRITES: u64 = 40;

/// Pseudo-random numbers: the same seed, the same writes.
struct Draws(u64);

impl Draws {
    /// One below `count`.
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % count
    }
}

/// One random write; many are refused, which is as well.
async fn write(city: &City, draws: &mut Draws) {
    let article = format!("articles/a{}", draws.below(ARTICLES));
    let number = format!("{article}/statistics/n{}", draws.below(NUMBERS));
    let station = format!("stations/s{}", draws.below(STATIONS));
    let correction_reason = "更正".to_owned();
    let editor = &city.editor;
    let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    // Refused or not: both happen.
    let _ = match draws.below(14) {
        0 => {
            let made = editor.create_article(&id(&article), "查处3起。").await;
            made.is_ok()
        }
        1 => {
            let given = Statistic {
                stations: vec![station],
                ..statistic("查处3起", "3", "起")
            };
            let request = pb::CreateStatisticRequest {
                parent: article,
                statistic_id: id(&number),
                statistic: Some(given),
                correction_reason,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        2 => propose(city, &station).await,
        3 => editor.create_station(&id(&station)).await.is_ok(),
        4 | 5 => editor.publish(&article).await.is_ok(),
        6 => {
            let request = pb::RetractArticleRequest {
                name: article,
                reason: "有误".into(),
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        7 => delete_article(&city.admin, &article).await.is_ok(),
        8 => {
            let request = pb::UndeleteArticleRequest {
                name: article,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        9 => {
            let changed = Article {
                name: article,
                headline: format!("标题 {}", draws.below(1_000)),
                ..Default::default()
            };
            update_article(editor, changed, &correction_reason)
                .await
                .is_ok()
        }
        10 => {
            let request = pb::DeleteStatisticRequest {
                name: number,
                correction_reason,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        11 => {
            let request = pb::UndeleteStatisticRequest {
                name: number,
                correction_reason,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        12 => {
            let request = pb::DeleteStationRequest {
                name: station,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
        _ => {
            let request = pb::UndeleteStationRequest {
                name: station,
                ..Default::default()
            };
            editor.ask(request).await.is_ok()
        }
    };
}

/// Leaves an ACTIVE one as it is.
async fn propose(city: &City, name: &str) -> bool {
    let given = Station {
        name: name.to_owned(),
        display_name: "拟派出所".into(),
        kind: station::Kind::PoliceStation.into(),
        state: station::State::Proposed.into(),
        ..Default::default()
    };
    !upsert(&city.admin, "", vec![of_station(given)])
        .await
        .is_empty()
}

/// What a reader knows of the records, by name.
#[derive(Default)]
struct Mirror {
    records: BTreeMap<String, Record>,
    /// How many changes of each type came.
    changes: BTreeMap<Type, usize>,
}

impl Mirror {
    fn take(&mut self, change: Change) {
        *self.changes.entry(change.r#type()).or_default() += 1;
        let before = self.records.get(&change.name);
        assert_eq!(before, change.old.as_ref(), "{change:?}");
        match change.r#type() {
            Type::Left => {
                let gone = self.records.remove(&change.name);
                assert!(gone.is_some() && change.new.is_none(), "{change:?}");
            }
            Type::Deleted => panic!("a reader is told of a deletion: {change:?}"),
            _ => {
                let new = change.new.unwrap();
                self.records.insert(change.name, new);
            }
        }
    }
}

/// All that a reader is shown in lists, and the revision.
async fn listed(reader: &Service) -> (BTreeMap<String, Record>, i64) {
    let consistency = Some(Consistency {
        requirement: Some(Requirement::FullyConsistent(true)),
    });
    let page_size = 1_000;
    let articles = pb::ListArticlesRequest {
        view: View::Full.into(),
        page_size,
        consistency: consistency.clone(),
        ..Default::default()
    };
    let stations = pb::ListStationsRequest {
        page_size,
        consistency: consistency.clone(),
        ..Default::default()
    };
    let statistics = pb::ListStatisticsRequest {
        parent: "articles/-".into(),
        page_size,
        consistency,
        ..Default::default()
    };
    let articles = reader.ask(articles).await.unwrap();
    let revision = articles.token.split('-').next().unwrap().parse().unwrap();
    let stations = reader.ask(stations).await.unwrap().stations;
    let statistics = reader.ask(statistics).await.unwrap().statistics;
    let records = articles.articles.into_iter().map(of_article);
    let records = records.chain(stations.into_iter().map(of_station));
    let records = records.chain(statistics.into_iter().map(of_statistic));
    (
        records.map(|record| (name(&record), record)).collect(),
        revision,
    )
}

async fn check(cache_bytes: u64, seed: u64) -> Mirror {
    let city = City::empty(cache_bytes).await;
    let mut draws = Draws(seed);
    for _ in 0..WRITES {
        write(&city, &mut draws).await;
    }
    let mut watch = Watch::begin(&city.reader, Start::Snapshot(true))
        .await
        .unwrap();
    // While the snapshot is on its way.
    for _ in 0..WRITES {
        write(&city, &mut draws).await;
    }
    let mut mirror = Mirror::default();
    let begun = watch.snapshot().await;
    mirror
        .records
        .extend(begun.into_iter().map(|record| (name(&record), record)));
    for round in 0..ROUNDS {
        for _ in 0..WRITES {
            write(&city, &mut draws).await;
        }
        // Every other time by another watch, which reads on from the log.
        if round % 2 == 1 {
            let after = Start::Token(watch.revision.to_string());
            watch = Watch::begin(&city.reader, after).await.unwrap();
        }
        let (shown, revision) = listed(&city.reader).await;
        for change in watch.upto(revision).await {
            mirror.take(change);
        }
        assert_eq!(mirror.records, shown, "seed {seed}, round {round}");
    }
    mirror
}

#[tokio::test]
async fn what_a_reader_builds_of_a_watch_is_what_it_is_shown_in_lists() {
    let mut came: BTreeMap<Type, usize> = BTreeMap::new();
    for (cache_bytes, seeds) in CACHES.into_iter().zip([1..3, 3..5]) {
        for seed in seeds {
            for (kind, count) in check(cache_bytes, seed).await.changes {
                *came.entry(kind).or_default() += count;
            }
        }
    }
    // It was put to the test.
    for kind in [
        Type::Created,
        Type::Updated,
        Type::Corrected,
        Type::Published,
        Type::Retracted,
        Type::Undeleted,
        Type::Left,
    ] {
        assert!(came.contains_key(&kind), "{kind:?} of {came:?}");
    }
}

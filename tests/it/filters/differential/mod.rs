//! Random filters over random records find what a plain reading of both finds.

mod asks;
mod random;
mod reading;
mod records;
mod terms;
mod tree;

use std::collections::BTreeSet;
use std::sync::Arc;

use bulletin::pb::{self, View};
use bulletin::{articles, stations, statistics};

use self::asks::By;
use self::random::Random;
use self::terms::{Ground, drawn_by};
use self::tree::Tree;
use super::Of::{self, Articles, Stations, Statistics};
use super::found;
use crate::support::{Service, mask};

/// Records and filters follow from it, but for times: those are of the run.
const SEED: u64 = 20_200_611;
const CASES: usize = 10_000;
const LENGTH_MAX: usize = 1_900;
/// Filters that are asked at a time.
const WORKERS: usize = 4;
const ALL: [Of; 3] = [Articles, Stations, Statistics];

/// A filter of a case, as a tree and as it is written.
fn drawn(case: usize, ground: &Ground) -> (Tree, String) {
    let mut random = Random::new(SEED, case);
    loop {
        let tree = Tree::draw(&mut random, ground);
        let written = tree.written(&mut random);
        if written.chars().count() <= LENGTH_MAX {
            return (tree, written);
        }
    }
}

fn expected<'a>(tree: &Tree, ground: &'a Ground) -> Vec<&'a str> {
    let held = ground
        .records
        .iter()
        .filter(|record| tree.holds(ground, record));
    held.map(|record| record.name.as_str()).collect()
}

/// How service and reading differ about a filter, if they do.
async fn difference(
    service: &Service,
    of: Of,
    ground: &Ground,
    tree: &Tree,
    written: &str,
) -> Option<String> {
    let expected = expected(tree, ground);
    match found(service, of, written).await {
        Ok(names) if names == expected => None,
        Ok(names) => {
            let missing = expected
                .iter()
                .filter(|name| !names.iter().any(|n| n == *name));
            let extra = names
                .iter()
                .filter(|name| !expected.contains(&name.as_str()));
            let (missing, extra): (Vec<_>, Vec<_>) = (missing.collect(), extra.collect());
            Some(format!(
                "{of:?} {written}\n  not found {missing:?}\n  found {extra:?}"
            ))
        }
        Err(refusal) => Some(format!("{of:?} {written}\n  {:?}", refusal.violations)),
    }
}

/// The difference of the smallest part of a filter that has one.
async fn smallest(service: &Service, of: Of, ground: &Ground, mut tree: Tree) -> Option<String> {
    let mut least = None;
    loop {
        let mut smaller = None;
        for tree in tree.smaller() {
            let written = tree.written(&mut Random::new(SEED, 0));
            let found = difference(service, of, ground, &tree, &written).await;
            if found.is_some() {
                smaller = Some((tree, found));
                break;
            }
        }
        match smaller {
            Some((inner, found)) => (tree, least) = (inner, found),
            None => return least,
        }
    }
}

async fn ground(service: &Service, of: Of) -> Ground {
    let (kind, schema) = match of {
        Articles => ("bulletin.v1.Article", &articles::fields::SCHEMA),
        Stations => ("bulletin.v1.Station", &stations::fields::SCHEMA),
        Statistics => ("bulletin.v1.Statistic", &statistics::fields::SCHEMA),
    };
    let paths: Vec<&str> = schema.fields.iter().map(|spec| spec.path).collect();
    macro_rules! all {
        ($request:ident { $($field:ident: $value:expr),* }, $records:ident) => {{
            let request = pb::$request { $($field: $value,)* page_size: 1_000, ..Default::default() };
            let page = service.ask(request).await.unwrap();
            assert_eq!(page.next_page_token, "");
            page.$records.iter().map(|record| reading::read(record, kind, &paths)).collect()
        }};
    }
    let records = match of {
        Articles => all!(
            ListArticlesRequest {
                view: View::Full.into()
            },
            articles
        ),
        Stations => all!(ListStationsRequest {}, stations),
        Statistics => all!(
            ListStatisticsRequest {
                parent: "articles/-".to_owned()
            },
            statistics
        ),
    };
    Ground {
        kind,
        schema,
        records,
    }
}

/// Records of several revisions, some of them changed later.
async fn filled() -> Service {
    let service = Service::start().await;
    for records in records::records(SEED) {
        service.load(records).await;
    }
    for at in [3, 7, 12] {
        let station = pb::Station {
            name: format!("stations/s{at:02}"),
            display_name: "枫桥%所".to_owned(),
            ..Default::default()
        };
        let request = pb::UpdateStationRequest {
            station: Some(station),
            update_mask: mask(&["display_name"]),
            ..Default::default()
        };
        service.ask(request).await.unwrap();
    }
    service
}

/// Every field is asked by every comparator it takes, and most filters tell records apart.
fn check_coverage(grounds: &[Ground; 3]) {
    let mut asked = BTreeSet::new();
    let mut telling = 0;
    for case in 0..CASES {
        let kind = case % ALL.len();
        let (tree, _) = drawn(case, &grounds[kind]);
        for term in tree.terms() {
            asked.extend(term.field.map(|(field, by)| (kind, field, by)));
        }
        let count = expected(&tree, &grounds[kind]).len();
        telling += usize::from(count > 0 && count < grounds[kind].records.len());
    }
    assert!(telling > CASES / 2, "{telling} filters tell records apart");
    for (kind, ground) in grounds.iter().enumerate() {
        for (field, held) in ground.records[0].held.iter().enumerate() {
            let mut random = Random::new(SEED, field);
            let takes: BTreeSet<By> = (0..100).map(|_| drawn_by(&mut random, held)).collect();
            for by in takes {
                let path = ground.schema.fields[field].path;
                assert!(
                    asked.contains(&(kind, field, by)),
                    "{path} {}",
                    by.written()
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_filters_find_what_a_plain_reading_finds() {
    let service = Arc::new(filled().await);
    let mut grounds = Vec::new();
    for of in ALL {
        grounds.push(ground(&service, of).await);
    }
    let grounds: Arc<[Ground; 3]> = Arc::new(grounds.try_into().ok().unwrap());
    check_coverage(&grounds);
    let ask = async |worker: usize, service: Arc<Service>, grounds: Arc<[Ground; 3]>| {
        let mut faults = Vec::new();
        for case in (worker..CASES).step_by(WORKERS) {
            let of = ALL[case % ALL.len()];
            let ground = &grounds[case % ALL.len()];
            let (tree, written) = drawn(case, ground);
            let Some(found) = difference(&service, of, ground, &tree, &written).await else {
                continue;
            };
            let least = smallest(&service, of, ground, tree).await;
            let least = least.map_or(String::new(), |least| format!("\nof which {least}"));
            faults.push(format!("seed {SEED}, case {case}: {found}{least}"));
            if faults.len() == 5 {
                break;
            }
        }
        faults
    };
    let workers = (0..WORKERS).map(|worker| {
        let (service, grounds) = (service.clone(), grounds.clone());
        tokio::spawn(ask(worker, service, grounds))
    });
    let mut faults = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        faults.extend(worker.await.unwrap());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

//! Random filters find what a plain reading of them finds among the served records.

use bulletin::pb::{self, Statistic};

use super::Of::Statistics;
use super::found;
use crate::support::Service;

const SEED: u64 = 20_200_611;
const CASES: usize = 10_000;
const DEPTH_MAX: usize = 3;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// A filter, and for each record whether it is true.
type Read = (String, Vec<bool>);

fn value(record: &Statistic) -> Option<f64> {
    let value = record.quantity.as_ref()?.value.as_ref()?;
    value.value.parse().ok()
}

fn year(record: &Statistic) -> Option<i32> {
    let start = record.period.as_ref()?.start.as_ref()?;
    Some(start.year).filter(|year| *year > 0)
}

fn term(random: &mut Random, records: &[Statistic]) -> Read {
    let read = |filter: String, holds: &dyn Fn(&Statistic) -> bool| {
        (filter, records.iter().map(holds).collect())
    };
    let model = &records[random.below(records.len())];
    let compared = |by: &str, left: f64, right: f64| match by {
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => left == right,
    };
    let by = random.of(&["<", "<=", ">", ">=", "=", "!="]);
    let is_not = by == "!=";
    match random.below(6) {
        0 => {
            let bound = value(model).unwrap_or_default();
            read(format!("quantity.value {by} {bound}"), &|record| {
                value(record).is_some_and(|value| compared(by, value, bound)) != is_not
            })
        }
        1 => {
            let bound = random.of(&[2016, 2017, 2018]);
            read(format!("period.start {by} {bound}"), &|record| {
                year(record).is_some_and(|year| compared(by, year.into(), bound.into())) != is_not
            })
        }
        2 => read(format!("hedge = {:?}", model.hedge), &|record| {
            record.hedge == model.hedge
        }),
        3 => {
            let word = model.qualifier().as_str_name();
            read(format!("qualifier != {word}"), &|record| {
                record.qualifier != model.qualifier
            })
        }
        4 => {
            let part = random.of(&["铁骑", "闯红灯", "派出所", "%", "_"]);
            read(format!("metric:{part}"), &|record| {
                record.metric.contains(part)
            })
        }
        _ => {
            let item = random.of(&["一级", "闯红灯", "二级"]);
            read(format!("items:{item}"), &|record| {
                record.items.iter().any(|one| one == item)
            })
        }
    }
}

fn filter(random: &mut Random, records: &[Statistic], depth: usize) -> Read {
    let shape = if depth == DEPTH_MAX {
        0
    } else {
        random.below(5)
    };
    if shape < 2 {
        return term(random, records);
    }
    let (left, mut holds) = filter(random, records, depth + 1);
    if shape == 2 {
        holds.iter_mut().for_each(|holds| *holds = !*holds);
        return (format!("NOT ({left})"), holds);
    }
    let (right, others) = filter(random, records, depth + 1);
    let is_and = shape == 3;
    let both = holds.iter().zip(others);
    let holds = both
        .map(|(a, b)| if is_and { *a && b } else { *a || b })
        .collect();
    let word = if is_and { "AND" } else { "OR" };
    (format!("({left}) {word} ({right})"), holds)
}

#[tokio::test]
async fn random_filters_find_what_a_plain_reading_finds() {
    let service = Service::seeded().await;
    let request = pb::ListStatisticsRequest {
        parent: "articles/-".to_owned(),
        page_size: 1_000,
        ..Default::default()
    };
    let records = service.ask(request).await.unwrap().statistics;
    let mut random = Random(SEED);
    for case in 0..CASES {
        let (filter, holds) = filter(&mut random, &records, 0);
        let expected = records.iter().zip(holds).filter(|(_, holds)| *holds);
        let expected: Vec<&str> = expected.map(|(record, _)| record.name.as_str()).collect();
        let names = found(&service, Statistics, &filter).await.unwrap();
        assert_eq!(names, expected, "seed {SEED}, case {case}: {filter}");
    }
}

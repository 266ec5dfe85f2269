//! The limits that the measured must keep.

use crate::measure::{Cost, Measured};

const WORD_P99_MS_MAX: f64 = 40.0;
const TWO_WORDS_P99_MS_MAX: f64 = 80.0;
const RANKING_SPEEDUP_MIN: f64 = 20.0;
const FILTERED_RATIO_MAX: f64 = 1.5;
const AGGREGATE_P50_MS_MAX: f64 = 10.0;
/// The same page measured twice differs by less.
const DEEP_RATIO_MAX: f64 = 1.25;

/// What a case is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    None,
    FilteredPage,
    /// The first page of an order, which the deep one that follows is held to.
    FirstPage,
    DeepPage,
    Aggregate,
    Word,
    /// The word of half the articles.
    CommonWord,
    TwoWords,
    /// Not a call: what every search would cost that ranks all it finds.
    AllRanked,
}

#[derive(Debug)]
pub struct Verdict {
    pub what: String,
    pub passes: bool,
    pub figures: String,
}

pub fn verdicts(measured: &[Measured]) -> Vec<Verdict> {
    let mut found = Vec::new();
    let all_ranked = measured.iter().find(|one| one.case.bar == Bar::AllRanked);
    let all_ranked = all_ranked.and_then(|one| one.raw.as_ref());
    let mut first: Option<&Cost> = None;
    for one in measured {
        let Some(served) = &one.served else { continue };
        let mut hold = |to: &str, passes: bool, figures: String| {
            found.push(Verdict {
                what: format!("{}: {to}", one.case.name),
                passes,
                figures,
            });
        };
        let (p50, p99) = (served.percentile(50), served.percentile(99));
        let against = |p99_max: f64| (p99 <= p99_max, format!("p99 {p99:.2} ms"));
        match one.case.bar {
            Bar::None | Bar::AllRanked => {}
            Bar::FilteredPage => {
                let Some(raw) = &one.raw else { continue };
                let ratio = p50 / raw.percentile(50);
                let postgres = served.postgres_us() / raw.postgres_us();
                let raw = raw.percentile(50);
                let figures = format!("{ratio:.2}× of {raw:.2} ms; postgres CPU {postgres:.2}×");
                hold("≤ 1.5× its statement", ratio <= FILTERED_RATIO_MAX, figures);
            }
            Bar::FirstPage => first = Some(served),
            Bar::DeepPage => {
                let Some(first) = first else { continue };
                let ratio = p50 / first.percentile(50);
                let figures = format!("{ratio:.2}× of {:.2} ms", first.percentile(50));
                hold("costs what page 1 costs", ratio <= DEEP_RATIO_MAX, figures);
            }
            Bar::Aggregate => {
                let figures = format!("p50 {p50:.2} ms, p99 {p99:.2} ms");
                hold("≤ 10 ms", p50 <= AGGREGATE_P50_MS_MAX, figures);
            }
            Bar::Word | Bar::CommonWord => {
                let (passes, figures) = against(WORD_P99_MS_MAX);
                hold("p99 ≤ 40 ms", passes, figures);
                if let (Bar::CommonWord, Some(all)) = (one.case.bar, all_ranked) {
                    let speedup = all.percentile(50) / p50;
                    let figures = format!("{speedup:.0}× of {:.0} ms", all.percentile(50));
                    let passes = speedup >= RANKING_SPEEDUP_MIN;
                    hold("≥ 20× faster than ranking all matches", passes, figures);
                }
            }
            Bar::TwoWords => {
                let (passes, figures) = against(TWO_WORDS_P99_MS_MAX);
                hold("p99 ≤ 80 ms", passes, figures);
            }
        }
    }
    found
}

//! Adds up what may be added, and says of the rest why not.
//!
//! A group is of one unit, one `per` and one assertion. A sum takes reported counts and amounts only:
//! no target, no share, no rank, no figure per something, no recipients of different honours, and no
//! two figures of one indicator and place whose periods overlap or are not known.

mod sum;

use std::collections::HashMap;
use std::fmt;

use rust_decimal::Decimal;
use time::Date;

use crate::decimal;
use crate::pb::aggregate_statistics_request::{Function, GroupBy};
use crate::pb::aggregate_statistics_response::Group;
use crate::pb::statistic::{Assertion, Qualifier};
use crate::statistics::aggregate::sum::{Outcome, extreme, names, sum};

/// What an aggregate reads of a statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    pub article: String,
    pub indicator: String,
    pub metric: String,
    pub place: String,
    pub stations: Vec<String>,
    pub value: Option<Decimal>,
    /// Digits that are known, where the figure was multiplied out; 0 otherwise.
    pub significant_digits: u32,
    pub unit: String,
    pub per: Vec<String>,
    pub qualifier: Qualifier,
    pub assertion: Assertion,
    /// Id of the honour in its article whose recipients are counted.
    pub honour: String,
    /// First and last day, where both are known.
    pub days: Option<(Date, Date)>,
    /// Day, month and year of the period's start, as far as known.
    pub start: Option<Start>,
}

/// Where a figure's period begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub year: i32,
    /// 0: not known.
    pub month: u8,
    /// 0: not known.
    pub day: u8,
}

/// Groups figures and computes each group's result, when it is asked for; groups come in the order of
/// what they share.
pub fn aggregate<'a>(
    figures: &'a [Figure],
    function: Function,
    group_by: &[GroupBy],
    with_names: bool,
) -> impl Iterator<Item = Group> + use<'a> {
    let mut groups: HashMap<Key<'_>, Vec<&Figure>> = HashMap::new();
    for figure in figures {
        for key in keys(figure, group_by) {
            groups.entry(key).or_default().push(figure);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(key, _)| *key);
    let groups = groups.into_iter();
    groups.map(move |(key, members)| computed(key, &members, function, with_names))
}

/// What all figures of a group share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key<'a> {
    indicator: &'a str,
    metric: &'a str,
    station: &'a str,
    place: &'a str,
    period: Option<Bucket>,
    unit: &'a str,
    per: &'a [String],
    assertion: i32,
}

/// A day, month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Bucket {
    Year(i32),
    Month(i32, u8),
    Day(i32, u8, u8),
    Undated,
}

/// The groups a figure is in: several when it is of several stations.
fn keys<'a>(figure: &'a Figure, group_by: &[GroupBy]) -> impl Iterator<Item = Key<'a>> {
    let mut key = Key {
        unit: &figure.unit,
        per: &figure.per,
        assertion: figure.assertion.into(),
        ..Key::default()
    };
    let mut stations: &[String] = &[];
    for by in group_by {
        match by {
            GroupBy::Indicator => key.indicator = &figure.indicator,
            GroupBy::Metric => key.metric = &figure.metric,
            GroupBy::Place => key.place = &figure.place,
            GroupBy::Station => stations = &figure.stations,
            GroupBy::Day | GroupBy::Month | GroupBy::Year => {
                key.period = Some(bucket(figure, *by));
            }
            GroupBy::Unspecified => {}
        }
    }
    let alone = stations.is_empty().then_some("");
    let stations = stations.iter().map(String::as_str).chain(alone);
    stations.map(move |station| Key { station, ..key })
}

fn bucket(figure: &Figure, by: GroupBy) -> Bucket {
    match (figure.start, by) {
        (Some(Start { year, month, day }), GroupBy::Day) if month > 0 && day > 0 => {
            Bucket::Day(year, month, day)
        }
        (Some(Start { year, month, .. }), GroupBy::Month) if month > 0 => {
            Bucket::Month(year, month)
        }
        (Some(Start { year, .. }), GroupBy::Year) => Bucket::Year(year),
        _ => Bucket::Undated,
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(out, "{year:04}"),
            Self::Month(year, month) => write!(out, "{year:04}-{month:02}"),
            Self::Day(year, month, day) => write!(out, "{year:04}-{month:02}-{day:02}"),
            Self::Undated => out.write_str("UNDATED"),
        }
    }
}

fn computed(key: Key<'_>, members: &[&Figure], function: Function, with_names: bool) -> Group {
    let outcome = match function {
        Function::Sum => sum(members),
        Function::Min => extreme(members, |left, right| left < right),
        Function::Max => extreme(members, |left, right| left > right),
        Function::Count | Function::Unspecified => Ok(Outcome::default()),
    };
    let (outcome, refusal) = match outcome {
        Ok(outcome) => (outcome, None),
        Err(refusal) => (Outcome::default(), Some(refusal)),
    };
    Group {
        indicator: key.indicator.to_owned(),
        metric: key.metric.to_owned(),
        station: key.station.to_owned(),
        place: key.place.to_owned(),
        period: key
            .period
            .map(|bucket| bucket.to_string())
            .unwrap_or_default(),
        unit: key.unit.to_owned(),
        per: key.per.to_vec(),
        assertion: key.assertion,
        count: i64::try_from(members.len()).unwrap_or(i64::MAX),
        value: outcome.value.map(decimal::canonical),
        qualifier: outcome.qualifier.map_or(0, i32::from),
        bound: outcome.bound.map(decimal::canonical),
        refusal,
        statistics: if with_names {
            names(members, usize::MAX)
        } else {
            Vec::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb::aggregate_statistics_response::refusal::Reason;
    use crate::statistics::aggregate::sum::REFUSED_NAMES_MAX;

    fn figure(name: &str, value: &str) -> Figure {
        Figure {
            name: name.to_owned(),
            article: "articles/ab".to_owned(),
            indicator: name.to_owned(),
            metric: String::new(),
            place: "市六区".to_owned(),
            stations: Vec::new(),
            value: value.parse().ok(),
            significant_digits: 0,
            unit: "起".to_owned(),
            per: Vec::new(),
            qualifier: Qualifier::Exact,
            assertion: Assertion::Reported,
            honour: String::new(),
            days: None,
            start: None,
        }
    }

    fn only(figures: &[Figure], function: Function) -> Group {
        let mut groups: Vec<_> = aggregate(figures, function, &[], true).collect();
        assert_eq!(groups.len(), 1);
        groups.remove(0)
    }

    fn value(group: &Group) -> &str {
        group.value.as_ref().map_or("", |value| &value.value)
    }

    #[track_caller]
    fn check_refused(figures: &[Figure], reason: Reason) {
        let group = only(figures, Function::Sum);
        assert_eq!(
            group.refusal.as_ref().map(|refusal| refusal.reason()),
            Some(reason)
        );
        assert_eq!(
            (group.count, value(&group)),
            (i64::try_from(figures.len()).unwrap_or(0), "")
        );
    }

    #[test]
    fn multiplied_out_figures_give_a_bound() {
        let wan = |name, value| Figure {
            significant_digits: 3,
            ..figure(name, value)
        };
        let figures = [
            figure("a", "2469"),
            wan("b", "47500"),
            figure("c", "5243"),
            wan("d", "32900"),
        ];
        let group = only(&figures, Function::Sum);
        assert_eq!(value(&group), "88112");
        assert_eq!(group.qualifier(), Qualifier::Approximate);
        assert_eq!(group.bound.map(|bound| bound.value).as_deref(), Some("100"));
        assert_eq!(group.statistics, ["a", "b", "c", "d"]);
    }

    #[test]
    fn vague_figures_have_no_bound_and_one_sided_ones_keep_their_side() {
        let with = |name, qualifier| Figure {
            qualifier,
            ..figure(name, "10")
        };
        let near = only(
            &[figure("a", "1"), with("b", Qualifier::Approximate)],
            Function::Sum,
        );
        assert_eq!(
            (near.qualifier(), near.bound),
            (Qualifier::Approximate, None)
        );
        let least = only(
            &[figure("a", "1"), with("b", Qualifier::MoreThan)],
            Function::Sum,
        );
        assert_eq!(least.qualifier(), Qualifier::AtLeast);
        let most = only(
            &[figure("a", "1"), with("b", Qualifier::LessThan)],
            Function::Sum,
        );
        assert_eq!(most.qualifier(), Qualifier::AtMost);
        let both = [with("a", Qualifier::AtLeast), with("b", Qualifier::AtMost)];
        check_refused(&both, Reason::QualifiersConflict);
    }

    #[test]
    fn what_has_no_sum_is_refused() {
        let share = Figure {
            unit: "%".to_owned(),
            ..figure("a", "98.9")
        };
        check_refused(&[share], Reason::NotAdditive);
        let target = Figure {
            assertion: Assertion::Target,
            ..figure("a", "20")
        };
        check_refused(&[target], Reason::NotAdditive);
        let rank = Figure {
            qualifier: Qualifier::Ordinal,
            ..figure("a", "1")
        };
        check_refused(&[rank], Reason::NotAdditive);
        let per = Figure {
            per: vec!["人".to_owned()],
            ..figure("a", "36.6")
        };
        check_refused(&[per], Reason::NotAdditive);
        let change_only = Figure {
            value: None,
            ..figure("a", "")
        };
        check_refused(&[change_only], Reason::NotAdditive);
        let honoured = |name, honour: &str| Figure {
            honour: honour.to_owned(),
            ..figure(name, "4")
        };
        check_refused(
            &[honoured("a", "h1"), honoured("b", "h3")],
            Reason::NotAdditive,
        );
        let same = [honoured("a", "h1"), honoured("b", "h1")];
        assert_eq!(value(&only(&same, Function::Sum)), "8");
    }

    #[test]
    fn a_refusal_names_the_first_that_stand_in_the_way() {
        let share = |at| Figure {
            unit: "%".to_owned(),
            ..figure(&format!("s{at:03}"), "98.9")
        };
        let shares: Vec<_> = (0..=REFUSED_NAMES_MAX).rev().map(share).collect();
        let group = only(&shares, Function::Sum);
        let named = group.refusal.map(|refusal| refusal.statistics);
        let first: Vec<_> = (0..REFUSED_NAMES_MAX).map(|at| share(at).name).collect();
        assert_eq!(named, Some(first));
        assert_eq!(group.statistics.len(), shares.len());
    }

    #[test]
    fn one_series_is_added_over_times_that_are_apart() {
        let day = |day| Date::from_calendar_date(2020, time::Month::June, day).ok();
        let of = |name, days: (u8, u8)| Figure {
            indicator: "series".to_owned(),
            days: day(days.0).zip(day(days.1)),
            ..figure(name, "5")
        };
        assert_eq!(
            value(&only(&[of("a", (1, 3)), of("b", (4, 6))], Function::Sum)),
            "10"
        );
        check_refused(&[of("a", (1, 3)), of("b", (3, 6))], Reason::PeriodsOverlap);
        let undated = Figure {
            days: None,
            ..of("b", (1, 1))
        };
        check_refused(&[of("a", (1, 3)), undated], Reason::PeriodsOverlap);
    }

    #[test]
    fn groups_split_by_unit_per_and_assertion_and_by_what_is_asked() {
        let mut figures = vec![figure("a", "1"), figure("b", "2")];
        figures.push(Figure {
            unit: "人".to_owned(),
            ..figure("c", "3")
        });
        figures.push(Figure {
            assertion: Assertion::Target,
            ..figure("d", "4")
        });
        assert_eq!(aggregate(&figures, Function::Count, &[], false).count(), 3);
        let start = |year, month, day| Some(Start { year, month, day });
        figures[0].start = start(2020, 6, 9);
        figures[1].start = start(2020, 0, 0);
        let months = aggregate(&figures[..2], Function::Sum, &[GroupBy::Month], false);
        let buckets: Vec<_> = months.map(|group| group.period).collect();
        assert_eq!(buckets, ["2020-06", "UNDATED"]);
        figures[0].stations = vec!["stations/aa".to_owned(), "stations/bb".to_owned()];
        assert_eq!(
            aggregate(&figures[..1], Function::Sum, &[GroupBy::Station], false).count(),
            2
        );
    }

    #[test]
    fn extremes_keep_their_own_qualifier() {
        let most = Figure {
            qualifier: Qualifier::MoreThan,
            ..figure("b", "7")
        };
        let (less, equal) = (figure("a", "3"), figure("c", "7"));
        let [one, other] = [[&less, &equal, &most], [&most, &equal, &less]];
        for figures in [one, other].map(|figures| figures.map(Figure::clone)) {
            let group = only(&figures, Function::Max);
            assert_eq!(
                (value(&group), group.qualifier()),
                ("7", Qualifier::MoreThan)
            );
        }
        assert_eq!(
            value(&only(&[figure("a", "3"), figure("b", "7")], Function::Min)),
            "3"
        );
    }
}

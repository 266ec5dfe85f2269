//! Aggregates: a year of a station and of an indicator, month by month.

use anyhow::Result;
use bulletin::filter::check::check;
use bulletin::pb::AggregateStatisticsRequest;
use bulletin::pb::aggregate_statistics_request::{Function, GroupBy};
use bulletin::statistics::fields::SCHEMA;

use super::Case;
use crate::bars::Bar;
use crate::call::Call;
use crate::city::{City, INDICATORS, indicator, station_name};
use crate::raw::Raw;

pub fn all(city: &City) -> Result<Vec<Case>> {
    let of = [
        (
            "the commonest station",
            format!("stations:\"{}\"", station_name(0)),
        ),
        (
            "a common station",
            format!("stations:\"{}\"", station_name(city.stations / 100)),
        ),
        (
            "a rare station",
            format!("stations:\"{}\"", station_name(city.stations - 1)),
        ),
        (
            "the commonest indicator",
            format!("indicator = {}", indicator(0)),
        ),
        (
            "a common indicator",
            format!("indicator = {}", indicator(INDICATORS / 100)),
        ),
        (
            "a rare indicator",
            format!("indicator = {}", indicator(INDICATORS - 1)),
        ),
    ];
    of.into_iter()
        .map(|(what, filter)| year(what, &filter))
        .collect()
}

fn year(what: &str, filter: &str) -> Result<Case> {
    let filter =
        format!("{filter} AND period.start >= \"2025-01-01\" AND period.start <= \"2025-12-31\"");
    let condition = check(&SCHEMA, &filter)?;
    Ok(Case {
        name: format!("aggregate a year of {what}"),
        call: Some(Call::Aggregate(AggregateStatisticsRequest {
            parent: "articles/-".to_owned(),
            filter,
            function: Function::Sum.into(),
            group_by: vec![GroupBy::Month.into()],
            ..AggregateStatisticsRequest::default()
        })),
        raw: Some(Raw::Figures(condition)),
        bar: Bar::Aggregate,
    })
}

//! Filters: those of the documentation, and one for each indexed column, common values and rare ones.

use anyhow::Result;
use bulletin::pb::total::Mode;

use super::Case;
use super::lists::{Asked, Resource};
use crate::bars::Bar;
use crate::city::words::NEWSPAPERS;
use crate::city::{
    City, INDICATORS, PEOPLE, PLACES, article_name, indicator, newspaper, person, place,
    station_name,
};

pub fn all(city: &City) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let lists = [
        (Resource::Articles, of_articles(city)),
        (Resource::Stations, of_stations(city)),
        (Resource::Statistics, of_statistics(city)),
    ];
    for (resource, filters) in lists {
        for (filter, order_by) in filters {
            let order = if order_by.is_empty() {
                String::new()
            } else {
                format!(" by {order_by}")
            };
            let name = format!("{}{order} where {filter}", resource.noun());
            let asked = Asked::of(resource, &filter, order_by);
            cases.push(asked.case(name, Bar::FilteredPage)?);
        }
    }
    let article = article_name(city.articles / 2);
    let of_one = Asked {
        article: Some(article.clone()),
        ..Asked::of(Resource::Statistics, "", "")
    };
    cases.push(of_one.case(format!("statistics of {article}"), Bar::FilteredPage)?);
    for (total, word) in [(Mode::Estimate, "estimated"), (Mode::Exact, "exact")] {
        let filter = format!("stations:\"{}\"", station_name(0));
        let asked = Asked {
            total,
            ..Asked::of(Resource::Statistics, &filter, "")
        };
        cases.push(asked.case(
            format!("statistics where {filter}, total {word}"),
            Bar::None,
        )?);
    }
    Ok(cases)
}

const NEWEST: &str = "publication.publish_date desc";

fn of_articles(city: &City) -> Vec<(String, &'static str)> {
    let (common, rare) = (station_name(0), station_name(city.stations - 1));
    vec![
        ("state = DRAFT".to_owned(), ""),
        (format!("publication.newspaper = \"{}\"", newspaper(0)), ""),
        (
            format!("publication.newspaper = \"{}\"", newspaper(NEWSPAPERS - 1)),
            "",
        ),
        (
            format!("publication.newspaper = \"{}\"", newspaper(NEWSPAPERS - 1)),
            NEWEST,
        ),
        (format!("mentions.station:\"{common}\""), ""),
        (format!("mentions.station:\"{common}\""), NEWEST),
        (format!("mentions.station:\"{rare}\""), ""),
        (format!("mentions.station:\"{rare}\""), NEWEST),
        (format!("honours.recipients:\"{rare}\""), ""),
        ("honours.title:\"*枫桥式*\"".to_owned(), ""),
        (
            format!("honours.title:\"*枫桥式*\" AND mentions.station:\"{common}\""),
            "",
        ),
        (
            format!("people.display_name:\"{}\"", person(PEOPLE - 1)),
            "",
        ),
        (format!("bylines.display_name:\"{}\"", person(1_900)), ""),
        (
            "publication.publish_date >= \"2025-12-01\"".to_owned(),
            NEWEST,
        ),
        ("publication.publish_date = \"2020-06-11\"".to_owned(), ""),
        (
            "create_time > \"2020-01-01T00:00:00Z\"".to_owned(),
            "create_time desc",
        ),
    ]
}

fn of_stations(city: &City) -> Vec<(String, &'static str)> {
    let named = crate::city::display_name(city.stations / 2);
    vec![
        (format!("parent = \"{}\"", station_name(0)), ""),
        (format!("parent = \"{}\"", station_name(199)), ""),
        (format!("merged_into = \"{}\"", station_name(7)), ""),
        (format!("display_name = \"{named}\""), ""),
        (format!("full_name = \"宁波市公安局{named}\""), ""),
        (format!("aliases:\"{}\"", named.replace("派出所", "所")), ""),
        ("kind = POLICE_STATION".to_owned(), ""),
        ("kind = TRAFFIC_BUREAU".to_owned(), ""),
        ("region_code = \"330899\"".to_owned(), ""),
    ]
}

fn of_statistics(city: &City) -> Vec<(String, &'static str)> {
    let (common, rare) = (station_name(0), station_name(city.stations - 1));
    let greatest = "quantity.value desc";
    vec![
        (format!("stations:\"{common}\""), ""),
        (format!("stations:\"{common}\""), greatest),
        (format!("stations:\"{rare}\""), ""),
        (format!("stations:\"{rare}\""), greatest),
        (format!("indicator = {}", indicator(0)), ""),
        (format!("indicator = {}", indicator(INDICATORS - 1)), ""),
        (format!("place = \"{}\"", place(0)), ""),
        (format!("place = \"{}\"", place(PLACES - 1)), ""),
        (
            "assertion = REPORTED AND quantity.value >= 5000".to_owned(),
            "",
        ),
        (
            "assertion = REPORTED AND quantity.value >= 5000".to_owned(),
            greatest,
        ),
        (
            "assertion = REPORTED AND quantity.value >= 999900".to_owned(),
            greatest,
        ),
        ("assertion = STRUCTURE".to_owned(), greatest),
        ("qualifier = APPROXIMATE".to_owned(), ""),
        ("qualifier = LESS_THAN".to_owned(), ""),
        ("subject:\"非机动车\"".to_owned(), ""),
        ("quantity.value >= 999900".to_owned(), ""),
        (
            "period.start >= \"2025-12-01\"".to_owned(),
            "period.start desc",
        ),
        ("period.start = \"2020-06-11\"".to_owned(), ""),
        (
            "create_time > \"2020-01-01T00:00:00Z\"".to_owned(),
            "create_time desc",
        ),
    ]
}

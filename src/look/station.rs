//! A station: what it is called, its honours, and the articles that name it.

use maud::html;
use tonic::Status;

use super::Page;
use super::calls::Calls;
use super::html::{LANGUAGE, date, entry, link, next};
use super::list::head;
use crate::pb::{
    GetStationRequest, ListArticlesRequest, ListStationHonoursRequest, Station, station,
};

const HONOURS_MAX: i32 = 50;
const PAGE_SIZE: i32 = 30;

pub async fn page(calls: &Calls, name: String, page_token: &str) -> Result<Page, Status> {
    let request = GetStationRequest {
        name: name.clone(),
        ..GetStationRequest::default()
    };
    let station = calls.get_station(request).await?.into_inner();
    let request = ListStationHonoursRequest {
        parent: name.clone(),
        page_size: HONOURS_MAX,
        ..ListStationHonoursRequest::default()
    };
    let honours = calls.list_station_honours(request).await?.into_inner();
    let request = ListArticlesRequest {
        page_size: PAGE_SIZE,
        page_token: page_token.to_owned(),
        // The name is one that exists, and so has no quotation mark in it.
        filter: format!("mentions.station:\"{name}\""),
        order_by: "create_time desc".to_owned(),
        ..ListArticlesRequest::default()
    };
    let articles = calls.list_articles(request).await?.into_inner();
    let body = html! {
        h1 lang=(LANGUAGE) { (station.display_name) }
        p.facts {
            code { (name) } " · " (station.kind().as_str_name())
            @if station.state() != station::State::Active {
                " " strong.badge { (station.state().as_str_name()) }
            }
            @if station.delete_time.is_some() { " " strong.badge { "DELETED" } }
            " · " (link(&format!("{name}/versions"), "Versions"))
        }
        (names(&station))
        h2 { "Honours" }
        @if honours.honours.is_empty() { p { "None is reported." } }
        ul {
            @for found in &honours.honours {
                @let honour = found.honour.clone().unwrap_or_default();
                li {
                    a href={ "/look/" (found.article) "#honour-" (honour.id) } lang=(LANGUAGE) { (honour.title) }
                }
            }
        }
        @if !honours.next_page_token.is_empty() { p { "And more." } }
        h2 { "Articles that name it" }
        @if articles.articles.is_empty() { p { "There are none." } }
        ol.articles { @for article in &articles.articles { li { (head(article)) } } }
        (next(&format!("/look/{name}"), "", &articles.next_page_token))
    };
    Ok(Page::new(station.display_name, body))
}

fn names(station: &Station) -> maud::Markup {
    html! {
        dl {
            (entry("full name", &station.full_name))
            @if !station.parent.is_empty() {
                dt { "below" }
                dd { (link(&station.parent, &station.parent)) }
            }
            (entry("aliases", &station.aliases.join(", ")))
            (entry("region code", &station.region_code))
            (entry("agency code", &station.agency_code))
            @if !station.merged_into.is_empty() {
                dt { "merged into" }
                dd { (link(&station.merged_into, &station.merged_into)) }
            }
            (entry("until", &date(station.end_date.as_ref())))
            (entry("inferred", &station.inferred.join(", ")))
        }
    }
}

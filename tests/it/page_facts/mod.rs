//! Every fact of the real page comes back over gRPC, and nothing that the page does not say.
//!
//! `tests/data/page-facts.json` lists the facts, each with its place; it was made by hand.

mod articles;
mod silence;
mod statistics;

use bulletin::pb;
use serde_json::Value;

use crate::support::Service;

const PAGE: &str = include_str!("../../data/bulletin-page.txt");

/// The facts, and the records that the service answers with.
struct Facts {
    facts: Value,
    articles: Vec<pb::Article>,
    stations: Vec<pb::Station>,
    statistics: Vec<pb::Statistic>,
}

impl Facts {
    async fn read() -> Self {
        let service = Service::seeded().await;
        let facts = serde_json::from_str(include_str!("../../data/page-facts.json")).unwrap();
        let list = pb::ListArticlesRequest {
            view: pb::View::Source.into(),
            ..Default::default()
        };
        let articles = service
            .articles()
            .list_articles(list)
            .await
            .unwrap()
            .into_inner()
            .articles;
        let list = pb::ListStationsRequest {
            page_size: 100,
            ..Default::default()
        };
        let stations = service
            .stations()
            .list_stations(list)
            .await
            .unwrap()
            .into_inner()
            .stations;
        let list = pb::ListStatisticsRequest {
            parent: "articles/-".into(),
            page_size: 100,
            ..Default::default()
        };
        let statistics = service.statistics().list_statistics(list).await.unwrap();
        let statistics = statistics.into_inner().statistics;
        Self {
            facts,
            articles,
            stations,
            statistics,
        }
    }

    fn list(&self, key: &str) -> &Vec<Value> {
        self.facts[key].as_array().unwrap()
    }

    fn article(&self, name: &str) -> &pb::Article {
        self.articles
            .iter()
            .find(|article| article.name == name)
            .unwrap()
    }

    fn article_of(&self, fact: &Value) -> &pb::Article {
        self.article(text(&fact["article"]))
    }
}

/// A text; empty when the fact is null or missing.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map(|items| items.iter().map(text).collect())
        .unwrap_or_default()
}

/// Checks that a span has the quote and the places of a fact.
#[track_caller]
fn check_span(span: Option<&pb::Span>, fact: &Value) {
    let span = span.unwrap_or_else(|| panic!("no span for {fact}"));
    assert_eq!(span.quote, text(&fact["quote"]));
    assert_eq!(places(&span.fragments), places_of(fact), "{}", span.quote);
    assert_eq!(span.state(), pb::span::State::Verified);
}

fn places(fragments: &[pb::Fragment]) -> Vec<(i64, i64)> {
    fragments
        .iter()
        .map(|part| (i64::from(part.start), i64::from(part.end)))
        .collect()
}

fn places_of(fact: &Value) -> Vec<(i64, i64)> {
    let spans = fact["spans"].as_array().unwrap();
    spans
        .iter()
        .map(|span| {
            (
                span["start"].as_i64().unwrap(),
                span["end"].as_i64().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn as_many_records_come_back_as_the_page_has() {
    let facts = Facts::read().await;
    let counts = &facts.facts["counts"];
    let count = |key: &str| usize::try_from(counts[key].as_u64().unwrap()).unwrap();
    assert_eq!(facts.articles.len(), count("articles"));
    assert_eq!(facts.stations.len(), count("stations"));
    assert_eq!(facts.statistics.len(), count("statistics"));
    let of_articles =
        |number: fn(&pb::Article) -> usize| facts.articles.iter().map(number).sum::<usize>();
    assert_eq!(
        of_articles(|article| article.honours.len()),
        count("honours")
    );
    assert_eq!(of_articles(|article| article.people.len()), count("people"));
    assert_eq!(
        of_articles(|article| article.quotations.len()),
        count("quotations")
    );
    assert_eq!(of_articles(|article| article.events.len()), count("events"));
    let asserted = |assertion: pb::statistic::Assertion| {
        facts
            .statistics
            .iter()
            .filter(|statistic| statistic.assertion() == assertion)
            .count()
    };
    assert_eq!(
        asserted(pb::statistic::Assertion::Reported),
        count("statistics_reported")
    );
    assert_eq!(
        asserted(pb::statistic::Assertion::Target),
        count("statistics_target")
    );
}

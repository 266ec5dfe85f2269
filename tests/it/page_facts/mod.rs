//! Every fact of the real page comes back over gRPC: each record is built from `page-facts.json` and
//! must equal the one served, field for field, so that what the facts do not list must be unset.

mod articles;
mod fact;
mod statistics;

use std::collections::BTreeSet;

use bulletin::pb::{Mention, Statistic};
use bulletin::record::Record;

use self::articles::{NO_ALIASES, expected_article, expected_station};
use self::fact::{fragments, known, list, number, of, text, texts};
use self::statistics::expected_statistic;
use crate::support::Service;
use crate::support::seeds::{CONFERENCE, PAGE_TEXT, TRAFFIC, facts};
use crate::support::spans::cut;

/// What the service alone sets is not in the facts.
fn without_header<R: Record>(mut record: R) -> R {
    let header = record.header();
    assert!(!header.etag.is_empty() && *header.revision > 0 && header.create_time.is_some());
    header.etag.clear();
    (*header.revision, *header.create_time, *header.update_time) = (0, None, None);
    record
}

#[tokio::test]
async fn every_article_is_served_as_the_page_has_it() {
    let facts = facts();
    let articles = Service::seeded().await.records().await.articles;
    assert_eq!(articles.len(), 2);
    assert_eq!(number(&facts["counts"], "articles"), 2);
    for fact in list(&facts, "articles") {
        let served = &articles[text(fact, "name")];
        let mut expected = expected_article(&facts, fact);
        // The units' test reads mentions; what is inferred, and why, `page_silence` does.
        expected.mentions.clone_from(&served.mentions);
        expected.inferred.clone_from(&served.inferred);
        assert_eq!(without_header(served.clone()), expected);
        let layout = text(&fact["headline"], "split_basis").starts_with("INFERRED");
        assert_eq!(served.inferred.contains(&"headline".to_owned()), layout);
    }
    let count = |key: &str| usize::try_from(number(&facts["counts"], key)).unwrap();
    let served = || articles.values();
    assert_eq!(
        served().map(|article| article.people.len()).sum::<usize>(),
        count("people")
    );
    assert_eq!(
        served()
            .map(|article| article.quotations.len())
            .sum::<usize>(),
        count("quotations")
    );
    assert_eq!(
        served().map(|article| article.honours.len()).sum::<usize>(),
        count("honours")
    );
    assert_eq!(
        served().map(|article| article.events.len()).sum::<usize>(),
        count("events")
    );
    let lengths = |name: &str| {
        let article = &articles[name];
        let (bylines, captions) = (article.bylines.len(), article.captions.len());
        (
            bylines,
            captions,
            article.works.len(),
            article.paragraphs.len(),
        )
    };
    assert_eq!(lengths(CONFERENCE), (2, 0, 3, 6));
    assert_eq!(lengths(TRAFFIC), (0, 1, 1, 8));
    assert_eq!(articles[CONFERENCE].continuation, None);
    assert_eq!(articles[TRAFFIC].continuation.as_ref().unwrap().page, "A10");
}

#[tokio::test]
async fn every_unit_is_served_and_mentioned_where_the_page_names_it() {
    let facts = facts();
    let records = Service::seeded().await.records().await;
    let units = list(&facts, "stations");
    assert_eq!(records.stations.len(), units.len());
    assert_eq!(number(&facts["counts"], "stations"), 18);
    assert_eq!(units.len(), 18);
    let mut mentioned = 0;
    for fact in units {
        let name = text(fact, "name");
        let served = &records.stations[name];
        let mut expected = expected_station(fact);
        expected.inferred.clone_from(&served.inferred);
        assert_eq!(without_header(served.clone()), expected);
        let is_inferred = text(fact, "parent_basis") == "INFERRED";
        assert_eq!(
            served.inferred.contains(&"parent".to_owned()),
            is_inferred,
            "{name}"
        );

        let mentions = |article: &str| -> Vec<&Mention> {
            let all = records.articles[article].mentions.iter();
            all.filter(|mention| mention.station == name).collect()
        };
        let place = &fragments(fact)[0];
        let stands_there = |mention: &&Mention| {
            let at = &mention.span.as_ref().unwrap().fragments[0];
            place.start <= at.start && at.end <= place.end
        };
        assert!(
            mentions(text(fact, "article")).iter().any(stands_there),
            "{name}"
        );
        for article in texts(fact, "also_in") {
            assert!(!mentions(&article).is_empty(), "{name} in {article}");
        }

        // Each way it is written is one of its names, or points back at it.
        let mut names = texts(fact, "aliases");
        names.extend([text(fact, "display_name"), text(fact, "quote")].map(str::to_owned));
        for article in records.articles.keys() {
            let surfaces: Vec<&str> = mentions(article)
                .iter()
                .map(|m| m.surface.as_str())
                .collect();
            let distinct: BTreeSet<&str> = surfaces.iter().copied().collect();
            assert_eq!(distinct.len(), surfaces.len(), "{name} in {article}");
            for mention in mentions(article) {
                assert!(
                    names.contains(&mention.surface),
                    "{name}: {}",
                    mention.surface
                );
                assert_eq!(mention.span.as_ref().unwrap().quote, mention.surface);
                mentioned += 1;
            }
        }
    }
    let listed = records
        .articles
        .values()
        .map(|article| article.mentions.len());
    assert_eq!((mentioned, listed.sum::<usize>()), (30, 30));
    let stations = units.iter().filter(|fact| fact["kind"] == "POLICE_STATION");
    assert_eq!(stations.count(), 5);
    assert_eq!(number(&facts["counts"], "police_stations"), 5);
}

/// What the facts call an alias and no station has: one is a mention, the other another body.
#[tokio::test]
async fn a_word_that_points_back_is_a_mention_and_a_party_committee_no_alias() {
    let facts = facts();
    let records = Service::seeded().await.records().await;
    let aliases = list(&facts, "stations")
        .iter()
        .flat_map(|fact| texts(fact, "aliases"));
    let left_out = aliases.filter(|alias| NO_ALIASES.contains(&alias.as_str()));
    assert_eq!(left_out.count(), NO_ALIASES.len());
    let mentions = &records.articles[TRAFFIC].mentions;
    let [pointing] = mentions
        .iter()
        .filter(|m| m.surface == "该中队")
        .collect::<Vec<_>>()[..]
    else {
        panic!("该中队 is mentioned once: {mentions:?}");
    };
    assert_eq!(
        pointing.station,
        "stations/yinzhou-dongbu-xincheng-squadron"
    );
    let bodies = list(&facts, "other_organisations").iter();
    assert_eq!(
        bodies
            .filter(|body| body["display_name"] == "市公安局党委")
            .count(),
        1
    );
    let deputy = &records.articles[CONFERENCE].people[1].offices[0];
    assert_eq!(
        (deputy.organization.as_str(), deputy.station.as_str()),
        ("市公安局党委", "")
    );
}

#[tokio::test]
async fn every_statistic_is_served_with_all_that_the_page_says_of_it() {
    let facts = facts();
    let statistics = Service::seeded().await.records().await.statistics;
    let listed = list(&facts, "statistics");
    assert_eq!((statistics.len(), listed.len()), (32, 32));
    assert_eq!(number(&facts["counts"], "statistics"), 32);
    for fact in listed {
        let mut expected = expected_statistic(&facts, fact);
        let served = &statistics[&expected.name];
        expected.inferred.clone_from(&served.inferred);
        assert_eq!(without_header(served.clone()), expected);
        let is_inferred = !text(fact, "unit_basis").is_empty();
        let inferred = served.inferred.contains(&"quantity.unit".to_owned());
        assert!(inferred || !is_inferred, "{}", served.name);
        let crosses = fact["crosses_page_break"] == true;
        assert_eq!(
            served.span.as_ref().unwrap().fragments.len(),
            1 + usize::from(crosses)
        );
    }
    let asserted = |words: &[&str]| {
        let is_one = |statistic: &&Statistic| words.contains(&statistic.assertion().as_str_name());
        i32::try_from(statistics.values().filter(is_one).count()).unwrap()
    };
    let count = |key: &str| number(&facts["counts"], key);
    assert_eq!(asserted(&["REPORTED"]), count("statistics_reported"));
    assert_eq!(asserted(&["TARGET"]), count("statistics_target"));
    assert_eq!(
        asserted(&["STRUCTURE", "PLAN"]),
        count("statistics_structure_or_plan")
    );
}

/// A key that no test reads, or that no fact has any more, would make the others prove less.
#[test]
fn the_tests_read_every_key_of_every_fact() {
    let facts = facts();
    let check = |kind: &str, keys: &str| {
        known(
            list(&facts, kind),
            &keys.split_whitespace().collect::<Vec<_>>(),
        );
    };
    // `split_basis` and the like are read; `..._note`, `source_lines` and whole lines are remarks.
    check(
        "articles",
        "name headline kicker headline_line subheads bylines byline_line byline_note captions \
         continuation completeness completeness_note paragraphs",
    );
    check(
        "stations",
        "name article also_in display_name full_name_resolved kind parent parent_basis aliases \
         resolution quote spans",
    );
    // `merit_class` stands in the title; `place` and `recipient_basis` are remarks.
    check(
        "honours",
        "id article title verb level awarded_by recipients recipient_count recipients_complete \
         status merit_class place recipient_basis quote spans",
    );
    check(
        "people",
        "id article display_name offices roles quote spans",
    );
    check("quotations", "id article speaker mode verb quote spans");
    check(
        "events",
        "id article display_name date organisers quote spans",
    );
    check("works_cited", "article kind title issuer quote spans");
    // `multiplier` and `resolution` follow from the digits, `iso_duration` from the value,
    // `conditions` is statistic s11; the rest of the last line are remarks.
    check(
        "statistics",
        "id article metric indicator value unit value_as_written unit_as_written unit_basis per \
         significant_digits qualifier qualifier_text approx_direction hedge kind target_type trend \
         change previous_value derived_delta period place subject stations speaker honour \
         parent_statistic offences classification listed time_windows crosses_page_break quote spans \
         multiplier resolution iso_duration conditions derivation note place_basis salience trap",
    );
    assert_eq!(of(&facts, "people", CONFERENCE).len(), 4);
    assert_eq!(of(&facts, "people", TRAFFIC).len(), 2);
}

#[test]
fn the_facts_are_of_the_page_that_is_kept_beside_them() {
    let facts = facts();
    let document = &facts["document"];
    let page = bulletin::page::Page::new(PAGE_TEXT);
    assert_eq!(page.sha256(), text(document, "sha256"));
    assert_eq!(PAGE_TEXT.chars().count(), 3020);
    assert_eq!(number(document, "chars"), 3020);
    let mut quotes = 0;
    for kind in [
        "stations",
        "honours",
        "people",
        "quotations",
        "events",
        "works_cited",
        "statistics",
    ] {
        for fact in list(&facts, kind) {
            assert_eq!(
                cut(PAGE_TEXT, &fragments(fact)).unwrap(),
                text(fact, "quote")
            );
            quotes += 1;
        }
    }
    assert_eq!(quotes, 18 + 4 + 6 + 4 + 3 + 4 + 32);
}

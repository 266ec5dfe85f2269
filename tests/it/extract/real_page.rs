//! The real page, read anew: what `tests/data/page-facts.json` says of it comes out of the text alone.

use std::collections::{BTreeMap, BTreeSet};

use bulletin::extract::{Extract, extract};
use bulletin::page::Page;
use bulletin::pb::{self, Article, Statistic, honour, statistic};
use serde_json::Value;

const PAGE: &str = include_str!("../../data/bulletin-page.txt");
const FACTS: &str = include_str!("../../data/page-facts.json");

/// Of 32 statistics, so many must come out whole.
const STATISTICS_MIN: usize = 30;

fn read() -> (Extract, Value) {
    (
        extract(&Page::new(PAGE)),
        serde_json::from_str(FACTS).unwrap(),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list<'a>(facts: &'a Value, key: &str) -> &'a [Value] {
    facts[key].as_array().unwrap()
}

fn places(fact: &Value) -> Vec<(i64, i64)> {
    let number = |value: &Value| value.as_i64().unwrap();
    let spans = fact["spans"].as_array().unwrap().iter();
    spans
        .map(|span| (number(&span["start"]), number(&span["end"])))
        .collect()
}

fn stands(span: Option<&pb::Span>) -> Vec<(i64, i64)> {
    let fragments = span.unwrap().fragments.iter();
    fragments
        .map(|part| (i64::from(part.start), i64::from(part.end)))
        .collect()
}

fn statistics(read: &Extract) -> Vec<&Statistic> {
    read.articles
        .iter()
        .flat_map(|records| &records.statistics)
        .collect()
}

fn value(statistic: &Statistic) -> &str {
    let quantity = statistic.quantity.as_ref();
    let value = quantity.and_then(|quantity| quantity.value.as_ref());
    value.map_or("", |value| value.value.as_str())
}

fn quoted<'a>(statistics: &[&'a Statistic], quote: &str) -> &'a Statistic {
    let found = statistics
        .iter()
        .find(|found| found.span.as_ref().unwrap().quote == quote);
    found.unwrap_or_else(|| panic!("no statistic of {quote:?}"))
}

#[test]
fn both_articles_come_out_as_printed() {
    let (read, facts) = read();
    let facts = list(&facts, "articles");
    assert_eq!(read.articles.len(), facts.len());
    for (records, fact) in read.articles.iter().zip(facts) {
        let article = &records.article;
        assert_eq!(
            stands(article.headline_span.as_ref()),
            places(&fact["headline"])
        );
        assert_eq!(article.kicker, text(&fact["kicker"]["quote"]));
        assert_eq!(
            article.completeness().as_str_name(),
            text(&fact["completeness"])
        );
        let bylines: Vec<_> = article
            .bylines
            .iter()
            .map(|byline| {
                (
                    byline.role_text.as_str(),
                    byline.display_name.as_str(),
                    stands(byline.span.as_ref()),
                )
            })
            .collect();
        let expected: Vec<_> = list(fact, "bylines")
            .iter()
            .map(|fact| (text(&fact["role"]), text(&fact["person"]), places(fact)))
            .collect();
        assert_eq!(bylines, expected);
        for (kind, key) in [
            (pb::paragraph::Kind::Body, "paragraphs"),
            (pb::paragraph::Kind::Subhead, "subheads"),
        ] {
            let paragraphs = article
                .paragraphs
                .iter()
                .filter(|paragraph| paragraph.kind() == kind);
            let texts: Vec<&str> = paragraphs
                .map(|paragraph| paragraph.text.as_str())
                .collect();
            let expected: Vec<&str> = list(fact, key)
                .iter()
                .map(|fact| text(&fact["quote"]))
                .collect();
            assert_eq!(texts, expected);
        }
        for (caption, fact) in article.captions.iter().zip(list(fact, "captions")) {
            assert_eq!(stands(caption.span.as_ref()), places(&fact["caption"]));
            assert_eq!(caption.credit, text(&fact["credit"]["quote"]));
            assert_eq!(
                i64::from(caption.after_paragraph),
                fact["placed_after_paragraph"].as_i64().unwrap()
            );
        }
        assert_eq!(article.captions.len(), list(fact, "captions").len());
    }
}

#[test]
fn all_units_come_out_with_their_parents() {
    let (read, facts) = read();
    let found: BTreeMap<&str, &pb::Station> = read
        .stations
        .iter()
        .map(|station| (station.display_name.as_str(), station))
        .collect();
    let names: BTreeMap<&str, &str> = list(&facts, "stations")
        .iter()
        .map(|fact| (text(&fact["name"]), text(&fact["display_name"])))
        .collect();
    assert_eq!(
        found.keys().copied().collect::<BTreeSet<_>>(),
        names.values().copied().collect::<BTreeSet<_>>()
    );
    for fact in list(&facts, "stations") {
        let station = found[text(&fact["display_name"])];
        let kind = match text(&fact["kind"]) {
            "MUNICIPAL" => "MUNICIPAL_BUREAU",
            "TRAFFIC_BRIGADE" => "BRIGADE",
            "TRAFFIC_SQUADRON" => "SQUADRON",
            kind => kind,
        };
        assert_eq!(
            station.kind().as_str_name(),
            kind,
            "{}",
            station.display_name
        );
        let parent = read
            .stations
            .iter()
            .find(|parent| parent.name == station.parent);
        let expected = names.get(text(&fact["parent"])).copied();
        assert_eq!(
            parent.map(|parent| parent.display_name.as_str()),
            expected,
            "{}",
            station.display_name
        );
    }
    let mentioned: BTreeSet<&str> = read
        .articles
        .iter()
        .flat_map(|records| &records.article.mentions)
        .map(|mention| mention.station.as_str())
        .collect();
    assert_eq!(mentioned.len(), 18);
}

#[test]
fn numbers_come_out_with_what_they_claim() {
    let (read, facts) = read();
    let found = statistics(&read);
    let mut lacking = Vec::new();
    for fact in list(&facts, "statistics") {
        let is_it = |statistic: &&&Statistic| {
            let unit = statistic
                .quantity
                .as_ref()
                .map_or("", |quantity| quantity.unit.as_str());
            (value(statistic), unit) == (text(&fact["value"]), text(&fact["unit"]))
                && statistic.qualifier().as_str_name() == text(&fact["qualifier"])
                && statistic.assertion().as_str_name() == text(&fact["kind"])
                && stands(statistic.span.as_ref()) == places(fact)
        };
        if found.iter().find(is_it).is_none() {
            lacking.push(format!("{} {}", text(&fact["id"]), text(&fact["quote"])));
        }
    }
    let count = list(&facts, "statistics").len() - lacking.len();
    assert!(
        count >= STATISTICS_MIN,
        "only {count}, without {lacking:#?}"
    );
    let read_beside = found.len() - count;
    assert!(
        read_beside <= 2,
        "{read_beside} that the page does not state"
    );
}

#[test]
fn honours_are_held_or_only_striven_for() {
    let (read, _) = read();
    let of = |article: &Article, state: honour::State| -> Vec<(String, usize, i32, bool)> {
        let honours = article
            .honours
            .iter()
            .filter(|honour| honour.state() == state);
        honours
            .map(|honour| {
                (
                    honour.title.clone(),
                    honour.recipients.len(),
                    honour.recipient_count,
                    honour.recipients_complete,
                )
            })
            .collect()
    };
    let first = &read.articles[0].article;
    let awarded = [
        ("全省枫桥式公安派出所".to_owned(), 4, 4, true),
        ("集体二等功".to_owned(), 4, 4, true),
        ("全市枫桥式公安派出所".to_owned(), 1, 16, false),
    ];
    assert_eq!(of(first, honour::State::Awarded), awarded);
    let second = &read.articles[1].article;
    assert_eq!(of(second, honour::State::Awarded), []);
    for (title, recipients, ..) in of(second, honour::State::Aspiration) {
        assert_eq!((title.as_str(), recipients), ("全国文明城市“六连冠”", 0));
    }
}

/// Each of the traps that `page-facts.json` lists.
#[test]
fn none_of_the_traps_snaps() {
    let (read, facts) = read();
    assert_eq!(list(&facts, "traps").len(), 13);
    let all = statistics(&read);
    let quantity = |statistic: &Statistic| statistic.quantity.clone().unwrap();
    // 半小时 × 3 ≠ 3.5小时
    assert!(!all.iter().any(|statistic| value(statistic) == "3.5"));
    assert_eq!(value(quoted(&all, "3个“半小时”机动勤务机制")), "0.5");
    // 4.75万 = 47500, 3.29万 = 32900
    let wrong_way = quantity(quoted(&all, "逆向行驶4.75万起"));
    assert_eq!(
        (
            wrong_way.value.unwrap().value.as_str(),
            wrong_way.significant_digits
        ),
        ("47500", 3)
    );
    let helmets = quantity(quoted(&all, "电动自行车未戴头盔3.29万起"));
    assert_eq!(
        (
            helmets.value.unwrap().value.as_str(),
            helmets.significant_digits
        ),
        ("32900", 3)
    );
    // 近 means just below
    let brands = all
        .iter()
        .find(|statistic| value(statistic) == "300")
        .unwrap();
    assert_eq!(brands.qualifier(), statistic::Qualifier::Approximate);
    assert_eq!(brands.approximation(), statistic::Approximation::Below);
    // 等4家 is a complete list, 等16家 is not: see above. 20%/40%/2年/100公里 are targets.
    for (number, unit) in [("20", "%"), ("40", "%"), ("2", "年"), ("100", "公里")] {
        let mut of = all
            .iter()
            .filter(|statistic| {
                (value(statistic), quantity(statistic).unit.as_str()) == (number, unit)
            })
            .peekable();
        assert!(of.peek().is_some(), "{number}{unit}");
        assert!(
            of.all(|statistic| statistic.assertion() == statistic::Assertion::Target),
            "{number}{unit}"
        );
    }
    // 六连冠 is an aspiration: see above. 五一广场 and A10版 are names.
    for name in ["五一广场", "A10版", "“1+X”", "“1号文件”", "9:00"] {
        let is_read = |statistic: &&&Statistic| {
            name.contains(&quantity(statistic).as_written)
                && statistic.span.as_ref().unwrap().quote.contains(name)
        };
        let read: Vec<_> = all.iter().filter(is_read).collect();
        assert_eq!(read.len(), 0, "{name}: {read:?}");
    }
    // 月/日 without a year
    for records in &read.articles {
        let events = records
            .article
            .events
            .iter()
            .filter_map(|event| event.date.as_ref());
        assert!(events.into_iter().all(|date| date.year == 0));
        let periods = records
            .statistics
            .iter()
            .filter_map(|statistic| statistic.period.as_ref());
        let dates = periods
            .flat_map(|period| [period.start, period.end])
            .flatten();
        assert!(
            dates
                .into_iter()
                .all(|date| date.year == 0 || date.year == 2017)
        );
    }
    assert_eq!(
        read.articles[0].article.events[0]
            .date
            .as_ref()
            .map(|date| (date.month, date.day)),
        Some((6, 11))
    );
    // “枫桥⏎⏎经验” crosses a page break inside a quotation
    assert_eq!(stands(brands.span.as_ref()), [(526, 544), (546, 551)]);
    // 逆向行驶 and 骑快车道 inherit their subject
    for quote in ["逆向行驶4.75万起", "骑快车道5243起"] {
        assert!(quoted(&all, quote).subject.contains("非机动车"), "{quote}");
    }
    // 该网格/该中队/市局/市交警局 point back or are aliases
    let named = |surface: &str| {
        let mentions = read
            .articles
            .iter()
            .flat_map(|records| &records.article.mentions);
        let mention = mentions
            .into_iter()
            .find(|mention| mention.surface == surface)
            .unwrap();
        let station = read
            .stations
            .iter()
            .find(|station| station.name == mention.station)
            .unwrap();
        station.display_name.as_str()
    };
    assert_eq!(named("该中队"), "鄞州交警大队东部新城中队");
    assert_eq!(named("市局"), "市公安局");
    assert_eq!(named("市交警局"), "市公安局交通警察局");
    assert!(
        !read
            .stations
            .iter()
            .any(|station| station.display_name.contains("网格"))
    );
    // 下转A10版: incomplete, and no author is invented
    let second = &read.articles[1].article;
    assert_eq!(
        second.continuation.as_ref().map(|jump| jump.page.as_str()),
        Some("A10")
    );
    assert_eq!(second.completeness(), pb::article::Completeness::Partial);
    assert!(second.bylines.is_empty());
    // 97.5% → 98.9% is 1.4 percentage points
    let rate = quoted(&all, "近三年调解成功率从97.5%上升到98.9%")
        .change
        .clone()
        .unwrap();
    assert_eq!(
        (
            rate.delta.unwrap().value.as_str(),
            rate.delta_unit.as_str(),
            rate.delta_computed
        ),
        ("1.4", "百分点", true)
    );
    assert_eq!(rate.previous_value.unwrap().value, "97.5");
}

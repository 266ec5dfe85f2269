//! Records with every field of the allow-lists set, unset, and alike: texts that wildcards, LIKE and
//! quoting trip over, dates without parts, numbers at the bounds.

use bulletin::page::Page;
use bulletin::pb::record::Record as Any;
use bulletin::pb::{
    Article, Byline, Comparison, Date, Decimal, Event, Honour, Mention, Period, Person,
    Publication, Quantity, Record, Source, SourceText, Span, Station, Statistic, Work, person,
};

use super::random::Random;

const STATIONS: usize = 24;
const ARTICLES: usize = 24;
/// Of an article that has a page.
const STATISTICS_MAX: usize = 3;

const ATOMS: [&str; 34] = [
    "枫桥式",
    "公安",
    "派出所",
    "镇海",
    "枫",
    "%",
    "_",
    "\\",
    "*",
    "\"",
    "'",
    "100%",
    "a_b",
    "a",
    "A",
    "aa",
    "ab",
    "Ab",
    "\\%",
    "\\_",
    "**",
    " ",
    "  ",
    "-",
    "--",
    ".",
    "(x)",
    "x:y",
    "é",
    "e\u{301}",
    "🚓",
    "AND",
    "$1",
    "{a,b}",
];

const GREATEST: &str = "999999999999999999.999999999";
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "5",
    "5.5",
    "-5.5",
    "36.6",
    "36.60",
    "300",
    "47500",
    "0.000000001",
    "-0.000000001",
    "0.1",
    GREATEST,
    "-999999999999999999.999999999",
    "123456789012.5",
    "98.9",
    "97.5",
];

/// Records in the order they can be written, as several revisions.
pub fn records(seed: u64) -> Vec<Vec<Record>> {
    let random = &mut Random::new(seed, usize::MAX);
    let stations: Vec<Station> = (0..STATIONS).map(|at| station(random, at)).collect();
    let names: Vec<String> = stations.iter().map(|one| one.name.clone()).collect();
    let mut records: Vec<Record> = stations
        .into_iter()
        .map(|one| of(Any::Station(one)))
        .collect();
    for at in 0..ARTICLES {
        let mut article = article(random, at, &names);
        let statistics = match at % 4 {
            0 => Vec::new(),
            _ => statistics(random, &article, &names),
        };
        if !statistics.is_empty() {
            let quotes = statistics.iter().flat_map(|one| &one.span);
            let lines: Vec<&str> = quotes.map(|span| span.quote.as_str()).collect();
            let text = lines.join("\n");
            let sha256 = Page::new(&text).sha256().to_owned();
            article.source = Some(Source {
                sha256: sha256.clone(),
                ..Source::default()
            });
            records.push(of(Any::Source(SourceText { sha256, text })));
        }
        records.push(of(Any::Article(article)));
        records.extend(statistics.into_iter().map(|one| of(Any::Statistic(one))));
    }
    let part = records.len() / 4 + 1;
    records.chunks(part).map(<[Record]>::to_vec).collect()
}

fn of(record: Any) -> Record {
    Record {
        record: Some(record),
    }
}

/// Some text, never blank.
fn text(random: &mut Random) -> String {
    loop {
        let count = 1 + random.below(4);
        let text: String = (0..count).map(|_| random.of(&ATOMS)).collect();
        if !text.trim().is_empty() {
            return text;
        }
    }
}

fn optional(random: &mut Random) -> String {
    if random.one_in(3) {
        String::new()
    } else {
        text(random)
    }
}

fn one_or_none(random: &mut Random, texts: &[String]) -> String {
    if texts.is_empty() || random.one_in(2) {
        return String::new();
    }
    random.of(texts)
}

fn texts(random: &mut Random) -> Vec<String> {
    let mut texts: Vec<String> = (0..random.below(4)).map(|_| text(random)).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Whole, without a day, without month and day, without a year, without year and day; or none.
fn date(random: &mut Random) -> Option<Date> {
    let year = random.of(&[1, 1949, 2016, 2017, 2019, 2020, 2021, 9999]);
    let (month, day) = random.of(&[(1, 1), (2, 28), (2, 29), (6, 9), (6, 11), (6, 30), (12, 31)]);
    let is_leap = year == 2016 || year == 2020;
    let day = if day == 29 && !is_leap { 28 } else { day };
    let (year, month, day) = match random.below(7) {
        0 => return None,
        1 => (year, 0, 0),
        2 => (year, month, 0),
        3 => (0, month, day),
        4 => (0, month, 0),
        _ => (year, month, day),
    };
    Some(Date { year, month, day })
}

fn digits(random: &mut Random, count: usize) -> String {
    let prefix = random.of(&["3302", "3301", "11"]);
    let code = format!("{prefix}{}", "0".repeat(count - prefix.len()));
    random.of(&[String::new(), code])
}

fn station(random: &mut Random, at: usize) -> Station {
    let name = |at: usize| format!("stations/s{at:02}");
    let earlier = |random: &mut Random| match at {
        0 => String::new(),
        _ if random.one_in(3) => String::new(),
        _ => name(random.below(at)),
    };
    Station {
        name: name(at),
        inferred: random.some(&["parent", "full_name", "kind"].map(str::to_owned), 2),
        display_name: text(random),
        full_name: optional(random),
        parent: earlier(random),
        aliases: texts(random),
        kind: 1 + i32::try_from(random.below(15)).unwrap(),
        region_code: digits(random, 6),
        agency_code: digits(random, 12),
        merged_into: earlier(random),
        end_date: date(random),
        state: i32::try_from(random.below(3)).unwrap(),
        ..Station::default()
    }
}

fn article(random: &mut Random, at: usize, stations: &[String]) -> Article {
    let publication = Publication {
        newspaper: optional(random),
        edition: optional(random),
        publish_date: date(random),
        page: random.of(&["", "2", "A1", "要闻*"]).to_owned(),
        section: optional(random),
    };
    let number = |random: &mut Random, bound| 1 + i32::try_from(random.below(bound)).unwrap();
    let people = (0..random.below(4)).map(|place| Person {
        id: format!("p{place}"),
        display_name: text(random),
        offices: (0..random.below(3))
            .map(|_| person::Office {
                title: text(random),
                station: one_or_none(random, stations),
                ..Default::default()
            })
            .collect(),
        ..Person::default()
    });
    let people: Vec<Person> = people.collect();
    Article {
        name: format!("articles/a{at:02}"),
        inferred: random.some(&["headline", "publication.page"].map(str::to_owned), 2),
        headline: text(random),
        kicker: optional(random),
        deck: optional(random),
        language_code: random.of(&["", "zh-Hans-CN", "zh", "ZH"]).to_owned(),
        state: i32::try_from(random.below(4)).unwrap(),
        publication: (!random.one_in(4)).then_some(publication),
        bylines: (0..random.below(3))
            .map(|_| Byline {
                role: number(random, 6),
                display_name: text(random),
                ..Byline::default()
            })
            .collect(),
        completeness: i32::try_from(random.below(3)).unwrap(),
        people,
        honours: (0..random.below(4))
            .map(|place| Honour {
                id: format!("h{place}"),
                title: text(random),
                level: number(random, 6) - 1,
                state: number(random, 2),
                recipients: random.some(stations, 3),
                ..Honour::default()
            })
            .collect(),
        events: (0..random.below(3))
            .map(|_| Event {
                display_name: text(random),
                ..Event::default()
            })
            .collect(),
        works: (0..random.below(3))
            .map(|_| Work {
                title: text(random),
                ..Work::default()
            })
            .collect(),
        mentions: (0..random.below(4))
            .map(|_| Mention {
                station: random.of(stations),
                surface: text(random),
                ..Mention::default()
            })
            .collect(),
        ..Article::default()
    }
}

fn statistics(random: &mut Random, article: &Article, stations: &[String]) -> Vec<Statistic> {
    let count = 1 + random.below(STATISTICS_MAX);
    (0..count)
        .map(|place| statistic(random, article, stations, place))
        .collect()
}

fn statistic(
    random: &mut Random,
    article: &Article,
    stations: &[String],
    place: usize,
) -> Statistic {
    let name = |place: usize| format!("{}/statistics/t{place:02}", article.name);
    let enumerated = |random: &mut Random, bound| i32::try_from(random.below(bound)).unwrap();
    // Numbers that cannot be read contradict no value.
    let as_written = random.of(&["", "约4.75万", "3_0%", "*5*", "\\300"]);
    let has_digits = as_written.contains('万') && random.one_in(2);
    let has_change = random.one_in(2);
    let value = (!has_change || random.one_in(2)).then(|| random.of(&NUMBERS));
    let has_maximum = value.is_some_and(|value| value != GREATEST) && random.one_in(4);
    let qualifier = match has_maximum {
        true => 7,
        false => random.of(&[1, 2, 2, 3, 4, 5, 6, 8]),
    };
    let assertion = 1 + enumerated(random, 4);
    let people: Vec<String> = article.people.iter().map(|one| one.id.clone()).collect();
    let honours: Vec<String> = article.honours.iter().map(|one| one.id.clone()).collect();
    let earlier: Vec<String> = (0..place).map(name).collect();
    Statistic {
        name: name(place),
        inferred: random.some(&["quantity.unit", "place"].map(str::to_owned), 2),
        metric: text(random),
        indicator: random.of(&["", "red-light", "red-light-2"]).to_owned(),
        categories: texts(random),
        items: texts(random),
        quantity: Some(Quantity {
            value: value.map(decimal),
            value_max: has_maximum.then(|| decimal(GREATEST)),
            as_written: as_written.to_owned(),
            unit: random.of(&["", "起", "%", "人"]).to_owned(),
            unit_text: optional(random),
            per: texts(random),
            significant_digits: if has_digits {
                1 + enumerated(random, 3)
            } else {
                0
            },
        }),
        qualifier,
        qualifier_text: optional(random),
        approximation: if qualifier == 2 {
            enumerated(random, 3)
        } else {
            0
        },
        hedge: optional(random),
        assertion,
        target_kind: if assertion == 2 {
            enumerated(random, 5)
        } else {
            0
        },
        trend_text: optional(random),
        change: has_change.then(|| change(random, value.is_some())),
        period: (!random.one_in(4)).then(|| period(random)),
        place: optional(random),
        subject: optional(random),
        stations: random.some(stations, 3),
        speaker: one_or_none(random, &people),
        honour: one_or_none(random, &honours),
        parent_statistic: one_or_none(random, &earlier),
        span: Some(Span {
            quote: format!("第{place}条〔{as_written}〕"),
            ..Span::default()
        }),
        ..Statistic::default()
    }
}

/// The direction follows from two known values, so that at most one is.
fn change(random: &mut Random, has_value: bool) -> Comparison {
    let previous = (!has_value && random.one_in(2)).then(|| random.of(&NUMBERS));
    let delta = random.of(&[None, Some("0"), Some("1.4"), Some("20"), Some("36.6")]);
    Comparison {
        previous_value: previous.map(decimal),
        delta: delta.map(decimal),
        delta_unit: random.of(&["", "%", "百分点"]).to_owned(),
        direction: 1 + i32::try_from(random.below(3)).unwrap(),
        basis: random.of(&["", "同比", "环比", "同_比"]).to_owned(),
        ..Comparison::default()
    }
}

fn period(random: &mut Random) -> Period {
    let (start, end) = (date(random), date(random));
    let key = |date: &Option<Date>| date.map(|date| (date.year, date.month, date.day));
    let is_ordered = key(&start) <= key(&end);
    Period {
        text: optional(random),
        start,
        end: end.filter(|_| is_ordered),
        duration: random.of(&["", "P3Y", "P3M"]).to_owned(),
        recurrence: random.of(&["", "P1W"]).to_owned(),
        approximate: random.one_in(3),
        ..Period::default()
    }
}

fn decimal(value: &str) -> Decimal {
    Decimal {
        value: value.to_owned(),
    }
}

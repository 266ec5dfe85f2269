//! Lengths of texts: one more code point than allowed is refused, the longest allowed is taken.

use bulletin::pb::{self, Article, Station, Statistic};

use super::articles::{article, paragraph, span};
use super::case::Case;
use super::{stations, statistics};
use crate::support::Service;

/// A field's path, its longest text, and how it is set.
type Limit<R> = (&'static str, usize, fn(&mut R, String));

const ARTICLE: [Limit<Article>; 22] = [
    ("headline", 500, |article, text| article.headline = text),
    ("kicker", 500, |article, text| article.kicker = text),
    ("deck", 500, |article, text| article.deck = text),
    ("publication.newspaper", 200, |article, newspaper| {
        article.publication = Some(pb::Publication {
            newspaper,
            ..Default::default()
        });
    }),
    ("publication.edition", 200, |article, edition| {
        article.publication = Some(pb::Publication {
            edition,
            ..Default::default()
        });
    }),
    ("publication.page", 50, |article, page| {
        article.publication = Some(pb::Publication {
            page,
            ..Default::default()
        });
    }),
    ("publication.section", 200, |article, section| {
        article.publication = Some(pb::Publication {
            section,
            ..Default::default()
        });
    }),
    ("bylines[0].role_text", 50, |article, role_text| {
        let display_name = "张三".to_owned();
        article.bylines = vec![pb::Byline {
            role: 1,
            role_text,
            display_name,
            ..Default::default()
        }];
    }),
    ("bylines[0].display_name", 100, |article, display_name| {
        article.bylines = vec![pb::Byline {
            role: 1,
            display_name,
            ..Default::default()
        }];
    }),
    ("continuation.page", 50, |article, page| {
        article.continuation = Some(pb::Continuation {
            direction: 1,
            page,
            ..Default::default()
        });
    }),
    ("people[0].display_name", 100, |article, text| {
        article.people[0].display_name = text
    }),
    (
        "people[0].offices[0].organization",
        200,
        |article, organization| {
            let title = "队长".to_owned();
            let office = pb::person::Office {
                title,
                organization,
                ..Default::default()
            };
            article.people[0].offices = vec![office];
        },
    ),
    ("quotations[0].verb", 50, |article, verb| {
        let quotation = pb::Quotation {
            mode: 1,
            verb,
            span: span("“秩序好转。”"),
            ..Default::default()
        };
        article.quotations = vec![quotation];
    }),
    ("honours[0].title", 200, |article, text| {
        article.honours[0].title = text
    }),
    ("honours[0].awarding_body", 200, |article, text| {
        article.honours[0].awarding_body = text
    }),
    ("honours[0].other_recipients[0]", 200, |article, text| {
        article.honours[0].other_recipients = vec![text];
    }),
    ("captions[0].text", 2_000, |article, text| {
        article.captions = vec![pb::Caption {
            text,
            ..Default::default()
        }];
    }),
    ("events[0].display_name", 200, |article, display_name| {
        article.events = vec![pb::Event {
            display_name,
            ..Default::default()
        }];
    }),
    ("works[0].issuer", 200, |article, issuer| {
        article.works = vec![pb::Work {
            title: "意见".to_owned(),
            issuer,
            span: None,
        }];
    }),
    ("mentions[0].surface", 200, |article, surface| {
        let station = "stations/mps".to_owned();
        article.mentions = vec![pb::Mention {
            station,
            surface,
            span: None,
        }];
    }),
    ("paragraphs[0].text", 50_000, |article, text| {
        article.source_text.clone_from(&text);
        article.headline_span = None;
        article.people[0].span = None;
        article.paragraphs = vec![paragraph(&text)];
    }),
    ("headline_span.quote", 20_000, |article, text| {
        article.source_text.push_str(&text);
        article.headline_span = span(&text);
    }),
];

const STATION: [Limit<Station>; 3] = [
    ("display_name", 200, |station, text| {
        station.display_name = text
    }),
    ("full_name", 400, |station, text| station.full_name = text),
    ("aliases[0]", 200, |station, text| {
        station.aliases = vec![text]
    }),
];

const STATISTIC: [Limit<Statistic>; 17] = [
    ("metric", 200, |number, text| number.metric = text),
    ("categories[0]", 200, |number, text| {
        number.categories = vec![text]
    }),
    ("items[0]", 500, |number, text| number.items = vec![text]),
    ("qualifier_text", 50, |number, text| {
        number.qualifier_text = text
    }),
    ("hedge", 50, |number, text| number.hedge = text),
    ("trend_text", 100, |number, text| number.trend_text = text),
    ("place", 200, |number, text| number.place = text),
    ("subject", 200, |number, text| number.subject = text),
    ("quantity.unit", 50, |number, text| {
        number.quantity.as_mut().unwrap().unit = text
    }),
    ("quantity.unit_text", 50, |number, text| {
        number.quantity.as_mut().unwrap().unit_text = text
    }),
    ("quantity.per[0]", 50, |number, text| {
        number.quantity.as_mut().unwrap().per = vec![text]
    }),
    ("change.delta_unit", 50, |number, delta_unit| {
        number.change = Some(pb::Comparison {
            direction: 1,
            delta_unit,
            ..Default::default()
        });
    }),
    ("change.basis", 100, |number, basis| {
        number.change = Some(pb::Comparison {
            direction: 1,
            basis,
            ..Default::default()
        });
    }),
    ("period.text", 200, |number, text| {
        number.period = Some(pb::Period {
            text,
            ..Default::default()
        });
    }),
    ("period.end_text", 100, |number, end_text| {
        number.period = Some(pb::Period {
            end_text,
            ..Default::default()
        });
    }),
    // Ids are of one form everywhere, and are tried in full for articles.
    ("indicator", 63, |number, text| {
        number.indicator = "a".repeat(text.chars().count())
    }),
    ("stations[0]", 63, |number, text| {
        number.stations = vec![format!("stations/{}", "a".repeat(text.chars().count()))];
    }),
];

fn long(length: usize) -> String {
    "所".repeat(length)
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (path, length_max, set) in ARTICLE {
        let request = article(|article| set(article, long(length_max + 1)));
        cases.push(too_long("article", path, request));
    }
    for (path, length_max, set) in STATION {
        let request = stations::create(|station| set(station, long(length_max + 1)));
        cases.push(too_long("station", path, request));
    }
    for (path, length_max, set) in STATISTIC {
        let request = statistics::create(|number| set(number, long(length_max + 1)));
        cases.push(too_long("statistic", path, request));
    }
    cases
}

fn too_long(record: &str, path: &str, request: impl crate::support::Call) -> Case {
    let field = format!("{record}.{path}");
    Case::invalid(format!("{field} is too long"), request, &[&field])
}

/// Fails unless the longest text allowed is taken, everywhere.
pub async fn accepted(service: &Service) {
    service.create_station(&"a".repeat(63)).await.unwrap();
    for (path, length_max, set) in ARTICLE {
        let mut request = article(|article| set(article, long(length_max)));
        request.article_id = "longest".to_owned();
        request.validate_only = true;
        let outcome = service.ask(request).await;
        assert!(outcome.is_ok(), "article.{path}: {outcome:?}");
    }
    for (path, length_max, set) in STATION {
        let request = stations::create(|station| set(station, long(length_max)));
        let outcome = service.ask(request).await;
        assert!(outcome.is_ok(), "station.{path}: {outcome:?}");
    }
    for (path, length_max, set) in STATISTIC {
        let request = statistics::create(|number| set(number, long(length_max)));
        let outcome = service.ask(request).await;
        assert!(outcome.is_ok(), "statistic.{path}: {outcome:?}");
    }
}

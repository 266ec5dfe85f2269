//! What articles list: bylines, people, quotations, honours, events, mentions, and references in them.

use bulletin::pb::{self, Article, Byline, Continuation, Event, Mention, Person, Quotation};
use tonic::Code::InvalidArgument;

use super::articles::{article, span};
use super::case::Case;

pub fn invalid(name: &str, fields: &[&str], change: impl FnOnce(&mut Article)) -> Case {
    Case::invalid(format!("article: {name}"), article(change), fields)
}

pub fn cases() -> Vec<Case> {
    let mut cases = people();
    cases.extend(credits());
    cases.extend(honours());
    cases.extend(dates());
    cases.extend(references());
    cases
}

pub fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        display_name: "李四".to_owned(),
        ..Default::default()
    }
}

fn people() -> Vec<Case> {
    let id = |id: &str| {
        let person = person(id);
        invalid(
            &format!("person id {id:?}"),
            &["article.people[1].id"],
            |article| {
                article.people.push(person);
            },
        )
    };
    vec![
        id(""),
        id("P2"),
        id("2p"),
        id("p_2"),
        id(&"p".repeat(64)),
        invalid("person twice", &["article.people[1]"], |article| {
            article.people.push(person("p1"));
        }),
        invalid(
            "person without a name",
            &["article.people[0].display_name"],
            |article| {
                article.people[0].display_name.clear();
            },
        ),
        invalid(
            "office without a title",
            &["article.people[0].offices[0].title"],
            |article| {
                article.people[0].offices = vec![pb::person::Office::default()];
            },
        ),
        invalid(
            "role of no kind",
            &["article.people[0].roles[0]"],
            |article| {
                article.people[0].roles = vec![0];
            },
        ),
        invalid("role unknown", &["article.people[0].roles[1]"], |article| {
            article.people[0].roles = vec![1, 6];
        }),
        invalid("role twice", &["article.people[0].roles[2]"], |article| {
            article.people[0].roles = vec![1, 2, 1];
        }),
    ]
}

fn credits() -> Vec<Case> {
    let byline = |name: &str, field: &str, byline: Byline| {
        let field = format!("article.bylines[0].{field}");
        invalid(name, &[&field], |article| article.bylines = vec![byline])
    };
    let quotation = |name: &str, field: &str, quotation: Quotation| {
        let field = format!("article.quotations[0].{field}");
        invalid(name, &[&field], |article| {
            article.quotations = vec![quotation]
        })
    };
    let jump = |name: &str, field: &str, jump: Continuation| {
        let field = format!("article.continuation.{field}");
        invalid(name, &[&field], |article| article.continuation = Some(jump))
    };
    let caption = |after_paragraph: i32| {
        let field = "article.captions[0].after_paragraph";
        invalid(
            &format!("caption after {after_paragraph}"),
            &[field],
            |article| {
                article.captions = vec![pb::Caption {
                    text: "图".to_owned(),
                    after_paragraph,
                    ..Default::default()
                }];
            },
        )
    };
    let good_byline = Byline {
        role: 1,
        display_name: "张三".to_owned(),
        ..Default::default()
    };
    let good_quotation = Quotation {
        mode: 1,
        span: span("秩序好转。"),
        ..Default::default()
    };
    let stranger = "p9".to_owned();
    vec![
        byline(
            "byline of no role",
            "role",
            Byline {
                role: 0,
                ..good_byline.clone()
            },
        ),
        byline(
            "byline of an unknown role",
            "role",
            Byline {
                role: -1,
                ..good_byline.clone()
            },
        ),
        byline(
            "byline without a name",
            "display_name",
            Byline {
                display_name: String::new(),
                ..good_byline.clone()
            },
        ),
        byline(
            "byline of a stranger",
            "person",
            Byline {
                person: stranger.clone(),
                ..good_byline
            },
        ),
        quotation(
            "quotation of no mode",
            "mode",
            Quotation {
                mode: 0,
                ..good_quotation.clone()
            },
        ),
        quotation(
            "quotation without words",
            "span",
            Quotation {
                span: None,
                ..good_quotation.clone()
            },
        ),
        quotation(
            "quotation of a stranger",
            "person",
            Quotation {
                person: stranger,
                ..good_quotation
            },
        ),
        jump("jump of no direction", "direction", Continuation::default()),
        jump(
            "jump to no article",
            "article",
            Continuation {
                direction: 1,
                article: "stations/mps".to_owned(),
                ..Default::default()
            },
        ),
        caption(-1),
        caption(2),
    ]
}

fn honours() -> Vec<Case> {
    let changed = |name: &str, field: &str, change: fn(&mut pb::Honour)| {
        let field = format!("article.honours[0].{field}");
        invalid(name, &[&field], |article| change(&mut article.honours[0]))
    };
    vec![
        changed("honour id", "id", |honour| honour.id = "第一".to_owned()),
        invalid("honour twice", &["article.honours[1]"], |article| {
            article.honours.push(article.honours[0].clone());
        }),
        changed("honour without a title", "title", |honour| {
            honour.title.clear()
        }),
        changed("honour of no state", "state", |honour| honour.state = 0),
        changed("honour of an unknown state", "state", |honour| {
            honour.state = 3
        }),
        changed("honour of an unknown level", "level", |honour| {
            honour.level = 6
        }),
        changed("recipient twice", "recipients[1]", |honour| {
            honour.recipients.push(honour.recipients[0].clone());
        }),
        changed("recipient is no station", "recipients[1]", |honour| {
            honour.recipients.push("articles/draft".to_owned());
        }),
        changed("negative recipient count", "recipient_count", |honour| {
            honour.recipient_count = -1;
        }),
        changed("count below the named", "recipient_count", |honour| {
            honour.recipient_count = 1;
            honour.other_recipients = vec!["志愿者".to_owned()];
        }),
        changed(
            "complete with some unnamed",
            "recipients_complete",
            |honour| {
                honour.recipient_count = 16;
                honour.recipients_complete = true;
            },
        ),
        changed("blank recipient", "other_recipients[0]", |honour| {
            honour.other_recipients = vec![String::new()];
        }),
    ]
}

fn dates() -> Vec<Case> {
    let date = |year, month, day| {
        let name = format!("publish date {year}-{month}-{day}");
        invalid(&name, &["article.publication.publish_date"], |article| {
            article.publication = Some(pb::Publication {
                publish_date: Some(pb::Date { year, month, day }),
                ..Default::default()
            });
        })
    };
    vec![
        date(0, 0, 0),
        date(0, 0, 11),
        date(2020, 0, 11),
        date(2019, 2, 29),
        date(2020, 4, 31),
        date(2020, 13, 1),
        date(-1, 6, 11),
        date(10_000, 6, 11),
        date(2020, 6, -1),
        invalid("event date", &["article.events[0].date"], |article| {
            article.events = vec![Event {
                display_name: "会议".to_owned(),
                date: Some(pb::Date {
                    year: 0,
                    month: 2,
                    day: 30,
                }),
                ..Default::default()
            }];
        }),
    ]
}

fn references() -> Vec<Case> {
    let mention = |station: &str| {
        vec![Mention {
            station: station.to_owned(),
            surface: "所".to_owned(),
            span: None,
        }]
    };
    let nowhere = "stations/nowhere".to_owned();
    let places = [
        "article.people[0].offices[0].station",
        "article.honours[0].awarding_station",
        "article.honours[0].recipients[1]",
        "article.events[0].organizer_stations[0]",
        "article.mentions[0].station",
    ];
    let everywhere = move |article: &mut Article| {
        article.people[0].offices = vec![pb::person::Office {
            title: "大队长".to_owned(),
            station: nowhere.clone(),
            ..Default::default()
        }];
        article.honours[0].awarding_station = nowhere.clone();
        article.honours[0].recipients.push(nowhere.clone());
        article.events = vec![Event {
            display_name: "会议".to_owned(),
            organizer_stations: vec![nowhere.clone()],
            ..Default::default()
        }];
        article.mentions = mention("stations/nowhere");
    };
    let free = |mut request: pb::CreateArticleRequest| {
        request.article_id = "free".to_owned();
        request
    };
    let mut cases = vec![
        invalid(
            "mention of nothing",
            &["article.mentions[0].station"],
            move |article| {
                article.mentions = mention("");
            },
        ),
        invalid(
            "mention of no station",
            &["article.mentions[0].station"],
            move |article| {
                article.mentions = mention("stations/Nowhere");
            },
        ),
        invalid(
            "mention without words",
            &["article.mentions[0].surface"],
            move |article| {
                article.mentions = mention("stations/mps");
                article.mentions[0].surface.clear();
            },
        ),
    ];
    cases.push(Case::new(
        "article: stations that do not exist, everywhere",
        free(article(everywhere)),
        InvalidArgument,
        "REFERENCE_MISSING",
        &places,
    ));
    cases
}

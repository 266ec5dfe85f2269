//! Articles: lists of more items than allowed.

use bulletin::pb::{self, Article, Byline, Event, Mention};

use super::articles::paragraph;
use super::case::Case;
use super::people::{invalid, person};

pub fn cases() -> Vec<Case> {
    let too_many = |field: &str, change: fn(&mut Article)| {
        let field = format!("article.{field}");
        invalid(&format!("too many of {field}"), &[&field], change)
    };
    vec![
        too_many("inferred", |article| {
            // The paths are checked up to the limit, and each once.
            let base = [
                "publication.newspaper",
                "publication.page",
                "continuation.page",
            ];
            let paths = pb::POOL.get_message_by_name("bulletin.v1.Article").unwrap();
            let paths = paths.fields().map(|field| field.name().to_owned());
            let inner = ["quote", "fragments", "state", "prefix", "suffix"];
            let spans = [
                "headline_span",
                "kicker_span",
                "deck_span",
                "continuation.span",
            ];
            let inner = spans
                .iter()
                .flat_map(|span| inner.map(|name| format!("{span}.{name}")));
            let all = paths.chain(base.map(str::to_owned)).chain(inner);
            article.inferred = all.collect();
            article.inferred.truncate(51);
            assert_eq!(article.inferred.len(), 51);
        }),
        too_many("bylines", |article| {
            let byline = Byline {
                role: 1,
                display_name: "张三".to_owned(),
                ..Default::default()
            };
            article.bylines = vec![byline; 51];
        }),
        too_many("captions", |article| {
            let caption = pb::Caption {
                text: "图".to_owned(),
                ..Default::default()
            };
            article.captions = vec![caption; 101];
        }),
        too_many("people", |article| {
            article.people = (1..=501).map(|n| person(&format!("p{n}"))).collect();
        }),
        too_many("people[0].offices", |article| {
            let office = pb::person::Office {
                title: "队长".to_owned(),
                ..Default::default()
            };
            article.people[0].offices = vec![office; 21];
        }),
        too_many("honours[0].other_recipients", |article| {
            article.honours[0].other_recipients = vec!["志愿者".to_owned(); 501];
        }),
        too_many("events[0].organizers", |article| {
            article.events = vec![Event {
                display_name: "会议".to_owned(),
                organizers: vec!["市政府".to_owned(); 51],
                ..Default::default()
            }];
        }),
        too_many("mentions", |article| {
            let mention = Mention {
                station: "stations/mps".to_owned(),
                surface: "公安部".to_owned(),
                span: None,
            };
            article.mentions = vec![mention; 2_001];
        }),
        too_many("paragraphs", |article| {
            article.source_text.clear();
            article.headline_span = None;
            article.people[0].span = None;
            article.paragraphs = vec![paragraph("文"); 5_001];
        }),
    ]
}

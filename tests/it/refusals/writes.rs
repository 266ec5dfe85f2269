//! What writes share: names, messages, masks, etags, reasons.

use bulletin::pb::{self, Article, Station, Statistic};

use super::case::Case;
use crate::support::mask;

const DRAFT: &str = "articles/draft";
const PUBLISHED: &str = "articles/paichusuo-work-conference";

pub fn cases() -> Vec<Case> {
    let mut cases = names();
    cases.extend(masks());
    cases.extend(etags());
    cases.extend(reasons());
    cases.extend(merged());
    cases
}

fn named(name: &str) -> Article {
    Article {
        name: name.to_owned(),
        headline: "更正".to_owned(),
        ..Default::default()
    }
}

fn names() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "",
        "articles/",
        "articles/A",
        "stations/mps",
        "articles/ab/",
        "/articles/ab",
    ] {
        let owned = name.to_owned();
        let publish = pb::PublishArticleRequest {
            name: owned.clone(),
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("publish {name:?}"),
            publish,
            &["name"],
        ));
        let delete = pb::DeleteArticleRequest {
            name: owned,
            ..Default::default()
        };
        cases.push(Case::invalid(format!("delete {name:?}"), delete, &["name"]));
    }
    let statistic = "articles/draft".to_owned();
    let station = "articles/draft/statistics/number".to_owned();
    let at = "articles/-/statistics/number".to_owned();
    let retract = pb::RetractArticleRequest {
        reason: "撤".to_owned(),
        ..Default::default()
    };
    cases.extend([
        Case::invalid(
            "undelete article",
            pb::UndeleteArticleRequest::default(),
            &["name"],
        ),
        Case::invalid("retract article", retract, &["name"]),
        Case::invalid(
            "delete station",
            pb::DeleteStationRequest {
                name: station.clone(),
                ..Default::default()
            },
            &["name"],
        ),
        Case::invalid(
            "undelete station",
            pb::UndeleteStationRequest {
                name: station,
                ..Default::default()
            },
            &["name"],
        ),
        Case::invalid(
            "delete statistic",
            pb::DeleteStatisticRequest {
                name: statistic,
                ..Default::default()
            },
            &["name"],
        ),
        Case::invalid(
            "undelete statistic",
            pb::UndeleteStatisticRequest {
                name: at,
                ..Default::default()
            },
            &["name"],
        ),
        Case::invalid(
            "update no article",
            pb::UpdateArticleRequest::default(),
            &["article"],
        ),
        Case::invalid(
            "update no station",
            pb::UpdateStationRequest::default(),
            &["station"],
        ),
        Case::invalid(
            "update no statistic",
            pb::UpdateStatisticRequest::default(),
            &["statistic"],
        ),
        Case::invalid(
            "update an article without a name",
            pb::UpdateArticleRequest {
                article: Some(named("")),
                ..Default::default()
            },
            &["article.name"],
        ),
        Case::invalid(
            "update a station without a name",
            pb::UpdateStationRequest {
                station: Some(Station::default()),
                ..Default::default()
            },
            &["station.name"],
        ),
        Case::invalid(
            "update a statistic without a name",
            pb::UpdateStatisticRequest {
                statistic: Some(Statistic::default()),
                ..Default::default()
            },
            &["statistic.name"],
        ),
        Case::invalid(
            "create a statistic under no article",
            pb::CreateStatisticRequest {
                parent: "articles/-".to_owned(),
                ..Default::default()
            },
            &["parent"],
        ),
        Case::invalid(
            "create a statistic without an id",
            pb::CreateStatisticRequest {
                parent: DRAFT.to_owned(),
                ..Default::default()
            },
            &["statistic_id"],
        ),
        Case::invalid(
            "create no statistic",
            pb::CreateStatisticRequest {
                parent: DRAFT.to_owned(),
                statistic_id: "ab".to_owned(),
                ..Default::default()
            },
            &["statistic"],
        ),
    ]);
    cases
}

fn masks() -> Vec<Case> {
    let masked = |paths: &[&str], fields: &[&str]| {
        let request = pb::UpdateArticleRequest {
            article: Some(named(DRAFT)),
            update_mask: mask(paths),
            ..Default::default()
        };
        Case::invalid(format!("mask {paths:?}"), request, fields)
    };
    let one = &["update_mask"];
    let station = pb::UpdateStationRequest {
        station: Some(Station {
            name: "stations/mps".to_owned(),
            ..Default::default()
        }),
        update_mask: mask(&["display_nam"]),
        ..Default::default()
    };
    let statistic = pb::UpdateStatisticRequest {
        statistic: Some(Statistic {
            name: format!("{DRAFT}/statistics/number"),
            ..Default::default()
        }),
        update_mask: mask(&["quantity.valeu"]),
        ..Default::default()
    };
    vec![
        masked(&["headlin"], one).saying("did you mean \"headline\""),
        masked(&["publication.newspapers"], one).saying("did you mean \"newspaper\""),
        masked(&["zzz"], one),
        masked(&[""], one),
        masked(&["headline."], one),
        masked(&["headline", "*"], one),
        masked(&["people.display_name"], one).saying("nothing inside"),
        masked(&["headline.text"], one).saying("nothing inside"),
        masked(&["people[0]"], one),
        masked(&["publication.publish_date.*"], one),
        masked(&["one", "kicker", "two"], &["update_mask", "update_mask"]),
        masked(&["kicker"; 101], one),
        Case::invalid("mask of a station", station, one).saying("did you mean \"display_name\""),
        Case::invalid("mask of a statistic", statistic, one).saying("did you mean \"value\""),
    ]
}

fn etags() -> Vec<Case> {
    let bad = ["\u{1}", "\"3f9a\n\"", &"f".repeat(65)].map(str::to_owned);
    let mut cases = Vec::new();
    for etag in bad {
        let mut article = named(DRAFT);
        article.etag.clone_from(&etag);
        let update = pb::UpdateArticleRequest {
            article: Some(article),
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("update, etag {etag:?}"),
            update,
            &["article.etag"],
        ));
        let delete = pb::DeleteStationRequest {
            name: "stations/mps".to_owned(),
            etag: etag.clone(),
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("delete, etag {etag:?}"),
            delete,
            &["etag"],
        ));
    }
    cases
}

fn reasons() -> Vec<Case> {
    let field = &["correction_reason"];
    let mut cases = Vec::new();
    for reason in [" ", "\u{3000}", "改\n正", &"改".repeat(1_001)] {
        let name = format!("{:?}", reason.chars().take(5).collect::<String>());
        let correction_reason = reason.to_owned();
        let update = pb::UpdateArticleRequest {
            article: Some(named(PUBLISHED)),
            correction_reason: correction_reason.clone(),
            ..Default::default()
        };
        let delete = pb::DeleteStatisticRequest {
            name: format!("{PUBLISHED}/statistics/s01"),
            correction_reason,
            ..Default::default()
        };
        cases.push(Case::invalid(
            format!("correct because of {name}"),
            update,
            field,
        ));
        cases.push(Case::invalid(
            format!("delete because of {name}"),
            delete,
            field,
        ));
    }
    for reason in ["", " ", "撤\0", &"撤".repeat(1_001)] {
        let name = format!(
            "retract because of {:?}",
            reason.chars().take(5).collect::<String>()
        );
        let retract = pb::RetractArticleRequest {
            name: PUBLISHED.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        cases.push(Case::invalid(name, retract, &["reason"]));
    }
    cases
}

/// A rule broken only by what an update leaves as it was.
fn merged() -> Vec<Case> {
    let number = |paths: &[&str], fields: &[&str], statistic: Statistic| {
        let statistic = Statistic {
            name: format!("{DRAFT}/statistics/number"),
            ..statistic
        };
        let request = pb::UpdateStatisticRequest {
            statistic: Some(statistic),
            update_mask: mask(paths),
            ..Default::default()
        };
        Case::invalid(format!("merged {paths:?}"), request, fields)
    };
    let approximation = pb::statistic::Approximation::Below.into();
    vec![
        number(
            &["approximation"],
            &["statistic.approximation"],
            Statistic {
                approximation,
                ..Default::default()
            },
        ),
        number(
            &["quantity.value"],
            &["statistic.quantity.value"],
            Statistic::default(),
        ),
        number(
            &["span"],
            &["statistic.quantity.as_written", "statistic.span"],
            Statistic::default(),
        ),
        Case::invalid(
            "merged [headline]",
            pb::UpdateArticleRequest {
                article: Some(Article {
                    name: DRAFT.to_owned(),
                    ..Default::default()
                }),
                update_mask: mask(&["headline"]),
                ..Default::default()
            },
            &["article.headline"],
        ),
    ]
}

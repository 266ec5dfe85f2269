//! What becomes of each record of an import, and what ends one.

use bulletin::pb::import_records_request::Mode;
use bulletin::pb::import_records_response::result::Outcome::{
    self, Created, Refused, Unchanged, Updated,
};
use bulletin::pb::{
    Article, Correction, ImportRecordsRequest, Record, Retraction, Source, Span, Station,
    Statistic, article, change, span, station,
};
use prost_types::Timestamp;
use tonic::Code;

use super::{
    Imported, import, of_article, of_source, of_station, of_statistic, outcomes, requests, send,
    upsert,
};
use crate::support::edits::{update_article, update_station};
use crate::support::seeds::CONFERENCE;
use crate::support::{Service, statistic};

const TEXT: &str = "城东所查处闯红灯88起,查处酒驾9起。";

fn named(id: &str) -> Station {
    Station {
        name: format!("stations/{id}"),
        display_name: format!("{id}派出所"),
        kind: station::Kind::PoliceStation.into(),
        ..Station::default()
    }
}

fn on_page(id: &str, state: article::State) -> Article {
    Article {
        name: format!("articles/{id}"),
        headline: format!("标题 {id}"),
        state: state.into(),
        source: Some(bulletin::page::Page::new(TEXT).source()),
        ..Article::default()
    }
}

fn counted(article: &str, id: &str) -> Statistic {
    Statistic {
        name: format!("articles/{article}/statistics/{id}"),
        ..statistic("88起", "88", "起")
    }
}

/// A page, an article of it in this state, and a statistic.
fn bulletin(id: &str, state: article::State) -> Vec<Record> {
    vec![
        of_source(TEXT),
        of_article(on_page(id, state)),
        of_statistic(counted(id, "s1")),
    ]
}

#[track_caller]
fn refused<'a>(imported: &'a Imported, code: Code, reason: &str) -> Vec<&'a str> {
    let refusal = imported.refusal.as_ref().expect("it is refused");
    refusal.is(code, reason).fields()
}

#[tokio::test]
async fn each_record_is_answered_and_the_rest_is_written() {
    let service = Service::start().await;
    let records = vec![
        of_station(named("s1")),
        of_station(Station {
            parent: "stations/none".to_owned(),
            ..named("s2")
        }),
        of_station(Station::default()),
        of_station(named("s1")),
        Record::default(),
        of_station(Station {
            parent: "stations/s1".to_owned(),
            ..named("s3")
        }),
    ];
    let (answers, refusal) = send(&service, requests(Mode::Upsert, "", [records.clone()])).await;
    assert!(refusal.is_none() && answers.len() == 1);
    assert_eq!(answers[0].token, service.head().await.token);
    assert_eq!(service.head().await.revision, 1);
    let imported: Vec<Imported> = answers[0]
        .results
        .iter()
        .cloned()
        .map(Imported::of)
        .collect();
    assert_eq!(
        outcomes(&imported),
        [Created, Refused, Refused, Refused, Refused, Created]
    );
    let missing = refused(&imported[1], Code::InvalidArgument, "REFERENCE_MISSING");
    assert_eq!(missing, ["records[1].station.parent"]);
    let malformed = refused(&imported[2], Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(malformed[0], "records[2].station.name");
    let twice = refused(&imported[3], Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(twice, ["records[3].station.name"]);
    assert_eq!(
        refused(&imported[4], Code::InvalidArgument, "FIELD_INVALID"),
        ["records[4]"]
    );
    assert_eq!(imported[5].name, "stations/s3");
    assert_eq!(
        service.station("stations/s3").await.state(),
        station::State::Active
    );

    let again = upsert(&service, "", records).await;
    assert_eq!(
        outcomes(&again),
        [Unchanged, Refused, Refused, Refused, Refused, Unchanged]
    );
    assert_eq!(service.head().await.revision, 1, "nothing was written");
}

/// Postgres holds no text with a NUL, so that nothing can have such a name.
#[tokio::test]
async fn a_name_that_nothing_can_have_is_refused_by_itself() {
    let service = Service::start().await;
    let nul = |id: &str| format!("stations/{id}\0");
    let records = vec![
        of_station(named("s1")),
        of_station(named("s2\0")),
        of_station(Station {
            parent: nul("s1"),
            ..named("s3")
        }),
        of_article(Article {
            source: Some(Source {
                sha256: "\0".to_owned(),
                ..Default::default()
            }),
            ..on_page("a1", article::State::Draft)
        }),
    ];
    let imported = upsert(&service, "", records).await;
    assert_eq!(outcomes(&imported), [Created, Refused, Refused, Refused]);
    for imported in &imported[1..] {
        assert_eq!(
            imported.refusal.as_ref().unwrap().code,
            Code::InvalidArgument
        );
    }
    let station = Station {
        parent: nul("s1"),
        ..service.station("stations/s1").await
    };
    let refusal = update_station(&service, station).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "FIELD_INVALID");
}

#[tokio::test]
async fn what_is_retracted_is_deleted_with_its_statistics() {
    let service = Service::start().await;
    upsert(&service, "", bulletin("a1", article::State::Published)).await;
    let retracted = Article {
        retraction: Some(Retraction {
            time: None,
            reason: "失实".to_owned(),
        }),
        ..on_page("a1", article::State::Retracted)
    };
    upsert(&service, "失实", vec![of_article(retracted.clone())]).await;
    let delete_time = Some(Timestamp {
        seconds: 1_000,
        nanos: 0,
    });
    let deleted = vec![
        of_article(Article {
            delete_time,
            ..retracted
        }),
        of_statistic(Statistic {
            delete_time,
            state: article::State::Retracted.into(),
            ..counted("a1", "s1")
        }),
    ];
    let imported = upsert(&service, "", deleted).await;
    assert_eq!(outcomes(&imported), [Updated, Updated], "{imported:?}");
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn what_exists_is_replaced_or_left_alone() {
    let service = Service::start().await;
    upsert(&service, "", vec![of_station(named("s1"))]).await;
    let renamed = Station {
        display_name: "改名所".to_owned(),
        etag: "\"0123456789abcdef\"".to_owned(),
        revision: 77,
        ..named("s1")
    };
    let left = import(
        &service,
        Mode::SkipExisting,
        "",
        [vec![of_station(renamed.clone()), of_station(named("s2"))]],
    )
    .await;
    assert_eq!(outcomes(&left), [Unchanged, Created]);
    assert_eq!(
        service.station("stations/s1").await.display_name,
        "s1派出所"
    );
    let replaced = upsert(&service, "", vec![of_station(renamed)]).await;
    assert_eq!(outcomes(&replaced), [Updated]);
    let kept = service.station("stations/s1").await;
    assert_eq!((kept.display_name.as_str(), kept.revision), ("改名所", 3));
}

#[tokio::test]
async fn states_times_and_corrections_are_as_given() {
    let service = Service::start().await;
    let time = |seconds| {
        Some(Timestamp {
            seconds,
            nanos: 5_000_000,
        })
    };
    let corrections = vec![Correction {
        time: time(1_000),
        reason: "更正".to_owned(),
        revision: 9,
    }];
    let article = Article {
        create_time: time(500),
        update_time: time(600),
        corrections: corrections.clone(),
        retraction: Some(Retraction {
            time: time(2_000),
            reason: "失实".to_owned(),
        }),
        ..on_page("a1", article::State::Retracted)
    };
    let statistic = Statistic {
        create_time: time(700),
        delete_time: time(800),
        corrections: corrections.clone(),
        state: article::State::Draft.into(),
        ..counted("a1", "s1")
    };
    let proposed = Station {
        state: station::State::Proposed.into(),
        ..named("s1")
    };
    let records = vec![
        of_station(proposed),
        of_source(TEXT),
        of_article(article.clone()),
        of_statistic(statistic),
    ];
    let imported = upsert(&service, "", records).await;
    assert_eq!(outcomes(&imported), [Created; 4], "{imported:#?}");
    let kept = service.article("articles/a1").await;
    assert_eq!(
        (kept.create_time, kept.corrections),
        (article.create_time, corrections.clone())
    );
    assert_eq!(
        (kept.retraction, kept.state),
        (article.retraction.clone(), article.state)
    );
    assert!(kept.update_time.unwrap().seconds > 600);
    let kept = service.statistic("articles/a1/statistics/s1").await;
    assert_eq!(
        (kept.create_time, kept.delete_time, kept.corrections.clone()),
        (time(700), time(800), corrections)
    );
    assert_eq!(kept.state(), article::State::Retracted, "its article's");
    assert_eq!(
        service.station("stations/s1").await.state(),
        station::State::Proposed
    );
    assert_eq!(service.fault().await, None);

    let wrong = [
        (
            Article {
                retraction: article.retraction.clone(),
                ..on_page("a2", article::State::Draft)
            },
            "retraction",
        ),
        (
            Article {
                delete_time: time(1),
                ..on_page("a2", article::State::Published)
            },
            "delete_time",
        ),
        (
            Article {
                create_time: Some(Timestamp {
                    seconds: i64::MAX,
                    nanos: 0,
                }),
                ..on_page("a2", article::State::Draft)
            },
            "create_time",
        ),
        (
            Article {
                state: 9,
                ..on_page("a2", article::State::Draft)
            },
            "state",
        ),
        (
            Article {
                source_text: TEXT.to_owned(),
                ..on_page("a2", article::State::Draft)
            },
            "source_text",
        ),
    ];
    for (article, field) in wrong {
        let imported = upsert(&service, "", vec![of_article(article)]).await;
        let fields = refused(&imported[0], Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(fields, [format!("records[0].article.{field}")]);
    }
}

#[tokio::test]
async fn what_is_published_changes_with_a_reason_only() {
    let service = Service::start().await;
    upsert(&service, "", bulletin("a1", article::State::Published)).await;
    let changed = vec![
        of_article(Article {
            kicker: "新".to_owned(),
            ..on_page("a1", article::State::Published)
        }),
        of_statistic(Statistic {
            subject: "新".to_owned(),
            ..counted("a1", "s1")
        }),
        of_statistic(counted("a1", "s2")),
    ];
    let imported = upsert(&service, "", changed.clone()).await;
    assert_eq!(outcomes(&imported), [Refused, Refused, Created]);
    for imported in &imported[..2] {
        refused(
            imported,
            Code::FailedPrecondition,
            "CORRECTION_REASON_REQUIRED",
        );
    }
    let imported = upsert(&service, "漏了", changed.clone()).await;
    assert_eq!(outcomes(&imported), [Updated, Updated, Unchanged]);
    for name in ["articles/a1", "articles/a1/statistics/s1"] {
        let revisions = service.revisions(name).await;
        assert_eq!(revisions[0].r#type(), change::Type::Corrected);
        assert_eq!(revisions[0].reason, "漏了");
    }
    let head = service.head().await;
    let again = upsert(&service, "漏了", changed).await;
    assert_eq!(outcomes(&again), [Unchanged; 3]);
    assert_eq!(service.head().await, head);
}

#[tokio::test]
async fn statistics_go_with_their_article() {
    use change::Type::{Created as New, Deleted, Published, Retracted, Undeleted};
    let service = Service::start().await;
    upsert(&service, "", bulletin("a1", article::State::Draft)).await;
    let name = "articles/a1/statistics/s1";
    let state = async |expected: article::State| {
        assert_eq!(service.statistic(name).await.state(), expected);
        assert_eq!(service.article("articles/a1").await.state(), expected);
        assert_eq!(service.fault().await, None);
    };
    state(article::State::Draft).await;
    let deleted = Article {
        delete_time: Some(Timestamp {
            seconds: 1_000,
            nanos: 0,
        }),
        ..on_page("a1", article::State::Draft)
    };
    let imported = upsert(&service, "", vec![of_article(deleted)]).await;
    assert_eq!(outcomes(&imported), [Updated]);
    assert!(service.statistic(name).await.delete_time.is_some());
    // It comes before its article is back.
    let early = upsert(&service, "", vec![of_statistic(counted("a1", "s1"))]).await;
    refused(&early[0], Code::InvalidArgument, "FIELD_INVALID");
    upsert(&service, "", bulletin("a1", article::State::Draft)).await;
    state(article::State::Draft).await;

    let published = vec![of_article(on_page("a1", article::State::Published))];
    assert_eq!(outcomes(&upsert(&service, "", published).await), [Updated]);
    state(article::State::Published).await;
    let back = vec![of_article(on_page("a1", article::State::Draft))];
    let imported = upsert(&service, "更正", back).await;
    refused(&imported[0], Code::FailedPrecondition, "ILLEGAL_TRANSITION");
    let retracted = Article {
        retraction: Some(Retraction {
            time: None,
            reason: "失实".to_owned(),
        }),
        ..on_page("a1", article::State::Retracted)
    };
    let imported = upsert(&service, "失实", vec![of_article(retracted.clone())]).await;
    assert_eq!(outcomes(&imported), [Updated]);
    state(article::State::Retracted).await;
    let changed = Article {
        kicker: "新".to_owned(),
        ..retracted
    };
    let imported = upsert(&service, "更正", vec![of_article(changed)]).await;
    refused(&imported[0], Code::FailedPrecondition, "ILLEGAL_TRANSITION");
    let history = [Retracted, Published, Undeleted, Deleted, New];
    assert_eq!(service.history("articles/a1").await, history);
    assert_eq!(service.history(name).await, history);
}

#[tokio::test]
async fn a_new_page_moves_the_statistics_that_are_not_given() {
    let service = Service::start().await;
    let mut records = bulletin("a1", article::State::Published);
    records.push(of_statistic(Statistic {
        name: "articles/a1/statistics/s2".to_owned(),
        ..statistic("9起", "9", "起")
    }));
    upsert(&service, "", records).await;
    let text = "更正:城东所查处闯红灯88起。";
    let moved = Article {
        source: Some(bulletin::page::Page::new(text).source()),
        ..on_page("a1", article::State::Published)
    };
    let imported = upsert(&service, "漏了", vec![of_source(text), of_article(moved)]).await;
    assert_eq!(outcomes(&imported), [Created, Updated]);
    let span = async |id: &str| {
        let name = format!("articles/a1/statistics/{id}");
        let statistic = service.statistic(&name).await;
        (
            service.history(&name).await[0],
            statistic.span.unwrap().state(),
        )
    };
    assert_eq!(
        span("s1").await,
        (change::Type::Reanchored, span::State::Moved)
    );
    assert_eq!(
        span("s2").await,
        (change::Type::Corrected, span::State::Broken)
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn spans_are_proven_and_lost_ones_stay_lost() {
    let service = Service::start().await;
    upsert(
        &service,
        "",
        vec![
            of_source(TEXT),
            of_article(on_page("a1", article::State::Draft)),
        ],
    )
    .await;
    let with = |span: Span| {
        let statistic = Statistic {
            span: Some(span),
            ..counted("a1", "s1")
        };
        vec![of_statistic(statistic)]
    };
    let span = |start, end, state: span::State| Span {
        quote: "88起".to_owned(),
        fragments: vec![bulletin::pb::Fragment { start, end }],
        state: state.into(),
        ..Span::default()
    };
    let wrong = upsert(&service, "", with(span(0, 3, span::State::Moved))).await;
    refused(&wrong[0], Code::InvalidArgument, "SPAN_MISMATCH");
    let kept = async || {
        service
            .statistic("articles/a1/statistics/s1")
            .await
            .span
            .unwrap()
    };
    let moved = span(8, 11, span::State::Moved);
    assert_eq!(
        outcomes(&upsert(&service, "", with(moved.clone())).await),
        [Created]
    );
    assert_eq!(kept().await, moved);
    let broken = Span {
        fragments: Vec::new(),
        ..span(0, 0, span::State::Broken)
    };
    assert_eq!(
        outcomes(&upsert(&service, "", with(broken.clone())).await),
        [Updated]
    );
    assert_eq!(kept().await, broken);
}

#[tokio::test]
async fn what_is_named_is_not_deleted_and_trees_have_no_circles() {
    let service = Service::start().await;
    let below = Station {
        parent: "stations/s1".to_owned(),
        ..named("s2")
    };
    upsert(
        &service,
        "",
        vec![of_station(named("s1")), of_station(below)],
    )
    .await;
    let deleted = Station {
        delete_time: Some(Timestamp::default()),
        ..named("s1")
    };
    let imported = upsert(&service, "", vec![of_station(deleted)]).await;
    refused(&imported[0], Code::FailedPrecondition, "RECORD_REFERENCED");
    let circle = Station {
        parent: "stations/s2".to_owned(),
        ..named("s1")
    };
    let imported = upsert(&service, "", vec![of_station(circle)]).await;
    let fields = refused(&imported[0], Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields, ["records[0].station.parent"]);
    let mut successor = named("s3");
    successor.merged_into = "stations/s1".to_owned();
    upsert(&service, "", vec![of_station(successor)]).await;
    let mut circle = named("s1");
    circle.merged_into = "stations/s3".to_owned();
    let imported = upsert(&service, "", vec![of_station(circle)]).await;
    let fields = refused(&imported[0], Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields, ["records[0].station.merged_into"]);
}

#[tokio::test]
async fn what_a_chunk_no_longer_names_it_may_delete_and_what_it_names_it_may_not() {
    let service = Service::start().await;
    let below = |id: &str, parent: &str| {
        let mut station = named(id);
        station.parent = format!("stations/{parent}");
        station
    };
    let deleted = |mut station: Station| {
        station.delete_time = Some(Timestamp::default());
        of_station(station)
    };
    let mut records = vec![of_station(named("a1")), of_station(named("b1"))];
    records.extend(
        [("a2", "a1"), ("a3", "a2"), ("b2", "b1"), ("b3", "b1")]
            .map(|(id, parent)| of_station(below(id, parent))),
    );
    upsert(&service, "", records).await;
    // A whole tree, in the order of an export.
    let tree = vec![
        deleted(named("a1")),
        deleted(below("a2", "a1")),
        deleted(below("a3", "a2")),
    ];
    let imported = upsert(&service, "", tree).await;
    assert_eq!(outcomes(&imported), [Updated; 3]);
    // One that is left as it is still names it.
    let some = vec![deleted(named("b1")), of_station(named("b2"))];
    let imported = upsert(&service, "", some).await;
    assert_eq!(outcomes(&imported), [Refused, Updated]);
    refused(&imported[0], Code::FailedPrecondition, "RECORD_REFERENCED");
    // A new one names it, whichever comes first.
    upsert(&service, "", vec![of_station(named("b3"))]).await;
    for records in [
        vec![of_station(below("b4", "b1")), deleted(named("b1"))],
        vec![deleted(named("b1")), of_station(below("b5", "b1"))],
    ] {
        let imported = upsert(&service, "", records).await;
        let refusals = imported.iter().filter(|one| one.outcome == Refused);
        assert_eq!(refusals.count(), 1);
    }
    assert_eq!(service.station("stations/b1").await.delete_time, None);
}

#[tokio::test]
async fn a_record_that_is_as_long_as_it_may_be_takes_no_more_corrections() {
    let service = Service::start().await;
    let mut article = on_page("long", article::State::Published);
    let correction = |number| Correction {
        time: Some(Timestamp::default()),
        reason: "字".repeat(1_000),
        revision: number,
    };
    article.corrections = (1..=696).map(correction).collect();
    let records = vec![of_source(TEXT), of_article(article.clone())];
    let imported = upsert(&service, "", records).await;
    assert_eq!(outcomes(&imported), [Created; 2]);
    article.headline = "另一个标题".to_owned();
    let mut refusal = None;
    for _ in 0..8 {
        let change = Article {
            name: article.name.clone(),
            headline: article.headline.clone(),
            ..Article::default()
        };
        if let Err(error) = update_article(&service, change, &"字".repeat(1_000)).await {
            refusal = Some(error);
            break;
        }
        article.headline.push('。');
    }
    let refusal = refusal.expect("its corrections have a bound");
    let fields = refusal.is(Code::InvalidArgument, "FIELD_INVALID").fields();
    assert_eq!(fields, ["article"]);
}

#[tokio::test]
async fn an_article_has_no_more_statistics_than_it_may() {
    let service = Service::start().await;
    upsert(
        &service,
        "",
        bulletin("a1", article::State::Draft)[..2].to_vec(),
    )
    .await;
    let all: Vec<Record> = (0..1_001)
        .map(|index| of_statistic(counted("a1", &format!("s{index:04}"))))
        .collect();
    let imported = import(
        &service,
        Mode::Upsert,
        "",
        all.chunks(400).map(<[Record]>::to_vec),
    )
    .await;
    let (last, others) = imported.split_last().unwrap();
    assert!(others.iter().all(|one| one.outcome == Outcome::Created));
    refused(last, Code::InvalidArgument, "FIELD_INVALID");
}

#[tokio::test]
async fn publishing_by_import_makes_the_stations_active() {
    let service = Service::start().await;
    let proposed = Station {
        state: station::State::Proposed.into(),
        ..named("s1")
    };
    let mut records = vec![of_station(proposed.clone())];
    records.extend(bulletin("a1", article::State::Published));
    records[3] = of_statistic(Statistic {
        stations: vec!["stations/s1".to_owned()],
        ..counted("a1", "s1")
    });
    assert_eq!(
        outcomes(&upsert(&service, "", records.clone()).await),
        [Created; 4]
    );
    assert_eq!(
        service.station("stations/s1").await.state(),
        station::State::Active
    );
    assert_eq!(
        outcomes(&upsert(&service, "", records).await),
        [Unchanged; 4]
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn what_only_a_deleted_statistic_names_is_not_published_with_its_article() {
    let service = Service::start().await;
    let misread = Station {
        state: station::State::Proposed.into(),
        ..named("misread")
    };
    let mut records = vec![of_station(misread)];
    records.extend(bulletin("a1", article::State::Draft));
    records[3] = of_statistic(Statistic {
        stations: vec!["stations/misread".to_owned()],
        delete_time: Some(Timestamp {
            seconds: 800,
            nanos: 0,
        }),
        ..counted("a1", "s1")
    });
    let imported = upsert(&service, "", records).await;
    assert_eq!(outcomes(&imported), [Created; 4], "{imported:#?}");
    // The statistic is taken along.
    let published = bulletin("a1", article::State::Published)[1].clone();
    let imported = upsert(&service, "", vec![published]).await;
    assert_eq!(outcomes(&imported), [Outcome::Updated], "{imported:#?}");
    let statistic = service.statistic("articles/a1/statistics/s1").await;
    assert_eq!(statistic.state(), article::State::Published);
    assert_eq!(
        service.station("stations/misread").await.state(),
        station::State::Proposed
    );
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_wrong_message_ends_the_import_after_the_chunks_before_it() {
    let service = Service::start().await;
    let good = || vec![of_station(named("s1"))];
    let first = || requests(Mode::Upsert, "", [good()]);
    let many = vec![of_station(named("s2")); 501];
    let later = |request: ImportRecordsRequest| [first(), vec![request]].concat();
    for (requests, field, answers) in [
        (requests(Mode::Unspecified, "", [good()]), "mode", 0),
        (
            requests(Mode::Upsert, " ", [good()]),
            "correction_reason",
            0,
        ),
        (
            requests(Mode::Upsert, &"长".repeat(1_001), [good()]),
            "correction_reason",
            0,
        ),
        (requests(Mode::Upsert, "", [many]), "records", 0),
        (
            later(ImportRecordsRequest {
                mode: 1,
                ..Default::default()
            }),
            "mode",
            1,
        ),
        (
            later(ImportRecordsRequest {
                correction_reason: "x".to_owned(),
                ..Default::default()
            }),
            "correction_reason",
            1,
        ),
    ] {
        let (found, refusal) = send(&service, requests).await;
        assert_eq!(found.len(), answers, "{field}");
        let refusal = refusal.expect("it is refused");
        assert_eq!(
            refusal.is(Code::InvalidArgument, "FIELD_INVALID").fields(),
            [field]
        );
    }
    let (answers, refusal) = send(&service, requests(Mode::SkipExisting, "", [Vec::new()])).await;
    assert!(refusal.is_none() && answers.len() == 1);
    assert_eq!(answers[0].token, service.head().await.token);
}

#[tokio::test]
async fn an_import_over_the_seed_page_is_refused_where_it_would_break_it() {
    let service = Service::seeded().await;
    let mut article = service.article(CONFERENCE).await;
    article.source_text.clear();
    article.people.clear();
    article.bylines.clear();
    article.quotations.clear();
    let imported = upsert(&service, "更正", vec![of_article(article)]).await;
    let fields = refused(&imported[0], Code::InvalidArgument, "FIELD_INVALID");
    assert!(
        fields
            .iter()
            .all(|field| *field == "records[0].article.people"),
        "{fields:?}"
    );
}

#[tokio::test]
async fn a_page_may_come_with_each_of_its_articles() {
    let service = Service::start().await;
    let of = |id| of_article(on_page(id, article::State::Draft));
    let records = vec![of_source(TEXT), of("a1"), of_source(TEXT), of("a2")];
    let imported = upsert(&service, "", records).await;
    assert_eq!(outcomes(&imported), [Created, Created, Unchanged, Created]);
}

//! Exports: complete, of one revision, resumable, and as good as their digest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use bulletin::pb::record::{Kind, Record as Any};
use bulletin::pb::{
    self, Article, Consistency, ExportRecordsRequest, Station, consistency::Requirement,
};
use bulletin::token::hex;
use tonic::Code;

use super::{Exported, etag, everything, export, kind, messages, name};
use crate::support::edits::{create_article, delete_article, update_article, update_station};
use crate::support::history::service_with_history;
use crate::support::seeds::{CONFERENCE, TRAFFIC};
use crate::support::{Service, statistic};

/// What the documentation says the digest is.
pub fn digest_of(exported: &Exported) -> String {
    let lines: String = exported
        .records
        .iter()
        .map(|record| format!("{}\n{}\n", name(record), etag(record)))
        .collect();
    hex(digest(&SHA256, lines.as_bytes()).as_ref())
}

fn counts_of(exported: &Exported) -> Vec<i64> {
    let mut counts = vec![0; 4];
    for record in &exported.records {
        counts[kind(record) as usize - 1] += 1;
    }
    counts
}

/// The record as it was after the token's revision.
async fn at(service: &Service, name: &str, token: &str) -> Any {
    let revision = token.split('-').next().unwrap().parse().unwrap();
    let consistency = Some(Consistency {
        requirement: Some(Requirement::ExactlyAt(revision)),
    });
    let name = name.to_owned();
    if name.starts_with("stations/") {
        let request = pb::GetStationRequest { name, consistency };
        return Any::Station(service.ask(request).await.unwrap());
    }
    if name.contains("/statistics/") {
        let request = pb::GetStatisticRequest { name, consistency };
        return Any::Statistic(service.ask(request).await.unwrap());
    }
    let request = pb::GetArticleRequest {
        name,
        consistency,
        ..Default::default()
    };
    Any::Article(service.ask(request).await.unwrap())
}

#[tokio::test]
async fn everything_comes_in_order_with_counts_and_digest() {
    let service = service_with_history().await;
    let all = export(&service, everything()).await;
    let mut ordered = all
        .records
        .iter()
        .map(|record| (kind(record) as i32, name(record)));
    assert!(ordered.by_ref().is_sorted());
    assert_eq!(all.summary.digest, digest_of(&all));
    assert_eq!(all.summary.counts, counts_of(&all));
    assert_eq!(all.token, service.head().await.token);
    for record in &all.records {
        if let Any::Source(source) = record.record.as_ref().unwrap() {
            let sha256 = hex(digest(&SHA256, source.text.as_bytes()).as_ref());
            assert_eq!(source.sha256, sha256);
        } else {
            let as_read = at(&service, &name(record), &all.token).await;
            assert_eq!(record.record.as_ref().unwrap(), &as_read);
        }
    }

    let live = export(&service, ExportRecordsRequest::default()).await;
    let gone: Vec<String> = all
        .names()
        .into_iter()
        .filter(|name| !live.names().contains(name))
        .collect();
    assert_eq!(gone, ["articles/gone", "articles/a1/statistics/s2"]);
    assert_eq!(live.summary.digest, digest_of(&live));
}

#[tokio::test]
async fn an_empty_database_gives_one_message() {
    let service = Service::start().await;
    let messages = messages(&service, everything()).await.unwrap();
    assert_eq!(messages.len(), 1);
    let empty = Exported::of(messages);
    assert!(empty.records.is_empty());
    assert_eq!(empty.summary.counts, [0; 4]);
    assert_eq!(empty.summary.digest, digest_of(&empty));
}

#[tokio::test]
async fn kinds_are_chosen_in_any_order() {
    let service = service_with_history().await;
    let all = export(&service, everything()).await;
    let of = |kinds: &[Kind]| ExportRecordsRequest {
        kinds: kinds.iter().map(|kind| i32::from(*kind)).collect(),
        ..everything()
    };
    let some = export(
        &service,
        of(&[Kind::Statistic, Kind::Station, Kind::Statistic]),
    )
    .await;
    let expected = all
        .records
        .into_iter()
        .filter(|record| matches!(kind(record), Kind::Station | Kind::Statistic));
    assert_eq!(some.records, expected.collect::<Vec<_>>());
    assert_eq!(some.summary.counts, counts_of(&some));
    for bad in [vec![0], vec![Kind::Station.into(), 9]] {
        let request = ExportRecordsRequest {
            kinds: bad.clone(),
            ..everything()
        };
        let refusal = messages(&service, request).await.unwrap_err();
        let field = format!("kinds[{}]", bad.len() - 1);
        assert_eq!(
            refusal.is(Code::InvalidArgument, "FIELD_INVALID").fields(),
            [field]
        );
    }
}

/// Articles that fill several messages, `articles/long-0` to `-7`.
async fn service_with_long_articles() -> Service {
    let service = Service::seeded().await;
    for index in 0..8 {
        let paragraphs = ["甲", "乙"].map(|part| pb::Paragraph {
            text: format!("第{index}页{part}。{}", "长".repeat(45_000)),
            kind: pb::paragraph::Kind::Body.into(),
            ..Default::default()
        });
        let article = Article {
            headline: format!("长文{index}"),
            source_text: paragraphs
                .each_ref()
                .map(|part| part.text.as_str())
                .join("\n"),
            paragraphs: paragraphs.into(),
            ..Article::default()
        };
        create_article(&service, &format!("long-{index}"), article)
            .await
            .unwrap();
    }
    service
}

#[tokio::test]
async fn an_export_goes_on_behind_every_message_with_the_same_digest() {
    let service = service_with_long_articles().await;
    let whole = messages(&service, everything()).await.unwrap();
    assert!(whole.len() > 4, "{} messages", whole.len());
    let expected = Exported::of(whole.clone());
    let mut sent = 0;
    for cut in 0..whole.len() {
        let (before, _) = whole.split_at(cut + 1);
        let last = before.last().unwrap();
        sent += i64::try_from(last.records.len()).unwrap();
        assert_eq!(last.sent_count, sent);
        let request = ExportRecordsRequest {
            cursor: last.cursor.clone(),
            ..everything()
        };
        let mut resumed = before.to_vec();
        if let Some(last) = resumed.last_mut() {
            last.summary = None;
        }
        resumed.extend(messages(&service, request).await.unwrap());
        assert_eq!(Exported::of(resumed), expected);
    }
}

#[tokio::test]
async fn a_cursor_is_of_its_own_request() {
    let service = Service::seeded().await;
    let other = Service::seeded().await;
    let cursor = messages(&service, everything()).await.unwrap()[0]
        .cursor
        .clone();
    let with = |request: ExportRecordsRequest| ExportRecordsRequest {
        cursor: cursor.clone(),
        ..request
    };
    assert!(messages(&service, with(everything())).await.is_ok());
    // Both are copies of one database, and share its key.
    let elsewhere = messages(&other, with(everything())).await.unwrap_err();
    elsewhere.is(Code::FailedPrecondition, "HISTORY_FORKED");
    for changed in [
        with(ExportRecordsRequest::default()),
        with(ExportRecordsRequest {
            kinds: vec![Kind::Station.into()],
            ..everything()
        }),
        ExportRecordsRequest {
            cursor: "x".to_owned(),
            ..everything()
        },
    ] {
        let refusal = messages(&service, changed).await.unwrap_err();
        assert_eq!(
            refusal.is(Code::InvalidArgument, "TOKEN_INVALID").fields(),
            ["cursor"]
        );
    }
}

#[tokio::test]
async fn a_lost_or_compacted_revision_ends_an_export() {
    let service = Service::seeded().await;
    let cursor = messages(&service, everything()).await.unwrap()[0]
        .cursor
        .clone();
    let request = ExportRecordsRequest {
        cursor,
        ..everything()
    };
    service.create_station("s1").await.unwrap();
    service.create_station("s2").await.unwrap();
    service
        .database
        .tamper("update horizon set revision = 2")
        .await;
    let compacted = messages(&service, request.clone()).await.unwrap_err();
    compacted.is(Code::OutOfRange, "REVISION_COMPACTED");
    service
        .database
        .tamper("update horizon set revision = 0")
        .await;
    let lost = "set session_replication_role = replica;
                update revisions set chain = sha256(chain) where revision = 1";
    sqlx::raw_sql(lost)
        .execute(&mut service.database.connect().await)
        .await
        .unwrap();
    let forked = messages(&service, request).await.unwrap_err();
    forked.is(Code::FailedPrecondition, "HISTORY_FORKED");
}

#[tokio::test]
async fn a_filter_is_asked_of_the_records_as_they_were() {
    let service = service_with_long_articles().await;
    let request = ExportRecordsRequest {
        kinds: vec![Kind::Article.into()],
        filter: "headline = \"长文*\"".to_owned(),
        ..Default::default()
    };
    let before = messages(&service, request.clone()).await.unwrap();
    let expected = Exported::of(before.clone());
    let long: Vec<String> = (0..8)
        .map(|index| format!("articles/long-{index}"))
        .collect();
    assert_eq!(expected.names(), long);
    assert!(before.len() > 2 && before[0].records.len() < 6);

    let renamed = |name: &str, headline: &str| Article {
        name: name.to_owned(),
        headline: headline.to_owned(),
        ..Article::default()
    };
    update_article(&service, renamed("articles/long-7", "改了"), "")
        .await
        .unwrap();
    update_article(&service, renamed(TRAFFIC, "长文九"), "更正")
        .await
        .unwrap();
    delete_article(&service, "articles/long-6").await.unwrap();
    service
        .create_article("long-5a", "新的一页。")
        .await
        .unwrap();
    let resumed = ExportRecordsRequest {
        cursor: before[0].cursor.clone(),
        ..request.clone()
    };
    let mut after = vec![before[0].clone()];
    after.extend(messages(&service, resumed).await.unwrap());
    assert_eq!(Exported::of(after), expected);
    let now = export(&service, request.clone()).await.names();
    assert_eq!(now, [&long[..6], &[TRAFFIC.to_owned()]].concat());

    for (kinds, filter, reason) in [
        (
            &[Kind::Station, Kind::Article][..],
            "headline = \"x\"",
            "FIELD_INVALID",
        ),
        (&[Kind::Source], "sha256 = \"x\"", "FIELD_INVALID"),
        (&[], "headline = \"x\"", "FIELD_INVALID"),
        (&[Kind::Article], "hedline = \"x\"", "FILTER_INVALID"),
    ] {
        let request = ExportRecordsRequest {
            kinds: kinds.iter().map(|kind| i32::from(*kind)).collect(),
            filter: filter.to_owned(),
            ..Default::default()
        };
        let refusal = messages(&service, request).await.unwrap_err();
        assert_eq!(
            refusal.is(Code::InvalidArgument, reason).fields(),
            ["filter"]
        );
    }
}

/// Writers that go on until they are told to stop.
fn write_on(
    service: &Service,
    writer: usize,
    stop: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<()> {
    let (stop, service) = (
        Arc::clone(stop),
        Service::at(service.database.clone(), service.address),
    );
    tokio::spawn(async move {
        let mut round = 0;
        while !stop.load(Ordering::SeqCst) {
            let id = format!("w{writer}-{round}");
            service.create_station(&id).await.unwrap();
            let article = service
                .create_article(&id, "查处88起。")
                .await
                .unwrap()
                .name;
            service
                .create_statistic(&article, "s1", statistic("88起", "88", "起"))
                .await
                .unwrap();
            let renamed = Station {
                name: format!("stations/w{writer}-0"),
                display_name: format!("第{round}次改名"),
                ..Station::default()
            };
            update_station(&service, renamed).await.unwrap();
            let changed = Article {
                name: CONFERENCE.to_owned(),
                kicker: format!("{writer} {round}"),
                ..Article::default()
            };
            // Another writer may have been first.
            let _ = update_article(&service, changed, "更正").await;
            if round % 3 == 0 {
                delete_article(&service, &format!("articles/{id}"))
                    .await
                    .unwrap();
            }
            round += 1;
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_beside_writers_is_the_state_at_its_token() {
    let service = service_with_long_articles().await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| write_on(&service, writer, &stop))
        .collect();
    let mut exports = Vec::new();
    for _ in 0..4 {
        let mut stream = service
            .transfer()
            .export_records(everything())
            .await
            .unwrap()
            .into_inner();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            messages.push(message);
            // The tables go on between one message and the next.
            let before = service.head().await.revision;
            crate::support::until("writers go on", async || {
                service.head().await.revision > before + 4
            })
            .await;
        }
        exports.push(Exported::of(messages));
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    for exported in exports {
        assert_eq!(exported.summary.digest, digest_of(&exported));
        let logged = logged_names(&service, &exported.token).await;
        assert_eq!(
            exported
                .names()
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>(),
            logged
        );
        for record in &exported.records {
            if kind(record) != Kind::Source {
                let as_read = at(&service, &name(record), &exported.token).await;
                assert_eq!(
                    record.record.as_ref().unwrap(),
                    &as_read,
                    "{}",
                    exported.token
                );
            }
        }
    }
}

async fn logged_names(service: &Service, token: &str) -> std::collections::BTreeSet<String> {
    let revision: i64 = token.split('-').next().unwrap().parse().unwrap();
    let sql = "select distinct name from changes where revision <= $1 and kind <> 'LOG'";
    let names: Vec<String> = sqlx::query_scalar(sql)
        .bind(revision)
        .fetch_all(&mut service.database.connect().await)
        .await
        .unwrap();
    names.into_iter().collect()
}

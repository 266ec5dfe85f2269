//! What a standby may answer: never less than a call asks for, and nothing of another history.

use bulletin::cache::Cache;
use bulletin::changes::delta::{Bodies, Wanted};
use bulletin::changes::since::since;
use bulletin::changes::tail::follow;
use bulletin::error::Error;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::{self, GetStationRequest};
use bulletin::token::{Chain, Token};
use tonic::Code;

use super::every_read::{ask_all, ask_at};
use super::{
    Pair, any_age, at_least, header, latest, rename, requirement, revision, service, settings,
    token,
};
use crate::support::proxy::{Fault, Proxy};
use crate::support::replication::Node;
use crate::support::{Database, Refusal, Service, statistic, until};
use crate::visibility::City;

/// How many rounds of all reads find the standby behind.
const ROUNDS: usize = 3;

#[tokio::test]
async fn a_read_with_a_writes_token_never_shows_an_older_record_while_the_standby_is_behind() {
    let pair = Pair::seeded().await;
    let (service, direct) = (
        pair.service().await,
        Service::on(pair.primary.database()).await,
    );
    service.create_station("s1").await.unwrap();
    pair.standby.catch_up_with(&pair.primary).await;
    pair.standby.pause_replay().await;
    for round in 0..ROUNDS {
        let written = rename(&service, "s1", &format!("第{round}派出所")).await;
        let new = service
            .create_station(&format!("new{round}"))
            .await
            .unwrap();
        let newest = service.head().await.token;
        for consistency in [at_least(&newest), None, latest()] {
            let expected = ask_all(&direct, "s1", consistency.clone()).await;
            let found = ask_all(&service, "s1", consistency.clone()).await;
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found.content(), expected.content(), "{}", found.method);
                assert!(found.revision() >= revision(&newest), "{found:?}");
            }
            // One that the standby does not have at all.
            let request = GetStationRequest {
                name: new.name.clone(),
                consistency,
            };
            assert_eq!(service.ask(request).await.unwrap(), new);
        }
        let at = ask_at(&service, "s1", revision(&written)).await;
        assert!(at.content().contains(&format!("第{round}派出所")), "{at:?}");
    }
    pair.standby.resume_replay().await;
}

#[tokio::test]
async fn a_standby_that_is_fresh_enough_is_read_and_one_that_is_behind_only_at_any_age() {
    let pair = Pair::seeded().await;
    let service = pair.service().await;
    let first = rename(&service, "zhenhai-branch", "第一分局").await;
    pair.standby.catch_up_with(&pair.primary).await;
    let get = |consistency| GetStationRequest {
        name: "stations/zhenhai-branch".to_owned(),
        consistency,
    };

    // The primary cannot read this table: an answer is the standby's.
    pair.standby.pause_replay().await;
    pair.primary
        .execute("alter table stations rename to away")
        .await;
    for consistency in [None, at_least(&first), any_age()] {
        let response = service
            .stations()
            .get_station(get(consistency))
            .await
            .unwrap();
        assert_eq!(token(&response), first);
        assert_eq!(response.into_inner().display_name, "第一分局");
    }
    let refused = service.ask(get(latest())).await.unwrap_err();
    refused.is(Code::Internal, "INTERNAL");
    pair.primary
        .execute("alter table away rename to stations")
        .await;

    let second = rename(&service, "zhenhai-branch", "第二分局").await;
    until("the write is known", async || {
        let response = service
            .stations()
            .get_station(get(any_age()))
            .await
            .unwrap();
        let age_ms: u64 = header(&response, "bulletin-age-ms")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(response.into_inner().display_name, "第一分局");
        age_ms > 0
    })
    .await;
    for consistency in [None, at_least(&second), latest()] {
        let response = service
            .stations()
            .get_station(get(consistency))
            .await
            .unwrap();
        assert_eq!(header(&response, "bulletin-age-ms"), None);
        assert_eq!(response.into_inner().display_name, "第二分局");
    }

    pair.standby.resume_replay().await;
    until("the standby shows it", async || {
        let response = service
            .stations()
            .get_station(get(any_age()))
            .await
            .unwrap();
        response.into_inner().display_name == "第二分局"
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_said_by_the_primary_alone() {
    let pair = Pair::seeded().await;
    let service = pair.service().await;
    pair.standby.pause_replay().await;
    let created = service.create_station("s1").await.unwrap();
    for consistency in [None, any_age(), at_least("0"), latest()] {
        let request = |name: &str| GetStationRequest {
            name: name.to_owned(),
            consistency: consistency.clone(),
        };
        assert_eq!(service.ask(request("stations/s1")).await.unwrap(), created);
        let refused = service.ask(request("stations/s2")).await.unwrap_err();
        refused.is(Code::NotFound, "RECORD_MISSING");
        let batch = pb::BatchGetStationsRequest {
            names: vec!["stations/s1".to_owned()],
            consistency: consistency.clone(),
        };
        assert_eq!(
            service.ask(batch).await.unwrap().stations,
            std::slice::from_ref(&created)
        );
        let revisions = pb::ListRevisionsRequest {
            name: "stations/s1".to_owned(),
            consistency: consistency.clone(),
            ..Default::default()
        };
        assert_eq!(service.ask(revisions).await.unwrap().revisions.len(), 1);
    }
    let at = ask_at(&service, "s1", created.revision).await;
    assert!(at.content().contains("stations/s1"), "{at:?}");
    let ahead = ask_at(&service, "s1", created.revision + 1).await;
    ahead
        .outcome
        .unwrap_err()
        .is(Code::OutOfRange, "REVISION_COMPACTED");
    pair.standby.resume_replay().await;
}

/// The standby still has the draft, which readers are not shown: whether they are now, the primary says.
#[tokio::test]
async fn what_is_not_shown_is_said_by_the_primary_alone() {
    let pair = Pair::start().await;
    let primary = pair.primary.database();
    let settings = settings(&primary, &[&pair.standby.database()]);
    let city = City::called_at(Service::with_named_callers(primary, &settings, 0).await);
    let (editor, reader) = (&city.editor, &city.reader);
    let article = editor.create_article("a1", "查处3起。").await.unwrap().name;
    let number = statistic("查处3起", "3", "起");
    let number = editor
        .create_statistic(&article, "n1", number)
        .await
        .unwrap()
        .name;
    pair.standby.catch_up_with(&pair.primary).await;
    pair.standby.pause_replay().await;
    let published = editor.publish(&article).await.unwrap();
    let consistency = any_age();
    let get = pb::GetArticleRequest {
        name: article.clone(),
        consistency: consistency.clone(),
        ..Default::default()
    };
    assert_eq!(reader.ask(get.clone()).await.unwrap(), published);
    let with_text = pb::GetArticleRequest {
        view: pb::View::Source.into(),
        ..get.clone()
    };
    assert_eq!(
        reader.ask(with_text).await.unwrap().source_text,
        "查处3起。"
    );
    let batch = pb::BatchGetStatisticsRequest {
        names: vec![number],
        consistency: consistency.clone(),
        ..Default::default()
    };
    assert_eq!(reader.ask(batch).await.unwrap().statistics.len(), 1);
    let revisions = pb::ListRevisionsRequest {
        name: article.clone(),
        consistency: consistency.clone(),
        ..Default::default()
    };
    assert_eq!(reader.ask(revisions).await.unwrap().revisions.len(), 1);
    let at = pb::GetArticleRequest {
        consistency: requirement(Requirement::ExactlyAt(published.revision)),
        ..get
    };
    assert_eq!(reader.ask(at).await.unwrap(), published);
    // A list at any age is the standby's; that there is such an article is not.
    let list = pb::ListStatisticsRequest {
        parent: article,
        consistency,
        ..Default::default()
    };
    assert!(reader.ask(list).await.unwrap().statistics.is_empty());
    pair.standby.resume_replay().await;
}

#[tokio::test]
async fn a_replica_of_another_history_is_never_served_from() {
    let (primary, stranger) = (Node::primary().await, Node::primary().await);
    // The same name, the same revision, another record.
    let elsewhere = Service::on(stranger.database()).await;
    elsewhere.create_station("s1").await.unwrap();
    rename(&elsewhere, "s1", "别处派出所").await;
    let service = service(&primary.database(), &[&stranger.database()]).await;
    service.create_station("s1").await.unwrap();
    let written = rename(&service, "s1", "此处派出所").await;
    for _ in 0..20 {
        for consistency in [None, at_least(&written), at_least("2"), any_age(), latest()] {
            let request = GetStationRequest {
                name: "stations/s1".to_owned(),
                consistency,
            };
            assert_eq!(
                service.ask(request).await.unwrap().display_name,
                "此处派出所"
            );
        }
    }
    // Of the stranger's own token the primary says what it is.
    let request = GetStationRequest {
        name: "stations/s1".to_owned(),
        consistency: at_least(&elsewhere.head().await.token),
    };
    let refused: Refusal = service.ask(request).await.unwrap_err();
    refused.is(Code::FailedPrecondition, "HISTORY_FORKED");
}

#[tokio::test]
async fn a_read_that_a_standby_cannot_finish_is_answered_by_the_primary() {
    let pair = Pair::seeded().await;
    let service = pair.service().await;
    // The lock is replayed, and its end is not.
    let mut locking = pair.primary.database().connect().await;
    let sql = "begin; lock table stations in access exclusive mode";
    sqlx::raw_sql(sql).execute(&mut locking).await.unwrap();
    until("the lock is replayed", async || {
        let sql = "select exists (select from pg_locks where mode = 'AccessExclusiveLock'
                     and relation = 'stations'::regclass)";
        pair.standby.ask::<bool>(sql).await
    })
    .await;
    pair.standby.pause_replay().await;
    sqlx::raw_sql("rollback")
        .execute(&mut locking)
        .await
        .unwrap();
    let station = service.station("stations/zhenhai-branch").await;
    assert_eq!(station.name, "stations/zhenhai-branch");
    pair.standby.resume_replay().await;
}

/// A watch that catches up asks the primary; its address may lead to a standby for a while.
#[tokio::test]
async fn what_a_standby_has_not_got_yet_is_not_taken_for_lost() {
    let pair = Pair::seeded().await;
    pair.standby.pause_replay().await;
    let service = Service::on(pair.primary.database()).await;
    service.create_station("s1").await.unwrap();
    let position = newest(&pair.primary.database()).await;
    for (node, is_primary) in [(&pair.primary, true), (&pair.standby, false)] {
        let db = node.database().open().await;
        let read = since(&db, &position, position.revision, nothing()).await;
        match is_primary {
            true => assert!(read.unwrap().is_empty()),
            false => assert!(matches!(read, Err(Error::NoPrimary(_))), "{read:?}"),
        }
    }
    pair.standby.resume_replay().await;
}

/// Nor does it wait for good where nobody answers, and no connection ends.
#[tokio::test]
async fn a_read_of_the_log_that_nobody_answers_ends() {
    let database = Database::create().await;
    let (proxy, through) = Proxy::before(&database);
    let db = through.open().await;
    let _following = follow(&db, Cache::of(0)).await.unwrap();
    let position = newest(&database).await;
    let read = async || since(&db, &position, position.revision, nothing()).await;
    assert!(read().await.unwrap().is_empty());
    proxy.set(Fault::BlackHole);
    let unanswered = read().await;
    assert!(
        matches!(unanswered, Err(Error::NoPrimary(_))),
        "{unanswered:?}"
    );
}

fn nothing() -> Wanted<'static> {
    Wanted {
        bodies: Bodies::default(),
        kinds: &[],
        bytes_max: 1,
    }
}

async fn newest(database: &Database) -> Token {
    let sql = "select revision, chain from revisions order by revision desc limit 1";
    let mut connection = database.connect().await;
    let newest = sqlx::query_as(sql).fetch_one(&mut connection);
    let (revision, chain): (i64, Vec<u8>) = newest.await.unwrap();
    let chain = Chain::from_slice(&chain).unwrap();
    Token { revision, chain }
}

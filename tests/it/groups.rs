//! The committer's groups: who left, who waited too long, and one whose write the database refuses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bulletin::changes::committer::{Committed, Committer};
use bulletin::changes::view::{Needs, View};
use bulletin::changes::write::{Decision, Write};
use bulletin::error::{Error, Result};
use bulletin::names::StationName;
use bulletin::pb::{Station, station};
use bulletin::record::Stamp;
use bulletin::server::{Bulletin, TABLES};
use bulletin::stations::write::Create;
use rustix::process::Signal;
use tokio::task::{JoinHandle, JoinSet};
use tonic::Code;

use crate::support::edits::{delete_station, delete_statistic};
use crate::support::log::{check_order, count};
use crate::support::program::Program;
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, HeadLock, Refusal, Service, statistic, until};

fn small(id: &str) -> Station {
    Station {
        display_name: format!("{id}派出所"),
        kind: station::Kind::PoliceStation.into(),
        ..Station::default()
    }
}

fn create(id: &str) -> Create {
    Create::new(StationName::from_id("station_id", id).unwrap(), small(id)).unwrap()
}

fn submit(committer: &Committer, id: &str) -> JoinHandle<Result<Committed>> {
    submit_write(committer, create(id), false)
}

fn submit_write(
    committer: &Committer,
    write: Create,
    validate_only: bool,
) -> JoinHandle<Result<Committed>> {
    let committer = committer.clone();
    tokio::spawn(async move { committer.submit(write, "", validate_only).await })
}

/// A committer whose first group waits for the lock, so that all others wait in its queue.
async fn busy(database: &Database) -> (Committer, JoinHandle<Result<Committed>>, HeadLock) {
    let (committer, _) = Committer::start(database.open().await, &TABLES);
    let mut lock = HeadLock::take(database).await;
    let first = submit(&committer, "first");
    lock.wait_for_writers(1).await;
    (committer, first, lock)
}

/// Lets every task of this one thread run until it waits.
async fn let_others_run() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

async fn ids(database: &Database) -> Vec<String> {
    sqlx::query_scalar("select substr(name, 10) from stations order by revision")
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn who_leaves_the_queue_leaves_no_trace_and_who_leaves_a_group_a_whole_write() {
    let database = Database::create().await;
    let (committer, first, lock) = busy(&database).await;
    let waiting: Vec<_> = ["b1", "b2", "b3", "b4"]
        .map(|id| submit(&committer, id))
        .into();
    let_others_run().await;
    for left in [&first, &waiting[0], &waiting[2]] {
        left.abort();
    }
    let_others_run().await;
    lock.release().await;
    for (place, submitted) in waiting.into_iter().enumerate() {
        match place {
            0 | 2 => assert!(submitted.await.unwrap_err().is_cancelled()),
            _ => drop(submitted.await.unwrap().unwrap()),
        }
    }
    assert_eq!(ids(&database).await, ["first", "b2", "b4"]);
    check_order(&database).await;
}

#[tokio::test]
async fn clients_that_hang_up_do_not_disturb_the_others() {
    let service = Arc::new(Service::start().await);
    let mut lock = HeadLock::take(&service.database).await;
    let call = |id: String| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.create_station(&id).await })
    };
    let first = call("first".to_owned());
    lock.wait_for_writers(1).await;
    let stay: Vec<_> = (0..8).map(|at| call(format!("stay-{at}"))).collect();
    let leave: Vec<_> = (0..8).map(|at| call(format!("leave-{at}"))).collect();
    // A read does not wait for the lock; the calls were sent before it, on the same connection.
    service.head().await;
    first.abort();
    for call in leave {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    service.head().await;
    lock.release().await;
    for call in stay {
        call.await.unwrap().unwrap();
    }
    let database = &service.database;
    assert_eq!(
        count(database, "stations where name like '%/stay-%'").await,
        8
    );
    assert_eq!(
        count(database, "stations where name = 'stations/first'").await,
        1
    );
    check_order(database).await;
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_lock_held_too_long_is_unavailable_once_and_the_service_recovers() {
    let service = Arc::new(Service::start().await);
    let mut lock = HeadLock::take(&service.database).await;
    let call = |id: String| {
        let service = Arc::clone(&service);
        async move { service.create_station(&id).await }
    };
    let mut calls = JoinSet::new();
    calls.spawn(call("first".to_owned()));
    lock.wait_for_writers(1).await;
    let start = Instant::now();
    for at in 0..12 {
        calls.spawn(call(format!("behind-{at}")));
    }
    for outcome in calls.join_all().await {
        let refusal: Refusal = outcome.unwrap_err();
        refusal.is(Code::Unavailable, "NO_PRIMARY");
    }
    // Two groups waited for 3 s each; one by one it would be 39 s.
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    assert_eq!(count(&service.database, "stations").await, 0);
    lock.release().await;
    service.create_station("first").await.unwrap();
    assert_eq!(service.head().await.revision, 1);
    assert_eq!(service.fault().await, None);
}

const POISON: &str = "alter table changes add constraint no_poison check (name !~ 'poison')";

#[tokio::test]
async fn a_write_that_the_database_refuses_fails_alone() {
    let database = Database::create().await;
    database.tamper(POISON).await;
    let (committer, first, lock) = busy(&database).await;
    let ids_given = ["b1", "poison", "b2", "b3"];
    let submitted = ids_given.map(|id| submit(&committer, id));
    let_others_run().await;
    lock.release().await;
    first.await.unwrap().unwrap();
    for (id, submitted) in ids_given.into_iter().zip(submitted) {
        match (id, submitted.await.unwrap()) {
            ("poison", outcome) => assert!(matches!(outcome, Err(Error::Internal(_)))),
            (_, outcome) => drop(outcome.unwrap()),
        }
    }
    assert_eq!(ids(&database).await, ["first", "b1", "b2", "b3"]);
    check_order(&database).await;
}

#[tokio::test]
async fn an_internal_error_says_nothing_of_the_database() {
    let service = Service::start().await;
    service.database.tamper(POISON).await;
    let refusal = service.create_station("poison").await.unwrap_err();
    refusal.is(Code::Internal, "INTERNAL");
    assert_eq!(refusal.message, "internal error");
    assert!(refusal.metadata.is_empty() && refusal.violations.is_empty());
    service.create_station("sound").await.unwrap();
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_commit_costs_nobody_their_write() {
    let service = Arc::new(Service::start().await);
    let mut lock = HeadLock::take(&service.database).await;
    let call = {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.create_station("s1").await })
    };
    lock.wait_for_writers(1).await;
    lock.terminate_writers().await;
    lock.wait_for_writers(1).await;
    lock.release().await;
    assert_eq!(call.await.unwrap().unwrap().revision, 1);
    assert_eq!(service.head().await.revision, 1);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_process_that_stalls_in_a_transaction_makes_its_write_in_another() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let service = Arc::new(program.service(&database));
    let mut lock = HeadLock::take(&database).await;
    let call = {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.create_station("s1").await })
    };
    lock.wait_for_writers(1).await;
    program.signal(Signal::STOP);
    lock.release_and_wait_for_the_end().await;
    program.signal(Signal::CONT);
    assert_eq!(call.await.unwrap().unwrap().revision, 1);
    assert_eq!(service.head().await.revision, 1);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_full_group_leaves_the_rest_to_the_next() {
    let database = Database::create().await;
    let (committer, first, lock) = busy(&database).await;
    let all: Vec<_> = (0..150).map(|at| format!("s{at}")).collect();
    let submitted: Vec<_> = all.iter().map(|id| submit(&committer, id)).collect();
    let_others_run().await;
    lock.release().await;
    first.await.unwrap().unwrap();
    for write in submitted {
        write.await.unwrap().unwrap();
    }
    // Requests of a group have one commit time: the first's, then groups of at most 64.
    let sql = "select count(*) from revisions where revision > 0 group by commit_time order by commit_time";
    let groups: Vec<i64> = sqlx::query_scalar(sql)
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    assert_eq!(groups, [1, 64, 64, 22]);
    let ids = ids(&database).await;
    assert_eq!(ids[0], "first");
    assert_eq!(ids[1..], all, "in the order they came");
}

#[tokio::test]
async fn a_connection_that_died_while_it_rested_is_replaced() {
    let database = Database::create().await;
    let (committer, _) = Committer::start(database.open().await, &TABLES);
    for id in ["s1", "s2", "s3"] {
        submit(&committer, id).await.unwrap().unwrap();
        let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and query = 'COMMIT'";
        let ended: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut database.connect().await)
            .await
            .unwrap();
        assert_eq!(ended, 1, "it is kept");
    }
    assert_eq!(ids(&database).await, ["s1", "s2", "s3"]);
    check_order(&database).await;
}

/// Plans are kept, and new statistics come when Postgres gets round to it.
#[tokio::test]
async fn writes_into_tables_that_were_empty_look_everything_up() {
    let service = Service::start().await;
    service.database.tamper("analyze").await;
    for place in 0..20 {
        service.create_station(&format!("s{place}")).await.unwrap();
    }
    let article = service.create_article("a1", "查处88起。").await.unwrap();
    let given = statistic("88起", "88", "起");
    let created = service.create_statistic(&article.name, "s1", given).await;
    delete_statistic(&service, &created.unwrap().name)
        .await
        .unwrap();
    delete_station(&service, "stations/s7").await.unwrap();
    let mut connection = service.database.connect().await;
    // A connection tells what it did at the latest when it ends.
    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and query = 'COMMIT'";
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    until("the scans are counted", async || {
        let sql = "select idx_scan from pg_stat_user_tables where relname = 'stations'";
        let scans: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        scans >= 21
    })
    .await;
    let sql = "select relname::text, seq_scan from pg_stat_user_tables
        where relname in ('sources', 'stations', 'articles', 'statistics') order by relname";
    let scans: Vec<(String, i64)> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let none = ["articles", "sources", "stations", "statistics"].map(|table| (table.to_owned(), 0));
    assert_eq!(scans, none);
}

#[tokio::test]
async fn a_committer_that_is_let_go_finishes_what_it_has() {
    let database = Database::create().await;
    let bulletin = Bulletin::start(database.open().await).await.unwrap();
    let committer = bulletin.context().committer.clone();
    let submitted = ["s1", "s2"].map(|id| submit(&committer, id));
    let_others_run().await;
    drop((bulletin, committer));
    for write in submitted {
        write.await.unwrap().unwrap();
    }
    until("both are there", async || ids(&database).await.len() == 2).await;
}

#[tokio::test]
async fn the_oldest_of_a_group_is_not_left_behind_when_it_must_read_more() {
    let database = Database::create().await;
    let (committer, first, mut lock) = busy(&database).await;
    lock.release().await;
    first.await.unwrap().unwrap();
    let below = |id: &str, parent: &str| {
        let station = Station {
            parent: format!("stations/{parent}"),
            ..small(id)
        };
        Create::new(StationName::from_id("station_id", id).unwrap(), station).unwrap()
    };
    committer
        .submit(below("second", "first"), "", false)
        .await
        .unwrap();
    // Proven before the lock is taken, which no transaction waits for long.
    let long: Vec<Create> = (0..20)
        .map(|at| {
            let aliases = (0..100).map(|alias| format!("{alias:03}{}", "所".repeat(190)));
            let id = format!("long-{at}");
            let station = Station {
                aliases: aliases.collect(),
                ..small(&id)
            };
            let name = StationName::from_id("station_id", &id).unwrap();
            Create::new(name, station).unwrap()
        })
        .collect();
    lock = HeadLock::take(&database).await;
    let occupying = submit(&committer, "occupying");
    lock.wait_for_writers(1).await;
    // What is above its parent is read once its parent was.
    let oldest = submit_write(&committer, below("oldest", "second"), false);
    let_others_run().await;
    let long: Vec<_> = long
        .into_iter()
        .map(|write| submit_write(&committer, write, false))
        .collect();
    let_others_run().await;
    lock.release().await;
    occupying.await.unwrap().unwrap();
    oldest.await.unwrap().unwrap();
    for submitted in long {
        submitted.await.unwrap().unwrap();
    }
    let groups =
        "select count(distinct r.commit_time) from revisions r join stations s using (revision)
        where s.name like 'stations/long-%'";
    let groups: i64 = sqlx::query_scalar(groups)
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap();
    assert!(groups > 1, "one group has them all");
    let with_the_first =
        "select (select commit_time from revisions r join stations s using (revision)
          where s.name = 'stations/oldest')
        = (select min(commit_time) from revisions r join stations s using (revision)
          where s.name like 'stations/long-%')";
    let is_with_the_first: bool = sqlx::query_scalar(with_the_first)
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap();
    assert!(is_with_the_first);
}

/// A write that comes to nothing, by what it sees of a group.
struct Keeping;

impl Write for Keeping {
    fn key(&self) -> &str {
        "keeping"
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn decide(&mut self, _: &View, _: &Stamp) -> Result<Decision> {
        Ok(Decision::Keep { answer: Vec::new() })
    }
}

#[tokio::test]
async fn what_is_kept_is_answered_as_of_all_that_was_decided_before_it() {
    let database = Database::create().await;
    let (committer, first, lock) = busy(&database).await;
    let written = submit(&committer, "s1");
    let keeping = committer.clone();
    let keeping = tokio::spawn(async move { keeping.submit(Keeping, "", false).await });
    // A group is half of who writes.
    let later = ["s2", "s3"].map(|id| submit(&committer, id));
    let_others_run().await;
    lock.release().await;
    first.await.unwrap().unwrap();
    let written = written.await.unwrap().unwrap().token;
    let kept = keeping.await.unwrap().unwrap().token;
    assert!(kept.revision >= written.revision, "{kept} {written}");
    for later in later {
        later.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn of_a_group_with_an_unknown_outcome_who_wrote_nothing_is_told_so() {
    let database = Database::create().await;
    let (proxy, through) = Proxy::before(&database);
    let (committer, _) = Committer::start(through.open().await, &TABLES);
    submit(&committer, "taken").await.unwrap().unwrap();
    let mut lock = HeadLock::take(&database).await;
    let occupying = submit_write(&committer, create("occupying"), true);
    lock.wait_for_writers(1).await;
    let unknown = submit(&committer, "s1");
    let refused = submit(&committer, "taken");
    let validated = submit_write(&committer, create("s2"), true);
    // A group is half of who writes.
    let later = ["s3", "s4"].map(|id| submit(&committer, id));
    let_others_run().await;
    proxy.set(Fault::AfterCommitForGood);
    lock.release().await;
    occupying.await.unwrap().unwrap();
    let unknown = unknown.await.unwrap();
    assert!(
        matches!(unknown, Err(Error::OutcomeUnknown(_))),
        "{unknown:?}"
    );
    let refused = refused.await.unwrap();
    assert!(matches!(refused, Err(Error::Exists { .. })), "{refused:?}");
    validated.await.unwrap().unwrap();
    for later in later {
        let later = later.await.unwrap();
        assert!(matches!(later, Err(Error::NoPrimary(_))), "{later:?}");
    }
    assert_eq!(committer.counts().unknown.value(), 1);
    assert_eq!(ids(&database).await, ["taken", "s1"]);
}

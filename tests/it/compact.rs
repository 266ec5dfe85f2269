//! `compact` gives up what is superseded and nothing else, however it is interrupted, and `verify` tells
//! what it emptied from what somebody else did.

use std::collections::HashMap;

use bulletin::changes::compact::{Before, Compaction, Report};
use bulletin::changes::reindex::reindex;
use bulletin::changes::verify::verify;
use bulletin::db::Db;
use bulletin::error::Error;
use bulletin::pb::consistency::Requirement;
use bulletin::pb::{self, Consistency, Station};
use bulletin::server::TABLES;
use bulletin::token::AskedToken;
use sqlx::Row as _;
use time::OffsetDateTime;
use tonic::Code;

use crate::support::edits::update_station;
use crate::support::history::{owner, service_with_history};
use crate::support::log::count;
use crate::support::program::{Running, run};
use crate::support::{Database, Service, until};

const RENAMED: &str = "stations/s1";

fn at(revision: i64) -> Before {
    Before::parse(&revision.to_string()).unwrap()
}

/// Runs it to the end.
async fn compact(db: &Db, before: &Before) -> Result<Report, Error> {
    let mut compaction = Compaction::begin(db, before).await?;
    compaction.finish().await?;
    Ok(compaction.report())
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    revision: i64,
    kind: String,
    name: String,
    digest: Vec<u8>,
    record: Option<Vec<u8>>,
}

async fn changes(database: &Database) -> Vec<Change> {
    let sql = "select revision, kind, name, digest, record from changes order by revision, ordinal";
    let rows = sqlx::query(sql)
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    let change = |row: &sqlx::postgres::PgRow| Change {
        revision: row.get("revision"),
        kind: row.get("kind"),
        name: row.get("name"),
        digest: row.get("digest"),
        record: row.get("record"),
    };
    rows.iter().map(change).collect()
}

/// What must be left of a log: everything after the horizon, and each name's last version up to it.
fn compacted(changes: &[Change], horizon: i64) -> Vec<Change> {
    let old = changes.iter().filter(|change| change.revision <= horizon);
    let last: HashMap<&str, i64> = old.map(|change| (&*change.name, change.revision)).collect();
    let left = |change: &Change| {
        let is_superseded = ["STATION", "ARTICLE", "STATISTIC"].contains(&&*change.kind)
            && last.get(&*change.name) > Some(&change.revision);
        Change {
            record: change.record.clone().filter(|_| !is_superseded),
            ..change.clone()
        }
    };
    changes.iter().map(left).collect()
}

/// Fails unless the log is what compaction leaves of it, with one more revision that says so, and sound.
async fn check_left(service: &Service, before: &[Change], horizon: i64) {
    let left = changes(&service.database).await;
    let (old, new) = left.split_at(before.len());
    assert_eq!(old, compacted(before, horizon));
    let names: Vec<&str> = new.iter().map(|change| &*change.name).collect();
    assert_eq!(names, ["log"], "one revision says it");
    assert_eq!(service.fault().await, None);
    assert_eq!(service.head().await.horizon, horizon);
}

#[tokio::test]
async fn what_is_superseded_goes_and_all_else_stays() {
    for back in [0, 3] {
        let service = service_with_history().await;
        let db = service.database.open().await;
        let before = changes(&service.database).await;
        let horizon = service.head().await.revision - back;
        let report = compact(&db, &at(horizon)).await.unwrap();
        check_left(&service, &before, horizon).await;

        let emptied = before.iter().zip(compacted(&before, horizon));
        let emptied = emptied.filter(|(_, left)| left.record.is_none());
        let sizes: Vec<usize> = emptied
            .map(|(change, _)| change.record.as_ref().unwrap().len())
            .collect();
        assert!(sizes.len() >= 3, "{sizes:?}");
        assert_eq!(report.records, sizes.len() as u64);
        assert_eq!(report.bytes, sizes.iter().sum::<usize>() as u64);
        assert!(report.is_moved && report.horizon.revision == horizon);
        let reindexed = reindex(&db, &TABLES).await.unwrap();
        assert_eq!((reindexed.fault, reindexed.rows_written), (None, 0));
    }
}

fn get(consistency: Requirement) -> pb::GetStationRequest {
    pb::GetStationRequest {
        name: RENAMED.to_owned(),
        consistency: Some(Consistency {
            requirement: Some(consistency),
        }),
    }
}

#[tokio::test]
async fn versions_before_the_horizon_are_refused_and_tokens_from_before_it_are_not() {
    let service = service_with_history().await;
    let db = service.database.open().await;
    let versions = service.revisions(RENAMED).await;
    let [renamed, created] = &versions[..] else {
        panic!("two versions: {versions:?}");
    };
    let horizon = renamed.revision + 1;
    let then = service.ask(get(Requirement::ExactlyAt(horizon))).await;
    compact(&db, &at(horizon)).await.unwrap();

    let now = service.ask(get(Requirement::ExactlyAt(horizon))).await;
    assert_eq!(now.unwrap(), then.unwrap());
    // Refused alike whether the version of then is emptied, kept, or there never was one.
    for revision in [created.revision - 1, created.revision, renamed.revision] {
        let refused = service
            .ask(get(Requirement::ExactlyAt(revision)))
            .await
            .unwrap_err();
        refused.is(Code::OutOfRange, "REVISION_COMPACTED");
        let said = format!("the oldest that can be read is {horizon}");
        assert!(refused.message.contains(&said), "{refused:?}");
    }
    for token in [&created.token, &renamed.token] {
        let fresh = get(Requirement::AtLeastAsFresh(token.clone()));
        let station = service.ask(fresh).await.unwrap();
        assert_eq!(station.revision, renamed.revision);
    }
    let left = service.revisions(RENAMED).await;
    assert_eq!(left[0], *renamed);
    let emptied = pb::Revision {
        snapshot: None,
        compacted: true,
        ..created.clone()
    };
    assert_eq!(left[1], emptied);
}

#[tokio::test]
async fn a_horizon_never_moves_back_and_the_same_one_is_not_logged_twice() {
    let service = service_with_history().await;
    let db = service.database.open().await;
    let before = changes(&service.database).await;
    let horizon = service.head().await.revision - 2;
    let first = compact(&db, &at(horizon)).await.unwrap();
    let token = first.horizon.to_string();
    for again in [
        token.clone(),
        horizon.to_string(),
        "2".to_owned(),
        "0".to_owned(),
    ] {
        let report = compact(&db, &Before::parse(&again).unwrap()).await.unwrap();
        let nothing = Report {
            is_moved: false,
            records: 0,
            bytes: 0,
            ..first
        };
        assert_eq!(report, nothing, "{again}");
        check_left(&service, &before, horizon).await;
    }
    let newest = service.head().await.revision;
    let ahead = compact(&db, &at(newest + 1)).await.unwrap_err();
    let said = format!(
        "revision {} does not exist yet; the newest is {newest}",
        newest + 1
    );
    assert_eq!(ahead.to_string(), said);
    let other = AskedToken {
        chain_prefix: "0".repeat(16),
        ..first.horizon.into()
    };
    let forked = compact(&db, &Before::Revision(other)).await.unwrap_err();
    assert!(matches!(forked, Error::HistoryForked { .. }), "{forked}");
    check_left(&service, &before, horizon).await;
    let further = compact(&db, &at(newest)).await.unwrap();
    assert!(further.is_moved && further.records > 0);
    assert_eq!(service.fault().await, None);
}

#[tokio::test]
async fn a_time_is_the_last_revision_committed_before_it() {
    let service = service_with_history().await;
    let db = service.database.open().await;
    let sql = "select revision, commit_time from revisions order by revision";
    let rows = sqlx::query(sql)
        .fetch_all(&mut service.database.connect().await)
        .await
        .unwrap();
    let times: Vec<(i64, OffsetDateTime)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    // Oldest first, since a horizon never moves back.
    for (_, time) in &times {
        let earlier = times.iter().filter(|(_, other)| other < time);
        let expected = earlier.map(|(revision, _)| *revision).max().unwrap_or(0);
        let report = compact(&db, &Before::Time(*time)).await.unwrap();
        assert_eq!(report.horizon.revision, expected, "{time}");
    }
    assert_eq!(service.fault().await, None);
    let head = service.head().await.revision;
    let future = OffsetDateTime::from(std::time::UNIX_EPOCH) + time::Duration::days(40_000);
    let refused = compact(&db, &Before::Time(future)).await.unwrap_err();
    let said = "--before must not lie ahead of the database's clock (";
    assert!(refused.to_string().starts_with(said), "{refused}");
    assert!(
        refused.to_string().ends_with("got 2079-07-08T00:00:00Z"),
        "{refused}"
    );
    assert_eq!(service.head().await.revision, head);
}

#[tokio::test]
async fn a_run_that_ended_early_is_finished_by_the_next() {
    let service = service_with_history().await;
    let db = service.database.open().await;
    let before = changes(&service.database).await;
    let horizon = service.head().await.revision;
    for batches in 0..before.len() {
        let mut compaction = Compaction::begin(&db, &at(horizon)).await.unwrap();
        for _ in 0..batches {
            assert!(compaction.empty_batch(1).await.unwrap());
        }
        assert_eq!(service.fault().await, None, "sound after {batches} batches");
    }
    let left = count(&service.database, "changes where record is null").await;
    assert!(left > 0, "some were emptied");
    let last = Compaction::begin(&db, &at(horizon)).await.unwrap();
    assert!(!last.report().is_moved);
    compact(&db, &at(horizon)).await.unwrap();
    check_left(&service, &before, horizon).await;
}

#[tokio::test]
async fn a_killed_run_is_finished_by_the_next() {
    let service = service_with_history().await;
    let database = &service.database;
    let before = changes(database).await;
    let horizon = service.head().await.revision;
    let before_horizon = horizon.to_string();
    let arguments = [
        "compact",
        "--database-url",
        &database.url,
        "--before",
        &before_horizon,
    ];
    // It waits for a record that it is about to empty.
    let mut holder = database.connect().await;
    let sql = "begin; select 1 from changes where name = 'stations/s1' order by revision limit 1 for update";
    sqlx::raw_sql(sql).execute(&mut holder).await.unwrap();
    let mut running = Running::start(&arguments);
    let mut observer = database.connect().await;
    until("it waits", async || {
        let sql = "select count(*) from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock' and query like '-- compact.empty%'";
        let waiting: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut observer)
            .await
            .unwrap();
        waiting == 1
    })
    .await;
    running.kill();
    assert_eq!(service.head().await.horizon, horizon, "it comes first");
    assert_eq!(service.fault().await, None);
    sqlx::raw_sql("rollback")
        .execute(&mut holder)
        .await
        .unwrap();

    let finished = run(&arguments).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    check_left(&service, &before, horizon).await;
    let again = run(&arguments).await;
    let said =
        format!("0 superseded records of 0 bytes were emptied; the horizon stays at {horizon}-");
    assert!(again.stdout.starts_with(&said), "{again:?}");
    check_left(&service, &before, horizon).await;
}

#[tokio::test]
async fn writers_readers_verify_and_reindex_go_on_beside_it() {
    const WRITES: usize = 40;
    let service = service_with_history().await;
    let db = service.database.open().await;
    let writes = async {
        for n in 0..WRITES {
            let station = Station {
                name: RENAMED.to_owned(),
                display_name: format!("第{n}所"),
                ..Station::default()
            };
            update_station(&service, station).await.unwrap();
        }
    };
    // Two at once, each as far as the log goes then, a few records at a time.
    let compactions = || async {
        for _ in 0..6 {
            let newest = at(service.head().await.revision);
            let mut compaction = Compaction::begin(&db, &newest).await.unwrap();
            while compaction.empty_batch(3).await.unwrap() {}
        }
    };
    let checks = async {
        for _ in 0..4 {
            assert_eq!(verify(&db, &TABLES, None).await.unwrap().fault, None);
            let reindexed = reindex(&db, &TABLES).await.unwrap();
            assert_eq!((reindexed.fault, reindexed.rows_written), (None, 0));
        }
    };
    let reads = async {
        for _ in 0..WRITES {
            let newest = service.head().await.revision;
            let read = service.ask(get(Requirement::ExactlyAt(newest))).await;
            if let Err(refused) = read {
                refused.is(Code::OutOfRange, "REVISION_COMPACTED");
            }
            service.station(RENAMED).await;
        }
    };
    tokio::join!(writes, compactions(), compactions(), checks, reads);
    assert_eq!(service.fault().await, None);
    let horizon = service.head().await.horizon;
    compact(&db, &at(horizon)).await.unwrap();
    let log = changes(&service.database).await;
    assert_eq!(log, compacted(&log, horizon));
}

#[tokio::test]
async fn what_was_emptied_by_somebody_else_is_found() {
    let service = service_with_history().await;
    let db = service.database.open().await;
    let horizon = service.head().await.revision - 3;
    compact(&db, &at(horizon)).await.unwrap();
    let log = changes(&service.database).await;
    let mut owner = owner(&service.database).await;
    for change in log.iter().filter(|change| change.record.is_some()) {
        let empty = "update changes set record = null where name = $1 and revision = $2";
        let restore = "update changes set record = $3 where name = $1 and revision = $2";
        let query = |sql| sqlx::query(sql).bind(&change.name).bind(change.revision);
        query(empty).execute(&mut owner).await.unwrap();
        let fault = verify(&db, &TABLES, None).await.unwrap().fault.unwrap();
        let at = format!("changes: revision {} row ", change.revision);
        assert!(
            fault.starts_with(&at) && fault.contains(&change.name),
            "{fault}"
        );
        let why = match change.revision > horizon {
            true => "the record is gone, and was not compacted",
            false => "the record is gone, and compaction would have kept it",
        };
        assert!(fault.ends_with(why), "{fault}");
        assert_eq!(reindex(&db, &TABLES).await.unwrap().fault, Some(fault));
        let restore = query(restore).bind(&change.record);
        restore.execute(&mut owner).await.unwrap();
    }
    assert_eq!(service.fault().await, None);
    for moved in [horizon + 2, horizon - 1, 0] {
        let sql = "update horizon set revision = $1";
        let moving = sqlx::query(sql).bind(moved);
        moving.execute(&mut owner).await.unwrap();
        assert!(service.fault().await.is_some(), "a horizon at {moved}");
    }
    // With nothing emptied under it, only the log contradicts it.
    let sql = "update horizon set revision = $1";
    let ahead = service.head().await.revision;
    let moving = sqlx::query(sql).bind(ahead);
    moving.execute(&mut owner).await.unwrap();
    let said = format!("horizon: it is {ahead}, but the log says {horizon}");
    assert_eq!(service.fault().await, Some(said));
}

#[tokio::test]
async fn the_command_says_what_it_did_and_what_it_cannot_read() {
    let service = service_with_history().await;
    let database = &service.database;
    let on = async |before: &str| {
        run(&[
            "compact",
            "--database-url",
            &database.url,
            "--before",
            before,
        ])
        .await
    };
    for bad in ["yesterday", "2026-02-30", ""] {
        let refused = on(bad).await;
        assert_eq!(
            (refused.code, &*refused.stdout),
            (Some(2), ""),
            "{refused:?}"
        );
        let said = "must be a revision or its token, or a date or time of RFC 3339";
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    for (bad, said) in [
        ("9999", "revision 9999 does not exist yet"),
        (
            "2999-01-01",
            "--before must not lie ahead of the database's clock",
        ),
        ("2-0123456789abcdef", "is of another history"),
    ] {
        let refused = on(bad).await;
        assert_eq!(
            (refused.code, &*refused.stdout),
            (Some(1), ""),
            "{refused:?}"
        );
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    let none = on("2000-01-01").await;
    let said = "0 superseded records of 0 bytes were emptied; the horizon stays at 0-";
    assert!(none.stdout.starts_with(said), "{none:?}");
    let newest = service.head().await;
    let done = on(&newest.token).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let said = format!(
        " bytes were emptied; the horizon moved to {}\n",
        newest.token
    );
    assert!(done.stdout.ends_with(&said), "{done:?}");
    let verified = run(&["verify", "--database-url", &database.url]).await;
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let help = run(&["compact", "--help"]).await;
    let help = help.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("the last revision that was committed before it"),
        "{help}"
    );
}

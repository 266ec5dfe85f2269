//! `verify` names the first thing wrong, whichever column of whichever table it is in.

use bulletin::changes::reindex::reindex;
use bulletin::changes::verify::{Report, verify};
use bulletin::db::Db;
use bulletin::server::TABLES;
use bulletin::token::AskedToken;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tokio::sync::Mutex;

use crate::support::history::{owner, service_with_history};
use crate::support::program::Running;
use crate::support::{Database, Service};

const TABLE_NAMES: [&str; 6] = [
    "revisions",
    "changes",
    "sources",
    "stations",
    "articles",
    "statistics",
];

/// A database with a history, that can be damaged and made whole again.
struct Patient {
    database: Database,
    db: Db,
    owner: Mutex<PgConnection>,
}

impl Patient {
    async fn new() -> Self {
        let service = service_with_history().await;
        let database = service.database.clone();
        let patient = Self {
            db: database.open().await,
            owner: Mutex::new(owner(&database).await),
            database,
        };
        let keep = TABLE_NAMES.map(|table| format!("create table kept.{table} as table {table};"));
        patient
            .damage(&format!("create schema kept; {}", keep.concat()))
            .await;
        patient
    }

    async fn damage(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        let mut owner = self.owner.lock().await;
        sqlx::raw_sql(sql).execute(&mut *owner).await.unwrap();
    }

    async fn heal(&self) {
        let back = TABLE_NAMES
            .map(|table| format!("delete from {table}; insert into {table} table kept.{table};"));
        self.damage(&format!("begin; {} commit", back.concat()))
            .await;
    }

    async fn verify(&self, expected: Option<&str>) -> Report {
        let expected = expected.map(|token| AskedToken::parse("token", token).unwrap());
        verify(&self.db, &TABLES, expected.as_ref()).await.unwrap()
    }

    async fn fault(&self) -> Option<String> {
        self.verify(None).await.fault
    }

    /// Fails unless the damage is found where it was done.
    async fn check(&self, sql: &str, places: &[&str]) {
        self.damage(sql).await;
        let fault = self.fault().await;
        let fault = fault.unwrap_or_else(|| panic!("not found: {sql}"));
        let is_named = places.iter().any(|place| fault.contains(place));
        assert!(is_named, "{fault:?} does not name one of {places:?}: {sql}");
        self.heal().await;
    }

    async fn rows(&self, sql: &str) -> Vec<sqlx::postgres::PgRow> {
        let mut connection = self.database.connect().await;
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// What damages each column of a table a little.
    async fn damages(&self, table: &str) -> Vec<String> {
        let sql = format!(
            "select column_name::text, data_type::text from information_schema.columns
             where table_schema = 'public' and table_name = '{table}'"
        );
        let columns = self.rows(&sql).await;
        assert!(!columns.is_empty());
        columns
            .iter()
            .flat_map(|column| of_column(column.get(0), column.get(1)))
            .collect()
    }
}

/// Assignments that change a column's value, by one byte where it has bytes.
fn of_column(column: &str, data_type: &str) -> Vec<String> {
    let one = |expression: &str| vec![format!("{column} = {expression}")];
    match (column, data_type) {
        ("kind", _) => one("case kind when 'ARTICLE' then 'STATION' else 'ARTICLE' end"),
        ("op", _) => one("case op when 'CREATED' then 'UPDATED' else 'CREATED' end"),
        ("state", _) => one("case state when 'DRAFT' then 'RETRACTED' else 'DRAFT' end"),
        (_, "bytea") => ["0", "octet_length(C) / 2", "octet_length(C) - 1"]
            .map(|at| {
                // The log's own rows have empty records.
                let changed = format!(
                    "C = case when octet_length(C) = 0 then '\\x00'
                         else set_byte(C, {at}, get_byte(C, {at}) # 1) end"
                );
                changed.replace('C', column)
            })
            .into(),
        (_, "tsvector") => one(&format!("{column} || 'x:1'::tsvector")),
        (_, "text") => one(&format!("coalesce({column}, '') || 'x'")),
        (_, "boolean") => one(&format!("not {column}")),
        (_, "ARRAY") => one(&format!("{column} || 'stations/x'::text")),
        // Unknown ones are null or infinite.
        (_, "date") => one(&format!(
            "case when {column} > '-infinity' then {column} + 1 else '2000-01-01' end"
        )),
        (_, "timestamp with time zone") => one(&format!(
            "case when {column} > '-infinity' then {column} + interval '1 microsecond'
             else '2000-01-01' end"
        )),
        (_, "numeric" | "smallint") => one(&format!("coalesce({column}, 0) + 1")),
        // Far enough to meet no other key.
        (_, "bigint" | "integer") => one(&format!("{column} + 1000")),
        other => panic!("no damage is known for {other:?}"),
    }
}

#[tokio::test]
async fn a_sound_history_is_sound_and_counted() {
    let patient = Patient::new().await;
    let report = patient.verify(None).await;
    assert_eq!(report.fault, None);
    let sql = "select (select max(revision) from revisions), (select count(*) from changes),
        (select count(distinct name) from changes where kind <> 'LOG')";
    let row = &patient.rows(sql).await[0];
    let counts = [report.revisions, report.changes, report.records];
    let counts = counts.map(|count| i64::try_from(count).unwrap());
    assert_eq!(counts, [0, 1, 2].map(|at| row.get::<i64, _>(at)));
    patient
        .damage("begin; delete from statistics; rollback")
        .await;
    patient.heal().await;
    assert_eq!(patient.fault().await, None, "healing is sound");
}

#[tokio::test]
async fn a_damaged_change_is_found() {
    let patient = Patient::new().await;
    let damages = patient.damages("changes").await;
    // One of every kind and operation.
    let sql = "select distinct on (kind, op) revision, ordinal, name from changes
        order by kind, op, revision desc, ordinal desc";
    let rows = patient.rows(sql).await;
    assert!(rows.len() >= 10, "{}", rows.len());
    for row in rows {
        let (revision, ordinal): (i64, i32) = (row.get("revision"), row.get("ordinal"));
        let name = format!("{:?}", row.get::<String, _>("name"));
        let at = format!("where revision = {revision} and ordinal = {ordinal}");
        let row_at = format!("changes: revision {revision} row {ordinal} {name}");
        let revision_at = format!("revisions: revision {revision} (");
        let gap = format!("changes: revision {revision} ");
        for damage in &damages {
            let places = match damage.split(' ').next() {
                Some("record" | "digest") => vec![row_at.as_str()],
                Some("kind" | "name" | "op") => vec![revision_at.as_str()],
                _ => vec![gap.as_str(), name.as_str()],
            };
            let sql = format!("update changes set {damage} {at}");
            patient.check(&sql, &places).await;
        }
        let sql = format!("update changes set record = null {at}");
        patient.check(&sql, &[&row_at]).await;
        let sql = format!("delete from changes {at}");
        patient.check(&sql, &[&gap]).await;
    }
}

#[tokio::test]
async fn a_change_that_was_never_made_is_found() {
    let patient = Patient::new().await;
    let newest: i64 = patient.rows("select max(revision) from revisions").await[0].get(0);
    // Revision 0 has no rows, and what comes after the newest is of no revision.
    for revision in [0, newest / 2, newest, newest + 1] {
        let sql = format!(
            "insert into changes select {revision}, 1000, kind, 'stations/forged', op, record, digest
             from changes where kind = 'STATION' limit 1;
             insert into stations select 'stations/forged', {revision}, record, is_deleted, parent,
             merged_into from stations limit 1"
        );
        let place = format!("changes: revision {revision} ");
        patient.check(&sql, &[&place]).await;
    }
}

#[tokio::test]
async fn a_damaged_revision_is_found() {
    let patient = Patient::new().await;
    let damages = patient.damages("revisions").await;
    let newest: i64 = patient.rows("select max(revision) from revisions").await[0].get(0);
    for revision in 0..=newest {
        for damage in &damages {
            // The first revision's chain is random: nothing binds its time, which nothing reads.
            if revision == 0 && damage.starts_with("commit_time") {
                continue;
            }
            let sql = format!("update revisions set {damage} where revision = {revision}");
            let own = format!("revision {revision} ");
            let next = format!("revisions: revision {} (", revision + 1);
            let places = match revision {
                0 => vec![own.as_str(), next.as_str()],
                _ => vec![own.as_str()],
            };
            patient.check(&sql, &places).await;
        }
        let sql = format!("delete from revisions where revision = {revision}");
        let missing = format!("revision {revision} ");
        patient.check(&sql, &[&missing]).await;
    }
    let sql = "insert into revisions
        select revision + 1, chain, commit_time, actor, reason, 0
        from revisions order by revision desc limit 1";
    patient
        .check(sql, &[&format!("revisions: revision {} ", newest + 1)])
        .await;
}

#[tokio::test]
async fn a_damaged_row_of_any_table_is_found() {
    let patient = Patient::new().await;
    let keys = [
        ("sources", "sha256"),
        ("stations", "name"),
        ("articles", "name"),
        ("statistics", "name"),
    ];
    for (table, key) in keys {
        let sql = format!("select {key} from {table} order by {key} collate \"C\"");
        let names = patient.rows(&sql).await;
        let names: Vec<String> = names.iter().map(|row| row.get(0)).collect();
        let picked = [&names[0], &names[names.len() / 2], &names[names.len() - 1]];
        for name in picked {
            let place = format!("{table}: {name:?} ");
            let renamed = format!("{table}: \"{name}x\" ");
            for damage in patient.damages(table).await {
                let sql = format!("update {table} set {damage} where {key} = '{name}'");
                patient.check(&sql, &[&place, &renamed]).await;
            }
            let sql = format!("delete from {table} where {key} = '{name}'");
            patient.check(&sql, &[&format!("{place}has no row")]).await;
        }
        let sql = format!(
            "insert into {table} select added.* from {table} as model, jsonb_populate_record(
                model, '{{\"{key}\": \"forged\"}}') as added limit 1"
        );
        let place = format!("{table}: \"forged\" has a row");
        patient.check(&sql, &[&place]).await;
    }
}

#[tokio::test]
async fn a_token_kept_elsewhere_proves_the_history_and_its_end() {
    let patient = Patient::new().await;
    let sql = "select revision, encode(chain, 'hex') from revisions order by revision";
    let rows = patient.rows(sql).await;
    let tokens: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (revision, chain) in &tokens {
        for token in [
            format!("{revision}-{}", &chain[..16]),
            format!("{revision}-{chain}"),
        ] {
            assert_eq!(patient.verify(Some(&token)).await.fault, None, "{token}");
        }
    }
    let (newest, chain) = tokens.last().unwrap();
    let ahead = format!("{}-{chain}", newest + 1);
    let forged = format!("{newest}-{}", "0".repeat(16));
    for other in [ahead, forged] {
        let fault = patient.verify(Some(&other)).await.fault.unwrap();
        assert_eq!(
            fault,
            format!("revisions: {other} is not a revision of this history")
        );
    }

    // Whoever cuts the end off and makes the tables again leaves nothing that contradicts itself.
    let cut = format!(
        "delete from changes where revision > {0}; delete from revisions where revision > {0}",
        newest - 2
    );
    patient.damage(&cut).await;
    let report = reindex(&patient.db, &TABLES).await.unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(patient.fault().await, None);
    let (kept, kept_chain) = &tokens[tokens.len() - 3];
    let sound = patient.verify(Some(&format!("{kept}-{kept_chain}"))).await;
    assert_eq!(sound.fault, None);
    for (revision, chain) in &tokens[tokens.len() - 2..] {
        let token = format!("{revision}-{}", &chain[..16]);
        let fault = patient.verify(Some(&token)).await.fault.unwrap();
        assert!(fault.contains(&token), "{fault}");
    }
}

/// What a log of long records may have a command take more than a short log does.
const MORE_KIB_MAX: u64 = 40 * 1024;
const PAGES: usize = 50;
const PAGE_BYTES: usize = 1_000_000;

/// Runs a command that must do well; the most memory it was seen to have, in KiB.
async fn peak_kib(command: &str, database: &Database) -> u64 {
    let running = Running::start(&[command, "--database-url", &database.url]);
    let status = format!("/proc/{}/status", running.process_id());
    let mut peak = 0;
    // One that has ended has no memory.
    while let Ok(status) = std::fs::read_to_string(&status)
        && let Some(kib) = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))
    {
        peak = kib.trim().trim_end_matches(" kB").parse().unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(running.code().await, Some(0), "{command}");
    peak
}

#[tokio::test]
async fn long_records_are_walked_and_replayed_a_few_at_a_time() {
    let service = Service::seeded().await;
    let commands = ["verify", "reindex"];
    let mut short = Vec::new();
    for command in commands {
        short.push(peak_kib(command, &service.database).await);
    }
    for place in 10..10 + PAGES {
        let page = place.to_string().repeat(PAGE_BYTES / 2);
        let written = service.create_article(&format!("a{place}"), &page).await;
        written.unwrap();
    }
    for (command, short) in commands.into_iter().zip(short) {
        let more = peak_kib(command, &service.database).await - short;
        assert!(more < MORE_KIB_MAX, "{command}: {more} KiB more");
    }
}

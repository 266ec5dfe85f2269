//! What must hold of the log after any number of writers.

use bulletin::names::Kind;
use bulletin::pb::{Article, Station, Statistic};
use bulletin::record::Record;
use sqlx::{AssertSqlSafe, Row as _};

use super::Database;

/// A write that was answered with success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub name: String,
    pub revision: i64,
    pub etag: String,
}

impl Acknowledged {
    pub fn of<R: Record>(record: &R) -> Self {
        let mut record = record.clone();
        let header = record.header();
        Self {
            name: header.name.clone(),
            revision: *header.revision,
            etag: header.etag.clone(),
        }
    }
}

/// Fails unless revisions are dense, in order of time and complete.
pub async fn check_order(database: &Database) {
    let sql = "select
          (select count(*) = max(revision) + 1 and min(revision) = 0 from revisions) as is_dense,
          (select bool_and(commit_time >= before) from (
             select commit_time, lag(commit_time, 1, commit_time) over (order by revision) as before
             from revisions) as pairs) as is_in_order,
          (select bool_and(row_count = (select count(*) from changes c
                                        where c.revision = r.revision))
             from revisions r) as is_complete";
    let row = sqlx::query(sql)
        .fetch_one(&mut database.connect().await)
        .await
        .unwrap();
    for holds in ["is_dense", "is_in_order", "is_complete"] {
        assert!(row.get::<bool, _>(holds), "{holds}");
    }
}

/// Fails unless each write is in the log at its revision, as it was answered.
pub async fn check_acknowledged(database: &Database, writes: &[Acknowledged]) {
    let mut connection = database.connect().await;
    for write in writes {
        let sql = "select record from changes where name = $1 and revision = $2";
        let record: Option<Vec<u8>> = sqlx::query_scalar(sql)
            .bind(&write.name)
            .bind(write.revision)
            .fetch_optional(&mut connection)
            .await
            .unwrap();
        let record = record.unwrap_or_else(|| panic!("{write:?} is not there"));
        assert_eq!(etag(&write.name, &record), write.etag, "{write:?}");
    }
}

fn etag(name: &str, record: &[u8]) -> String {
    fn of<R: Record>(record: &[u8]) -> String {
        R::decode(record).unwrap().etag().to_owned()
    }
    match Kind::of(name) {
        Kind::Station => of::<Station>(record),
        Kind::Statistic => of::<Statistic>(record),
        _ => of::<Article>(record),
    }
}

/// How many rows, by a query that counts them.
pub async fn count(database: &Database, from: &str) -> i64 {
    let sql = format!("select count(*) from {from}");
    let mut connection = database.connect().await;
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

//! Holds the lock that orders writers, so that a test decides what meets behind it.

use sqlx::{AssertSqlSafe, PgConnection};

use super::Database;
use super::held::Held;
use super::waiting::until;

/// Every write waits until it is released.
pub struct HeadLock(Held);

impl HeadLock {
    pub async fn take(database: &Database) -> Self {
        Self(Held::by(database, "select 1 from head for update").await)
    }

    /// Returns once this many transactions wait. They get the lock in the order they came.
    pub async fn wait_for_writers(&mut self, count: usize) {
        let observer = &mut self.0.observer;
        until(&format!("{count} writers wait"), async || {
            waiting(observer).await.len() == count
        })
        .await;
    }

    /// Ends the connections of those that wait, as a failing server would.
    pub async fn terminate_writers(&mut self) {
        for process_id in waiting(&mut self.0.observer).await {
            let sql = format!("select pg_terminate_backend({process_id})");
            let sql = AssertSqlSafe(sql);
            sqlx::query(sql)
                .execute(&mut self.0.observer)
                .await
                .unwrap();
        }
    }

    /// Releases the lock and returns once the server has ended those that waited for it.
    pub async fn release_and_wait_for_the_end(mut self) {
        let waiting = waiting(&mut self.0.observer).await;
        sqlx::raw_sql("commit")
            .execute(&mut self.0.holder)
            .await
            .unwrap();
        let observer = &mut self.0.observer;
        until("the server ends the stalled", async || {
            let sql = "select count(*) from pg_stat_activity where pid = any($1)";
            let left: i64 = sqlx::query_scalar(sql)
                .bind(&waiting)
                .fetch_one(&mut *observer)
                .await
                .unwrap();
            left == 0
        })
        .await;
    }

    pub async fn release(self) {
        self.0.release().await;
    }
}

async fn waiting(observer: &mut PgConnection) -> Vec<i32> {
    let sql = "select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
          and query like '-- changes.lock_head%'";
    sqlx::query_scalar(sql).fetch_all(observer).await.unwrap()
}

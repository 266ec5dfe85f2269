//! Holds the table of articles, so that a test decides how long those who read it take. Unlike writers,
//! they wait without bound.

use super::Database;
use super::held::Held;
use super::waiting::until;

/// Nobody reads articles while it is held.
pub struct TableLock(Held);

impl TableLock {
    pub async fn take(database: &Database) -> Self {
        let lock = "lock table articles in access exclusive mode";
        Self(Held::by(database, lock).await)
    }

    /// Returns once this many statements wait.
    pub async fn until_readers(&mut self, count: i64) {
        let observer = &mut self.0.observer;
        until(
            &format!("{count} statements wait for the table"),
            async || {
                let sql = "select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'";
                let waiting: i64 = sqlx::query_scalar(sql)
                    .fetch_one(&mut *observer)
                    .await
                    .unwrap();
                waiting == count
            },
        )
        .await;
    }

    pub async fn release(self) {
        self.0.release().await;
    }
}

//! A transaction that holds something others wait for, and a connection that sees them wait.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::Database;

pub struct Held {
    pub holder: PgConnection,
    pub observer: PgConnection,
}

impl Held {
    /// `lock` takes what is held.
    pub async fn by(database: &Database, lock: &str) -> Self {
        let mut holder = database.connect().await;
        let sql = AssertSqlSafe(format!("begin; {lock}"));
        sqlx::raw_sql(sql).execute(&mut holder).await.unwrap();
        Self {
            holder,
            observer: database.connect().await,
        }
    }

    pub async fn release(mut self) {
        sqlx::raw_sql("commit")
            .execute(&mut self.holder)
            .await
            .unwrap();
        self.holder.close().await.unwrap();
        self.observer.close().await.unwrap();
    }
}

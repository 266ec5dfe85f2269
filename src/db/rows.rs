//! Rows of long answers.

use prost::bytes::Bytes;
use sqlx::postgres::{PgRow, PgValue};
use sqlx::{Row as _, Value as _, ValueRef};

/// A column's bytes, where they were received; none of one that is null.
pub fn bytes_of(row: &PgRow, column: usize) -> Result<Bytes, sqlx::Error> {
    let value = ValueRef::to_owned(&row.try_get_raw(column)?);
    Ok(Bytes::from_owner(Received(value)))
}

struct Received(PgValue);

impl AsRef<[u8]> for Received {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().as_bytes().unwrap_or_default()
    }
}

/// Lets other tasks have their turn now and then: many small rows keep a worker for milliseconds.
pub async fn give_way(place: usize) {
    const ROWS_A_TURN: usize = 128;
    if place % ROWS_A_TURN == ROWS_A_TURN - 1 {
        tokio::task::yield_now().await;
    }
}

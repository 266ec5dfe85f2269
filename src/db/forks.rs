//! What a caller is told whose revision the primary has not, or has with another chain.

use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use crate::db::Db;
use crate::db::history::History;
use crate::error::Error;
use crate::token::{AskedToken, Token};

/// How long it is waited for that the tail meets a history that a read has met before it.
const MEETING_TIME_MAX: Duration = Duration::from_secs(1);

/// A revision that was lost, and the last one before it that was not.
pub fn fork(lost: &AskedToken, last_common: Option<Token>) -> Error {
    Error::HistoryForked {
        token: lost.to_string(),
        revision: lost.revision,
        last_common: last_common.map(|token| token.to_string()),
    }
}

/// The same, once what both histories share is known, unless that takes until the deadline.
pub async fn forked(db: &Db, lost: &AskedToken, deadline: Option<Instant>) -> Error {
    let until = Instant::now() + MEETING_TIME_MAX;
    let until = deadline.map_or(until, |deadline| deadline.min(until));
    match db.history() {
        Some(history) => fork(lost, last_common(history, lost, until).await),
        None => fork(lost, None),
    }
}

/// The tail alone finds out what both histories share. While it takes the lost one for the primary's there is
/// nothing to say, least of all that what was lost is the last they share.
async fn last_common(history: &History, lost: &AskedToken, until: Instant) -> Option<Token> {
    let mut followed = history.subscribe();
    let generation = followed.borrow_and_update().generation;
    if history.holds(lost) {
        history.doubt();
        let met = followed.wait_for(|followed| followed.generation != generation);
        let _ = timeout_at(until.into(), met).await;
    }
    let last_common = history.last_common(lost);
    last_common.filter(|shared| shared.revision < lost.revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::token::Chain;

    fn token(revision: i64, history: u8) -> Token {
        let chain = Chain([history; 32]);
        Token { revision, chain }
    }

    #[tokio::test]
    async fn a_read_that_meets_another_history_first_waits_for_what_both_share() {
        let now = Instant::now();
        let history = History::starting_at(token(7, 1), now, Cache::of(0));
        history.prepend(&[token(5, 1), token(6, 1)]);
        let lost = AskedToken::from(token(7, 1));
        let told = last_common(&history, &lost, now + Duration::from_secs(60));
        let meet = async {
            tokio::task::yield_now().await;
            history.fork(Instant::now(), Some(token(5, 1)), token(9, 2));
        };
        let (told, ()) = tokio::join!(biased; told, meet);
        assert_eq!(told, Some(token(5, 1)));
        let told = last_common(&history, &lost, now).await;
        assert_eq!(told, Some(token(5, 1)), "met before");
    }

    #[tokio::test]
    async fn what_is_lost_is_never_told_to_be_shared() {
        let now = Instant::now();
        let history = History::starting_at(token(7, 1), now, Cache::of(0));
        let lost = AskedToken::from(token(7, 1));
        assert_eq!(last_common(&history, &lost, now).await, None);
        assert!(history.is_doubted(), "memory waits for the next poll");
    }
}

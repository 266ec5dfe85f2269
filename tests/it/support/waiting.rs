//! Waiting for a condition, with a bound: never for a time.

use std::time::{Duration, Instant};

const WAIT_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// Returns once it holds.
#[track_caller]
pub fn until(what: &str, holds: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let mut holds = holds;
        let deadline = Instant::now() + WAIT_MAX;
        while !holds().await {
            let late = Instant::now() >= deadline;
            assert!(!late, "waited {WAIT_MAX:?} until {what}, at {caller}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

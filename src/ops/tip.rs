//! Says the newest token in the log, each minute: kept elsewhere, it proves that nobody made the history
//! anew (`bulletin verify --expect`).

use std::time::Duration;

use tracing::info;

use crate::ops::health::Watched;

const INTERVAL: Duration = Duration::from_secs(60);

/// Until the service stops.
pub async fn log_each_minute(watched: Watched) {
    let mut stopping = watched.stopping.clone();
    let Some(history) = watched.db.history() else {
        return;
    };
    loop {
        let token = history.applied().token;
        info!(%token, revision = token.revision, "the newest revision");
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = stopping.begun() => return,
        }
    }
}

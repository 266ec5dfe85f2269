//! What every service works with.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::changes::committer::{Committed, Committer};
use crate::changes::feed::Feed;
use crate::changes::write::Write;
use crate::db::Db;
use crate::error::Result;
use crate::paging::PageTokens;

#[derive(Clone, Debug)]
pub struct Context {
    pub db: Db,
    pub committer: Committer,
    pub page_tokens: Arc<PageTokens>,
    pub stopping: Stopping,
    /// The newest revisions, for those who watch.
    pub feed: Arc<Feed>,
    /// How long a watch is silent at most.
    pub watch_checkpoint_interval: Duration,
}

impl Context {
    /// Hands a write to the committer; `actor` is who made the call.
    pub async fn submit(
        &self,
        write: impl Write,
        actor: &str,
        validate_only: bool,
    ) -> Result<Committed> {
        self.committer.submit(write, actor, validate_only).await
    }
}

/// Tells calls that may last that the service begins to stop.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// What tells it, by `true`, and what is told.
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the service begins to stop.
    pub async fn begun(&mut self) {
        // Without a sender nobody serves, and nobody stops.
        if self.0.wait_for(|begun| *begun).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

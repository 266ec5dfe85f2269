//! What every service works with.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::changes::committer::Committer;
use crate::changes::feed::Feed;
use crate::db::Db;
use crate::paging::PageTokens;

#[derive(Clone, Debug)]
pub struct Context {
    pub db: Db,
    pub committer: Committer,
    pub page_tokens: Arc<PageTokens>,
    /// The newest revisions, for those who watch.
    pub feed: Arc<Feed>,
    /// Turns true when the service begins to stop: calls without an end of their own end then.
    pub stopping: watch::Receiver<bool>,
    /// How long a watch is silent at most.
    pub watch_checkpoint_interval: Duration,
}

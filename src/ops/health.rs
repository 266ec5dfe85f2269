//! Whether the process should be started again, and whether it should be sent calls.

use std::sync::{Arc, OnceLock};

use tokio::task::AbortHandle;

use crate::changes::committer;
use crate::changes::feed::Feed;
use crate::context::Stopping;
use crate::db::Db;
use crate::guard::admission::Admission;
use crate::guard::tls::Tls;
use crate::seeing::Seeing;

/// What the service is made of, as far as it is looked at from outside.
#[derive(Clone, Debug)]
pub struct Watched {
    pub db: Db,
    pub feed: Arc<Feed>,
    pub stopping: Stopping,
    pub commits: Arc<committer::Counts>,
    pub committer: AbortHandle,
    pub tail: AbortHandle,
    pub seeing: Seeing,
    pub admission: Admission,
    /// Unset: clients come in plaintext.
    pub tls: Option<Tls>,
}

/// Nothing is watched until the service has started.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<OnceLock<Watched>>);

impl Health {
    pub fn watch(&self, watched: Watched) {
        // A process has one service.
        let _ = self.0.set(watched);
    }

    pub fn watched(&self) -> Option<&Watched> {
        self.0.get()
    }

    /// Whether starting the process anew would not help. The database is none of that.
    pub fn lives(&self) -> Result<&'static str, String> {
        let Some(watched) = self.watched() else {
            return Ok("starting");
        };
        // Tasks that end with the drain are no fault.
        if watched.stopping.has_begun() {
            return Ok("stopping");
        }
        let tasks = [("committer", &watched.committer), ("tail", &watched.tail)];
        let ended: Vec<&str> = tasks
            .iter()
            .filter(|(_, task)| task.is_finished())
            .map(|(name, _)| *name)
            .collect();
        match ended.is_empty() {
            true => Ok("ok"),
            false => Err(format!("{} ended", ended.join(", "))),
        }
    }

    /// Whether a call would be answered now, or what keeps it from being.
    pub fn is_ready(&self) -> Result<&'static str, String> {
        let Some(watched) = self.watched() else {
            return Err("starting".to_owned());
        };
        let history = watched.db.history();
        let checks = [
            ("stopping", watched.stopping.has_begun()),
            (
                "taking in another history",
                history.is_none_or(|history| *history.reloading().borrow()),
            ),
            (
                "database: no answer to polls",
                watched.is_without_database(),
            ),
        ];
        let failing: Vec<&str> = checks
            .iter()
            .filter(|(_, fails)| *fails)
            .map(|(what, _)| *what)
            .collect();
        match failing.is_empty() {
            true => Ok("ok"),
            false => Err(failing.join("\n")),
        }
    }
}

impl Watched {
    pub fn has_primary(&self) -> bool {
        self.db.history().is_some_and(|history| !history.is_lost())
    }

    /// Reads go on from standbys.
    fn is_without_database(&self) -> bool {
        let mut standbys = self.db.replicas().all().iter();
        !self.has_primary() && standbys.all(|standby| standby.is_left_alone())
    }
}

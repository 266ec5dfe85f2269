//! The layer that takes no more calls at once than the service can bear: unary calls wait a moment, one
//! client no longer than others, and are refused then; streams have places of their own, and never wait
//! (ADR 19).

mod layer;
mod places;

use std::sync::Arc;
use std::time::Duration;

pub use self::layer::{Admitted, AdmittedCall, HeldBody};
use self::places::Asked;
pub use self::places::{Client, Place, Places};
use crate::error::Error;
use crate::guard::calls::Bounded;
use crate::tally::Count;

/// How many calls are taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unary calls.
    pub calls_max: usize,
    /// Those that wait for others to end.
    pub queued_max: usize,
    pub queue_wait_max: Duration,
    pub watches_max: usize,
    /// Exports and imports.
    pub transfers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_max: 512,
            queued_max: 512,
            queue_wait_max: Duration::from_millis(100),
            watches_max: 4_096,
            transfers_max: 16,
        }
    }
}

/// Shared by all connections.
#[derive(Clone, Debug)]
pub struct Admission {
    limits: Limits,
    places: Arc<Places>,
    watches: Arc<Places>,
    transfers: Arc<Places>,
    refused: Arc<Refused>,
}

/// Calls that were turned away.
#[derive(Debug, Default)]
pub struct Refused {
    /// Too many waited already.
    pub queue_full: Count,
    /// They had waited as long as they may.
    pub queue_timeout: Count,
    pub watches: Count,
    pub transfers: Count,
}

impl Admission {
    pub fn of(limits: Limits) -> Self {
        Self {
            limits,
            places: Arc::new(Places::of(limits.calls_max, limits.queued_max)),
            // No stream waits for others to end: they may last for ever.
            watches: Arc::new(Places::of(limits.watches_max, 0)),
            transfers: Arc::new(Places::of(limits.transfers_max, 0)),
            refused: Arc::default(),
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn refused(&self) -> &Refused {
        &self.refused
    }

    pub fn places(&self) -> &Places {
        &self.places
    }

    pub fn watches(&self) -> usize {
        self.watches.counts().0
    }

    pub fn transfers(&self) -> usize {
        self.transfers.counts().0
    }

    /// A place for a stream.
    fn stream(&self, bounded: Bounded, client: Client) -> Result<Place, Error> {
        let (places, refused, what) = match bounded {
            Bounded::Watch => (&self.watches, &self.refused.watches, "watches"),
            _ => (
                &self.transfers,
                &self.refused.transfers,
                "exports and imports",
            ),
        };
        match places.ask(client) {
            Asked::Given(place) => Ok(place),
            Asked::Waits(_) | Asked::Full => {
                refused.raise();
                Err(Error::Overloaded { what })
            }
        }
    }

    /// Counts a call that is refused.
    fn refuse(&self, count: &Count) -> Error {
        count.raise();
        Error::Overloaded { what: "calls" }
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self::of(Limits::default())
    }
}

//! The layer that takes no more calls at once than the service can bear: unary calls wait a moment, one
//! client no longer than others, and are refused then; streams have counts of their own (ADR 19).

mod layer;
mod places;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub use self::layer::{Admitted, AdmittedCall, HeldBody};
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
    watches: Streams,
    transfers: Streams,
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
            watches: Streams::of(limits.watches_max),
            transfers: Streams::of(limits.transfers_max),
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
        self.watches.under_way()
    }

    pub fn transfers(&self) -> usize {
        self.transfers.under_way()
    }

    /// A place for a stream.
    fn stream(&self, bounded: Bounded) -> Result<StreamPlace, Error> {
        let (streams, refused, what) = match bounded {
            Bounded::Watch => (&self.watches, &self.refused.watches, "watches"),
            _ => (
                &self.transfers,
                &self.refused.transfers,
                "exports and imports",
            ),
        };
        streams.enter().ok_or_else(|| {
            refused.raise();
            Error::Overloaded { what }
        })
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

/// Streams of one kind.
#[derive(Clone, Debug)]
struct Streams {
    under_way: Arc<AtomicUsize>,
    max: usize,
}

impl Streams {
    fn of(max: usize) -> Self {
        Self {
            under_way: Arc::default(),
            max,
        }
    }

    fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Option<StreamPlace> {
        // Counted first, so that two that come at once cannot both take the last place.
        let place = StreamPlace(Arc::clone(&self.under_way));
        let before = self.under_way.fetch_add(1, Ordering::SeqCst);
        (before < self.max).then_some(place)
    }
}

/// Held by a stream until its body ends.
#[derive(Debug)]
pub struct StreamPlace(Arc<AtomicUsize>);

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

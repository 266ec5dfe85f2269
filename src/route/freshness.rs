//! How fresh a read must be.

use std::time::{Duration, Instant};

use crate::reading::Snapshot;
use crate::token::AskedToken;

/// How long a call without a deadline waits for what it asks.
pub const WAIT_DEFAULT: Duration = Duration::from_secs(5);

/// How fresh a read must be, beside the tokens it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// No older than the last poll of the primary, which is at most 100 ms ago.
    #[default]
    Recent,
    /// As the tokens it names, and no more.
    Tokens,
    /// Of any age.
    Any,
    /// The primary's newest; without a primary, a replica's.
    Newest,
    /// The primary's newest, or nothing.
    Primary,
}

/// What a call demands of the snapshot it is answered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    pub bound: Bound,
    /// Tokens the call names, and the one of the first page: two at most.
    pub asked: Vec<AskedToken>,
    /// Until when a replica may be waited for.
    pub deadline: Instant,
}

impl Default for Freshness {
    fn default() -> Self {
        Self::of(Bound::default())
    }
}

impl Freshness {
    pub fn of(bound: Bound) -> Self {
        Self {
            bound,
            asked: Vec::new(),
            deadline: Instant::now() + WAIT_DEFAULT,
        }
    }

    /// No older than a snapshot that was read before.
    pub fn after(snapshot: &Snapshot, deadline: Instant) -> Self {
        Self {
            bound: Bound::Tokens,
            asked: vec![snapshot.token.into()],
            deadline,
        }
    }

    /// The same, of the primary.
    pub fn confirmed(&self) -> Self {
        Self {
            bound: Bound::Primary,
            ..self.clone()
        }
    }
}

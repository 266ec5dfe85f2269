//! No more is taken than the service can bear, and nothing takes longer than it may.

mod admission;
mod deadlines;

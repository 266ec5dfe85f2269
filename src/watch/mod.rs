//! WatchChanges: the log as it grows, to each caller from where it wants and at its own pace.

pub mod filter;
mod message;
mod snapshot;
mod start;
mod stream;

pub use self::start::{Responses, watch};

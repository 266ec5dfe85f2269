//! IngestBulletin: a page is read by `extract/`, its units are matched to the registry, and all that it
//! says is written as one revision.

mod known;
pub mod matching;
mod page;
mod registry;
mod renaming;
pub mod service;
mod write;

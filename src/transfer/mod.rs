//! All records in and out, in bulk.

mod ahead;
pub mod chunk;
mod decide;
mod digest;
mod export;
mod import;
mod needs;
pub mod order;
pub mod proof;
pub mod service;

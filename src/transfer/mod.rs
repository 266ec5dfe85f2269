//! All records in and out, in bulk.

pub mod chunk;
mod digest;
mod export;
pub mod service;

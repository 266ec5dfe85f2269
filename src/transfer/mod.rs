//! All records in and out, in bulk.

pub mod chunk;
pub mod service;

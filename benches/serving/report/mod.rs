//! Tells what was found: a table with the bars below it, one JSON object, or the documentation.

pub mod docs;
pub mod json;
mod svg;
pub mod table;

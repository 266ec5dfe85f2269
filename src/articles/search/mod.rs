//! Search in the text of articles: what is indexed, what a query means, where its words stand.
//!
//! Text and query become units by the same rules, so that what is found can be shown. ADR 9 says why
//! the index holds pairs of characters.

pub mod document;
pub mod matching;
pub mod query;
pub mod service;
pub mod store;
pub mod units;

//! Reads a bulletin page: text in, articles, stations and statistics out, each tied to where it stands.
//!
//! Pure and total: any text gives a reading, and every span cuts the page. It knows no registry and no
//! database: stations are named as the page alone allows, and `ingest/` matches them.
//!
//! What the rules know of bulletins stands in `rules/`, one readable table a subject.

pub mod bodies;
pub mod bylines;
pub mod events;
pub mod figures;
pub mod honours;
pub mod layout;
pub mod marked;
pub mod numerals;
pub mod passage;
pub mod people;
pub mod quotations;
pub mod story;
pub mod table;
#[cfg(test)]
pub mod testing;
pub mod units;
pub mod works;

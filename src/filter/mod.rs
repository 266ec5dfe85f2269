//! Filters (AIP-160): `lex` and `parse` know the grammar, `check` the fields of a resource, `values`
//! their types, `sql` (a floor below the stores) how a checked filter becomes a condition.

pub mod check;
pub mod lex;
pub mod order;
pub mod parse;
pub mod sql;
pub mod suggest;
pub mod values;
pub mod years;

use crate::error::{Reason, Violation};

/// Longest filter, in code points.
pub const LENGTH_MAX: usize = 2_000;

/// Most restrictions in one filter.
pub const TERMS_MAX: usize = 100;

/// Deepest nesting of parentheses and negations.
pub const DEPTH_MAX: usize = 20;

/// What is wrong with a filter, and at which column (code points, from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub column: usize,
    pub problem: String,
}

impl Fault {
    pub fn new(column: usize, problem: impl Into<String>) -> Self {
        Self {
            column,
            problem: problem.into(),
        }
    }

    pub fn into_violation(self, field: &str) -> Violation {
        let description = format!("is invalid at column {}: {}", self.column, self.problem);
        Violation::new(Reason::FilterInvalid, field, description)
    }
}

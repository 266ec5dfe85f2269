//! Finds the articles of a page: which lines are headline, text, caption, byline; where a page break cut
//! a paragraph; what is no article at all.

mod assembly;
mod authors;
mod caption;
mod heading;
mod jump;
mod leftover;
mod line;
mod masthead;

use std::ops::Range;

use self::assembly::Assembly;
use super::story::Story;
use crate::page::Page;
use crate::pb;
use crate::pb::ingest_bulletin_response::warning::Code;

/// A page, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Layout<'p> {
    /// In the order of the page.
    pub stories: Vec<Story<'p>>,
    pub left_out: Vec<LeftOut>,
    /// What the page says of the print.
    pub publication: Option<pb::Publication>,
}

/// A part of the page that is in no article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub code: Code,
    /// In code points of the page; may go over several lines.
    pub range: Range<usize>,
}

/// The articles of a page, and what is none.
pub fn lay_out(page: &Page) -> Layout<'_> {
    let lines = line::lines(page);
    Assembly::new(page, &lines).run()
}

/// The articles alone.
#[cfg(test)]
pub fn stories(page: &Page) -> Vec<Story<'_>> {
    lay_out(page).stories
}

//! Pages of lists: where one begins, and the token of the next.

use crate::context::Context;
use crate::edge::request::{continued, page_size};
use crate::error::Result;
use crate::paging::Cursor;
use crate::reading::{Freshness, Wanted};
use crate::token::Token;

/// A page as it was asked for.
#[derive(Debug)]
pub struct AskedPage {
    pub freshness: Freshness,
    size: usize,
    scope: String,
    cursor: Option<Cursor>,
}

impl AskedPage {
    /// `scope` is the method and everything of the request that must stay the same from page to page.
    pub fn open(
        context: &Context,
        scope: String,
        size: i32,
        token: &str,
        freshness: Freshness,
    ) -> Result<Self> {
        let size = page_size(size)?;
        let cursor = context.page_tokens.open(&scope, token)?;
        let freshness = continued(freshness, cursor.as_ref());
        Ok(Self {
            freshness,
            size,
            scope,
            cursor,
        })
    }

    /// The sort key after which the page begins; empty for the first.
    pub fn after(&self) -> &str {
        self.cursor.as_ref().map_or("", |cursor| &cursor.after)
    }

    pub fn size(&self) -> usize {
        self.size
    }

    pub fn wanted(&self, show_deleted: bool) -> Wanted<'_> {
        Wanted {
            after: self.after(),
            size: self.size,
            show_deleted,
        }
    }

    /// The token of the page that begins after `next`; empty when there is none. It carries the
    /// history of the first page.
    pub fn next_token(
        &self,
        context: &Context,
        read: &Token,
        next: Option<String>,
    ) -> Result<String> {
        let Some(after) = next else {
            return Ok(String::new());
        };
        let history = match &self.cursor {
            Some(cursor) => cursor.history.clone(),
            None => (*read).into(),
        };
        context
            .page_tokens
            .seal(&self.scope, &Cursor { history, after })
    }
}

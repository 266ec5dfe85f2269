//! Pages of lists: where one begins, and the token of the next.

use prost::bytes::Bytes;

use crate::context::Context;
use crate::edge::reply::{Reply, reply};
use crate::edge::request::{continued, page_size, total, total_mode};
use crate::edge::wire::{ListResponse, ListResponseRest};
use crate::error::Result;
use crate::filter::check::{Schema, check};
use crate::filter::order::{self, Order};
use crate::listing::{self, Listed, Wanted};
use crate::paging::Cursor;
use crate::pb::Total;
use crate::reading::Snapshot;
use crate::route::Freshness;
use crate::sight::Sight;
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
    /// `scope` is the method and everything of the request that must stay the same from page to page. A
    /// token is good for the sight that it was made for.
    pub fn open(
        context: &Context,
        sight: Sight,
        scope: String,
        size: i32,
        token: &str,
        freshness: Freshness,
    ) -> Result<Self> {
        let size = page_size(size)?;
        let scope = sight.scoped(scope);
        let cursor = context.page_tokens.open(&scope, token)?;
        let freshness = continued(freshness, cursor.as_ref());
        Ok(Self {
            freshness,
            size,
            scope,
            cursor,
        })
    }

    /// The sort key after which the page begins; nothing for the first.
    pub fn after(&self) -> Option<&[String]> {
        self.cursor.as_ref().map(|cursor| cursor.after.as_slice())
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// The token of the page that begins after `next`; empty when there is none. It carries the
    /// history of the first page.
    pub fn next_token(
        &self,
        context: &Context,
        read: &Token,
        next: Option<Vec<String>>,
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

/// What a list of records asks for, beside its page: read once, the same for every resource.
#[derive(Debug)]
pub struct AskedList<'a> {
    pub method: &'static str,
    /// What else must stay the same from page to page, such as the view.
    pub scope: String,
    pub article: Option<&'a str>,
    pub filter: &'a str,
    pub order_by: &'a str,
    pub total: i32,
    pub show_deleted: bool,
    pub sight: Sight,
    pub page_size: i32,
    pub page_token: &'a str,
    pub freshness: Freshness,
}

/// A page of encoded records, and what the response says of it.
#[derive(Debug)]
pub struct ListedPage {
    /// As `records::as_field` gives them.
    pub records: Bytes,
    pub next_page_token: String,
    pub total: Option<Total>,
    pub snapshot: Snapshot,
}

impl ListedPage {
    pub fn reply(self) -> Reply<ListResponse> {
        let response = ListResponse {
            records: self.records,
            rest: ListResponseRest {
                next_page_token: self.next_page_token,
                total: self.total,
                token: self.snapshot.token.to_string(),
            },
        };
        Ok(reply(response, self.snapshot)?)
    }
}

impl AskedList<'_> {
    pub async fn read(
        self,
        context: &Context,
        listed: Listed,
        schema: &'static Schema,
        orders: &'static [Order],
    ) -> Result<ListedPage> {
        if self.show_deleted {
            self.sight.check_all("show_deleted")?;
        }
        let filter = check(schema, self.filter)?;
        let order = order::parse(orders, self.order_by)?;
        let mode = total_mode(self.total)?;
        let parts = [
            self.method,
            &self.scope,
            self.article.unwrap_or_default(),
            self.filter,
            &order.canonical(),
            if self.show_deleted { "deleted" } else { "" },
        ];
        let scope = parts.join("\n");
        let page = AskedPage::open(
            context,
            self.sight,
            scope,
            self.page_size,
            self.page_token,
            self.freshness,
        )?;
        let wanted = Wanted {
            article: self.article,
            filter: filter.as_ref(),
            order,
            after: page.after(),
            size: page.size(),
            show_deleted: self.show_deleted,
            sight: self.sight,
        };
        let read = listing::list(&context.db, listed, wanted, &page.scope, &page.freshness).await?;
        let after = Freshness::after(&read.snapshot, page.freshness.deadline);
        let size = listing::total(&context.db, listed, wanted, mode, &after).await?;
        Ok(ListedPage {
            next_page_token: page.next_token(context, &read.snapshot.token, read.value.next)?,
            records: read.value.records,
            total: total(mode, size),
            snapshot: read.snapshot,
        })
    }
}

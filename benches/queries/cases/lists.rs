//! A list as it is called, and as the statement behind it.

use anyhow::Result;
use bulletin::filter::check::{Schema, check};
use bulletin::filter::order::{self, Order};
use bulletin::listing::Listed;
use bulletin::pb::total::Mode;
use bulletin::pb::{ListArticlesRequest, ListStationsRequest, ListStatisticsRequest, View};
use bulletin::{articles, stations, statistics};

use super::Case;
use crate::bars::Bar;
use crate::call::Call;
use crate::raw::{PageStatement, Raw};

pub const PAGE_SIZE: usize = 50;

/// What may be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Articles,
    Stations,
    Statistics,
}

/// A list that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub resource: Resource,
    pub article: Option<String>,
    pub filter: String,
    pub order_by: String,
    pub total: Mode,
    pub size: usize,
    /// Where the page begins, for the call and for the statement.
    pub page_token: String,
    pub after: Option<Vec<String>>,
}

impl Asked {
    pub fn of(resource: Resource, filter: &str, order_by: &str) -> Self {
        Self {
            resource,
            article: None,
            filter: filter.to_owned(),
            order_by: order_by.to_owned(),
            total: Mode::None,
            size: PAGE_SIZE,
            page_token: String::new(),
            after: None,
        }
    }

    pub fn case(&self, name: String, bar: Bar) -> Result<Case> {
        let statement = PageStatement {
            listed: self.resource.listed(),
            article: self.article.clone(),
            filter: check(self.resource.schema(), &self.filter)?,
            order: order::parse(self.resource.orders(), &self.order_by)?,
            after: self.after.clone(),
            size: self.size,
            total: self.total,
        };
        Ok(Case {
            name,
            call: Some(self.call()),
            raw: Some(Raw::Page(Box::new(statement))),
            bar,
        })
    }

    pub fn call(&self) -> Call {
        let page_size = i32::try_from(self.size).unwrap_or(i32::MAX);
        let (page_token, filter) = (self.page_token.clone(), self.filter.clone());
        let (order_by, total) = (self.order_by.clone(), self.total.into());
        match self.resource {
            Resource::Articles => Call::Articles(ListArticlesRequest {
                page_size,
                page_token,
                filter,
                order_by,
                total,
                ..ListArticlesRequest::default()
            }),
            Resource::Stations => Call::Stations(ListStationsRequest {
                page_size,
                page_token,
                filter,
                order_by,
                total,
                ..ListStationsRequest::default()
            }),
            Resource::Statistics => Call::Statistics(ListStatisticsRequest {
                parent: self
                    .article
                    .clone()
                    .unwrap_or_else(|| "articles/-".to_owned()),
                page_size,
                page_token,
                filter,
                order_by,
                total,
                ..ListStatisticsRequest::default()
            }),
        }
    }
}

impl Resource {
    pub const ALL: [Self; 3] = [Self::Articles, Self::Stations, Self::Statistics];

    pub fn noun(self) -> &'static str {
        self.listed().table
    }

    pub fn listed(self) -> Listed {
        match self {
            Self::Articles => articles::store::listed(View::Basic),
            Self::Stations => stations::store::LISTED,
            Self::Statistics => statistics::store::LISTED,
        }
    }

    pub fn orders(self) -> &'static [Order] {
        match self {
            Self::Articles => articles::fields::ORDERS,
            Self::Stations => stations::fields::ORDERS,
            Self::Statistics => statistics::fields::ORDERS,
        }
    }

    fn schema(self) -> &'static Schema {
        match self {
            Self::Articles => &articles::fields::SCHEMA,
            Self::Stations => &stations::fields::SCHEMA,
            Self::Statistics => &statistics::fields::SCHEMA,
        }
    }
}

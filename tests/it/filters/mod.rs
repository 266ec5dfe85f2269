//! Filters, orders and totals of lists: what they find, what they refuse, how they are paged.

mod cases;
mod differential;
mod fuzzed;
mod pages;
mod properties;
mod refused;

use bulletin::pb::{self, total};

use crate::support::{Refusal, Service};

/// What a test lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Articles,
    Stations,
    /// Of every article.
    Statistics,
}

/// What a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub filter: String,
    pub order_by: String,
    pub page_size: i32,
    pub page_token: String,
    pub show_deleted: bool,
    pub total: total::Mode,
}

/// A page, its records as their names.
#[derive(Debug)]
pub struct Page {
    pub names: Vec<String>,
    pub next: String,
    pub total: Option<pb::Total>,
}

pub async fn list(service: &Service, of: Of, asked: &Asked) -> Result<Page, Refusal> {
    macro_rules! list {
        ($request:ident { $($field:ident: $value:expr),* }, $records:ident) => {{
            let request = pb::$request {
                $($field: $value,)*
                filter: asked.filter.clone(),
                order_by: asked.order_by.clone(),
                page_size: asked.page_size,
                page_token: asked.page_token.clone(),
                show_deleted: asked.show_deleted,
                total: asked.total.into(),
                ..Default::default()
            };
            let answer = service.ask(request).await?;
            Ok(Page {
                names: answer.$records.into_iter().map(|record| record.name).collect(),
                next: answer.next_page_token,
                total: answer.total,
            })
        }};
    }
    match of {
        Of::Articles => list!(ListArticlesRequest {}, articles),
        Of::Stations => list!(ListStationsRequest {}, stations),
        Of::Statistics => list!(
            ListStatisticsRequest {
                parent: "articles/-".to_owned()
            },
            statistics
        ),
    }
}

/// All that a filter finds, or the refusal.
pub async fn found(service: &Service, of: Of, filter: &str) -> Result<Vec<String>, Refusal> {
    let asked = Asked {
        filter: filter.to_owned(),
        page_size: 1_000,
        ..Asked::default()
    };
    list(service, of, &asked).await.map(|page| page.names)
}

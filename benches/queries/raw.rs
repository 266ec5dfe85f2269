//! The statements behind calls, run by themselves on one connection: the same text, the same values.
//! Rows are fetched, not read.

use anyhow::Result;
use bulletin::articles::search::query::Query;
use bulletin::articles::search::store as search;
use bulletin::edge::request::PAGE_SIZE_DEFAULT;
use bulletin::filter::check::Condition;
use bulletin::filter::order::AskedOrder;
use bulletin::listing::{self, Listed, Wanted};
use bulletin::pb::total::Mode;
use bulletin::sight::Sight;
use bulletin::statistics::figures;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[derive(Clone, Debug)]
pub enum Raw {
    Sql(String),
    Page(Box<PageStatement>),
    Figures(Option<Condition>),
    /// The statements of a search for this, one after the other.
    Search(String),
}

/// A page of a list, and its total if asked for.
#[derive(Clone, Debug)]
pub struct PageStatement {
    pub listed: Listed,
    pub article: Option<String>,
    pub filter: Option<Condition>,
    pub order: AskedOrder,
    pub after: Option<Vec<String>>,
    pub size: usize,
    pub total: Mode,
}

impl Raw {
    pub async fn run(&self, connection: &mut PgConnection) -> Result<()> {
        match self {
            Raw::Sql(sql) => {
                let query = sqlx::query(AssertSqlSafe(sql.clone()));
                query.fetch_all(connection).await?;
            }
            Raw::Figures(filter) => {
                let query = figures::statement(None, filter.as_ref(), Vec::new())?;
                let query = query.persistent(false);
                query.fetch_all(connection).await?;
            }
            Raw::Search(query) => {
                let wanted = search::Wanted {
                    query: &Query::parse(query)?,
                    filter: None,
                    start: &search::Start::default(),
                    size: PAGE_SIZE_DEFAULT,
                };
                let begin = "begin isolation level repeatable read read only";
                let mut tx = connection.begin_with(begin).await?;
                search::search_on(&mut tx, wanted, false, Vec::new(), |_| Ok(())).await?;
                tx.commit().await?;
            }
            Raw::Page(page) => {
                let wanted = page.wanted();
                let query = listing::page_statement(page.listed, &wanted, Vec::new())?;
                // As psql would: parsed and planned each time.
                let query = query.persistent(wanted.filter.is_none());
                query.fetch_all(&mut *connection).await?;
                if let Mode::Exact | Mode::Estimate = page.total {
                    let is_exact = page.total == Mode::Exact;
                    let query =
                        listing::total_statement(page.listed, &wanted, is_exact, Vec::new());
                    query.fetch_all(connection).await?;
                }
            }
        }
        Ok(())
    }
}

impl PageStatement {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            article: self.article.as_deref(),
            filter: self.filter.as_ref(),
            order: self.order,
            after: self.after.as_deref(),
            size: self.size,
            show_deleted: false,
            sight: Sight::All,
        }
    }
}

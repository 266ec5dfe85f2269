//! What is measured, a part each.

pub mod cached;
mod copy;
pub mod growth;
pub mod hot;
pub mod overload;
pub mod peers;
pub mod postgres;
pub mod soak;
pub mod starts;
pub mod sweep;
pub mod variant;

use std::sync::Arc;

use anyhow::Result;
use bulletin::pb::View;

use crate::calls::{self, Method};
use crate::city::City;
use crate::database::Database;
use crate::options::Options;
use crate::prepare::{Pages, Prepared, Preparing};
use crate::servers::Server;
use crate::truth::Truth;

pub const PAGE_SIZE: usize = 50;
pub const BATCH_SIZE: usize = 100;
pub const STATISTICS_PAGE_SIZE: usize = 1_000;

/// What most cases have under way at once.
pub const IN_FLIGHT: usize = 32;

/// Where the cases of a city run.
pub struct Stage<'a> {
    pub options: &'a Options,
    pub database: &'a Database,
    pub city: City,
}

impl Stage<'_> {
    pub async fn reach(&self, process: crate::service::Service) -> Result<Server> {
        let postgres = Some(self.database.process_id());
        Server::reach(process, postgres, self.options.channels).await
    }

    /// Articles by name, whole.
    pub async fn gets(&self, server: &Server) -> Result<Arc<Prepared>> {
        let truth = &mut Truth(self.database.connect().await?);
        let mut preparing = self.preparing(server, truth);
        let gets = preparing.gets(self.options.records()).await?;
        Ok(Arc::new(gets))
    }

    /// Pages of articles with their bodies.
    pub async fn lists(&self, server: &Server) -> Result<Arc<Prepared>> {
        self.articles(server, View::Full).await
    }

    pub async fn articles(&self, server: &Server, view: View) -> Result<Arc<Prepared>> {
        let truth = &mut Truth(self.database.connect().await?);
        let pages = Pages {
            method: Method::List,
            view,
            size: PAGE_SIZE,
            total: self.city.articles,
            request: &|token, size| calls::list(view, "", token, size),
        };
        let mut preparing = self.preparing(server, truth);
        let lists = preparing.pages(&pages, self.options.pages()).await?;
        Ok(Arc::new(lists))
    }

    pub async fn batches(&self, server: &Server) -> Result<Arc<Prepared>> {
        let truth = &mut Truth(self.database.connect().await?);
        let mut preparing = self.preparing(server, truth);
        let batches = preparing.batches(BATCH_SIZE, self.options.pages()).await?;
        Ok(Arc::new(batches))
    }

    pub async fn statistics(&self, server: &Server) -> Result<Arc<Prepared>> {
        let truth = &mut Truth(self.database.connect().await?);
        let pages = Pages {
            method: Method::Statistics,
            view: View::Full,
            size: STATISTICS_PAGE_SIZE,
            total: self.city.statistics,
            request: &calls::statistics,
        };
        let mut preparing = self.preparing(server, truth);
        let pages = preparing.pages(&pages, self.options.pages()).await?;
        Ok(Arc::new(pages))
    }

    pub fn preparing<'t>(&self, server: &Server, truth: &'t mut Truth) -> Preparing<'t> {
        Preparing {
            channel: server.channels[0].clone(),
            truth,
            city: self.city,
        }
    }
}

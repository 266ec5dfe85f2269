//! The references: servers with the service's settings and layers, and handlers that do the least.

pub mod columns;
mod dispatch;
mod echo;
mod plain;
pub mod replies;

use anyhow::{Context as _, Result};
use bulletin::guard::gate::Gate;
use bulletin::server::{bind, layered_server};
use tonic::transport::server::TcpIncoming;

use crate::options::{ReferenceKind, ReferenceOptions};
use columns::Columns;
use dispatch::{Articles, Handlers, Statistics};
use echo::Echo;
use plain::Plain;

pub async fn serve(options: ReferenceOptions) -> Result<()> {
    match options.kind {
        ReferenceKind::Echo => {
            let replies = options.replies.as_ref().context("say --replies")?;
            let echo = Echo::new(replies::read(replies)?, options.spoil)?;
            serve_with(echo, options).await
        }
        ReferenceKind::Plain => serve_with(Plain::connect(true).await?, options).await,
        ReferenceKind::Columns => serve_with(Columns::connect().await?, options).await,
        ReferenceKind::PlainUnasked => serve_with(Plain::connect(false).await?, options).await,
    }
}

async fn serve_with(handlers: impl Handlers, options: ReferenceOptions) -> Result<()> {
    let listener = bind(options.listen).await?;
    println!("serving on {}", listener.local_addr()?);
    layered_server(Gate::default())
        .add_service(Articles(handlers.clone()))
        .add_service(Statistics(handlers))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}

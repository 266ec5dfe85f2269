//! The references: servers with the service's settings and layers, and handlers that do the least.

pub mod columns;
mod dispatch;
mod echo;
mod plain;
pub mod replies;

use std::future::pending;

use anyhow::{Context as _, Result};
use bulletin::guard::gate::Gate;
use bulletin::guard::http;
use bulletin::guard::transport::Transport;
use bulletin::server::{bind, layers};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower::Layer as _;

use crate::options::{ReferenceKind, ReferenceOptions};
use columns::Columns;
use dispatch::{Articles, Handlers, Statistics};
use echo::Echo;
use plain::Plain;

pub async fn serve(options: ReferenceOptions) -> Result<()> {
    match options.kind {
        ReferenceKind::Echo | ReferenceKind::EchoGathered => {
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
    let routes = Routes::new(Articles(handlers.clone())).add_service(Statistics(handlers));
    match options.kind {
        ReferenceKind::EchoGathered => {
            let transport = Transport::default();
            let connections = transport.clone().connections(listener);
            let calls = layers(Gate::default()).layer(routes.prepare());
            http::serve(calls, &transport, connections, pending()).await;
        }
        _ => {
            let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
            Server::builder()
                .accept_http1(true)
                .layer(layers(Gate::default()))
                .add_routes(routes)
                .serve_with_incoming(connections)
                .await?;
        }
    }
    Ok(())
}

//! A client that sends and takes messages as bytes: what it would spend on them is the same for all, and
//! replies can be compared whole.

#[path = "../shared/raw.rs"]
mod codec;

use anyhow::{Context as _, Result};
use prost::bytes::Bytes;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use self::codec::Raw;

const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// HTTP/2 serialises what goes over one connection, so there are several.
pub async fn connect(address: &str, count: usize) -> Result<Vec<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    let mut channels = Vec::with_capacity(count);
    for _ in 0..count {
        let channel = endpoint.connect().await;
        channels.push(channel.with_context(|| format!("{address} cannot be reached"))?);
    }
    Ok(channels)
}

pub async fn call(channel: &Channel, path: &PathAndQuery, request: Bytes) -> Result<Bytes, Status> {
    let mut client = Grpc::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let response = client
        .unary(Request::new(request), path.clone(), Raw)
        .await?;
    Ok(response.into_inner())
}

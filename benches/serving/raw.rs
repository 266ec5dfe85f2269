//! A client that sends and takes messages as bytes: what it would spend on them is the same for all, and
//! replies can be compared whole.

use anyhow::{Context as _, Result};
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length)))
    }
}

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

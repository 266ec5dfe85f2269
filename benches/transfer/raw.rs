//! A client that takes messages as bytes: what it would spend on decoding them is not the service's.

use anyhow::Result;
use bulletin::pb::ExportRecordsRequest;
use prost::Message as _;
use prost::bytes::{Buf as _, Bytes};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming, client::Grpc};

#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = ExportRecordsRequest;
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
    type Item = ExportRecordsRequest;
    type Error = Status;

    fn encode(&mut self, item: ExportRecordsRequest, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(to)
            .map_err(|error| Status::internal(error.to_string()))
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

pub async fn export(channel: &Channel) -> Result<Streaming<Bytes>> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await?;
    let path = PathAndQuery::from_static("/bulletin.v1.TransferService/ExportRecords");
    let request = Request::new(ExportRecordsRequest::default());
    let response = client.server_streaming(request, path, Raw).await?;
    Ok(response.into_inner())
}

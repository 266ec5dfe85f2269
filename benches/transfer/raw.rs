//! A client that takes messages as bytes: what it would spend on decoding them is not the service's.

#[path = "../shared/raw.rs"]
mod codec;

use anyhow::Result;
use bulletin::pb::ExportRecordsRequest;
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Streaming, client::Grpc};

use self::codec::Raw;

pub async fn export(channel: &Channel) -> Result<Streaming<Bytes>> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await?;
    let path = PathAndQuery::from_static("/bulletin.v1.TransferService/ExportRecords");
    let request = Request::new(ExportRecordsRequest::default().encode_to_vec().into());
    let response = client.server_streaming(request, path, Raw).await?;
    Ok(response.into_inner())
}

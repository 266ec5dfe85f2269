//! TransferService on the wire.

use std::pin::Pin;

use tokio_stream::Stream;
use tonic::{Request, Status, Streaming, async_trait};

use crate::edge::reply::Reply;
use crate::edge::wire::transfer_service_server::TransferService;
use crate::error::Error;
use crate::pb::{
    ExportRecordsRequest, ExportRecordsResponse, ImportRecordsRequest, ImportRecordsResponse,
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Transfer;

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[async_trait]
impl TransferService for Transfer {
    type ExportRecordsStream = Responses<ExportRecordsResponse>;
    type ImportRecordsStream = Responses<ImportRecordsResponse>;

    async fn export_records(
        &self,
        _request: Request<ExportRecordsRequest>,
    ) -> Reply<Self::ExportRecordsStream> {
        Err(Error::NotBuilt("ExportRecords").into())
    }

    async fn import_records(
        &self,
        _request: Request<Streaming<ImportRecordsRequest>>,
    ) -> Reply<Self::ImportRecordsStream> {
        Err(Error::NotBuilt("ImportRecords").into())
    }
}

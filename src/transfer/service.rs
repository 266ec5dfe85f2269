//! TransferService on the wire.

use std::pin::Pin;

use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming, async_trait};

use crate::context::Context;
use crate::edge::reply::{Reply, reply};
use crate::edge::wire;
use crate::edge::wire::transfer_service_server::TransferService;
use crate::error::Error;
use crate::pb::{ExportRecordsRequest, ImportRecordsRequest, ImportRecordsResponse};
use crate::transfer::export::Export;

#[derive(Clone, Debug)]
pub struct Transfer {
    context: Context,
}

impl Transfer {
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[async_trait]
impl TransferService for Transfer {
    type ExportRecordsStream = ReceiverStream<Result<wire::ExportRecordsResponse, Status>>;
    type ImportRecordsStream = Responses<ImportRecordsResponse>;

    async fn export_records(
        &self,
        request: Request<ExportRecordsRequest>,
    ) -> Reply<Self::ExportRecordsStream> {
        let (export, snapshot) = Export::open(self.context.clone(), request.into_inner()).await?;
        Ok(reply(ReceiverStream::new(export.send()), snapshot)?)
    }

    async fn import_records(
        &self,
        _request: Request<Streaming<ImportRecordsRequest>>,
    ) -> Reply<Self::ImportRecordsStream> {
        Err(Error::NotBuilt("ImportRecords").into())
    }
}

//! TransferService on the wire.

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming, async_trait};

use crate::context::Context;
use crate::edge::reply::{Reply, reply};
use crate::edge::request::sight;
use crate::edge::wire;
use crate::edge::wire::transfer_service_server::TransferService;
use crate::guard::caller::Caller;
use crate::pb::{ExportRecordsRequest, ImportRecordsRequest, ImportRecordsResponse};
use crate::reading;
use crate::route::{Bound, Freshness};
use crate::transfer::export::Export;
use crate::transfer::import;

#[derive(Clone, Debug)]
pub struct Transfer {
    context: Context,
}

impl Transfer {
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl TransferService for Transfer {
    type ExportRecordsStream = ReceiverStream<Result<wire::ExportRecordsResponse, Status>>;
    type ImportRecordsStream = ReceiverStream<Result<ImportRecordsResponse, Status>>;

    async fn export_records(
        &self,
        request: Request<ExportRecordsRequest>,
    ) -> Reply<Self::ExportRecordsStream> {
        let sight = sight(&request);
        let request = request.into_inner();
        let (export, snapshot) = Export::open(self.context.clone(), request, sight).await?;
        Ok(reply(ReceiverStream::new(export.send()), snapshot)?)
    }

    async fn import_records(
        &self,
        request: Request<Streaming<ImportRecordsRequest>>,
    ) -> Reply<Self::ImportRecordsStream> {
        let actor = Caller::of(&request).id;
        // Answered before the first chunk comes, for which some clients wait.
        let newest = Freshness::of(Bound::Newest);
        let snapshot = reading::snapshot(&self.context.db, &newest).await?;
        let answers = import::start(self.context.clone(), request.into_inner(), actor);
        Ok(reply(ReceiverStream::new(answers), snapshot)?)
    }
}

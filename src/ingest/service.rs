//! IngestService on the wire.

use tonic::{Request, async_trait};

use crate::context::Context;
use crate::edge::reply::{Reply, reply};
use crate::edge::wire::ingest_service_server::IngestService;
use crate::guard::caller::Caller;
use crate::ingest::page::ingest;
use crate::pb::{IngestBulletinRequest, IngestBulletinResponse};

#[derive(Clone, Debug)]
pub struct Ingest {
    context: Context,
}

impl Ingest {
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl IngestService for Ingest {
    async fn ingest_bulletin(
        &self,
        request: Request<IngestBulletinRequest>,
    ) -> Reply<IngestBulletinResponse> {
        let actor = Caller::of(&request).id;
        let (response, token) = ingest(&self.context, request.into_inner(), &actor).await?;
        Ok(reply(response, token)?)
    }
}

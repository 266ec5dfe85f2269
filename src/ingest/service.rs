//! IngestService on the wire.

use tonic::{Request, async_trait};

use crate::edge::reply::Reply;
use crate::edge::wire::ingest_service_server::IngestService;
use crate::error::Error;
use crate::pb::{IngestBulletinRequest, IngestBulletinResponse};

#[derive(Clone, Copy, Debug, Default)]
pub struct Ingest;

#[async_trait]
impl IngestService for Ingest {
    async fn ingest_bulletin(
        &self,
        _request: Request<IngestBulletinRequest>,
    ) -> Reply<IngestBulletinResponse> {
        Err(Error::NotBuilt("IngestBulletin").into())
    }
}

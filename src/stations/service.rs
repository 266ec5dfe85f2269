//! StationService on the wire.

use tonic::{Request, async_trait};

use crate::changes::versions;
use crate::context::Context;
use crate::edge::list::{AskedList, AskedPage};
use crate::edge::reply::{Reply, reply, written};
use crate::edge::request::{
    Asked, asked, deadline, etag, freshness, named, names, required, sight,
};
use crate::edge::wire;
use crate::edge::wire::station_service_server::StationService;
use crate::error::Error;
use crate::guard::caller::Caller;
use crate::honours;
use crate::mask::Mask;
use crate::names::StationName;
use crate::pb::{
    BatchGetStationsRequest, CreateStationRequest, DeleteStationRequest, GetStationRequest,
    ListStationHonoursRequest, ListStationHonoursResponse, ListStationsRequest,
    ResolveStationsRequest, ResolveStationsResponse, Station, UndeleteStationRequest,
    UpdateStationRequest,
};
use crate::record::Record as _;
use crate::resolution::resolve_stations;
use crate::stations::draft::StationDraft;
use crate::stations::fields::{ORDERS, SCHEMA};
use crate::stations::store;
use crate::stations::write::{Create, Delete, Undelete, Update};

#[derive(Clone, Debug)]
pub struct Stations {
    context: Context,
}

impl Stations {
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl StationService for Stations {
    async fn get_station(&self, request: Request<GetStationRequest>) -> Reply<wire::Record> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let name = StationName::parse("name", &request.name).map_err(Error::from)?;
        let read = match asked(request.consistency, deadline)? {
            Asked::Now(freshness) => store::get(&self.context.db, &name, sight, &freshness).await?,
            Asked::At(revision, freshness) => {
                versions::at(&self.context.db, name.as_str(), revision, sight, &freshness).await?
            }
        };
        let record = read.value.ok_or_else(|| Error::missing(name.as_str()))?;
        Ok(reply(wire::Record(record), read.snapshot)?)
    }

    async fn batch_get_stations(
        &self,
        request: Request<BatchGetStationsRequest>,
    ) -> Reply<wire::BatchGetResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let freshness = freshness(request.consistency, deadline)?;
        let names = names(&request.names, StationName::check)?;
        let read = store::batch_get(&self.context.db, &names, sight, &freshness).await?;
        let response = wire::BatchGetResponse {
            records: read.value,
            token: read.snapshot.token.to_string(),
        };
        Ok(reply(response, read.snapshot)?)
    }

    async fn list_stations(
        &self,
        request: Request<ListStationsRequest>,
    ) -> Reply<wire::ListResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let asked = AskedList {
            method: "ListStations",
            scope: String::new(),
            article: None,
            filter: &request.filter,
            order_by: &request.order_by,
            total: request.total,
            show_deleted: request.show_deleted,
            sight,
            page_size: request.page_size,
            page_token: &request.page_token,
            freshness: freshness(request.consistency, deadline)?,
        };
        let page = asked
            .read(&self.context, store::LISTED, &SCHEMA, ORDERS)
            .await?;
        page.reply()
    }

    async fn create_station(&self, request: Request<CreateStationRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let station = required("station", request.station)?;
        let name = named(
            StationName::from_id("station_id", &request.station_id),
            || StationDraft::prove("station", station.clone()).map(drop),
        )?;
        let create = Create::new(name, station)?;
        written(
            self.context
                .submit(create, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn update_station(&self, request: Request<UpdateStationRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let mut station = required("station", request.station)?;
        station.etag = etag("station.etag", station.etag)?;
        let update = Update {
            name: StationName::parse("station.name", &station.name).map_err(Error::from)?,
            mask: Mask::parse(request.update_mask.as_ref(), Station::MESSAGE)?,
            station,
            allow_missing: request.allow_missing,
        };
        written(
            self.context
                .submit(update, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn delete_station(&self, request: Request<DeleteStationRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let delete = Delete {
            name: StationName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
            allow_missing: request.allow_missing,
        };
        written(
            self.context
                .submit(delete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn undelete_station(
        &self,
        request: Request<UndeleteStationRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let undelete = Undelete {
            name: StationName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
        };
        written(
            self.context
                .submit(undelete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn resolve_stations(
        &self,
        request: Request<ResolveStationsRequest>,
    ) -> Reply<ResolveStationsResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let mut request = request.into_inner();
        let freshness = freshness(request.consistency.take(), deadline)?;
        let (response, snapshot) =
            resolve_stations(&self.context, &request, sight, &freshness).await?;
        Ok(reply(response, snapshot)?)
    }

    async fn list_station_honours(
        &self,
        request: Request<ListStationHonoursRequest>,
    ) -> Reply<ListStationHonoursResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let station = StationName::parse("parent", &request.parent).map_err(Error::from)?;
        let page = AskedPage::open(
            &self.context,
            sight,
            format!("ListStationHonours\n{station}"),
            request.page_size,
            &request.page_token,
            freshness(request.consistency, deadline)?,
        )?;
        let (response, snapshot) =
            honours::of_station(&self.context, &station, sight, &page).await?;
        // A station that an article names exists; whether readers are shown it, it says itself.
        if response.honours.is_empty() || !sight.is_all() {
            let known = store::get(&self.context.db, &station, sight, &page.freshness).await?;
            if known.value.is_none() {
                return Err(Error::missing(station.as_str()).into());
            }
        }
        Ok(reply(response, snapshot)?)
    }
}

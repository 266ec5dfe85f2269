//! ChangeService on the wire.

use tonic::{Request, async_trait};

use crate::changes::log::Version;
use crate::changes::versions;
use crate::context::Context;
use crate::edge::list::AskedPage;
use crate::edge::reply::{Reply, reply};
use crate::edge::request::{deadline, freshness, sight};
use crate::edge::wire::change_service_server::ChangeService;
use crate::error::{Error, Result, Violation};
use crate::guard::caller::{Caller, Role};
use crate::names::{ArticleName, Kind, StationName, StatisticName};
use crate::pb::record::Record as AnyRecord;
use crate::pb::{
    GetHeadRequest, Head, ListRevisionsRequest, ListRevisionsResponse, Record, Revision,
    WatchChangesRequest, change,
};
use crate::record::decode;
use crate::watch::{Responses, watch};

#[derive(Clone, Debug)]
pub struct Changes {
    context: Context,
}

impl Changes {
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl ChangeService for Changes {
    type WatchChangesStream = Responses;

    async fn get_head(&self, _request: Request<GetHeadRequest>) -> Reply<Head> {
        let read = versions::head(&self.context.db).await?;
        let head = Head {
            token: read.snapshot.token.to_string(),
            revision: read.snapshot.token.revision,
            commit_time: (read.snapshot.token.revision > 0).then_some(read.value.commit_time),
            horizon: read.value.horizon,
        };
        Ok(reply(head, read.snapshot)?)
    }

    async fn list_revisions(
        &self,
        request: Request<ListRevisionsRequest>,
    ) -> Reply<ListRevisionsResponse> {
        let deadline = deadline(&request);
        let Caller { role, .. } = Caller::of(&request);
        let sight = role.sight();
        let request = request.into_inner();
        let name = record_name(&request.name)?;
        let page = AskedPage::open(
            &self.context,
            sight,
            format!("ListRevisions {name}"),
            request.page_size,
            &request.page_token,
            freshness(request.consistency, deadline)?,
        )?;
        let before = match page.after() {
            Some([revision]) => revision.parse().map_err(Error::internal)?,
            _ => i64::MAX,
        };
        let db = &self.context.db;
        let read = versions::list(db, &name, before, page.size(), sight, &page.freshness).await?;
        let Some(found) = read.value else {
            return Err(Error::missing(name).into());
        };
        let revisions = found.versions.into_iter();
        let revisions: Result<_> = revisions
            .map(|version| revision(&name, version, role))
            .collect();
        let next = found.next.map(|revision| vec![revision.to_string()]);
        let response = ListRevisionsResponse {
            revisions: revisions?,
            next_page_token: page.next_token(&self.context, &read.snapshot.token, next)?,
            token: read.snapshot.token.to_string(),
        };
        Ok(reply(response, read.snapshot)?)
    }

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Reply<Self::WatchChangesStream> {
        let sight = sight(&request);
        watch(&self.context, request.into_inner(), sight).await
    }
}

/// The name of a record of any kind.
fn record_name(name: &str) -> Result<String> {
    let parsed = match Kind::of(name) {
        Kind::Station => StationName::parse("name", name).map(|name| name.to_string()),
        Kind::Statistic => StatisticName::parse("name", name).map(|name| name.to_string()),
        _ => ArticleName::parse("name", name).map(|name| name.to_string()),
    };
    parsed.map_err(|_| {
        let got = Violation::shown(name);
        Error::invalid(
            "name",
            format!("must name an article, a station or a statistic, got {got}"),
        )
    })
}

fn revision(name: &str, version: Version, role: Role) -> Result<Revision> {
    let kind = change::Type::from_str_name(&version.op);
    let kind = kind.ok_or_else(|| Error::internal(format!("unknown op {:?}", version.op)))?;
    let compacted = version.record.is_none();
    let actor = match role {
        Role::Admin => version.actor,
        Role::Reader | Role::Editor => String::new(),
    };
    let snapshot = version
        .record
        .map(|record| any_record(name, &record))
        .transpose()?;
    Ok(Revision {
        name: format!("{name}@{}", version.token.revision),
        time: Some(version.commit_time),
        r#type: kind.into(),
        reason: version.reason,
        actor,
        token: version.token.to_string(),
        snapshot,
        compacted,
        revision: version.token.revision,
    })
}

fn any_record(name: &str, bytes: &[u8]) -> Result<Record> {
    let record = match Kind::of(name) {
        Kind::Station => AnyRecord::Station(decode(bytes)?),
        Kind::Statistic => AnyRecord::Statistic(decode(bytes)?),
        _ => AnyRecord::Article(decode(bytes)?),
    };
    Ok(Record {
        record: Some(record),
    })
}

//! StatisticService on the wire.

use prost::Message as _;
use tonic::{Request, async_trait};

use crate::changes::versions;
use crate::context::Context;
use crate::corrections::check_correction_reason;
use crate::edge::list::AskedList;
use crate::edge::reply::{Reply, reply, written};
use crate::edge::request::{Asked, asked, deadline, etag, freshness, names, required, sight};
use crate::edge::wire;
use crate::edge::wire::statistic_service_server::StatisticService;
use crate::error::{Error, Result, Violation};
use crate::filter::check::check;
use crate::guard::caller::Caller;
use crate::mask::Mask;
use crate::names::{ArticleName, StatisticName, StatisticParent};
use crate::page::Page;
use crate::pb::aggregate_statistics_request::{Function, GroupBy};
use crate::pb::aggregate_statistics_response::Group;
use crate::pb::{
    AggregateStatisticsRequest, AggregateStatisticsResponse, BatchGetStatisticsRequest,
    CreateStatisticRequest, DeleteStatisticRequest, GetStatisticRequest, ListStatisticsRequest,
    Statistic, UndeleteStatisticRequest, UpdateStatisticRequest,
};
use crate::record::{Record as _, check_etag, decode};
use crate::records::check_size;
use crate::route::{Bound, Freshness};
use crate::rules::Check;
use crate::sight::Sight;
use crate::statistics::aggregate::aggregate;
use crate::statistics::fields::{ORDERS, SCHEMA};
use crate::statistics::write::{Delete, Put, PutKind, Undelete};
use crate::statistics::{figures, store};

#[derive(Clone, Debug)]
pub struct Statistics {
    context: Context,
}

impl Statistics {
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    /// Proves a draft against its article, page and current version, as far as they exist; what may
    /// not be written at all is refused under the lock.
    async fn prove(&self, put: &mut Put, article: &ArticleName) -> Result<()> {
        let Some(mut article) = store::article(&self.context.db, article).await? else {
            return Ok(());
        };
        let text = std::mem::take(&mut article.source_text);
        let page = (!text.is_empty()).then(|| Page::new(&text));
        let current = self.current(&put.name).await?;
        let current = current.filter(|current| !current.is_deleted());
        let may_be_new = match &put.kind {
            PutKind::Create => true,
            PutKind::Update { allow_missing, .. } => *allow_missing,
        };
        match (&put.kind, &current) {
            (PutKind::Update { .. }, Some(current)) => check_etag(&put.statistic.etag, current)?,
            (PutKind::Create, Some(_)) => return Ok(()),
            (_, None) if !may_be_new => return Ok(()),
            _ => {}
        }
        put.prove(&article, page.as_ref(), current.as_ref())
    }

    async fn current(&self, name: &StatisticName) -> Result<Option<Statistic>> {
        let read = store::get(
            &self.context.db,
            name,
            Sight::All,
            &Freshness::of(Bound::Primary),
        )
        .await?;
        read.value.map(|record| decode(&record)).transpose()
    }
}

#[async_trait]
impl StatisticService for Statistics {
    async fn get_statistic(&self, request: Request<GetStatisticRequest>) -> Reply<wire::Record> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let name = StatisticName::parse("name", &request.name).map_err(Error::from)?;
        let read = match asked(request.consistency, deadline)? {
            Asked::Now(freshness) => store::get(&self.context.db, &name, sight, &freshness).await?,
            Asked::At(revision, freshness) => {
                versions::at(&self.context.db, name.as_str(), revision, sight, &freshness).await?
            }
        };
        let record = read.value.ok_or_else(|| Error::missing(name.as_str()))?;
        Ok(reply(wire::Record(record), read.snapshot)?)
    }

    async fn batch_get_statistics(
        &self,
        request: Request<BatchGetStatisticsRequest>,
    ) -> Reply<wire::BatchGetResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let freshness = freshness(request.consistency, deadline)?;
        let parent = match request.parent.as_str() {
            "" => StatisticParent::Any,
            parent => StatisticParent::parse("parent", parent).map_err(Error::from)?,
        };
        let names = names(&request.names, |field, name| {
            StatisticName::check(field, name)?;
            if parent.has(name) {
                return Ok(());
            }
            let got = Violation::shown(name);
            let description = format!("must be of {:?}, got {got}", request.parent);
            Err(Violation::invalid(field, description))
        })?;
        let read = store::batch_get(&self.context.db, &names, sight, &freshness).await?;
        let response = wire::BatchGetResponse {
            records: read.value,
            token: read.snapshot.token.to_string(),
        };
        Ok(reply(response, read.snapshot)?)
    }

    async fn list_statistics(
        &self,
        request: Request<ListStatisticsRequest>,
    ) -> Reply<wire::ListResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let parent = StatisticParent::parse("parent", &request.parent).map_err(Error::from)?;
        let article = match &parent {
            StatisticParent::Any => None,
            StatisticParent::Article(article) => Some(article.as_str()),
        };
        let asked = AskedList {
            method: "ListStatistics",
            scope: String::new(),
            article,
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
        // A row is never removed, so an article that has statistics exists.
        let after = Freshness::after(&page.snapshot, deadline);
        if let (Some(article), true) = (article, page.records.is_empty())
            && !store::has_article(&self.context.db, article, sight, &after).await?
        {
            return Err(Error::missing(article).into());
        }
        page.reply()
    }

    async fn create_statistic(
        &self,
        request: Request<CreateStatisticRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        check_correction_reason(&request.correction_reason)?;
        let article = ArticleName::parse("parent", &request.parent).map_err(Error::from)?;
        let name = StatisticName::from_id("statistic_id", &article, &request.statistic_id)
            .map_err(Error::from)?;
        let mut put = Put {
            name,
            article: article.as_str().to_owned(),
            statistic: required("statistic", request.statistic)?,
            correction_reason: request.correction_reason,
            kind: PutKind::Create,
            proven: None,
        };
        self.prove(&mut put, &article).await?;
        written(
            self.context
                .submit(put, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn update_statistic(
        &self,
        request: Request<UpdateStatisticRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let mut statistic = required("statistic", request.statistic)?;
        statistic.etag = etag("statistic.etag", statistic.etag)?;
        check_correction_reason(&request.correction_reason)?;
        let name = StatisticName::parse("statistic.name", &statistic.name).map_err(Error::from)?;
        let article = name.article();
        let mask = Mask::parse(request.update_mask.as_ref(), Statistic::MESSAGE)?;
        let mut put = Put {
            name,
            article: article.as_str().to_owned(),
            statistic,
            correction_reason: request.correction_reason,
            kind: PutKind::Update {
                mask,
                allow_missing: request.allow_missing,
            },
            proven: None,
        };
        self.prove(&mut put, &article).await?;
        written(
            self.context
                .submit(put, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn delete_statistic(
        &self,
        request: Request<DeleteStatisticRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        check_correction_reason(&request.correction_reason)?;
        let name = StatisticName::parse("name", &request.name).map_err(Error::from)?;
        let delete = Delete {
            article: name.article().as_str().to_owned(),
            name,
            etag: etag("etag", request.etag)?,
            allow_missing: request.allow_missing,
            correction_reason: request.correction_reason,
        };
        written(
            self.context
                .submit(delete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn undelete_statistic(
        &self,
        request: Request<UndeleteStatisticRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        check_correction_reason(&request.correction_reason)?;
        let name = StatisticName::parse("name", &request.name).map_err(Error::from)?;
        let undelete = Undelete {
            article: name.article().as_str().to_owned(),
            name,
            etag: etag("etag", request.etag)?,
            correction_reason: request.correction_reason,
        };
        written(
            self.context
                .submit(undelete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn aggregate_statistics(
        &self,
        request: Request<AggregateStatisticsRequest>,
    ) -> Reply<AggregateStatisticsResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let parent = StatisticParent::parse("parent", &request.parent).map_err(Error::from)?;
        let (function, group_by) = asked_groups(&request)?;
        let filter = check(&SCHEMA, &request.filter).map_err(Error::from)?;
        let freshness = freshness(request.consistency, deadline)?;
        let article = match &parent {
            StatisticParent::Any => None,
            StatisticParent::Article(article) => Some(article.as_str()),
        };
        let db = &self.context.db;
        let read = figures::read(db, article, filter.as_ref(), &freshness).await?;
        // As in a list: an article that has figures exists.
        let after = Freshness::after(&read.snapshot, deadline);
        if let (Some(article), true) = (article, read.value.is_empty())
            && !store::has_article(db, article, sight, &after).await?
        {
            return Err(Error::missing(article).into());
        }
        // A hundred thousand figures may be in hundreds of groups each: other calls need not wait for it.
        let groups = tokio::task::spawn_blocking(move || {
            let with_names = request.include_statistics;
            fitting(aggregate(&read.value, function, &group_by, with_names))
        });
        let groups = groups.await.map_err(Error::internal)??;
        let token = read.snapshot.token.to_string();
        Ok(reply(
            AggregateStatisticsResponse { groups, token },
            read.snapshot,
        )?)
    }
}

/// The groups, refused as soon as they are longer than an answer may be.
fn fitting(groups: impl Iterator<Item = Group>) -> Result<Vec<Group>> {
    let mut size = 0;
    let mut fitting = Vec::new();
    for group in groups {
        size += group.encoded_len();
        check_size("the answer, or its beginning,", size)?;
        fitting.push(group);
    }
    Ok(fitting)
}

/// What is computed, and by what it is grouped.
pub fn asked_groups(request: &AggregateStatisticsRequest) -> Result<(Function, Vec<GroupBy>)> {
    let mut rules = Check::default();
    rules.required_enum::<Function>("function", request.function);
    rules.distinct_enums::<GroupBy>("group_by", &request.group_by);
    let buckets = request.group_by().filter(|by| is_bucket(*by)).count();
    if buckets > 1 {
        rules.refuse("group_by", "must have at most one of DAY, MONTH and YEAR");
    }
    rules.finish()?;
    Ok((request.function(), request.group_by().collect()))
}

fn is_bucket(by: GroupBy) -> bool {
    matches!(by, GroupBy::Day | GroupBy::Month | GroupBy::Year)
}

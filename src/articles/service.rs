//! ArticleService on the wire.

use prost::bytes::Bytes;
use tokio::task::spawn_blocking;
use tonic::{Request, async_trait};

use crate::articles::draft::ArticleDraft;
use crate::articles::fields::{ORDERS, SCHEMA};
use crate::articles::search::service::search_articles;
use crate::articles::store;
use crate::articles::write::{Delete, Publish, Put, PutKind, Retract, Undelete};
use crate::changes::versions;
use crate::context::Context;
use crate::corrections::{check_correction_reason, check_reason};
use crate::edge::list::AskedList;
use crate::edge::reply::{Reply, reply, written};
use crate::edge::request::{
    Asked, asked, deadline, etag, freshness, named, names, required, sight, view,
};
use crate::edge::wire;
use crate::edge::wire::article_service_server::ArticleService;
use crate::error::{Error, Reason, Result, Violation};
use crate::guard::caller::{Caller, Role};
use crate::mask::Mask;
use crate::names::ArticleName;
use crate::page::Page;
use crate::pb::{
    Article, BatchGetArticlesRequest, CreateArticleRequest, DeleteArticleRequest,
    GetArticleRequest, ListArticlesRequest, PublishArticleRequest, RetractArticleRequest,
    SearchArticlesRequest, SearchArticlesResponse, UndeleteArticleRequest, UpdateArticleRequest,
    View,
};
use crate::reading::{Read, append_source_text};
use crate::record::{Record as _, basic, check_etag, decode};
use crate::route::{Bound, Freshness};
use crate::rules::Check;
use crate::sight::Sight;

/// So long a page is looked through in no time.
const SHORT_PAGE_BYTES: usize = 32 * 1024;

#[derive(Clone, Debug)]
pub struct Articles {
    context: Context,
}

impl Articles {
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    /// The article as it was after a revision, in a view.
    async fn get_at(
        &self,
        name: &ArticleName,
        view: View,
        revision: i64,
        sight: Sight,
        freshness: &Freshness,
    ) -> Result<Read<Option<Bytes>>> {
        let mut read =
            versions::at(&self.context.db, name.as_str(), revision, sight, freshness).await?;
        let Some(record) = &mut read.value else {
            return Ok(read);
        };
        match view {
            View::Basic => record.truncate(basic(record).len()),
            View::Source => {
                let article: Article = decode(record)?;
                let sha256 = article
                    .source
                    .map(|source| source.sha256)
                    .unwrap_or_default();
                let after = Freshness::after(&read.snapshot, freshness.deadline);
                let text = store::source_text(&self.context.db, &sha256, &after).await?;
                if let Some(text) = text {
                    let mut whole = record.to_vec();
                    append_source_text(&mut whole, &text);
                    *record = whole.into();
                }
            }
            View::Unspecified | View::Full => {}
        }
        Ok(read)
    }

    /// The page a write gives: by its text, or by the hash of one that is kept.
    async fn page(&self, article: &Article, mask: Option<&Mask>) -> Result<Option<Page>> {
        let covers = |field: &str| mask.is_none_or(|mask| mask.covers(field, true));
        if covers("source_text") && !article.source_text.is_empty() {
            check_source_text(&article.source_text)?;
            return Ok(Some(Page::new(&article.source_text)));
        }
        let sha256 = article
            .source
            .as_ref()
            .map_or("", |source| source.sha256.as_str());
        if !covers("source") || sha256.is_empty() {
            return Ok(None);
        }
        let field = "article.source.sha256";
        let is_hash = sha256.len() == 64
            && sha256
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_hash {
            let got = Violation::shown(sha256);
            return Err(Error::invalid(
                field,
                format!("must be 64 lower-case hex digits, got {got}"),
            ));
        }
        match store::source_text(&self.context.db, sha256, &Freshness::of(Bound::Primary)).await? {
            Some(text) => Ok(Some(Page::new(&text))),
            None => {
                let description = format!("{sha256:?} is no page that is kept; set source_text");
                Err(Violation::new(Reason::ReferenceMissing, field, description).into())
            }
        }
    }

    /// The current version of an article, with its page, to prove a draft against.
    async fn current(&self, name: &ArticleName) -> Result<Option<(Article, Option<Page>)>> {
        let read = store::get(
            &self.context.db,
            name,
            View::Source,
            Sight::All,
            &Freshness::of(Bound::Primary),
        )
        .await?;
        let Some(record) = read.value else {
            return Ok(None);
        };
        let mut article: Article = decode(&record)?;
        let text = std::mem::take(&mut article.source_text);
        let page = (!text.is_empty()).then(|| Page::new(&text));
        Ok(Some((article, page)))
    }
}

/// Proves the draft, on a long page beside the tasks that serve calls: each of thousands of quotes is looked
/// for in all of it.
async fn proven(mut put: Put, current: Option<(Article, Option<Page>)>) -> Result<Put> {
    let given = put.page.as_ref();
    let page = given.or(current.as_ref().and_then(|(_, page)| page.as_ref()));
    let is_long = page.is_some_and(|page| page.text().len() > SHORT_PAGE_BYTES);
    let prove = move || {
        let current = current.as_ref();
        put.prove(current.map(|(current, page)| (current, page.as_ref())))?;
        Ok(put)
    };
    match is_long {
        true => spawn_blocking(prove).await.map_err(Error::internal)?,
        false => prove(),
    }
}

fn check_source_text(text: &str) -> Result<()> {
    let mut check = Check::default();
    check.source_text("article.source_text", text);
    check.finish()
}

#[async_trait]
impl ArticleService for Articles {
    async fn get_article(&self, request: Request<GetArticleRequest>) -> Reply<wire::Record> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let name = ArticleName::parse("name", &request.name).map_err(Error::from)?;
        let view = view(request.view, View::Full)?;
        let read = match asked(request.consistency, deadline)? {
            Asked::Now(freshness) => {
                store::get(&self.context.db, &name, view, sight, &freshness).await?
            }
            Asked::At(revision, freshness) => {
                self.get_at(&name, view, revision, sight, &freshness)
                    .await?
            }
        };
        let record = read.value.ok_or_else(|| Error::missing(name.as_str()))?;
        Ok(reply(wire::Record(record), read.snapshot)?)
    }

    async fn batch_get_articles(
        &self,
        request: Request<BatchGetArticlesRequest>,
    ) -> Reply<wire::BatchGetResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let view = view(request.view, View::Full)?;
        let freshness = freshness(request.consistency, deadline)?;
        let names = names(&request.names, ArticleName::check)?;
        let read = store::batch_get(&self.context.db, &names, view, sight, &freshness).await?;
        let response = wire::BatchGetResponse {
            records: read.value,
            token: read.snapshot.token.to_string(),
        };
        Ok(reply(response, read.snapshot)?)
    }

    async fn list_articles(
        &self,
        request: Request<ListArticlesRequest>,
    ) -> Reply<wire::ListResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let view = view(request.view, View::Basic)?;
        let asked = AskedList {
            method: "ListArticles",
            scope: format!("{view:?}"),
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
            .read(&self.context, store::listed(view), &SCHEMA, ORDERS)
            .await?;
        page.reply()
    }

    async fn search_articles(
        &self,
        request: Request<SearchArticlesRequest>,
    ) -> Reply<SearchArticlesResponse> {
        let (deadline, sight) = (deadline(&request), sight(&request));
        let request = request.into_inner();
        let (response, snapshot) = search_articles(&self.context, request, sight, deadline).await?;
        Ok(reply(response, snapshot)?)
    }

    async fn create_article(&self, request: Request<CreateArticleRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let article = required("article", request.article)?;
        let page = self.page(&article, None).await?;
        let name = named(
            ArticleName::from_id("article_id", &request.article_id),
            || ArticleDraft::prove("article", article.clone(), page.as_ref(), None).map(drop),
        )?;
        let correction_reason = String::new();
        let kind = PutKind::Create;
        let put = Put {
            name,
            article,
            correction_reason,
            kind,
            page,
            proven: None,
        };
        let put = proven(put, None).await?;
        written(
            self.context
                .submit(put, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn update_article(&self, request: Request<UpdateArticleRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let mut article = required("article", request.article)?;
        article.etag = etag("article.etag", article.etag)?;
        check_correction_reason(&request.correction_reason)?;
        let name = ArticleName::parse("article.name", &article.name).map_err(Error::from)?;
        let mask = Mask::parse(request.update_mask.as_ref(), Article::MESSAGE)?;
        let current = self.current(&name).await?;
        // What is made anew is made of all that is given.
        let page = self
            .page(&article, current.is_some().then_some(&mask))
            .await?;
        let mut put = Put {
            name,
            article,
            correction_reason: request.correction_reason,
            kind: PutKind::Update {
                mask,
                allow_missing: request.allow_missing,
            },
            page,
            proven: None,
        };
        // What may not be written at all is refused under the lock, without being proven.
        match current {
            Some((current, page)) if !current.is_deleted() => {
                check_etag(&put.article.etag, &current)?;
                put = proven(put, Some((current, page))).await?;
            }
            None if request.allow_missing => put = proven(put, None).await?,
            _ => {}
        }
        written(
            self.context
                .submit(put, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn delete_article(&self, request: Request<DeleteArticleRequest>) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let delete = Delete {
            name: ArticleName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
            allow_missing: request.allow_missing,
            force: request.force,
            may_delete_retracted: caller.role >= Role::Admin,
        };
        written(
            self.context
                .submit(delete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn undelete_article(
        &self,
        request: Request<UndeleteArticleRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let undelete = Undelete {
            name: ArticleName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
        };
        written(
            self.context
                .submit(undelete, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn publish_article(
        &self,
        request: Request<PublishArticleRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let publish = Publish {
            name: ArticleName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
        };
        written(
            self.context
                .submit(publish, &caller.id, request.validate_only)
                .await?,
        )
    }

    async fn retract_article(
        &self,
        request: Request<RetractArticleRequest>,
    ) -> Reply<wire::Record> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        check_reason("reason", &request.reason)?;
        let retract = Retract {
            name: ArticleName::parse("name", &request.name).map_err(Error::from)?,
            etag: etag("etag", request.etag)?,
            reason: request.reason,
        };
        written(
            self.context
                .submit(retract, &caller.id, request.validate_only)
                .await?,
        )
    }
}

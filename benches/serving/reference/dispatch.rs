//! Brings calls to handlers as generated servers do: the same codec, the same bounds of messages.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bulletin::edge::codec::SizedCodec;
use bulletin::edge::foreign::MESSAGE_BYTES_MAX;
use bulletin::edge::reply::TOKEN_HEADER;
use bulletin::pb::{
    BatchGetArticlesRequest, GetArticleRequest, ListArticlesRequest, ListStatisticsRequest,
};
use prost::{Message, Name};
use tonic::body::Body;
use tonic::codegen::http::{Request as HttpRequest, Response as HttpResponse};
use tonic::metadata::MetadataValue;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

use crate::calls::{BATCH, GET, LIST, STATISTICS};

/// As long as the service's.
const TOKEN: &str = "100000-0123456789abcdef";

pub type Answer<M> = Result<M, Status>;

/// What a reference serves; the rest is UNIMPLEMENTED.
pub trait Handlers: Clone + Send + Sync + 'static {
    type One: Message + 'static;
    type Page: Message + 'static;

    fn get(&self, request: GetArticleRequest) -> impl Future<Output = Answer<Self::One>> + Send;

    fn list(&self, request: ListArticlesRequest)
    -> impl Future<Output = Answer<Self::Page>> + Send;

    fn batch(&self, _: BatchGetArticlesRequest) -> impl Future<Output = Answer<Self::Page>> + Send {
        std::future::ready(Err(Status::unimplemented("no reference for it")))
    }

    fn statistics(
        &self,
        _: ListStatisticsRequest,
    ) -> impl Future<Output = Answer<Self::Page>> + Send {
        std::future::ready(Err(Status::unimplemented("no reference for it")))
    }
}

#[derive(Clone)]
pub struct Articles<H>(pub H);

#[derive(Clone)]
pub struct Statistics<H>(pub H);

impl<H> NamedService for Articles<H> {
    const NAME: &'static str = "bulletin.v1.ArticleService";
}

impl<H> NamedService for Statistics<H> {
    const NAME: &'static str = "bulletin.v1.StatisticService";
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse<Body>, Infallible>> + Send>>;

impl<H: Handlers> Service<HttpRequest<Body>> for Articles<H> {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answering {
        let handlers = self.0.clone();
        match request.uri().path() {
            GET => Box::pin(unary(request, move |asked| {
                let handlers = handlers.clone();
                async move { handlers.get(asked).await }
            })),
            LIST => Box::pin(unary(request, move |asked| {
                let handlers = handlers.clone();
                async move { handlers.list(asked).await }
            })),
            BATCH => Box::pin(unary(request, move |asked| {
                let handlers = handlers.clone();
                async move { handlers.batch(asked).await }
            })),
            _ => Box::pin(unserved()),
        }
    }
}

impl<H: Handlers> Service<HttpRequest<Body>> for Statistics<H> {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answering {
        let handlers = self.0.clone();
        match request.uri().path() {
            STATISTICS => Box::pin(unary(request, move |asked| {
                let handlers = handlers.clone();
                async move { handlers.statistics(asked).await }
            })),
            _ => Box::pin(unserved()),
        }
    }
}

async fn unary<Asked, Answered, Fut>(
    request: HttpRequest<Body>,
    handle: impl Fn(Asked) -> Fut + Send,
) -> Result<HttpResponse<Body>, Infallible>
where
    Asked: Message + Name + Default + 'static,
    Answered: Message + 'static,
    Fut: Future<Output = Answer<Answered>> + Send,
{
    let service = service_fn(move |request: Request<Asked>| {
        let answer = handle(request.into_inner());
        async move {
            let mut response = Response::new(answer.await?);
            let token = MetadataValue::from_static(TOKEN);
            response.metadata_mut().insert(TOKEN_HEADER, token);
            Ok(response)
        }
    });
    let mut grpc = Grpc::new(SizedCodec::<Answered, Asked>::default())
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Ok(grpc.unary(service, request).await)
}

async fn unserved() -> Result<HttpResponse<Body>, Infallible> {
    Ok(Status::unimplemented("no reference for it").into_http())
}

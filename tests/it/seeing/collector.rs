//! A collector of traces that keeps what it is sent as it comes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

pub struct Collector {
    pub address: SocketAddr,
    kept: Kept,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Kept::default();
        let server = Server::builder()
            .add_service(kept.clone())
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        Self { address, kept }
    }

    /// Whether these bytes were in anything that was sent.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let kept = self.kept.0.lock().unwrap();
        kept.windows(bytes.len()).any(|window| window == bytes)
    }
}

impl NamedService for Kept {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl Service<Request<Body>> for Kept {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let kept = self.clone();
        Box::pin(async move {
            let sent = request.into_body().collect().await.unwrap().to_bytes();
            kept.0.lock().unwrap().extend(sent);
            // An empty message, in a frame.
            let answer = http_body_util::Full::new(tonic::codegen::Bytes::from_static(&[0; 5]));
            let mut trailers = tonic::codegen::http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            let body = answer.with_trailers(async move { Some(Ok(trailers)) });
            let mut response = Response::new(Body::new(body));
            let kind = "application/grpc".parse().unwrap();
            response.headers_mut().insert("content-type", kind);
            Ok(response)
        })
    }
}

//! Calls by hand: any method, path, headers and body.

use http_body_util::{BodyExt as _, Full};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Method, Request};
use tower::{Service as _, ServiceExt as _};

use crate::support::{Refusal, Service};

#[derive(Debug)]
pub struct Answer {
    pub http: u16,
    pub headers: HeaderMap,
    /// Of the headers, or of the trailers behind the body.
    pub status: Option<Status>,
    pub body: Vec<u8>,
}

impl Answer {
    /// What the call was refused with.
    pub fn refusal(&self) -> Refusal {
        let status = self.status.as_ref();
        Refusal::of(status.unwrap_or_else(|| panic!("no status: {self:?}")))
    }

    #[track_caller]
    pub fn is_ok(&self) -> &Self {
        let code = self.status.as_ref().map(Status::code);
        assert_eq!(code, Some(tonic::Code::Ok), "{self:?}");
        self
    }
}

/// What a call says in its headers, unless it is about them.
pub const GRPC: &[(&str, &str)] = &[("content-type", "application/grpc"), ("te", "trailers")];

pub async fn post(
    service: &Service,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    send(service, Method::POST, path, headers, body).await
}

pub async fn send(
    service: &Service,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let uri = format!("http://{}{path}", service.address);
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(Full::new(Bytes::from(body))));
    let mut channel = service.channel.clone();
    let channel = channel.ready().await.unwrap();
    let (head, body) = channel.call(request.unwrap()).await.unwrap().into_parts();
    let body = body.collect().await;
    let trailers = body.as_ref().ok().and_then(|body| body.trailers().cloned());
    let status = Status::from_header_map(&head.headers)
        .or_else(|| Status::from_header_map(&trailers.unwrap_or_default()));
    Answer {
        http: head.status.as_u16(),
        headers: head.headers,
        status,
        body: body.map_or_else(|_| Vec::new(), |body| body.to_bytes().to_vec()),
    }
}

//! Gives errors that the framework makes itself (a message or an answer that is too long, no message at
//! all, a method that does not exist) the codes and details the API documents.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use prost_reflect::{FieldDescriptor, Kind};
use tonic::codegen::http::header::CONTENT_TYPE;
use tonic::codegen::http::{HeaderMap, Method, Request, Response, StatusCode};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::error::{Error, Violation};
use crate::pb::POOL;

/// Longest message taken, and longest answer, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, Default)]
pub struct ForeignErrors;

impl<S> Layer<S> for ForeignErrors {
    type Service = Rewriter<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Rewriter { inner }
    }
}

#[derive(Clone, Debug)]
pub struct Rewriter<S> {
    inner: S,
}

impl<S, In, Out> Service<Request<In>> for Rewriter<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Out: Default + Send + 'static,
{
    type Response = Response<RewrittenBody<Out>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        if let Some(code) = no_call(&request) {
            let mut response = Response::new(RewrittenBody::default());
            *response.status_mut() = code;
            return Box::pin(std::future::ready(Ok(response)));
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(match rewritten(response.headers()) {
                Some(status) => status.into_http(),
                None => response.map(|inner| RewrittenBody { inner }),
            })
        })
    }
}

pin_project! {
    /// What is sent, up to trailers that tell of an error: what is too long is found where it is encoded,
    /// behind the headers.
    #[derive(Default)]
    pub struct RewrittenBody<B> {
        #[pin]
        inner: B,
    }
}

impl<B: Body> Body for RewrittenBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(self.project().inner.poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.trailers_ref().and_then(rewritten) {
                Some(status) => trailers(&status),
                None => frame,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn trailers<D>(status: &Status) -> Frame<D> {
    let mut trailers = HeaderMap::new();
    // A status whose message is text can always be written.
    let _ = status.add_header(&mut trailers);
    Frame::trailers(trailers)
}

/// What HTTP answers to a request that is no call of gRPC, which the framework would take as one.
fn no_call<B>(request: &Request<B>) -> Option<StatusCode> {
    if request.method() != Method::POST {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    let kind = request.headers().get(CONTENT_TYPE);
    let rest = kind.and_then(|kind| kind.as_bytes().strip_prefix(b"application/grpc"));
    match rest {
        Some([] | [b'+' | b';', ..]) => None,
        _ => Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
}

/// The documented status for headers or trailers that are an error without details.
fn rewritten(headers: &HeaderMap) -> Option<Status> {
    if headers.get("grpc-status")? == "0" {
        return None;
    }
    documented(&Status::from_header_map(headers)?)
}

/// The documented status for one that the framework made.
pub fn documented(status: &Status) -> Option<Status> {
    if !status.details().is_empty() {
        return None;
    }
    let message = status.message();
    match status.code() {
        Code::Internal if message.starts_with("failed to decode Protobuf message") => {
            Some(undecodable(message).into())
        }
        Code::Internal if is_about_frames(message) => {
            let description = "must be one message in a frame of gRPC, uncompressed";
            Some(Error::invalid("request", description).into())
        }
        Code::Unimplemented if message.is_empty() => Some(Error::NotBuilt("the method").into()),
        Code::Unimplemented if message.starts_with("Content is compressed with") => {
            let mut documented = Status::from(Error::NotBuilt("taking compressed messages"));
            // It says what is taken instead.
            documented.metadata_mut().clone_from(status.metadata());
            Some(documented)
        }
        Code::OutOfRange if message.contains("message length too large") => {
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            let size = message
                .split(' ')
                .find(|word| !word.is_empty() && digits(word));
            let size = size
                .and_then(|size| size.parse().ok())
                .unwrap_or(MESSAGE_BYTES_MAX + 1);
            Some(
                Error::TooLarge {
                    // Else what was decoded, which is the caller's.
                    what: match message.contains(" encoded message") {
                        true => "the answer",
                        false => "a message",
                    },
                    size,
                    limit: MESSAGE_BYTES_MAX,
                }
                .into(),
            )
        }
        _ => None,
    }
}

/// Whether the framework found no whole frame to take a message from.
fn is_about_frames(message: &str) -> bool {
    message == "Missing request message."
        || message == "Unexpected EOF decoding stream."
        || message.starts_with("protocol error: received message with")
}

/// The decoder names the field from the inside out: `Article.headline: Request.article: problem`.
fn undecodable(message: &str) -> Error {
    let mut parts: Vec<&str> = message.split(": ").skip(1).collect();
    let mut path: Vec<String> = Vec::new();
    let mut inside = None;
    while let Some((first, rest)) = parts.split_first() {
        match first.split_once('.') {
            Some((message, field)) if is_identifier(message) && is_identifier(field) => {
                path.insert(0, member(message, field, inside));
                inside = Some(message);
            }
            _ => break,
        }
        parts = rest.to_vec();
    }
    let field = if path.is_empty() {
        "request".to_owned()
    } else {
        path.join(".")
    };
    let description = if parts.iter().any(|part| part.contains("UTF-8")) {
        "must be valid UTF-8"
    } else {
        "must be encoded as the API's protobuf says"
    };
    Violation::invalid(field, description).into()
}

/// The field by its name in the API. Of a oneof the decoder names only the group: the field is the one that
/// can hold what is wrong, a message of the type `inside`, or else a text.
fn member(message: &str, field: &str, inside: Option<&str>) -> String {
    let holds = |member: &FieldDescriptor| match (member.kind(), inside) {
        (Kind::Message(kind), Some(inside)) => kind.name() == inside,
        (Kind::String, None) => true,
        _ => false,
    };
    let mut messages = POOL.all_messages().filter(|known| known.name() == message);
    let group = messages.find_map(|known| known.oneofs().find(|group| group.name() == field));
    let members = group.map(|group| group.fields().filter(holds).collect::<Vec<_>>());
    let members = members.unwrap_or_default();
    let names: Vec<&str> = members.iter().map(FieldDescriptor::name).collect();
    match names[..] {
        [] => field.to_owned(),
        _ => names.join(" or "),
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_the_callers_or_the_answer() {
        for (verb, what) in [("decoded", "a message"), ("encoded", "the answer")] {
            let message = format!(
                "Error, {verb} message length too large: found 5242880 bytes, the limit is: 4194304 bytes"
            );
            let status = documented(&Status::out_of_range(message));
            let status = status.map(|status| (status.code(), status.message().to_owned()));
            let told = format!("{what} of 5242880 bytes is longer than the limit of 4194304");
            assert_eq!(status, Some((Code::ResourceExhausted, told)));
        }
    }

    #[test]
    fn a_decoding_error_names_the_field_from_the_outside_in() {
        let message = "failed to decode Protobuf message: Article.headline: \
                       CreateArticleRequest.article: invalid string value: data is not UTF-8 encoded";
        assert_eq!(
            undecodable(message).to_string(),
            "article.headline must be valid UTF-8"
        );
        assert_eq!(
            undecodable("failed to decode Protobuf message: invalid wire type").to_string(),
            "request must be encoded as the API's protobuf says"
        );
    }
}

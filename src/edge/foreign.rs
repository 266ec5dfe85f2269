//! Gives errors that the framework makes itself (a message that is too long, no message at all, a
//! method that does not exist) the codes and details the API documents.

use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::error::{Error, Violation};

/// Longest message taken, in bytes.
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
    Out: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(match rewritten(&response) {
                Some(status) => status.into_http(),
                None => response,
            })
        })
    }
}

/// The documented status of a response that is an error without details.
fn rewritten<B>(response: &Response<B>) -> Option<Status> {
    if !response.headers().contains_key("grpc-status") {
        return None;
    }
    documented(&Status::from_header_map(response.headers())?)
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
                    what: "a message",
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
    let mut path = Vec::new();
    while let Some((first, rest)) = parts.split_first() {
        match first.split_once('.') {
            Some((message, field)) if is_identifier(message) && is_identifier(field) => {
                path.insert(0, field);
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

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

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

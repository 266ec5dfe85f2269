//! The layer that asks who calls, and turns away whoever may not.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tonic::Status;
use tonic::codegen::http::request::Parts;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use crate::error::{Error, Result};
use crate::guard::caller::Caller;
use crate::guard::calls::method;
use crate::guard::methods::Need;

/// Tells who makes a call by its headers and its connection.
pub trait Identify: Debug + Send + Sync {
    /// Refuses who shows nothing that is believed; the error gives no hint of why.
    fn identify(&self, call: &Parts) -> Result<Caller>;
}

/// Nobody is asked.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl Identify for Anybody {
    fn identify(&self, _: &Parts) -> Result<Caller> {
        Ok(Caller::anybody())
    }
}

#[derive(Clone, Debug)]
pub struct Callers(pub Arc<dyn Identify>);

impl<S> Layer<S> for Callers {
    type Service = Identified<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Identified {
            inner,
            callers: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Identified<S> {
    inner: S,
    callers: Callers,
}

impl Callers {
    /// Who makes a call, if he may.
    fn admit(&self, call: &Parts) -> Result<Option<Caller>> {
        let Need::Role(needed) = method(call.uri.path()).need else {
            return Ok(None);
        };
        let caller = self.0.identify(call)?;
        if caller.role < needed {
            return Err(Error::PermissionDenied {
                what: "this method".into(),
                role: needed.as_str(),
            });
        }
        Ok(Some(caller))
    }
}

impl<S, In, Out> Service<Request<In>> for Identified<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = IdentifiedCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let (mut call, body) = request.into_parts();
        match self.callers.admit(&call) {
            Ok(caller) => {
                if let Some(caller) = caller {
                    call.extensions.insert(caller);
                }
                let inner = self.inner.call(Request::from_parts(call, body));
                IdentifiedCall::Admitted { inner }
            }
            Err(error) => IdentifiedCall::Refused { error: Some(error) },
        }
    }
}

pin_project! {
    #[project = Progress]
    pub enum IdentifiedCall<F> {
        Admitted {
            #[pin]
            inner: F,
        },
        Refused {
            error: Option<Error>,
        },
    }
}

impl<F, E, Out> Future for IdentifiedCall<F>
where
    F: Future<Output = Result<Response<Out>, E>>,
    Out: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Progress::Admitted { inner } => inner.poll(context),
            Progress::Refused { error } => {
                let error = error.take().expect("a future that has ended is not polled");
                Poll::Ready(Ok(Status::from(error).into_http()))
            }
        }
    }
}

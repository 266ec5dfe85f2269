//! The layer that sees every call from its headers to its last trailer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::Code;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};
use tracing::{Span, debug_span, field::Empty};

use crate::guard::calls::{Method, method};
use crate::seeing::calls::{Calls, code_name};
use crate::seeing::current::{Current, within};
use crate::seeing::lines::Ended;
use crate::seeing::trace::{Parent, REQUEST_ID, request_id};

/// From what duration on a call is slow unless told otherwise.
const SLOW: Duration = Duration::from_secs(1);

/// Sees calls.
#[derive(Clone, Debug)]
pub struct Seeing {
    calls: Arc<Calls>,
    slow: Duration,
}

impl Default for Seeing {
    fn default() -> Self {
        Self::with_slow(SLOW)
    }
}

impl Seeing {
    /// A call that takes so long, or longer, is slow.
    pub fn with_slow(slow: Duration) -> Self {
        Self {
            calls: Arc::default(),
            slow,
        }
    }

    pub fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    fn begin(&self, path: &str, headers: &HeaderMap) -> Call {
        let method = method(path);
        self.calls.of(method).begun();
        let parent = Parent::of(headers);
        let current = Current {
            request_id: Some(request_id(headers)),
            causes: None,
        };
        let span = span(method, &current, parent.as_ref());
        Call {
            seeing: self.clone(),
            method,
            began: Instant::now(),
            current,
            parent,
            span,
            has_ended: false,
        }
    }
}

/// Costs next to nothing unless somebody takes it: the log at DEBUG, or a collector of traces.
fn span(method: &Method, current: &Current, parent: Option<&Parent>) -> Span {
    let id = current.request_id.as_ref().and_then(|id| id.to_str().ok());
    let span = debug_span!(
        target: "bulletin::calls",
        "call",
        otel.name = %format_args!("{}/{}", method.service, method.name),
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.service = method.service,
        rpc.method = method.name,
        request_id = id,
        grpc.code = Empty,
        duration_ms = Empty,
    );
    if let Some(parent) = parent
        && !span.is_disabled()
    {
        parent.adopt(&span);
    }
    span
}

/// One call under way. Dropped before it has ended, it was cancelled.
#[derive(Debug)]
pub struct Call {
    seeing: Seeing,
    method: &'static Method,
    began: Instant,
    current: Current,
    parent: Option<Parent>,
    span: Span,
    has_ended: bool,
}

impl Call {
    fn work<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let _entered = self.span.enter();
        within(&mut self.current, work)
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let duration = self.began.elapsed();
        let calls = self.seeing.calls.of(self.method);
        calls.ended(code, duration);
        if !self.span.is_disabled() {
            self.span.record("grpc.code", code_name(code));
            self.span
                .record("duration_ms", duration.as_secs_f64() * 1_000.0);
            if matches!(
                code,
                Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss
            ) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        let ended = Ended {
            calls,
            code,
            duration,
            current: &self.current,
            parent: self.parent,
            slow: self.seeing.slow,
        };
        ended.say();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(match std::thread::panicking() {
            true => Code::Internal,
            false => Code::Cancelled,
        });
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get("grpc-status")?;
    Some(Code::from_bytes(code.as_bytes()))
}

impl<S> Layer<S> for Seeing {
    type Service = Seen<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Seen {
            inner,
            seeing: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Seen<S> {
    inner: S,
    seeing: Seeing,
}

impl<S, In, Out> Service<Request<In>> for Seen<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
{
    type Response = Response<SeenBody<Out>>;
    type Error = S::Error;
    type Future = SeenCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let mut call = self.seeing.begin(request.uri().path(), request.headers());
        let inner = call.work(|| self.inner.call(request));
        SeenCall {
            inner,
            call: Some(call),
        }
    }
}

pin_project! {
    pub struct SeenCall<F> {
        #[pin]
        inner: F,
        // Nothing once the response has it.
        call: Option<Call>,
    }
}

impl<F, E, Out> Future for SeenCall<F>
where
    F: Future<Output = Result<Response<Out>, E>>,
{
    type Output = Result<Response<SeenBody<Out>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner;
        let answer = match this.call.as_mut() {
            Some(call) => call.work(|| inner.poll(context)),
            None => inner.poll(context),
        };
        let Poll::Ready(answer) = answer else {
            return Poll::Pending;
        };
        let mut call = this.call.take();
        let mut response = match answer {
            Ok(response) => response,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if let Some(call) = &mut call {
            if let Some(id) = &call.current.request_id {
                response.headers_mut().insert(REQUEST_ID, id.clone());
            }
            // An answer without a body tells its status in its headers.
            if let Some(code) = code_of(response.headers()) {
                call.end(code);
            }
        }
        Poll::Ready(Ok(response.map(|inner| SeenBody { inner, call })))
    }
}

pin_project! {
    /// What is sent, up to the trailers that tell how the call ended.
    pub struct SeenBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

impl<B: Default> Default for SeenBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            call: None,
        }
    }
}

impl<B: Body> Body for SeenBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let inner = this.inner;
        let Some(call) = this.call else {
            return inner.poll_frame(context);
        };
        let frame = call.work(|| inner.poll_frame(context));
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    call.end(code);
                }
            }
            // Without trailers nobody knows how it ended.
            Poll::Ready(None | Some(Err(_))) => call.end(Code::Unknown),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

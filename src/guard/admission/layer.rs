//! Asks for a place before a call begins, and gives it back: of a unary call when the answer is made, of a
//! stream when its body ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::Status;
use tonic::codegen::http::{Extensions, Request, Response};
use tower::{Layer, Service};

use super::Admission;
use super::places::{Asked, Client, Place, Waiter};
use crate::error::Error;
use crate::guard::caller::Caller;
use crate::guard::calls::{Bounded, method};
use crate::guard::connection::Peer;

impl<S> Layer<S> for Admission {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admitted {
            inner,
            admission: self.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Admitted<S> {
    inner: S,
    admission: Admission,
}

/// Whoever said who he is counts as himself, anybody else as his address.
fn client(extensions: &Extensions) -> Client {
    match extensions.get::<Caller>() {
        Some(caller) if !caller.id.is_empty() => Client::Named(caller.id.clone()),
        _ => {
            let peer = extensions.get::<Peer>();
            peer.map_or(Client::Unknown, |peer| Client::At(peer.address.ip()))
        }
    }
}

/// What a call that may begin holds.
enum Entrance {
    Begun(Held),
    Waits(Waiter),
    Refused(Error),
}

#[derive(Default)]
struct Held {
    call: Option<Place>,
    stream: Option<Place>,
}

impl Admission {
    fn enter<B>(&self, request: &Request<B>) -> Entrance {
        let bounded = method(request.uri().path()).bounded;
        let client = || client(request.extensions());
        match bounded {
            Bounded::Exempt => Entrance::Begun(Held::default()),
            Bounded::Watch | Bounded::Transfer => match self.stream(bounded, client()) {
                Ok(place) => Entrance::Begun(Held {
                    stream: Some(place),
                    call: None,
                }),
                Err(error) => Entrance::Refused(error),
            },
            Bounded::Unary => match self.places.ask(client()) {
                Asked::Given(place) => Entrance::Begun(Held {
                    call: Some(place),
                    stream: None,
                }),
                Asked::Waits(waiter) => Entrance::Waits(waiter),
                Asked::Full => Entrance::Refused(self.refuse(&self.refused.queue_full)),
            },
        }
    }
}

impl<S, In, Out> Service<Request<In>> for Admitted<S>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    In: Send + 'static,
    Out: Default,
{
    type Response = Response<HeldBody<Out>>;
    type Error = S::Error;
    type Future = AdmittedCall<S, In, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let mut call = AdmittedCall {
            inner: None,
            held: Held::default(),
            waiting: None,
            refused: None,
        };
        match self.admission.enter(&request) {
            Entrance::Begun(held) => {
                call.held = held;
                call.inner = Some(self.inner.call(request));
            }
            Entrance::Waits(waiter) => {
                // The service that was asked whether it is ready is the one that takes the call.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                let admission = self.admission.clone();
                let turn = async move {
                    let time_max = admission.limits.queue_wait_max;
                    let turn = tokio::time::timeout(time_max, waiter.place()).await;
                    turn.map_err(|_| admission.refuse(&admission.refused.queue_timeout))
                };
                call.waiting = Some(Waiting {
                    turn: Box::pin(turn),
                    begin: Some((ready, request)),
                });
            }
            Entrance::Refused(error) => call.refused = Some(error),
        }
        call
    }
}

/// A call that is not begun yet.
struct Waiting<S, In> {
    turn: Pin<Box<dyn Future<Output = Result<Place, Error>> + Send>>,
    begin: Option<(S, Request<In>)>,
}

pin_project! {
    pub struct AdmittedCall<S, In, F> {
        #[pin]
        inner: Option<F>,
        held: Held,
        waiting: Option<Waiting<S, In>>,
        refused: Option<Error>,
    }
}

impl<S, In, Out> Future for AdmittedCall<S, In, S::Future>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Default,
{
    type Output = Result<Response<HeldBody<Out>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(waiting) = this.waiting {
            match waiting.turn.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(place)) => {
                    this.held.call = Some(place);
                    let begun = waiting.begin.take();
                    let begun = begun.map(|(mut service, request)| service.call(request));
                    this.inner.set(begun);
                }
                Poll::Ready(Err(error)) => *this.refused = Some(error),
            }
            *this.waiting = None;
        }
        if let Some(error) = this.refused.take() {
            return Poll::Ready(Ok(Status::from(error).into_http()));
        }
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        inner.poll(context).map(|answer| {
            this.held.call = None;
            let place = this.held.stream.take();
            answer.map(|response| response.map(|inner| HeldBody { inner, place }))
        })
    }
}

pin_project! {
    /// What is sent of a stream, which holds its place until then.
    pub struct HeldBody<B> {
        #[pin]
        inner: B,
        place: Option<Place>,
    }
}

impl<B: Default> Default for HeldBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            place: None,
        }
    }
}

impl<B: Body> Body for HeldBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().inner.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

//! The layer that ends calls whose time is up: the client's, or the most that a unary call may take.
//!
//! A call that is ended is dropped where it stands: what it reads is then cancelled on the server
//! (`db/shelf.rs`), and what it has given to the committer may still be written. The framework's own
//! timeout, which would answer CANCELLED, begins later and so never comes first.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::error::{Error, Violation};
use crate::guard::caller::Role;
use crate::guard::calls::{Bounded, method};
use crate::guard::methods::Need;

/// The header that says how long a client waits.
pub const TIMEOUT_HEADER: &str = "grpc-timeout";

/// The most digits that the protocol allows.
const DIGITS_MAX: usize = 8;

/// How long a client waits; nothing where the header has none of the protocol's forms.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    if digits.is_empty() || digits.len() > DIGITS_MAX || !is_number {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

/// Ends calls in time.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// What a unary call may take, whatever its client says.
    pub unary_max: Duration,
}

impl<S> Layer<S> for Deadlines {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Timed {
            inner,
            deadlines: *self,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Timed<S> {
    inner: S,
    deadlines: Deadlines,
}

/// How long a call was given, and what may come of it once that is over.
#[derive(Clone, Copy, Debug)]
struct Given {
    time: Duration,
    until: Instant,
    may_be_written: bool,
}

impl Given {
    fn status(&self) -> Status {
        Status::from(Error::DeadlineExceeded {
            given: self.time,
            may_be_written: self.may_be_written,
        })
    }
}

impl Deadlines {
    fn given(&self, path: &str, headers: &HeaderMap) -> Result<Option<Given>, Error> {
        let asked = headers.get(TIMEOUT_HEADER).map(|value| {
            let text = value.to_str().unwrap_or("");
            parse_timeout(text).ok_or_else(|| {
                let shown = Violation::shown(&String::from_utf8_lossy(value.as_bytes()));
                let form = format!("must be up to 8 digits and one of H M S m u n, got {shown}");
                Error::invalid(TIMEOUT_HEADER, form)
            })
        });
        let asked = asked.transpose()?;
        let method = method(path);
        // Anybody may begin a Check.
        let is_bounded = method.bounded == Bounded::Unary || method.name == "Check";
        let time = match is_bounded {
            true => Some(asked.map_or(self.unary_max, |asked| asked.min(self.unary_max))),
            false => asked,
        };
        let may_be_written = method.need > Need::Role(Role::Reader);
        // A time that no clock reaches is none.
        let given = time.and_then(|time| {
            let until = Instant::now().checked_add(time)?;
            Some(Given {
                time,
                until,
                may_be_written,
            })
        });
        Ok(given)
    }
}

impl<S, In, Out> Service<Request<In>> for Timed<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Default,
{
    type Response = Response<TimedBody<Out>>;
    type Error = S::Error;
    type Future = TimedCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let given = self
            .deadlines
            .given(request.uri().path(), request.headers());
        match given {
            Ok(given) => TimedCall {
                sleep: given.map(|given| sleep_until(given.until)),
                given,
                refused: None,
                inner: Some(self.inner.call(request)),
            },
            Err(error) => TimedCall {
                sleep: None,
                given: None,
                refused: Some(error),
                inner: None,
            },
        }
    }
}

pin_project! {
    pub struct TimedCall<F> {
        #[pin]
        inner: Option<F>,
        #[pin]
        sleep: Option<Sleep>,
        given: Option<Given>,
        refused: Option<Error>,
    }
}

impl<F, E, Out> Future for TimedCall<F>
where
    F: Future<Output = Result<Response<Out>, E>>,
    Out: Default,
{
    type Output = Result<Response<TimedBody<Out>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(error) = this.refused.take() {
            return Poll::Ready(Ok(Status::from(error).into_http()));
        }
        if let Some(inner) = this.inner.as_mut().as_pin_mut()
            && let Poll::Ready(answer) = inner.poll(context)
        {
            let given = *this.given;
            return Poll::Ready(
                answer.map(|response| response.map(|body| TimedBody::of(body, given))),
            );
        }
        let (Some(sleep), Some(given)) = (this.sleep.as_pin_mut(), this.given) else {
            return Poll::Pending;
        };
        ready!(sleep.poll(context));
        // Dropped before anybody is told, so that nothing of it goes on.
        this.inner.set(None);
        Poll::Ready(Ok(given.status().into_http()))
    }
}

pin_project! {
    /// What is sent, until the time is up.
    pub struct TimedBody<B> {
        // Nothing once the time was up.
        #[pin]
        inner: Option<B>,
        // Made when the body is first waited for: that of a unary call never is.
        sleep: Option<Pin<Box<Sleep>>>,
        given: Option<Given>,
    }
}

impl<B> TimedBody<B> {
    fn of(inner: B, given: Option<Given>) -> Self {
        Self {
            inner: Some(inner),
            sleep: None,
            given,
        }
    }
}

impl<B: Default> Default for TimedBody<B> {
    fn default() -> Self {
        Self::of(B::default(), None)
    }
}

impl<B: Body> Body for TimedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = inner.poll_frame(context) {
            return Poll::Ready(frame);
        }
        let Some(given) = this.given else {
            return Poll::Pending;
        };
        let sleep = this
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(given.until)));
        ready!(sleep.as_mut().poll(context));
        this.inner.set(None);
        let mut trailers = HeaderMap::new();
        // A status whose message is text can always be written.
        let _ = given.status().add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            // It may be cut short.
            Some(inner) if self.given.is_none() => inner.size_hint(),
            _ => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_at_once_has_a_bound_and_a_stream_has_none() {
        let deadlines = Deadlines {
            unary_max: Duration::from_secs(7),
        };
        for (path, expected) in [
            ("/bulletin.v1.StationService/GetStation", Some(7)),
            ("/grpc.health.v1.Health/Check", Some(7)),
            ("/grpc.health.v1.Health/Watch", None),
            ("/bulletin.v1.ChangeService/WatchChanges", None),
        ] {
            let given = deadlines.given(path, &HeaderMap::new()).unwrap();
            let time = given.map(|given| given.time.as_secs());
            assert_eq!(time, expected, "{path}");
        }
    }

    #[test]
    fn a_timeout_has_the_forms_of_the_protocol_and_no_other() {
        let ms = Duration::from_millis;
        for (text, expected) in [
            ("1H", ms(3_600_000)),
            ("2M", ms(120_000)),
            ("99999999S", Duration::from_secs(99_999_999)),
            ("0m", ms(0)),
            ("1500u", Duration::from_micros(1_500)),
            ("7n", Duration::from_nanos(7)),
        ] {
            assert_eq!(parse_timeout(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "S",
            "1",
            "123456789S",
            "-1S",
            "+1S",
            "1s",
            "1 S",
            "½S",
            "1.5S",
        ] {
            assert_eq!(parse_timeout(text), None, "{text}");
        }
    }
}

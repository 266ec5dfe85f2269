//! The one line that the log has of a call that failed or was slow.

use std::time::Duration;

use tonic::Code;
use tracing::{debug, error, info, warn};

use crate::guard::calls::Bounded;
use crate::seeing::calls::{MethodCalls, code_name};
use crate::seeing::current::Current;
use crate::seeing::trace::Parent;

/// A call that has ended.
pub struct Ended<'a> {
    pub calls: &'a MethodCalls,
    pub code: Code,
    pub duration: Duration,
    pub current: &'a Current,
    pub parent: Option<Parent>,
    /// From what duration on it is slow.
    pub slow: Duration,
}

/// How much a code matters to whoever looks after the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// A defect.
    Defect,
    /// Something that the service needs is away.
    Fault,
    /// What the caller did, or what was counted and is meant to happen.
    Ordinary,
}

fn weight(code: Code, bounded: Bounded) -> Weight {
    match code {
        Code::Internal | Code::Unknown | Code::DataLoss => Weight::Defect,
        // Watches end so whenever the service stops, and go on elsewhere.
        Code::Unavailable if bounded == Bounded::Unary => Weight::Fault,
        _ => Weight::Ordinary,
    }
}

macro_rules! line {
    ($level:ident, $ended:expr, $($what:tt)*) => {{
        let ended: &Ended<'_> = $ended;
        let request_id = ended.current.request_id.as_ref();
        let request_id = request_id.and_then(|id| id.to_str().ok());
        let trace_id = ended.parent.map(|parent| format!("{:032x}", parent.trace_id));
        $level!(
            target: "bulletin::calls",
            request_id,
            trace_id,
            rpc.service = ended.calls.method.service,
            rpc.method = ended.calls.method.name,
            grpc.code = code_name(ended.code),
            duration_ms = ended.duration.as_secs_f64() * 1_000.0,
            causes = ended.current.causes.as_deref(),
            $($what)*
        );
    }};
}

impl Ended<'_> {
    pub fn say(&self) {
        let bounded = self.calls.method.bounded;
        let is_slow = bounded == Bounded::Unary && self.duration >= self.slow;
        match (self.code, weight(self.code, bounded)) {
            (Code::Ok, _) if self.current.causes.is_some() => {
                line!(warn, self, "a part of a call failed");
            }
            (Code::Ok, _) if is_slow => line!(info, self, "a call was slow"),
            (Code::Ok, _) => {}
            (_, Weight::Defect) => line!(error, self, "a call met a defect"),
            (_, Weight::Fault) => line!(warn, self, "a call failed"),
            (_, Weight::Ordinary) if is_slow => line!(info, self, "a call was slow, and failed"),
            (_, Weight::Ordinary) => line!(debug, self, "a call was refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_did_weighs_less_than_what_is_wrong_here() {
        for code in [
            Code::InvalidArgument,
            Code::NotFound,
            Code::Cancelled,
            Code::DeadlineExceeded,
        ] {
            assert_eq!(weight(code, Bounded::Unary), Weight::Ordinary, "{code:?}");
        }
        assert_eq!(weight(Code::Unavailable, Bounded::Unary), Weight::Fault);
        assert_eq!(weight(Code::Unavailable, Bounded::Watch), Weight::Ordinary);
        assert_eq!(weight(Code::Internal, Bounded::Watch), Weight::Defect);
    }
}

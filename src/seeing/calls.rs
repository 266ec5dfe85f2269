//! Counts of calls, one place a method, made before the first call: a call formats and looks up nothing
//! but its path.

use std::time::Duration;

use tonic::Code;

use crate::guard::calls::{ALL, Method};
use crate::tally::{CALL_US, Count, Level, Spread};

/// How many codes there are.
const CODES: usize = 17;

/// Every code by its number.
pub const CODE_NAMES: [&str; CODES] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

pub fn code_name(code: Code) -> &'static str {
    usize::try_from(i32::from(code))
        .ok()
        .and_then(|code| CODE_NAMES.get(code))
        .unwrap_or(&"UNKNOWN")
}

/// The calls of one method.
#[derive(Debug)]
pub struct MethodCalls {
    pub method: &'static Method,
    pub in_flight: Level,
    /// By code.
    pub ended: [Count; CODES],
    pub durations_us: Spread<16>,
}

/// The calls of all methods.
#[derive(Debug)]
pub struct Calls(Vec<MethodCalls>);

impl Default for Calls {
    fn default() -> Self {
        let calls = ALL.iter().map(|method| MethodCalls {
            method,
            in_flight: Level::default(),
            ended: Default::default(),
            durations_us: Spread::of(&CALL_US),
        });
        Self(calls.collect())
    }
}

impl Calls {
    pub fn of(&self, method: &Method) -> &MethodCalls {
        &self.0[method.index]
    }

    pub fn all(&self) -> &[MethodCalls] {
        &self.0
    }
}

impl MethodCalls {
    pub fn begun(&self) {
        self.in_flight.up();
    }

    pub fn ended(&self, code: Code, duration: Duration) {
        self.in_flight.down();
        let code = usize::try_from(i32::from(code)).unwrap_or(CODES);
        self.ended[code.min(CODES - 1)].raise();
        self.durations_us.add_time(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_protocol() {
        for (number, name) in CODE_NAMES.iter().enumerate() {
            let code = Code::from(i32::try_from(number).unwrap());
            // The library writes `InvalidArgument`.
            let plain = name.replace('_', "").to_lowercase();
            assert_eq!(format!("{code:?}").to_lowercase(), plain);
            assert_eq!(code_name(code), *name);
        }
    }
}

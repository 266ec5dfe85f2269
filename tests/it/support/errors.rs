//! Refusals as clients read them: code, reason, violations.

use std::collections::BTreeMap;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A status with its details read.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: Code,
    pub reason: String,
    pub message: String,
    /// Field and description of each violation.
    pub violations: Box<[(String, String)]>,
    pub metadata: BTreeMap<String, String>,
}

impl Refusal {
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().cloned();
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.clone());
        let violations = violations.unwrap_or_default().into_iter();
        if let Some(info) = &info {
            assert_eq!(info.domain, "bulletin.v1", "{status:?}");
        }
        Self {
            code: status.code(),
            reason: info
                .as_ref()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            message: status.message().to_owned(),
            violations: violations
                .map(|found| (found.field, found.description))
                .collect(),
            metadata: info
                .map(|info| info.metadata.into_iter().collect())
                .unwrap_or_default(),
        }
    }

    /// The answer, or the refusal.
    pub fn or<T>(outcome: Result<Response<T>, Status>) -> Result<T, Self> {
        outcome
            .map(Response::into_inner)
            .map_err(|status| Self::of(&status))
    }

    /// Fails unless it is this code and reason.
    #[track_caller]
    pub fn is(&self, code: Code, reason: &str) -> &Self {
        assert_eq!(
            (self.code, self.reason.as_str()),
            (code, reason),
            "{self:?}"
        );
        self
    }

    /// The fields of the violations, in order.
    pub fn fields(&self) -> Vec<&str> {
        self.violations
            .iter()
            .map(|(field, _)| field.as_str())
            .collect()
    }
}

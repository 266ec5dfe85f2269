//! Turns the service's error into a gRPC status, and nothing else does.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::error::{Error, Reason, Result, Violation};
use crate::pb::google;
use crate::seeing::current;

const DOMAIN: &str = "bulletin.v1";

/// When a call that met a passing fault should be tried again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Most bytes of violations, or of names, that one answer lists. Details travel in a header, in base64
/// and beside the sentence; many clients take 8 KiB of headers and break the call at more.
const LISTED_BYTES_MAX: usize = 3 * 1024;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        log(&error);
        let (code, reason) = code_and_reason(&error);
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, DOMAIN, metadata(&error));
        if let Error::Invalid(violations) = &error {
            let listed = fitting(violations.iter().map(field_violation), |violation| {
                violation.field.len() + violation.description.len() + violation.reason.len()
            });
            details.set_bad_request(listed);
        }
        if code == Code::Unavailable || matches!(error, Error::Overloaded { .. }) {
            details.set_retry_info(Some(RETRY_DELAY));
        }
        Status::with_error_details(code, error.to_string(), details)
    }
}

/// An error as a part of an answer: code, sentence and details as a call that ended in it would have.
pub fn described(error: Error) -> Result<google::rpc::Status> {
    google::rpc::Status::decode(Status::from(error).details()).map_err(Error::internal)
}

/// Logs what a caller cannot repair, once, with its causes: in the line of the call, where there is one.
fn log(error: &Error) {
    let is_ours = matches!(
        error,
        Error::Internal(_) | Error::NoPrimary(_) | Error::OutcomeUnknown(_) | Error::Interrupted(_)
    );
    if !is_ours {
        return;
    }
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let causes = causes.join(": ");
    let causes = match error {
        Error::Internal(_) => causes,
        _ => format!("{error}: {causes}"),
    };
    if let Err(causes) = current::leave_causes(causes) {
        match error {
            Error::Internal(_) => tracing::error!(causes, "a stream met a defect"),
            _ => tracing::warn!(causes, "a stream failed"),
        }
    }
}

fn code_and_reason(error: &Error) -> (Code, &'static str) {
    match error {
        Error::Invalid(violations) => (Code::InvalidArgument, first_reason(violations)),
        Error::Missing(_) => (Code::NotFound, "RECORD_MISSING"),
        Error::Exists { .. } => (Code::AlreadyExists, "RECORD_EXISTS"),
        Error::NotDeleted { .. } => (Code::AlreadyExists, "NOT_DELETED"),
        Error::EtagMismatch { .. } => (Code::Aborted, "ETAG_MISMATCH"),
        Error::IllegalTransition { .. } => (Code::FailedPrecondition, "ILLEGAL_TRANSITION"),
        Error::CorrectionReasonRequired { .. } => {
            (Code::FailedPrecondition, "CORRECTION_REASON_REQUIRED")
        }
        Error::Referenced { .. } => (Code::FailedPrecondition, "RECORD_REFERENCED"),
        Error::HasChildren { .. } => (Code::FailedPrecondition, "HAS_CHILDREN"),
        Error::HistoryForked { .. } => (Code::FailedPrecondition, "HISTORY_FORKED"),
        Error::SchemaNewer { .. } => (Code::FailedPrecondition, "SCHEMA_NEWER"),
        Error::RevisionCompacted { .. } | Error::RevisionAhead { .. } => {
            (Code::OutOfRange, "REVISION_COMPACTED")
        }
        Error::TooLarge { .. } => (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
        Error::Overloaded { .. } => (Code::ResourceExhausted, "OVERLOADED"),
        Error::DeadlineExceeded { .. } => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        Error::Unauthenticated => (Code::Unauthenticated, "UNAUTHENTICATED"),
        Error::PermissionDenied { .. } => (Code::PermissionDenied, "PERMISSION_DENIED"),
        Error::NoPrimary(_) => (Code::Unavailable, "NO_PRIMARY"),
        Error::ReplicaBehind { .. } | Error::OtherHistory | Error::Interrupted(_) => {
            (Code::Unavailable, "REPLICA_BEHIND")
        }
        Error::Draining | Error::WatchStopped { .. } => (Code::Unavailable, "DRAINING"),
        Error::OutcomeUnknown(_) => (Code::Unavailable, "OUTCOME_UNKNOWN"),
        Error::NotBuilt(_) => (Code::Unimplemented, "NOT_BUILT"),
        Error::Internal(_) => (Code::Internal, "INTERNAL"),
    }
}

/// The reason all violations share; of several, the plainest.
fn first_reason(violations: &[Violation]) -> &'static str {
    let shared = violations.first().map(|first| first.reason);
    match shared {
        Some(reason)
            if violations
                .iter()
                .all(|violation| violation.reason == reason) =>
        {
            word(reason)
        }
        _ => word(Reason::FieldInvalid),
    }
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::FieldInvalid => "FIELD_INVALID",
        Reason::FilterInvalid => "FILTER_INVALID",
        Reason::OrderInvalid => "ORDER_INVALID",
        Reason::PageTokenInvalid => "PAGE_TOKEN_INVALID",
        Reason::TokenInvalid => "TOKEN_INVALID",
        Reason::SpanMismatch => "SPAN_MISMATCH",
        Reason::SpanAmbiguous => "SPAN_AMBIGUOUS",
        Reason::ReferenceMissing => "REFERENCE_MISSING",
    }
}

fn field_violation(violation: &Violation) -> FieldViolation {
    FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
        reason: word(violation.reason).to_owned(),
        localized_message: None,
    }
}

/// The first items, at least one, that together are as long as an answer may list.
fn fitting<T>(items: impl Iterator<Item = T>, length: impl Fn(&T) -> usize) -> Vec<T> {
    let mut sum = 0;
    let mut listed = Vec::new();
    for item in items {
        sum += length(&item);
        if sum > LISTED_BYTES_MAX && !listed.is_empty() {
            break;
        }
        listed.push(item);
    }
    listed
}

/// What a program may want to read out of an error without reading its sentence.
fn metadata(error: &Error) -> HashMap<String, String> {
    let pairs: Vec<(&str, String)> = match error {
        Error::Missing(names) => {
            let listed = fitting(names.iter().map(String::as_str), |name| name.len() + 1);
            vec![
                ("names", listed.join(",")),
                ("count", names.len().to_string()),
            ]
        }
        Error::Exists { name, deleted } => {
            vec![("name", name.clone()), ("deleted", deleted.to_string())]
        }
        Error::NotDeleted { name } | Error::SchemaNewer { name } => vec![("name", name.clone())],
        Error::EtagMismatch { name, found, .. } => {
            vec![("name", name.clone()), ("etag", found.clone())]
        }
        Error::IllegalTransition { name, state, .. } => {
            vec![("name", name.clone()), ("state", (*state).to_owned())]
        }
        Error::CorrectionReasonRequired { article } => vec![("name", article.clone())],
        Error::Referenced { name, by } => vec![("name", name.clone()), ("by", by.clone())],
        Error::HasChildren { name, count } => {
            vec![("name", name.clone()), ("count", count.to_string())]
        }
        Error::PermissionDenied { role, .. } => vec![("role", (*role).to_owned())],
        Error::WatchStopped { token } => vec![("token", token.clone())],
        Error::HistoryForked { last_common, .. } => last_common
            .iter()
            .map(|token| ("last_common_token", token.clone()))
            .collect(),
        _ => Vec::new(),
    };
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

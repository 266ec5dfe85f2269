//! The one error of the service. `edge/status` alone turns it into a gRPC status.

use std::fmt;

use crate::names::Kind;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a field was refused; the words of `ErrorReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    FieldInvalid,
    FilterInvalid,
    OrderInvalid,
    PageTokenInvalid,
    TokenInvalid,
    SpanMismatch,
    SpanAmbiguous,
    ReferenceMissing,
}

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub reason: Reason,
    /// Path from the request, such as `article.people[0].id`.
    pub field: String,
    /// What was wrong, with which value, and what is allowed; reads on from the field.
    pub description: String,
}

impl Violation {
    pub fn new(reason: Reason, field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            reason,
            field: field.into(),
            description: description.into(),
        }
    }

    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(Reason::FieldInvalid, field, description)
    }

    /// A caller's text as an error may repeat it: quoted, escaped, and cut short.
    pub fn shown(text: &str) -> String {
        const SHOWN_MAX: usize = 80;
        match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{:?}…", &text[..end]),
            None => format!("{text:?}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.field, self.description)
    }
}

impl std::error::Error for Violation {}

/// What a call can end in, but for success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", sentence(.0))]
    Invalid(Vec<Violation>),
    #[error("{} {} not exist", listed(.0), if .0.len() == 1 { "does" } else { "do" })]
    Missing(Vec<String>),
    #[error("{} {name:?} exists{}", Kind::of(name).noun(), if *deleted { " and is deleted; undelete it instead" } else { "" })]
    Exists { name: String, deleted: bool },
    #[error("{} {name:?} is not deleted", Kind::of(name).noun())]
    NotDeleted { name: String },
    #[error("etag is stale: expected {expected:?}, found {found:?}")]
    EtagMismatch {
        name: String,
        expected: String,
        found: String,
    },
    #[error("{} {name:?} is {state} and cannot be {verb}{hint}", Kind::of(name).noun())]
    IllegalTransition {
        name: String,
        state: &'static str,
        verb: &'static str,
        hint: &'static str,
    },
    #[error("article {article:?} is PUBLISHED: correction_reason is required")]
    CorrectionReasonRequired { article: String },
    #[error("{} {name:?} is named by {by:?}", Kind::of(name).noun())]
    Referenced { name: String, by: String },
    #[error("article {name:?} has {count} statistic{}; set force to delete {} too", if *count == 1 { "" } else { "s" }, if *count == 1 { "it" } else { "them" })]
    HasChildren { name: String, count: usize },
    #[error("token {token:?} is of another history: revision {revision} is not in this one")]
    HistoryForked {
        token: String,
        revision: i64,
        last_common: Option<String>,
    },
    #[error("{} {name:?} was written by a newer release; upgrade this one, then retry", Kind::of(name).noun())]
    SchemaNewer { name: String },
    #[error("revision {revision} was compacted; the oldest that can be read is {oldest}")]
    RevisionCompacted { revision: i64, oldest: i64 },
    #[error("revision {revision} does not exist yet; the newest is {newest}")]
    RevisionAhead { revision: i64, newest: i64 },
    #[error("{what} of {size} bytes is longer than the limit of {limit}")]
    TooLarge {
        what: &'static str,
        size: usize,
        limit: usize,
    },
    /// Nothing was begun.
    #[error("the service has as many {what} as it takes; retry shortly")]
    Overloaded { what: &'static str },
    #[error(
        "the call took longer than the {} ms it was given{}",
        .given.as_millis(),
        if *.may_be_written { "; what it writes may still happen" } else { "" }
    )]
    DeadlineExceeded {
        given: std::time::Duration,
        may_be_written: bool,
    },
    /// Says nothing of why, which would help who guesses.
    #[error("the call carries no credentials that are accepted")]
    Unauthenticated,
    #[error("{what} needs the role {role}")]
    PermissionDenied { what: String, role: &'static str },
    #[error("the database cannot be reached; retry shortly")]
    NoPrimary(#[source] Cause),
    #[error("the replica is at revision {revision}, behind what the call asks for; retry shortly")]
    ReplicaBehind { revision: i64 },
    /// A replica is not of the history that is followed; another server is asked.
    #[error("the replica shows another history; retry shortly")]
    OtherHistory,
    /// The server ended a statement, as a standby does that must go on with its replay.
    #[error("the read was interrupted; retry shortly")]
    Interrupted(#[source] Cause),
    #[error("the service is stopping; retry on another instance")]
    Draining,
    #[error("the service is stopping; resume on another instance after token {token:?}")]
    WatchStopped { token: String },
    #[error(
        "the connection broke at commit and it is not known whether the write happened; read, then decide"
    )]
    OutcomeUnknown(#[source] Cause),
    #[error("{0} is not built yet")]
    NotBuilt(&'static str),
    /// A defect or an unforeseen state. The cause is logged, never sent.
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// What lies under an error; logged, never sent.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Violation::invalid(field, description).into()
    }

    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// What reads like the primary, and is none.
    pub fn standby() -> Self {
        Self::NoPrimary("its address leads to a standby".into())
    }

    pub fn missing(name: impl Into<String>) -> Self {
        Self::Missing(vec![name.into()])
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

fn sentence(violations: &[Violation]) -> String {
    match violations {
        [] => "the request is invalid".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more violations)", rest.len()),
    }
}

fn listed(names: &[String]) -> String {
    const LISTED_MAX: usize = 5;
    let noun = names.first().map_or("record", |name| Kind::of(name).noun());
    let shown: Vec<_> = names
        .iter()
        .take(LISTED_MAX)
        .map(|name| format!("{name:?}"))
        .collect();
    let rest = names.len().saturating_sub(LISTED_MAX);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    let plural = if names.len() > 1 { "s" } else { "" };
    format!("{noun}{plural} {}{more}", shown.join(", "))
}

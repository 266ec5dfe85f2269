//! Fields that requests share: consistency, pages, views, what is not built yet.

use std::time::Instant;

use tonic::Request;

use crate::error::{Error, Result, Violation};
use crate::guard::caller::Role;
use crate::guard::deadline::{TIMEOUT_HEADER, parse_timeout};
use crate::paging::Cursor;
use crate::pb::consistency::Requirement;
use crate::pb::{Consistency, Total, View, total};
use crate::route::{Bound, Freshness, WAIT_DEFAULT};
use crate::rules::Check;
use crate::sight::Sight;
use crate::token::AskedToken;

pub const PAGE_SIZE_DEFAULT: usize = 50;
pub const PAGE_SIZE_MAX: usize = 1_000;
pub const NAMES_MAX: usize = 1_000;
const ETAG_LENGTH_MAX: usize = 64;

/// How a single record is asked for.
pub enum Asked {
    Now(Freshness),
    /// As it was after this revision.
    At(i64, Freshness),
}

/// Until when the caller waits, less what an answer takes to reach it.
pub fn deadline<T>(request: &Request<T>) -> Instant {
    let timeout = request.metadata().get(TIMEOUT_HEADER);
    let timeout = timeout.and_then(|value| parse_timeout(value.to_str().ok()?));
    Instant::now() + timeout.map_or(WAIT_DEFAULT, |timeout| timeout - timeout / 8)
}

/// What the caller is shown.
pub fn sight<T>(request: &Request<T>) -> Sight {
    Role::of(request).sight()
}

pub fn asked(consistency: Option<Consistency>, deadline: Instant) -> Result<Asked> {
    let of = |bound, asked| Freshness {
        bound,
        asked,
        deadline,
    };
    match consistency.and_then(|consistency| consistency.requirement) {
        Some(Requirement::ExactlyAt(revision)) if revision < 0 => {
            let description = format!("must not be negative, got {revision}");
            Err(Error::invalid("consistency.exactly_at", description))
        }
        Some(Requirement::ExactlyAt(revision)) => {
            Ok(Asked::At(revision, of(Bound::Recent, Vec::new())))
        }
        Some(Requirement::AtLeastAsFresh(token)) => {
            let asked = AskedToken::parse("consistency.at_least_as_fresh", &token)?;
            Ok(Asked::Now(of(Bound::Tokens, vec![asked])))
        }
        // Asked for with `false`, they are not asked for.
        Some(Requirement::MinimizeLatency(true)) => Ok(Asked::Now(of(Bound::Any, Vec::new()))),
        Some(Requirement::FullyConsistent(true)) => Ok(Asked::Now(of(Bound::Primary, Vec::new()))),
        Some(Requirement::MinimizeLatency(false) | Requirement::FullyConsistent(false)) | None => {
            Ok(Asked::Now(of(Bound::Recent, Vec::new())))
        }
    }
}

/// The same, where a single old revision cannot be asked for.
pub fn freshness(consistency: Option<Consistency>, deadline: Instant) -> Result<Freshness> {
    match asked(consistency, deadline)? {
        Asked::Now(freshness) => Ok(freshness),
        Asked::At(..) => Err(Error::invalid(
            "consistency.exactly_at",
            "must be unset here: only a Get of one record reads an old revision",
        )),
    }
}

/// A later page must be of the first page's history, beside what the caller asks.
pub fn continued(mut freshness: Freshness, cursor: Option<&Cursor>) -> Freshness {
    freshness
        .asked
        .extend(cursor.map(|cursor| cursor.history.clone()));
    freshness
}

pub fn page_size(asked: i32) -> Result<usize> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_SIZE_DEFAULT),
        Ok(size) => Ok(size.min(PAGE_SIZE_MAX)),
        Err(_) => Err(Error::invalid(
            "page_size",
            format!("must not be negative, got {asked}"),
        )),
    }
}

/// A view, `default` when unset.
pub fn view(asked: i32, default: View) -> Result<View> {
    match View::try_from(asked) {
        Ok(View::Unspecified) => Ok(default),
        Ok(view) => Ok(view),
        Err(_) => {
            let description = format!("must be a view this service knows, got {asked}");
            Err(Error::invalid("view", description))
        }
    }
}

/// Names of a batch: each as `form` checks it, at least one, at most 1,000.
pub fn names(
    names: &[String],
    form: impl Fn(&str, &str) -> Result<(), Violation>,
) -> Result<Vec<&str>> {
    let mut check = Check::default();
    if names.is_empty() {
        check.refuse(
            "names",
            format!("must have 1 to {NAMES_MAX} items, got none"),
        );
    }
    check.count("names", names.len(), NAMES_MAX);
    for (index, name) in names.iter().take(NAMES_MAX).enumerate() {
        // The place is told of few, and takes as long to write as a name to look up.
        if form("names", name).is_err() {
            check.take(form(&format!("names[{index}]"), name));
        }
    }
    check.finish()?;
    Ok(names.iter().map(String::as_str).collect())
}

/// The name of a record to be created; when it is malformed, all that is wrong with the record too.
pub fn named<N>(name: Result<N, Violation>, prove: impl FnOnce() -> Result<()>) -> Result<N> {
    let violation = match name {
        Ok(name) => return Ok(name),
        Err(violation) => violation,
    };
    let mut violations = vec![violation];
    if let Err(Error::Invalid(more)) = prove() {
        violations.extend(more);
    }
    Err(Error::Invalid(violations))
}

/// A caller's etag; the current one is compared under the lock.
pub fn etag(field: &str, etag: String) -> Result<String> {
    let mut check = Check::default();
    check.line(field, &etag, ETAG_LENGTH_MAX);
    check.finish().map(|()| etag)
}

/// How many records a list has is asked for.
pub fn total_mode(asked: i32) -> Result<total::Mode> {
    total::Mode::try_from(asked).map_err(|_| {
        let description = format!("must be a mode this service knows, got {asked}");
        Error::invalid("total", description)
    })
}

/// The number as the response has it.
pub fn total(mode: total::Mode, size: Option<i64>) -> Option<Total> {
    size.map(|size| Total {
        mode: mode.into(),
        size,
    })
}

/// A message that must be set.
pub fn required<T>(field: &str, message: Option<T>) -> Result<T> {
    message.ok_or_else(|| Error::invalid(field, "must be set"))
}

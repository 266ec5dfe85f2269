//! Pages for a person's browser on the ops port, for those who ask for them (`--ops-page`): articles with
//! what was read of them marked, the records beside, and what became of them. Reads by the API alone.

mod article;
pub mod calls;
mod difference;
mod door;
mod html;
mod list;
mod marked;
mod records;
mod station;
mod versions;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use maud::Markup;
use prost::bytes::Bytes;
use tokio::task::spawn_blocking;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use self::calls::{Calls, Inside};
use self::door::{Door, Outside};
use self::html::{document, entrance};
use crate::pb::GetHeadRequest;

/// Below this everything is.
pub const PATH: &str = "/look";

/// Whether a path is one of these pages'.
pub fn is_below(path: &str) -> bool {
    let rest = path.strip_prefix(PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Most of a form: a token is a few KiB at most.
const FORM_BYTES_MAX: usize = 32 * 1024;

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// What every answer says. Nothing but the style of this place is loaded, nothing is run, and nothing is
/// kept by a browser.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Forms say where they come from only where links within this place do.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

type Answer = Response<Full<Bytes>>;

/// The pages, which can be read once the service has started.
pub struct Look {
    door: Door,
    inside: OnceLock<Weak<Inside>>,
}

/// A page before it is put into its frame.
pub struct Page {
    pub title: String,
    /// What was searched for.
    pub query: String,
    pub body: Markup,
}

impl Page {
    pub fn new(title: impl Into<String>, body: Markup) -> Self {
        Self {
            title: title.into(),
            query: String::new(),
            body,
        }
    }
}

/// What a query or a form says, the last of each name.
type Fields = HashMap<String, String>;

fn fields(encoded: &[u8]) -> Fields {
    let pairs = form_urlencoded::parse(encoded);
    let owned = |text: Cow<'_, str>| text.into_owned();
    pairs
        .map(|(name, value)| (owned(name), owned(value)))
        .collect()
}

fn field<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map(String::as_str).unwrap_or_default()
}

impl Look {
    /// Visitors come by this machine alone, unless it is said that others may in plain HTTP.
    pub fn new(is_open: bool) -> Self {
        Self {
            door: Door::new(is_open),
            inside: OnceLock::new(),
        }
    }

    /// The service has started.
    pub fn open(&self, inside: Weak<Inside>) {
        // Opened once, as the service starts once.
        let _ = self.inside.set(inside);
    }

    pub async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        let mut answer = self.answer_plainly(request, peer).await;
        for (name, value) in HEADERS {
            let value = HeaderValue::from_static(value);
            answer.headers_mut().insert(name, value);
        }
        answer
    }

    async fn answer_plainly(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        if let Err(Outside(why)) = self.door.check(request.headers(), peer) {
            return self.refusal(request.headers(), StatusCode::FORBIDDEN, why);
        }
        let path = request.uri().path().to_owned();
        let path = path.strip_prefix(PATH).unwrap_or_default();
        let is_form = matches!(path, "/enter" | "/leave");
        let allowed = match is_form {
            true => "POST",
            false => "GET, HEAD",
        };
        let is_allowed = match *request.method() {
            Method::POST => is_form,
            Method::GET | Method::HEAD => !is_form,
            _ => false,
        };
        if !is_allowed {
            let (status, why) = (StatusCode::METHOD_NOT_ALLOWED, "this is not how to ask");
            let mut refusal = self.refusal(request.headers(), status, why);
            let allowed = HeaderValue::from_static(allowed);
            refusal.headers_mut().insert(header::ALLOW, allowed);
            return refusal;
        }
        match path {
            "/style.css" => answer(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned()),
            "/icon.svg" => answer(StatusCode::OK, "image/svg+xml", ICON.to_owned()),
            "/enter" => self.enter(request).await,
            "/leave" => self.leave(request.headers()),
            _ => self.page(path, &request).await,
        }
    }

    /// The services, unless there are none yet or none any more.
    fn inside(&self) -> Result<Arc<Inside>, Status> {
        let inside = self.inside.get();
        let inside = inside.ok_or_else(|| Status::unavailable("the service is starting"))?;
        let inside = inside.upgrade();
        inside.ok_or_else(|| Status::unavailable("the service is stopping"))
    }

    async fn page<B>(&self, path: &str, request: &Request<B>) -> Answer {
        let headers = request.headers();
        let query = request.uri().query().unwrap_or_default();
        let made = match self.inside() {
            Ok(inside) => {
                let calls = Calls::new(inside, self.door.authorization(headers));
                page(&calls, path, &fields(query.as_bytes())).await
            }
            Err(status) => Err(status),
        };
        let page = match made {
            Ok(page) => page,
            Err(status) if status.code() == Code::Unauthenticated => {
                let to = request.uri().path_and_query();
                let to = to.map_or(PATH, |to| to.as_str());
                return self.ask(headers, to, status.message());
            }
            Err(status) => return self.refusal(headers, http_status(&status), status.message()),
        };
        let is_known = self.door.knows(headers);
        let whole = document(&page.title, &page.query, is_known, &page.body);
        html_answer(StatusCode::OK, whole)
    }

    /// A token is tried before it is kept.
    async fn enter(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        if !door::is_from_here(&head.headers) {
            let why = "the form was sent from elsewhere";
            return self.refusal(&head.headers, StatusCode::FORBIDDEN, why);
        }
        let Ok(body) = Limited::new(body, FORM_BYTES_MAX).collect().await else {
            let (status, why) = (StatusCode::PAYLOAD_TOO_LARGE, "a token is shorter");
            return self.refusal(&head.headers, status, why);
        };
        let form = fields(&body.to_bytes());
        // What leads elsewhere leads to the beginning.
        let to = field(&form, "to");
        let is_here = is_below(to.split('?').next().unwrap_or_default());
        let to = if is_here { to } else { PATH };
        let authorization = format!("Bearer {}", field(&form, "token").trim());
        let tried = match (MetadataValue::try_from(authorization), self.inside()) {
            (Ok(mut authorization), Ok(inside)) => {
                authorization.set_sensitive(true);
                let calls = Calls::new(inside, Some(authorization.clone()));
                let head = calls.get_head(GetHeadRequest {}).await;
                head.map(|_| authorization)
            }
            (Err(_), _) => Err(Status::unauthenticated("that is no token")),
            (_, Err(status)) => Err(status),
        };
        let status = match tried {
            Ok(authorization) => match self.door.enter(authorization) {
                Some(cookie) => return see_other(to, &cookie),
                None => Status::internal("there is no randomness to make a cookie of"),
            },
            Err(status) => status,
        };
        match status.code() {
            Code::Unauthenticated => self.ask(&head.headers, to, status.message()),
            _ => self.refusal(&head.headers, http_status(&status), status.message()),
        }
    }

    fn leave(&self, headers: &HeaderMap) -> Answer {
        match door::is_from_here(headers) {
            true => see_other(PATH, &self.door.leave(headers)),
            false => {
                let why = "the form was sent from elsewhere";
                self.refusal(headers, StatusCode::FORBIDDEN, why)
            }
        }
    }

    fn ask(&self, headers: &HeaderMap, to: &str, message: &str) -> Answer {
        let is_known = self.door.knows(headers);
        let whole = document("Who are you?", "", is_known, &entrance(to, message));
        let mut answer = html_answer(StatusCode::UNAUTHORIZED, whole);
        let scheme = HeaderValue::from_static("Bearer");
        answer
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        answer
    }

    fn refusal(&self, headers: &HeaderMap, status: StatusCode, message: &str) -> Answer {
        let title = status.canonical_reason().unwrap_or("Error");
        let body = maud::html! { h1 { (title) } p { (message) "." } };
        let whole = document(title, "", self.door.knows(headers), &body);
        html_answer(status, whole)
    }
}

async fn page(calls: &Calls, path: &str, query: &Fields) -> Result<Page, Status> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let page = field(query, "page");
    match *parts {
        [] | [""] => match field(query, "q").trim() {
            "" => list::newest(calls, page).await,
            words => list::found(calls, words, page).await,
        },
        ["articles", id] => article::page(calls, format!("articles/{id}")).await,
        ["stations", id] => station::page(calls, format!("stations/{id}"), page).await,
        [collection @ ("articles" | "stations"), id, "versions"] => {
            versions::page(calls, format!("{collection}/{id}"), page).await
        }
        ["articles", article, "statistics", id, "versions"] => {
            let name = format!("articles/{article}/statistics/{id}");
            versions::page(calls, name, page).await
        }
        _ => Err(Status::not_found("there is no such page")),
    }
}

/// Makes a page beside the tasks that serve calls: a large one takes a while.
async fn made(make: impl FnOnce() -> Page + Send + 'static) -> Result<Page, Status> {
    let made = spawn_blocking(make).await;
    made.map_err(|_| Status::internal("the page could not be made"))
}

fn http_status(status: &Status) -> StatusCode {
    match status.code() {
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::FailedPrecondition | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn html_answer(status: StatusCode, page: Markup) -> Answer {
    answer(status, "text/html; charset=utf-8", page.into_string())
}

fn see_other(to: &str, cookie: &str) -> Answer {
    let mut answer = answer(
        StatusCode::SEE_OTHER,
        "text/plain; charset=utf-8",
        String::new(),
    );
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static(PATH));
    answer.headers_mut().insert(header::LOCATION, to);
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

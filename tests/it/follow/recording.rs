//! Watches that keep all they are sent, and go on where they were cut off.

use std::sync::Arc;
use std::time::Duration;

use bulletin::pb::change_service_client::ChangeServiceClient;
use bulletin::pb::watch_changes_request::Start;
use bulletin::pb::{WatchChangesRequest, WatchChangesResponse};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// One call.
#[derive(Clone, Debug)]
pub struct Session {
    pub start: Option<Start>,
    pub messages: Vec<WatchChangesResponse>,
    pub ended: Option<Status>,
}

/// All calls of one watch, each from where the one before may be resumed.
#[derive(Clone, Debug)]
pub struct Recording {
    pub asked: WatchChangesRequest,
    pub sessions: Vec<Session>,
}

/// Where watches connect to; it moves when a service is started again.
#[derive(Clone, Debug)]
pub struct Addresses(Arc<watch::Sender<String>>);

impl Addresses {
    pub fn new(address: std::net::SocketAddr) -> Self {
        Self(Arc::new(watch::Sender::new(address.to_string())))
    }

    pub fn move_to(&self, address: std::net::SocketAddr) {
        self.0.send_replace(address.to_string());
    }

    /// A connection of its own, as another client would have.
    pub fn connect(&self) -> ChangeServiceClient<Channel> {
        self.connect_with(|endpoint| endpoint)
    }

    pub fn connect_with(
        &self,
        set: impl FnOnce(Endpoint) -> Endpoint,
    ) -> ChangeServiceClient<Channel> {
        let address = format!("http://{}", *self.0.borrow());
        let endpoint = Endpoint::from_shared(address).unwrap();
        let endpoint = endpoint.connect_timeout(Duration::from_secs(5));
        ChangeServiceClient::new(set(endpoint).connect_lazy())
    }
}

/// A watch that runs until it has seen a revision.
pub struct Watching {
    task: JoinHandle<Recording>,
    goal: watch::Sender<i64>,
    pub seen: watch::Receiver<i64>,
}

impl Watching {
    pub fn start(addresses: &Addresses, asked: WatchChangesRequest) -> Self {
        let (goal, goal_asked) = watch::channel(i64::MAX);
        let (seen, seen_asked) = watch::channel(-1);
        let task = tokio::spawn(record(addresses.clone(), asked, goal_asked, seen));
        Self {
            task,
            goal,
            seen: seen_asked,
        }
    }

    /// Waits until the watch has begun.
    pub async fn begun(mut self) -> Self {
        let _ = self.seen.wait_for(|seen| *seen >= 0).await.unwrap();
        self
    }

    /// All that was recorded, once everything up to a revision was seen.
    pub async fn until(self, revision: i64) -> Recording {
        self.goal.send_replace(revision);
        let recorded = tokio::time::timeout(Duration::from_secs(60), self.task).await;
        recorded
            .expect("a watch sees every revision in time")
            .unwrap()
    }
}

async fn record(
    addresses: Addresses,
    asked: WatchChangesRequest,
    mut goal: watch::Receiver<i64>,
    seen: watch::Sender<i64>,
) -> Recording {
    let mut sessions: Vec<Session> = Vec::new();
    let mut start = asked.start.clone();
    loop {
        let request = WatchChangesRequest {
            start: start.clone(),
            ..asked.clone()
        };
        let mut session = Session {
            start: start.clone(),
            messages: Vec::new(),
            ended: None,
        };
        let is_over = call(&addresses, request, &mut session, &mut goal, &seen).await;
        start = resume(&session).or(start);
        sessions.push(session);
        if is_over {
            return Recording { asked, sessions };
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the goal was seen.
async fn call(
    addresses: &Addresses,
    request: WatchChangesRequest,
    session: &mut Session,
    goal: &mut watch::Receiver<i64>,
    seen: &watch::Sender<i64>,
) -> bool {
    let mut stream = match addresses.connect().watch_changes(request).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => {
            expect_outage(&status);
            session.ended = Some(status);
            return false;
        }
    };
    loop {
        if *seen.borrow() >= *goal.borrow_and_update() {
            return true;
        }
        let message = tokio::select! {
            message = stream.message() => message,
            changed = goal.changed() => {
                changed.unwrap();
                continue;
            }
        };
        match message {
            Ok(Some(message)) => {
                let is_whole = !message.token.is_empty() && message.cursor.is_empty();
                if is_whole {
                    seen.send_replace(revision_of(&message.token));
                }
                session.messages.push(message);
            }
            Ok(None) => return false,
            Err(status) => {
                expect_outage(&status);
                session.ended = Some(status);
                return false;
            }
        }
    }
}

/// Where a watch goes on: at the last message that says so.
pub fn resume(session: &Session) -> Option<Start> {
    let messages = session.messages.iter().rev();
    let mut starts = messages.filter_map(|message| match message {
        _ if !message.cursor.is_empty() => Some(Start::Cursor(message.cursor.clone())),
        _ if !message.token.is_empty() => Some(Start::Token(message.token.clone())),
        _ => None,
    });
    starts.next()
}

/// A start after a token.
pub fn from(token: &str) -> Start {
    Start::Token(token.to_owned())
}

pub fn revision_of(token: &str) -> i64 {
    token.split('-').next().unwrap().parse().unwrap()
}

/// A watch may end because the service does, and for no other reason. One that was killed says nothing,
/// so the client speaks for it.
fn expect_outage(status: &Status) {
    let is_of_client = matches!(
        status.code(),
        Code::Unknown | Code::Internal | Code::Cancelled
    );
    assert!(
        status.code() == Code::Unavailable || is_of_client && status.details().is_empty(),
        "{status:?}"
    );
}

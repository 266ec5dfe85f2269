//! Who makes a call. The layer that asks for it puts it into the request's extensions; a handler takes it
//! from there, and nothing else decides what somebody may do or see.

use std::sync::Arc;

use tonic::Request;

use crate::sight::Sight;

/// What a caller may do: each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads what is published.
    Reader,
    /// Reads drafts and deleted records too, and writes.
    Editor,
    /// Imports, deletes what was retracted, and sees who wrote what.
    Admin,
}

impl Role {
    /// Of who makes this call; somebody unknown may do the least.
    pub fn of<T>(request: &Request<T>) -> Self {
        let caller = request.extensions().get::<Caller>();
        caller.map_or(Role::Reader, |caller| caller.role)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Editor => "editor",
            Role::Admin => "admin",
        }
    }

    /// Whether drafts, proposed stations and deleted records are shown.
    pub fn sees_unpublished(self) -> bool {
        self >= Role::Editor
    }

    pub fn sight(self) -> Sight {
        match self.sees_unpublished() {
            true => Sight::All,
            false => Sight::Public,
        }
    }
}

/// Who makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the log keeps as the actor of a write; empty where nobody is asked who he is.
    pub id: Arc<str>,
    pub role: Role,
}

impl Caller {
    /// Whoever calls, where nobody is asked who he is.
    pub fn anybody() -> Self {
        Self {
            id: "".into(),
            role: Role::Admin,
        }
    }

    /// Who made this call; somebody unknown may do the least.
    pub fn of<T>(request: &Request<T>) -> Self {
        let caller = request.extensions().get::<Self>();
        caller.cloned().unwrap_or_else(|| Self {
            id: "".into(),
            role: Role::Reader,
        })
    }
}

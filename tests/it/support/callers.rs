//! Who calls, as a test says: role and id stand in the header that every client sends of itself.

use std::sync::Arc;

use bulletin::error::{Error, Result};
use bulletin::guard::caller::{Caller, Role};
use bulletin::guard::identify::Identify;
use tonic::codegen::http::header::USER_AGENT;
use tonic::codegen::http::request::Parts;

/// The service tells callers apart by `caller=<role>/<id>`, and believes nobody else.
pub fn named_callers() -> Arc<dyn Identify> {
    Arc::new(NamedCallers)
}

#[derive(Debug)]
struct NamedCallers;

impl Identify for NamedCallers {
    fn identify(&self, call: &Parts) -> Result<Caller> {
        let header = call.headers.get(USER_AGENT);
        let agent = header.and_then(|agent| std::str::from_utf8(agent.as_bytes()).ok());
        agent.and_then(parse).ok_or(Error::Unauthenticated)
    }
}

/// What a client of this role and id says of itself; ids have no spaces.
pub fn agent(role: Role, id: &str) -> String {
    format!("caller={}/{id}", role.as_str())
}

fn parse(agent: &str) -> Option<Caller> {
    let (name, _) = agent.strip_prefix("caller=")?.split_once(' ')?;
    let (role, id) = name.split_once('/')?;
    let mut roles = [Role::Reader, Role::Editor, Role::Admin].into_iter();
    Some(Caller {
        id: id.into(),
        role: roles.find(|known| known.as_str() == role)?,
    })
}

//! Replies, each with the header `bulletin-token`.

use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::changes::committer::Committed;
use crate::edge::wire::Record;
use crate::error::{Error, Result};
use crate::reading::Snapshot;

/// The header of every response: at least as new as every record in it.
pub const TOKEN_HEADER: &str = "bulletin-token";

pub type Reply<T> = std::result::Result<Response<T>, Status>;

/// The header of a read at any age: how old what it shows may be, in milliseconds.
pub const AGE_HEADER: &str = "bulletin-age-ms";

pub fn reply<T>(message: T, snapshot: impl Into<Snapshot>) -> Result<Response<T>> {
    let Snapshot { token, age, .. } = snapshot.into();
    let mut response = Response::new(message);
    let headers = response.metadata_mut();
    let value = MetadataValue::try_from(token.to_string()).map_err(Error::internal)?;
    headers.insert(TOKEN_HEADER, value);
    if let Some(age) = age {
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        headers.insert(AGE_HEADER, MetadataValue::from(age_ms));
    }
    Ok(response)
}

/// The reply to a write: the record it left.
pub fn written(committed: Committed) -> Reply<Record> {
    Ok(reply(Record(committed.answer.into()), committed.token)?)
}

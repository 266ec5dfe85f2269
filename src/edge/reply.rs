//! Replies, each with the header `bulletin-token`.

use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::changes::committer::Committed;
use crate::edge::wire::Record;
use crate::error::{Error, Result};
use crate::token::Token;

/// The header of every response: at least as new as every record in it.
pub const TOKEN_HEADER: &str = "bulletin-token";

pub type Reply<T> = std::result::Result<Response<T>, Status>;

pub fn reply<T>(message: T, token: &Token) -> Result<Response<T>> {
    let mut response = Response::new(message);
    let value = MetadataValue::try_from(token.to_string()).map_err(Error::internal)?;
    response.metadata_mut().insert(TOKEN_HEADER, value);
    Ok(response)
}

/// The reply to a write: the record it left.
pub fn written(committed: Committed) -> Reply<Record> {
    Ok(reply(Record(committed.answer), &committed.token)?)
}

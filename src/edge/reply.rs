//! Replies, each with the header `bulletin-token`.

use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::changes::committer::Committed;
use crate::error::{Error, Result};
use crate::record::decode;
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
pub fn written<R: Message + Default>(committed: &Committed) -> Reply<R> {
    let record = decode::<R>(&committed.answer)?;
    Ok(reply(record, &committed.token)?)
}

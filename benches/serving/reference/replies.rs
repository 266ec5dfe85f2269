//! The file that tells the echo what to answer.

use std::fs;
use std::path::Path;

use anyhow::Result;
use prost::Message;

use crate::prepare::Prepared;

#[derive(Clone, PartialEq, Message)]
pub struct Kept {
    #[prost(string, tag = "1")]
    pub path: String,
    #[prost(string, tag = "2")]
    pub key: String,
    #[prost(bytes = "vec", tag = "3")]
    pub reply: Vec<u8>,
}

pub fn write(path: &Path, prepared: &[&Prepared]) -> Result<()> {
    let mut bytes = Vec::new();
    for prepared in prepared {
        for exchange in &prepared.exchanges {
            let kept = Kept {
                path: prepared.method.path().to_string(),
                key: exchange.key.clone(),
                reply: exchange.expected.bytes.to_vec(),
            };
            kept.encode_length_delimited(&mut bytes)?;
        }
    }
    Ok(fs::write(path, bytes)?)
}

pub fn read(path: &Path) -> Result<Vec<Kept>> {
    let bytes = fs::read(path)?;
    let mut rest = bytes.as_slice();
    let mut kept = Vec::new();
    while !rest.is_empty() {
        kept.push(Kept::decode_length_delimited(&mut rest)?);
    }
    Ok(kept)
}

//! Messages as lines of canonical proto3 JSON.

use prost::Message;
use prost_reflect::DynamicMessage;

use crate::pb;

/// A message and a line feed; `name` is the message's full name.
pub fn line<M: Message>(name: &str, message: &M) -> anyhow::Result<Vec<u8>> {
    let descriptor = pb::POOL
        .get_message_by_name(name)
        .expect("the API has this message");
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message)?;
    let mut line = serde_json::to_vec(&dynamic)?;
    line.push(b'\n');
    Ok(line)
}

//! Records from JSON lines, written through the same drafts as any other.

use std::fmt::Display;

use prost_reflect::{DynamicMessage, MessageDescriptor};

use crate::changes::committer::Committer;
use crate::error::{Error, Result};
use crate::pb::{POOL, Record};
use crate::token::Token;
use crate::transfer::chunk::Chunk;

/// The page the service starts with: `seeds/README.md` says what it is.
pub const PAGE: &str = include_str!("../seeds/bulletin-page.jsonl");

/// What every line is.
pub const MESSAGE: &str = "bulletin.v1.Record";

/// Reads one record a line, in canonical proto3 JSON; empty lines are passed over.
pub fn parse(lines: &str) -> Result<Vec<Record>> {
    let numbered = lines
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(index, line)| parse_line(index + 1, line))
        .collect()
}

/// What describes a record, for its JSON form.
pub fn descriptor() -> MessageDescriptor {
    POOL.get_message_by_name(MESSAGE)
        .expect("the API has this message")
}

/// Reads a record from a line.
pub fn parse_line(number: usize, line: &str) -> Result<Record> {
    let refused = |problem: String| Error::invalid(format!("line {number}"), problem);
    let mut json = serde_json::Deserializer::from_str(line);
    let message = DynamicMessage::deserialize(descriptor(), &mut json)
        .map_err(|error| refused(format!("must be a {MESSAGE} in JSON: {}", told(&error))))?;
    json.end()
        .map_err(|error| refused(format!("must be one JSON object: {}", told(&error))))?;
    message
        .transcode_to()
        .map_err(|error| refused(told(&error)))
}

/// What a parser says, which may be the line itself: cut short, and without what a terminal would obey.
fn told(problem: &impl Display) -> String {
    const TOLD_MAX: usize = 300;
    let problem = problem.to_string();
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let told = problem.chars().take(TOLD_MAX).map(plain);
    let is_cut = problem.chars().nth(TOLD_MAX).is_some();
    told.chain(is_cut.then_some('…')).collect()
}

/// Writes the records that do not exist yet, as one revision.
pub async fn load(committer: &Committer, records: Vec<Record>) -> Result<Token> {
    let committed = committer
        .submit(Chunk::of_seeds(records), "", false)
        .await?;
    Ok(committed.token)
}

//! The messages of a watch.

use prost::Message as _;

use crate::edge::wire::{AnyRecord, Change, WatchChangesResponse};
use crate::pb::watch_changes_response::Type;
use crate::token::Token;

/// Above this a revision is split.
const MESSAGE_BYTES: usize = 1024 * 1024;

pub fn started(position: &Token, cursor: String) -> WatchChangesResponse {
    WatchChangesResponse {
        cursor,
        ..at(Type::Started, position)
    }
}

pub fn snapshot(records: Vec<AnyRecord>, cursor: String) -> WatchChangesResponse {
    WatchChangesResponse {
        r#type: Type::Snapshot.into(),
        records,
        cursor,
        ..WatchChangesResponse::default()
    }
}

pub fn snapshot_end(position: &Token) -> WatchChangesResponse {
    at(Type::SnapshotEnd, position)
}

pub fn checkpoint(position: &Token) -> WatchChangesResponse {
    at(Type::Checkpoint, position)
}

/// The changes of one revision, in as many messages as they need; the last has the token.
pub fn changes(token: &Token, changes: Vec<Change>) -> Vec<WatchChangesResponse> {
    let mut parts: Vec<Vec<Change>> = Vec::new();
    let mut size = 0;
    for change in changes {
        let length = change.encoded_len();
        match parts.last_mut() {
            Some(part) if size + length <= MESSAGE_BYTES => part.push(change),
            _ => {
                parts.push(vec![change]);
                size = 0;
            }
        }
        size += length;
    }
    let last = parts.len().saturating_sub(1);
    let message = |(place, changes)| WatchChangesResponse {
        r#type: Type::Changes.into(),
        token: if place == last {
            token.to_string()
        } else {
            String::new()
        },
        changes,
        ..WatchChangesResponse::default()
    };
    parts.into_iter().enumerate().map(message).collect()
}

fn at(kind: Type, position: &Token) -> WatchChangesResponse {
    WatchChangesResponse {
        r#type: kind.into(),
        token: position.to_string(),
        ..WatchChangesResponse::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{CHAIN_LENGTH, Chain};

    #[test]
    fn a_large_revision_is_split_and_only_its_end_may_be_stored() {
        let token = Token {
            revision: 7,
            chain: Chain([1; CHAIN_LENGTH]),
        };
        let change = |length| Change {
            reason: "x".repeat(length),
            ..Change::default()
        };
        let lengths = |sizes: &[usize]| -> Vec<(usize, bool)> {
            let given = sizes.iter().map(|size| change(*size)).collect();
            let messages = changes(&token, given);
            let parts = messages.iter();
            parts
                .map(|part| (part.changes.len(), !part.token.is_empty()))
                .collect()
        };
        assert_eq!(lengths(&[10, 10, 10]), [(3, true)]);
        let half = MESSAGE_BYTES / 2 + 1;
        assert_eq!(lengths(&[half, half, 10]), [(1, false), (2, true)]);
        assert_eq!(
            lengths(&[3 * MESSAGE_BYTES, 10, half]),
            [(1, false), (2, true)]
        );
        assert_eq!(lengths(&[]), []);
    }
}

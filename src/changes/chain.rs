//! The hash chain over revisions: `chain(n)` binds everything up to and including revision n.
//!
//! `chain(n) = SHA-256("bulletin.rev.1" ‖ chain(n-1) ‖ n ‖ commit_time ‖ actor ‖ reason ‖ each row's
//! kind, name, op, digest)`. Every part is preceded by its length as a big-endian u64; integers are
//! big-endian i64, the time in microseconds since 1970.

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

use crate::token::{CHAIN_LENGTH, Chain};

const DOMAIN: &[u8] = b"bulletin.rev.1";

/// What the chain binds of a revision, beside its rows.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub revision: i64,
    pub commit_time_us: i64,
    pub actor: &'a str,
    pub reason: &'a str,
}

/// What the chain binds of a row.
#[derive(Clone, Copy, Debug)]
pub struct EntryRow<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    pub op: &'a str,
    pub digest: &'a [u8],
}

/// The link that follows `previous`.
pub fn link<'a>(
    previous: &Chain,
    entry: Entry<'_>,
    rows: impl IntoIterator<Item = EntryRow<'a>>,
) -> Chain {
    let mut context = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    part(DOMAIN);
    part(&previous.0);
    part(&entry.revision.to_be_bytes());
    part(&entry.commit_time_us.to_be_bytes());
    part(entry.actor.as_bytes());
    part(entry.reason.as_bytes());
    for row in rows {
        part(row.kind.as_bytes());
        part(row.name.as_bytes());
        part(row.op.as_bytes());
        part(row.digest);
    }
    chain_of(&context.finish())
}

/// The digest of a record's bytes.
pub fn record_digest(record: &[u8]) -> [u8; CHAIN_LENGTH] {
    chain_of(&digest(&SHA256, record)).0
}

fn chain_of(digest: &Digest) -> Chain {
    Chain::from_slice(digest.as_ref()).expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_binds_every_part_and_where_it_ends() {
        let base = Entry {
            revision: 1,
            commit_time_us: 2,
            actor: "ab",
            reason: "c",
        };
        let row = EntryRow {
            kind: "ARTICLE",
            name: "articles/ab",
            op: "CREATED",
            digest: &[1; 32],
        };
        let zero = Chain([0; CHAIN_LENGTH]);
        let of = |previous: &Chain, entry, rows: &[EntryRow<'_>]| {
            link(previous, entry, rows.iter().copied())
        };
        let links = [
            of(&zero, base, &[row]),
            of(&Chain([1; CHAIN_LENGTH]), base, &[row]),
            of(
                &zero,
                Entry {
                    revision: 2,
                    ..base
                },
                &[row],
            ),
            of(
                &zero,
                Entry {
                    commit_time_us: 3,
                    ..base
                },
                &[row],
            ),
            of(
                &zero,
                Entry {
                    actor: "a",
                    reason: "bc",
                    ..base
                },
                &[row],
            ),
            of(
                &zero,
                base,
                &[EntryRow {
                    op: "UPDATED",
                    ..row
                }],
            ),
            of(
                &zero,
                base,
                &[EntryRow {
                    digest: &[2; 32],
                    ..row
                }],
            ),
            of(&zero, base, &[row, row]),
            of(&zero, base, &[]),
        ];
        for (at, left) in links.iter().enumerate() {
            assert!(
                links[at + 1..].iter().all(|right| left != right),
                "link {at} is not unique"
            );
        }
    }
}

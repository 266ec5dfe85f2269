//! A page's records, written as one revision: all of them new, or none.

use prost::bytes::{BufMut, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::changes::view::{Needs, View};
use crate::changes::write::{Decision, Op, Row, Write};
use crate::error::{Error, Result};
use crate::names::Kind;
use crate::record::Stamp;
use crate::records::check_size;
use crate::transfer::chunk::Chunk;

/// What a page answers with, where that is too long.
pub const ANSWER: &str = "the answer of a page's records";

pub struct WritePage {
    pub chunk: Chunk,
}

impl Write for WritePage {
    fn key(&self) -> &str {
        self.chunk.key()
    }

    fn is_solitary(&self) -> bool {
        self.chunk.is_solitary()
    }

    fn needs(&self) -> Needs {
        self.chunk.needs()
    }

    /// Answers with an `IngestBulletinResponse` of the records as they are written.
    fn decide(&mut self, view: &View, stamp: &Stamp) -> Result<Decision> {
        match self.chunk.decide(view, stamp)? {
            Decision::Write { rows, reason, .. } => Ok(Decision::Write {
                answer: answer(&rows)?,
                rows,
                reason,
            }),
            Decision::Keep { .. } => Err(Error::internal("a page that is not known left no rows")),
            read @ Decision::Read(_) => Ok(read),
        }
    }
}

/// The response, put together of the records' bytes without taking them apart.
fn answer(rows: &[Row]) -> Result<Vec<u8>> {
    let created = rows.iter().filter(|row| row.op == Op::Created);
    let mut bytes = BytesMut::new();
    for row in created {
        let tag = match row.kind {
            Kind::Article => 1,
            Kind::Station => 2,
            Kind::Statistic => 3,
            Kind::Source | Kind::Log => continue,
        };
        encode_key(tag, WireType::LengthDelimited, &mut bytes);
        encode_varint(row.record.len() as u64, &mut bytes);
        bytes.put_slice(&row.record);
    }
    check_size(ANSWER, bytes.len())?;
    Ok(bytes.to_vec())
}

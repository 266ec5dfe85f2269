//! The digest of an export: SHA-256 over name and etag of every record in order, each followed by a
//! line feed. It goes on after an export was resumed, so its state can be kept.

use sha2::digest::common::hazmat::{SerializableState as _, SerializedState};
use sha2::{Digest as _, Sha256};

use crate::token::hex;

#[derive(Clone, Default)]
pub struct RecordsDigest(Sha256);

impl RecordsDigest {
    pub fn add(&mut self, name: &str, etag: &str) {
        for part in [name, "\n", etag, "\n"] {
            self.0.update(part.as_bytes());
        }
    }

    /// 64 hex digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    /// What goes on where this is now.
    pub fn state(&self) -> String {
        hex(&self.0.serialize())
    }

    pub fn of_state(state: &str) -> Option<Self> {
        let digits = state.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let state = SerializedState::<Sha256>::try_from(bytes?.as_slice()).ok()?;
        Sha256::deserialize(&state).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_lines_wherever_it_was_interrupted() {
        let records: Vec<(String, String)> = (0..40)
            .map(|index| {
                (
                    format!("stations/s{index}"),
                    format!("\"{:016x}\"", index * 7),
                )
            })
            .collect();
        let lines: String = records
            .iter()
            .map(|(name, etag)| format!("{name}\n{etag}\n"))
            .collect();
        let mut interrupted = RecordsDigest::default();
        for (name, etag) in &records {
            interrupted.add(name, etag);
            interrupted =
                RecordsDigest::of_state(&interrupted.state()).expect("its own state is taken");
        }
        assert_eq!(interrupted.finish(), hex(&Sha256::digest(lines.as_bytes())));
        assert!(RecordsDigest::of_state("").is_none() && RecordsDigest::of_state("zz").is_none());
    }
}

//! The pages a command is given: files, folders, standard input; UTF-8 or GB18030.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::cli::file::is_standard;
use crate::config::TextEncoding;
use crate::page::PAGE_BYTES_MAX;

/// The ending of the files that are taken of a folder.
const ENDING: &str = "txt";

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    path: PathBuf,
}

impl fmt::Display for Input {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match is_standard(&self.path) {
            true => out.write_str("standard input"),
            false => self.path.display().fmt(out),
        }
    }
}

/// The pages of files and folders, in the order given; those of a folder by name, with its folders'.
pub fn inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut found = Vec::new();
    for path in paths {
        if is_standard(path) || !path.is_dir() {
            found.push(Input { path: path.clone() });
            continue;
        }
        let before = found.len();
        folder(path, &mut found)?;
        if found.len() == before {
            bail!("{} has no *.{ENDING}", path.display());
        }
    }
    let standard = found
        .iter()
        .filter(|input| is_standard(&input.path))
        .count();
    if standard > 1 {
        bail!("- stands for standard input, which can be read once, got it {standard} times");
    }
    Ok(found)
}

fn folder(path: &Path, found: &mut Vec<Input>) -> anyhow::Result<()> {
    let shown = || format!("cannot read {}", path.display());
    let entries = fs::read_dir(path).with_context(shown)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().with_context(shown)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link may lead back here.
        let kind = entry.file_type().with_context(shown)?;
        if kind.is_dir() {
            folder(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == ENDING) {
            found.push(Input { path });
        }
    }
    Ok(())
}

impl Input {
    /// The page's text. Blocks.
    pub fn read(&self, encoding: TextEncoding) -> anyhow::Result<String> {
        // No encoding takes more than twice the bytes of UTF-8; what is longer is not read to its end.
        let limit = 2 * PAGE_BYTES_MAX as u64 + 1;
        let mut bytes = Vec::new();
        let read = match is_standard(&self.path) {
            true => std::io::stdin().take(limit).read_to_end(&mut bytes),
            false => {
                fs::File::open(&self.path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
            }
        };
        read.context("cannot be read")?;
        let text = decode(&bytes, encoding)?;
        if text.len() > PAGE_BYTES_MAX {
            bail!(
                "must have at most {PAGE_BYTES_MAX} bytes of UTF-8, got {}{}",
                text.len(),
                if bytes.len() as u64 == limit {
                    " or more"
                } else {
                    ""
                }
            );
        }
        Ok(text)
    }
}

/// Text of bytes. A byte order mark says what they are, and is left out.
fn decode(bytes: &[u8], encoding: TextEncoding) -> anyhow::Result<String> {
    let (marked, bytes) = match Encoding::for_bom(bytes) {
        Some((marked, length)) => (Some(marked), &bytes[length..]),
        None => (None, bytes),
    };
    let candidates: &[&'static Encoding] = match (marked, encoding) {
        (Some(marked), TextEncoding::Auto) => &[marked],
        (_, TextEncoding::Auto) => &[UTF_8, GB18030],
        (_, TextEncoding::Utf8) => &[UTF_8],
        (_, TextEncoding::Gb18030) => &[GB18030],
    };
    for candidate in candidates {
        let text = candidate.decode_without_bom_handling_and_without_replacement(bytes);
        if let Some(text) = text {
            return Ok(text.into_owned());
        }
    }
    let names: Vec<&str> = candidates
        .iter()
        .map(|candidate| candidate.name())
        .collect();
    bail!(
        "must be text in {}, and has bytes that are none",
        names.join(" or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], encoding: TextEncoding, text: &str) {
        assert_eq!(decode(bytes, encoding).expect("it is text"), text);
    }

    #[test]
    fn encodings_are_told_by_mark_or_by_trying() {
        let text = "镇海分局：招宝山派出所";
        let (gb, ..) = GB18030.encode(text);
        let marked = [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat();
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [text.as_bytes(), &gb, &marked, &utf16] {
            check(bytes, TextEncoding::Auto, text);
        }
        check(&gb, TextEncoding::Gb18030, text);
        assert!(decode(&gb, TextEncoding::Utf8).is_err());
        assert!(decode(b"\x81\xff\xff", TextEncoding::Auto).is_err());
    }
}

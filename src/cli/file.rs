//! Files of JSON lines, compressed as their name ends.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    Gzip,
    Zstd,
}

impl Form {
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// A part of a file by itself: parts one after the other are a file.
    pub fn pack(self, lines: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(lines),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&lines)?;
                encoder.finish()
            }
            Self::Zstd => zstd::encode_all(&lines[..], zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The lines of a file, and its size in bytes where that is known; `read` counts those that were read.
pub fn open(path: &Path, read: &Arc<AtomicU64>) -> io::Result<(Box<dyn BufRead + Send>, u64)> {
    if is_standard(path) {
        return Ok((Box::new(BufReader::new(io::stdin())), 0));
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let counted = Counted {
        file,
        read: Arc::clone(read),
    };
    let lines: Box<dyn BufRead + Send> = match Form::of(path) {
        Form::Plain => Box::new(BufReader::new(counted)),
        Form::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(counted))),
        Form::Zstd => Box::new(BufReader::new(zstd::Decoder::new(counted)?)),
    };
    Ok((lines, size))
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Whether a file is the one of that path.
pub fn is_at(file: &File, path: &Path) -> bool {
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    let (opened, named) = (file.metadata().map(id), fs::metadata(path).map(id));
    matches!((opened, named), (Ok(opened), Ok(named)) if opened == named)
}

/// The path with another ending behind its own.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Writes a file as a whole, or leaves the one that is there.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let new = beside(path, "new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

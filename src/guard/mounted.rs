//! Files that an operator mounts and replaces: read at the start, and taken anew when what is in them changes.
//! They are polled, since a mounted secret is replaced by moving a link that no watcher of the file hears of.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use aws_lc_rs::digest::{Context, SHA256};
use tracing::{info, warn};

/// How often files are looked at.
pub const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Far more than keys, certificates and rules need.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct Unusable {
    path: PathBuf,
    reason: String,
}

/// What was in a file.
#[derive(Debug)]
pub struct Contents {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Contents {
    fn read(path: &PathBuf) -> Result<Self, Unusable> {
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        let contents = Self {
            path: path.clone(),
            bytes,
        };
        match read {
            Err(error) => Err(contents.unusable(format_args!("cannot be read: {error}"))),
            Ok(length) if length as u64 > FILE_BYTES_MAX => Err(contents.unusable(format_args!(
                "is longer than the limit of {FILE_BYTES_MAX} bytes"
            ))),
            Ok(_) => Ok(contents),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The error that this file is no good.
    pub fn unusable(&self, reason: impl fmt::Display) -> Unusable {
        Unusable {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

/// What the files say, and the how manieth state of them it is.
#[derive(Debug)]
pub struct Loaded<T> {
    pub value: T,
    pub generation: u64,
}

/// How often files that had changed were taken, and how often what was in them was no good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloads {
    pub taken: u64,
    pub refused: u64,
}

/// What some files say together; they are looked after until it is dropped.
pub struct Mounted<T>(Arc<Files<T>>);

type Parse<T> = dyn Fn(&[Contents]) -> Result<T, Unusable> + Send + Sync;

struct Files<T> {
    /// What they are, for the log.
    what: &'static str,
    paths: Vec<PathBuf>,
    parse: Box<Parse<T>>,
    current: ArcSwap<Loaded<T>>,
    seen: Mutex<Seen>,
    refused: AtomicU64,
}

/// What was there when the files were last looked at. Of secrets a digest is kept.
#[derive(PartialEq, Eq)]
enum Seen {
    Digest([u8; 32]),
    Unreadable(Unusable),
}

impl<T: Send + Sync + 'static> Mounted<T> {
    /// Reads the files, which must be good, and looks at them again after each interval.
    pub fn load(
        what: &'static str,
        paths: Vec<PathBuf>,
        interval: Duration,
        parse: impl Fn(&[Contents]) -> Result<T, Unusable> + Send + Sync + 'static,
    ) -> Result<Self, Unusable> {
        let contents = read(&paths)?;
        let loaded = Loaded {
            value: parse(&contents)?,
            generation: 0,
        };
        let files = Arc::new(Files {
            what,
            paths,
            parse: Box::new(parse),
            current: ArcSwap::from_pointee(loaded),
            seen: Mutex::new(Seen::Digest(digest(&contents))),
            refused: AtomicU64::new(0),
        });
        tokio::spawn(poll(Arc::downgrade(&files), interval));
        Ok(Self(files))
    }
}

impl<T> Mounted<T> {
    pub fn current(&self) -> Guard<Arc<Loaded<T>>> {
        self.0.current.load()
    }

    /// Looks at the files now, and not only after the interval.
    #[cfg(test)]
    pub fn look(&self) {
        self.0.look();
    }

    pub fn reloads(&self) -> Reloads {
        Reloads {
            taken: self.current().generation,
            refused: self.0.refused.load(Ordering::Relaxed),
        }
    }
}

impl<T> Clone for Mounted<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Mounted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, paths) = (self.0.what, &self.0.paths);
        write!(out, "Mounted({what}: {paths:?})")
    }
}

async fn poll<T: Send + Sync + 'static>(files: Weak<Files<T>>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(files) = files.upgrade() else {
            return;
        };
        let looked = tokio::task::spawn_blocking(move || files.look()).await;
        if let Err(error) = looked {
            warn!(%error, "mounted files could not be looked at");
        }
    }
}

impl<T> Files<T> {
    /// Takes what has changed; what is no good is told once, and changes nothing.
    fn look(&self) {
        let contents = read(&self.paths);
        let now = match &contents {
            Ok(contents) => Seen::Digest(digest(contents)),
            Err(unusable) => Seen::Unreadable(unusable.clone()),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        *seen = now;
        match contents.and_then(|contents| (self.parse)(&contents)) {
            Ok(value) => {
                let generation = self.current.load().generation + 1;
                self.current.store(Arc::new(Loaded { value, generation }));
                info!(generation, "{} changed and was taken anew", self.what);
            }
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                warn!(%error, "{} changed and is no good: what it was before stays in force", self.what);
            }
        }
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Contents>, Unusable> {
    paths.iter().map(Contents::read).collect()
}

fn digest(contents: &[Contents]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for file in contents {
        context.update(&(file.bytes.len() as u64).to_be_bytes());
        context.update(&file.bytes);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

//! Why a private server could not be had, each with what the operator can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::binaries::MAJOR_VERSION_MIN;
use super::state::SOCKET_PATH_BYTES_MAX;

/// What can go wrong between `start` and `stop`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(
        "no PostgreSQL server is installed: install one (Debian, Ubuntu: \
         apt-get install postgresql; Fedora: dnf install postgresql-server; \
         macOS: brew install postgresql@17), or set DATABASE_URL to a running one"
    )]
    BinariesMissing,
    #[error("directory {} does not hold the programs postgres and initdb", .0.display())]
    BinariesUnusable(PathBuf),
    #[error(
        "PostgreSQL {MAJOR_VERSION_MIN} or newer is needed, found only {found}: \
         install a newer one, or set DATABASE_URL to a running one"
    )]
    BinariesTooOld { found: String },
    #[error(
        "the data in {} is of PostgreSQL {data_version}, found only {found}: \
         install PostgreSQL {data_version}, upgrade the data with pg_upgrade, \
         or choose another --state-dir",
        .data.display()
    )]
    VersionMismatch {
        data: PathBuf,
        data_version: u32,
        found: String,
    },

    #[error(
        "no state directory: neither XDG_STATE_HOME nor HOME is an absolute path, \
         choose one with --state-dir"
    )]
    StateDirectoryUnknown,
    #[error(
        "state directory {} is in use by {owner}: stop it, or choose another --state-dir",
        .directory.display()
    )]
    StateDirectoryInUse { directory: PathBuf, owner: String },
    #[error(
        "state directory {} belongs to user id {owner_id}, but this process is root: \
         run as its owner, or choose another --state-dir",
        .directory.display()
    )]
    StateDirectoryForeign { directory: PathBuf, owner_id: u32 },
    #[error(
        "PostgreSQL must not run as root, and user {user}, as whom it runs instead, \
         may not enter {0}: choose another --state-dir, or allow it with: chmod o+x {0}",
        .directory.display()
    )]
    Untraversable { directory: PathBuf, user: String },
    #[error(
        "PostgreSQL must not run as root, and neither user postgres nor nobody is in \
         /etc/passwd: create one, or run as another user"
    )]
    AccountMissing,
    #[error(
        "socket path {} has {} bytes, at most {SOCKET_PATH_BYTES_MAX} are allowed: \
         choose a shorter --state-dir",
        .0.display(), .0.as_os_str().len()
    )]
    SocketPathTooLong(PathBuf),
    #[error("state directory {} is not UTF-8: choose another --state-dir", .0.display())]
    StateDirectoryNotUtf8(PathBuf),

    #[error(
        "a PostgreSQL of an earlier run still uses {} and does not end: \
         end processes {process_ids}",
        .data.display()
    )]
    Leftover { data: PathBuf, process_ids: String },
    #[error("{program} failed ({status}) in {}:\n{output}", .directory.display())]
    ClusterNotCreated {
        program: &'static str,
        status: ExitStatus,
        directory: PathBuf,
        output: String,
    },
    #[error("PostgreSQL ended while starting ({status}); {} ends:\n{tail}", .log.display())]
    EndedWhileStarting {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },
    #[error("PostgreSQL was not ready within {waited_s} s; {} ends:\n{tail}", .log.display())]
    NotReady {
        waited_s: u64,
        log: PathBuf,
        tail: String,
    },
    #[error(
        "PostgreSQL (process {process_id}) did not shut down within {waited_s} s \
         and was sent {signal}: its next start recovers the data"
    )]
    Killed {
        process_id: u32,
        waited_s: u64,
        signal: &'static str,
    },
    #[error("cannot tell whether PostgreSQL (process {process_id}) still runs")]
    Unobservable { process_id: u32, source: io::Error },

    /// `action` reads on from "cannot", and names the thing but not its path.
    #[error("cannot {action} {}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: what was being done, and to which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

//! The state directory: where it is, who may enter it, and that it has one owner. Knows the names
//! of what lies in it, and nothing of how PostgreSQL runs.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::account::Account;
use super::process::poll;
use super::{Error, Options, PORT};

/// `sockaddr_un.sun_path` less its closing zero byte.
pub(super) const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// How long processes that are just ending may still write into a directory that is being removed.
const REMOVE_TIME_MAX: Duration = Duration::from_secs(5);

/// A locked state directory. Removed when dropped, if ephemeral.
#[derive(Debug)]
pub(super) struct StateDirectory {
    path: PathBuf,
    ephemeral: bool,
    // the kernel releases the lock with the process, however that ends
    lock: Option<File>,
}

impl StateDirectory {
    /// Creates it if need be, and locks it, for the account that PostgreSQL is to run as.
    pub(super) fn open(options: &Options) -> Result<(Self, Account), Error> {
        let path = match options.ephemeral {
            true => create_ephemeral()?,
            false => create(options.state_dir.clone().map_or_else(default_path, Ok)?)?,
        };
        // from here on dropping it removes an ephemeral directory
        let mut state = Self {
            path,
            ephemeral: options.ephemeral,
            lock: None,
        };
        state.check_path()?;
        let account = Account::choose(&state.data())?;
        state.admit(&account)?;
        state.lock = Some(lock(&state.path)?);
        Ok((state, account))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path.join("socket")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    pub(super) fn entries_starting_with(&self, prefix: &str) -> Result<Vec<PathBuf>, Error> {
        let entries = fs::read_dir(&self.path).map_err(Error::io("list", &self.path))?;
        Ok(entries
            .flatten()
            .filter(|entry| {
                entry
                    .file_name()
                    .as_encoded_bytes()
                    .starts_with(prefix.as_bytes())
            })
            .map(|entry| entry.path())
            .collect())
    }

    /// Made anew at each start, so that no socket or socket lock of an earlier run is in the way.
    pub(super) fn create_socket_directory(&self, account: &Account) -> Result<(), Error> {
        create_private(&self.socket(), account)
    }

    /// What dropping does, with the error.
    pub(super) fn close(mut self) -> Result<(), Error> {
        let ephemeral = std::mem::take(&mut self.ephemeral);
        if ephemeral {
            remove_tree(&self.path)
        } else {
            Ok(())
        }
    }

    /// The path goes into a URL and a socket address, which is as much as those hold.
    fn check_path(&self) -> Result<(), Error> {
        if self.path.to_str().is_none() {
            return Err(Error::StateDirectoryNotUtf8(self.path.clone()));
        }
        let socket = self.socket().join(format!(".s.PGSQL.{PORT}"));
        if socket.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            return Err(Error::SocketPathTooLong(socket));
        }
        Ok(())
    }

    /// Lets the account in, if the directory is new, and only checks that it may enter otherwise.
    fn admit(&self, account: &Account) -> Result<(), Error> {
        let metadata = fs::metadata(&self.path).map_err(Error::io("inspect", &self.path))?;
        let user_id = rustix::process::geteuid().as_raw();
        let owned = metadata.uid() == user_id;
        if !owned && user_id == 0 {
            // its owner could make root write through a symbolic link
            let directory = self.path.clone();
            return Err(Error::StateDirectoryForeign {
                directory,
                owner_id: metadata.uid(),
            });
        }
        if owned && is_empty(&self.path)? {
            // root keeps the directory and lets others pass through only: what lies in it is
            // private by itself
            let mode = if user_id == 0 { 0o711 } else { 0o700 };
            fs::set_permissions(&self.path, Permissions::from_mode(mode))
                .map_err(Error::io("set the permissions of", &self.path))?;
        }
        account.check_may_enter(&self.path)
    }
}

impl Drop for StateDirectory {
    fn drop(&mut self) {
        if self.ephemeral {
            // nobody is left to tell; close() reports it
            let _ = remove_tree(&self.path);
        }
        // Closing the file is not enough: a child that another thread is just forking has it open
        // too, until it is the program it is to be.
        if let Some(lock) = &self.lock {
            // What is not unlocked here is unlocked then.
            let _ = lock.unlock();
        }
    }
}

fn default_path() -> Result<PathBuf, Error> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/bulletin"));
    }
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .map(|parent| parent.join("bulletin"))
        .ok_or(Error::StateDirectoryUnknown)
}

/// Resolved, so that what is checked, locked and handed to PostgreSQL is one path.
fn create(path: PathBuf) -> Result<PathBuf, Error> {
    fs::create_dir_all(&path).map_err(Error::io("create state directory", &path))?;
    fs::canonicalize(&path).map_err(Error::io("resolve state directory", &path))
}

/// Where the data is, or would be.
pub(super) fn data_of(options: &Options) -> Result<PathBuf, Error> {
    let path = options.state_dir.clone().map_or_else(default_path, Ok)?;
    Ok(path.join("data"))
}

fn create_ephemeral() -> Result<PathBuf, Error> {
    let parent = create(env::temp_dir())?;
    // keyed with the system's randomness, so the name cannot be guessed and taken beforehand
    let path = parent.join(format!("bulletin-{:016x}", RandomState::new().hash_one(0)));
    DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .map_err(Error::io("create directory", &path))?;
    Ok(path)
}

fn is_empty(directory: &Path) -> Result<bool, Error> {
    let mut entries = fs::read_dir(directory).map_err(Error::io("list", directory))?;
    Ok(entries.next().is_none())
}

fn lock(state: &Path) -> Result<File, Error> {
    let path = state.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let owner = match read_owner(&mut file) {
                Some(process_id) => format!("process {process_id}"),
                None => "another process".to_owned(),
            };
            return Err(Error::StateDirectoryInUse {
                directory: state.to_owned(),
                owner,
            });
        }
        Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
    }
    write_owner(&mut file).map_err(Error::io("write", &path))?;
    Ok(file)
}

/// `None` while the owner is between locking and writing.
fn read_owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// An empty directory of the account's own, in place of whatever had the name.
pub(super) fn create_private(directory: &Path, account: &Account) -> Result<(), Error> {
    remove_tree(directory)?;
    DirBuilder::new()
        .mode(0o700)
        .create(directory)
        .map_err(Error::io("create directory", directory))?;
    account.take_over(directory)
}

/// Tries again while processes that are ending add files behind it.
pub(super) fn remove_tree(directory: &Path) -> Result<(), Error> {
    let mut removed = Ok(());
    poll(REMOVE_TIME_MAX, || {
        removed = fs::remove_dir_all(directory);
        match &removed {
            Ok(()) => true,
            Err(error) => error.kind() != io::ErrorKind::DirectoryNotEmpty,
        }
    });
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", directory)(error))
        }
        _ => Ok(()),
    }
}

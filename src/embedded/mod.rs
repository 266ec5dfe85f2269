//! A private PostgreSQL server, for `bulletin serve` without a `DATABASE_URL`: started from the
//! installed programs, reached over a socket only, stopped with the service. Knows nothing of the
//! schema: what it hands over is a database URL.
//!
//! The state directory holds `lock` (one owner), `data` (the cluster), `socket` and `postgres.log`.

mod account;
mod binaries;
mod cluster;
mod error;
mod leftovers;
mod log;
mod process;
mod server;
mod state;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use binaries::Binaries;
use log::Log;
use server::Server;
use state::StateDirectory;

pub use error::Error;

/// The database that exists once [`PrivatePostgres::start`] has returned.
const DATABASE: &str = "bulletin";

/// The superuser of the cluster; the socket directory, not a password, decides who may be it.
const DATABASE_USER: &str = "postgres";

/// Names the socket file only: no TCP port is ever opened. Fixed, so that PGPORT cannot change one
/// side of it.
const PORT: u16 = 5432;

/// Where the private server lives and what it is started from.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Holds the data between runs. Unset means `/var/lib/bulletin` as root, else
    /// `$XDG_STATE_HOME/bulletin`, else `~/.local/state/bulletin`.
    pub state_dir: Option<PathBuf>,
    /// Uses a fresh directory under the temporary one, removed at stop, in place of `state_dir`.
    pub ephemeral: bool,
    /// The directory of `postgres` and `initdb`. Unset means `PATH`, then where packages install
    /// them.
    pub postgres_bin_dir: Option<PathBuf>,
}

/// A running private server. Stopped when dropped; [`PrivatePostgres::stop`] also says whether that
/// went well.
#[derive(Debug)]
pub struct PrivatePostgres {
    // fields drop in this order: the server must end before its directory is removed and its lock
    // released
    server: Server,
    state: StateDirectory,
    fresh: bool,
}

impl PrivatePostgres {
    /// Starts the server, creating its cluster on first use, and waits until the database accepts
    /// connections.
    ///
    /// Blocks for about a second on first use, else for about a tenth of one; 30 seconds at most.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let (state, account) = StateDirectory::open(options)?;
        let major = cluster::major_version(&state.data())?;
        let binaries = Binaries::find(options.postgres_bin_dir.as_deref(), major, &state.data())?;
        leftovers::clear(&state.data())?;
        let fresh = major.is_none();
        if fresh {
            cluster::create(&state, &binaries, &account)?;
        }
        state.create_socket_directory(&account)?;
        let server = Server::start(&state, &binaries, &account, Log::open(state.log())?)?;
        Ok(Self {
            server,
            state,
            fresh,
        })
    }

    /// The URL of the database, as sqlx and libpq read it.
    pub fn database_url(&self) -> String {
        let socket = percent_encoded(&self.state.socket());
        format!(
            "postgres://{DATABASE_USER}@localhost:{PORT}/{DATABASE}?host={socket}&sslmode=disable"
        )
    }

    /// The process id of the server, which leads a process group of its own.
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// Whether this start created the cluster. A database can be empty without that: its owner may
    /// have been killed before it filled it.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// How the server ended, when it ended without being asked to. Cheap, so a caller can poll it.
    pub fn exited(&self) -> Result<Option<ExitStatus>, Error> {
        self.server.exited()
    }

    /// Shuts the server down (clients are disconnected, data is flushed) and removes an ephemeral
    /// directory.
    pub fn stop(self) -> Result<(), Error> {
        let Self {
            mut server, state, ..
        } = self;
        let stopped = server.stop();
        stopped.and(state.close())
    }
}

/// The version of PostgreSQL that would be started, without starting or creating anything.
pub fn look(options: &Options) -> Result<u32, Error> {
    let data = state::data_of(options)?;
    let major = cluster::major_version(&data)?;
    let binaries = Binaries::find(options.postgres_bin_dir.as_deref(), major, &data)?;
    Ok(binaries.major_version())
}

/// Everything but letters and digits is encoded, which no reader of URLs can take for a separator.
fn percent_encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(char::from(*byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

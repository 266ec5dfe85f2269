//! PgBouncer in transaction mode, in front of a server of the tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};

use super::Database;
use super::replication::socket_of;

const PORT: u16 = 6432;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Killed, and its directory removed, when dropped; it also ends with this process.
pub struct PgBouncer {
    directory: PathBuf,
    child: Child,
}

impl PgBouncer {
    /// In front of the server of a database, for all databases there.
    pub fn before(database: &Database) -> Self {
        let place = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bulletin-pgbouncer-{}-{place}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o711)).unwrap();
        let server = socket_of(database);
        // It runs as whoever the server runs as, whose socket nobody else may use.
        let owner = fs::metadata(&server).unwrap();
        chown(&directory, Some(owner.uid()), Some(owner.gid())).unwrap();
        let config = directory.join("pgbouncer.ini");
        fs::write(&config, settings(&server, &directory)).unwrap();
        let child = spawn(command(&config, owner.uid(), owner.gid()));
        Self { directory, child }
    }

    /// A database as it is reached through it.
    pub fn url(&self, database: &str) -> String {
        let host = self.directory.to_str().unwrap().replace('/', "%2F");
        format!("postgres://postgres@localhost:{PORT}/{database}?host={host}&sslmode=disable")
    }

    /// Returns once it takes connections.
    pub async fn ready(&self) {
        super::until("PgBouncer takes connections", async || {
            self.console().await.is_ok()
        })
        .await;
    }

    async fn console(&self) -> Result<PgConnection, sqlx::Error> {
        let options = PgConnectOptions::from_str(&self.url("pgbouncer")).unwrap();
        // It knows no such parameter.
        PgConnection::connect_with(&options.extra_float_digits(None::<i8>)).await
    }

    /// How many transactions it has passed on to a database.
    pub async fn transactions(&self, database: &str) -> i64 {
        let mut console = self.console().await.unwrap();
        let rows = sqlx::raw_sql("show stats_totals");
        let rows = rows.fetch_all(&mut console).await.unwrap();
        let of_database = rows
            .iter()
            .find(|row| row.get::<&str, _>("database") == database);
        // It comes as text, whatever it says it is.
        of_database.map_or(0, |row| {
            let count: &str = row.get_unchecked("xact_count");
            count.parse().unwrap()
        })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn settings(server: &Path, directory: &Path) -> String {
    let (server, directory) = (server.display(), directory.display());
    format!(
        "[databases]
* = host={server} port=5432 user=postgres
[pgbouncer]
pool_mode = transaction
listen_addr =
listen_port = {PORT}
unix_socket_dir = {directory}
auth_type = any
admin_users = postgres
max_client_conn = 2000
default_pool_size = 8
server_idle_timeout = 2
query_wait_timeout = 30
"
    )
}

fn command(config: &Path, user_id: u32, group_id: u32) -> Command {
    // It must not run as root, and must not outlive who started it.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid", &user_id.to_string()]);
        command.args(["--regid", &group_id.to_string(), "--clear-groups"]);
    }
    command.arg(program()).arg("--quiet").arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    // What goes wrong is seen in the test's output.
    command.current_dir("/").stderr(Stdio::inherit());
    command
}

/// Debian puts it where only root's PATH leads.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = directories
        .map(|directory| directory.join("pgbouncer"))
        .find(|program| program.is_file());
    found.expect("PgBouncer is installed by scripts/tools.sh pgbouncer")
}

/// The kernel ends a process with the *thread* that spawned it: this one stays.
fn spawn(mut command: Command) -> Child {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        sender.send(command.spawn()).unwrap();
        loop {
            std::thread::park();
        }
    });
    receiver.recv().unwrap().unwrap()
}

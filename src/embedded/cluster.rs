//! Creates the cluster and the database in it. Knows initdb, not how the server runs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use super::account::Account;
use super::binaries::Binaries;
use super::state::{StateDirectory, create_private, remove_tree};
use super::{DATABASE, DATABASE_USER, Error, log, process};

const STAGING_PREFIX: &str = "data.incomplete-";

/// Of the PostgreSQL that created the cluster; `None` when there is none yet.
pub(super) fn major_version(data: &Path) -> Result<Option<u32>, Error> {
    let path = data.join("PG_VERSION");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(Error::io("read", &path))?,
    };
    let version = text.trim().parse().map_err(io::Error::other);
    version
        .map(Some)
        .map_err(Error::io("read a version from", &path))
}

/// Builds the cluster aside and renames it when complete: where the data directory exists, so does
/// the database, whenever an earlier run was killed.
pub(super) fn create(
    state: &StateDirectory,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), Error> {
    for abandoned in state.entries_starting_with(STAGING_PREFIX)? {
        remove_tree(&abandoned)?;
    }
    // of a new name each time: an initdb that outlived its owner for a moment must not write here
    let staging = state
        .path()
        .join(format!("{STAGING_PREFIX}{}", std::process::id()));
    create_private(&staging, account)?;
    let created = initialize(&staging, binaries, account)
        .and_then(|()| create_database(&staging, binaries, account))
        .and_then(|()| publish(state, &staging, binaries, account));
    if created.is_err() {
        // the first error says more than one about the removal, and the next start removes it again
        let _ = remove_tree(&staging);
    }
    created
}

fn initialize(staging: &Path, binaries: &Binaries, account: &Account) -> Result<(), Error> {
    let mut command = process::command(&binaries.initdb(), staging, account, Signal::KILL);
    command
        .arg("--pgdata")
        .arg(staging)
        .args([
            "--username",
            DATABASE_USER,
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ])
        // the socket directory decides who may connect; a server started by hand must not open TCP
        // to everyone
        .args(["--auth-local=trust", "--auth-host=reject"])
        // one sync at the end covers the database as well
        .args(["--no-sync", "--no-instructions"]);
    let output = command
        .output()
        .map_err(Error::io("run", &binaries.initdb()))?;
    check("initdb", output, staging)
}

/// In single-user mode, which needs neither a driver nor a server that is already up.
fn create_database(staging: &Path, binaries: &Binaries, account: &Account) -> Result<(), Error> {
    let mut command = process::command(&binaries.postgres(), staging, account, Signal::KILL);
    command
        .args(["--single", "-F", "-c", "exit_on_error=true", "-D"])
        .arg(staging)
        .arg("postgres")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let statement = format!("create database {DATABASE};\n");
    let output =
        run_with_input(command, &statement).map_err(Error::io("run", &binaries.postgres()))?;
    check("postgres --single", output, staging)
}

fn run_with_input(mut command: Command, input: &str) -> io::Result<Output> {
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input.as_bytes()) {
            // it ended before it read: its output says why
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait_with_output()
}

fn publish(
    state: &StateDirectory,
    staging: &Path,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), Error> {
    let data = state.data();
    let rename = || fs::rename(staging, &data).map_err(Error::io("move the cluster to", &data));
    if state.is_ephemeral() {
        return rename();
    }
    // the server syncs only what it writes itself: without this a power cut could leave
    // acknowledged writes on top of an empty catalog
    let mut command = process::command(&binaries.initdb(), staging, account, Signal::KILL);
    command.arg("--sync-only").arg("--pgdata").arg(staging);
    let output = command
        .output()
        .map_err(Error::io("run", &binaries.initdb()))?;
    check("initdb --sync-only", output, staging)?;
    rename()?;
    File::open(state.path())
        .and_then(|directory| directory.sync_all())
        .map_err(Error::io("sync", state.path()))
}

fn check(program: &'static str, output: Output, directory: &Path) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    Err(Error::ClusterNotCreated {
        program,
        status: output.status,
        directory: directory.to_owned(),
        output: log::last_lines(&String::from_utf8_lossy(&output.stderr)),
    })
}

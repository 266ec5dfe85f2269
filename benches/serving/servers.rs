//! Starts what is measured, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use tonic::transport::Channel;

use crate::database::Database;
use crate::gauge::{self, Gauge};
use crate::options::ReferenceKind;
use crate::raw;
use crate::service::Service;

/// Whether the service keeps what it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    AsShipped,
    Off,
}

/// A server with connections to it, ended when dropped.
pub struct Server {
    process: Service,
    pub channels: Arc<[Channel]>,
    pub gauge: Gauge,
}

impl Server {
    /// `postgres` is the process of the Postgres that it asks.
    pub async fn reach(process: Service, postgres: Option<u32>, channels: usize) -> Result<Self> {
        Ok(Self {
            channels: raw::connect(&process.address, channels).await?.into(),
            gauge: Gauge::new(process.process_id(), postgres),
            process,
        })
    }
}

/// Another build of it, or the same, with these variables.
pub fn variant(
    program: Option<&Path>,
    variables: &[(String, String)],
    url: &str,
    directory: &Path,
) -> Result<Service> {
    let shipped = Path::new(env!("CARGO_BIN_EXE_bulletin"));
    let mut command = Command::new(program.unwrap_or(shipped));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url)
        .envs(variables.iter().cloned());
    Service::of(command, &directory.join("variant.log"))
}

/// As it is shipped, with its ops port at an address.
pub fn service_with_ops(url: &str, directory: &Path, ops: &str) -> Result<Service> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", ops])
        .env("DATABASE_URL", url);
    Service::of(command, &directory.join("service.log"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // A peer may be a script, whose children would go on.
        for process in gauge::family(self.process.process_id()).unwrap_or_default() {
            gauge::signal(process, Signal::KILL);
        }
    }
}

pub fn service(url: &str, directory: &Path, cache: Cache) -> Result<Service> {
    let log = directory.join("service.log");
    if cache == Cache::AsShipped {
        return Service::start(url, &log);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url)
        .env("BULLETIN_CACHE_MIB", "0");
    Service::of(command, &log)
}

pub fn echo(directory: &Path, replies: &Path, kind: ReferenceKind, spoil: bool) -> Result<Service> {
    let mut command = reference(kind)?;
    command.arg("--replies").arg(replies);
    if spoil {
        command.arg("--spoil");
    }
    Service::of(command, &directory.join("echo.log"))
}

pub fn plain(database: &Database, kind: ReferenceKind) -> Result<Service> {
    let mut command = reference(kind)?;
    command.env("DATABASE_URL", &database.url);
    Service::of(command, &database.directory.join("plain.log"))
}

fn reference(kind: ReferenceKind) -> Result<Command> {
    let program = std::env::current_exe().context("this program has no path")?;
    let mut command = Command::new(program);
    let kind = match kind {
        ReferenceKind::Echo => "echo",
        ReferenceKind::EchoGathered => "echo-gathered",
        ReferenceKind::Plain => "plain",
        ReferenceKind::PlainUnasked => "plain-unasked",
        ReferenceKind::Columns => "columns",
    };
    command.args(["reference", kind, "--listen", "127.0.0.1:0"]);
    Ok(command)
}

/// A service of benches/peers.
pub fn peer(database: &Database, name: &str) -> Result<Service> {
    let mut command = Command::new(peers().join("start"));
    command
        .args([name, "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", &database.url);
    Service::of(command, &database.directory.join(format!("{name}.log")))
}

pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

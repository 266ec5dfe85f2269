//! A private Postgres of one test's own, to be killed.

use std::path::{Path, PathBuf};
use std::process;

use bulletin::embedded::{Options, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};

use super::{Database, until};

/// A state directory of one test's own.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bulletin-{name}-{}", process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn options(&self) -> Options {
        Options {
            state_dir: Some(self.0.clone()),
            ..Options::default()
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn start(options: Options) -> PrivatePostgres {
    let start = move || PrivatePostgres::start(&options).unwrap();
    tokio::task::spawn_blocking(start).await.unwrap()
}

pub fn database(postgres: &PrivatePostgres) -> Database {
    Database {
        url: postgres.database_url(),
        name: "bulletin".to_owned(),
    }
}

/// Crashes a server, and returns once it is gone.
pub async fn crash(postgres: PrivatePostgres) {
    kill_with_children(postgres.process_id());
    until("the kill is noticed", async || {
        postgres.exited().unwrap().is_some()
    })
    .await;
    tokio::task::spawn_blocking(move || drop(postgres))
        .await
        .unwrap();
}

pub async fn stop(postgres: PrivatePostgres) {
    tokio::task::spawn_blocking(move || postgres.stop())
        .await
        .unwrap()
        .unwrap();
}

/// Ends the server and every process of it, as a crash of the machine would.
pub fn kill_with_children(server: u32) {
    for id in processes_of(server) {
        // A child may end with the server.
        let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::KILL);
    }
}

/// The server, and every process of it.
pub fn processes_of(server: u32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
    let children = children.unwrap_or_default();
    let children = children.split_whitespace().map(|id| id.parse().unwrap());
    [server.try_into().unwrap()]
        .into_iter()
        .chain(children)
        .collect()
}

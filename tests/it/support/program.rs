//! The `bulletin` program itself, as a user starts it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{Database, Service};

/// A command that only its arguments decide about.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"));
    for (name, _) in std::env::vars_os() {
        let is_option = name.to_string_lossy().starts_with("BULLETIN_");
        if is_option || name == "DATABASE_URL" || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    // Many run side by side.
    command.env("BULLETIN_OPS_LISTEN", "127.0.0.1:0");
    command.args(arguments).stdin(Stdio::null());
    command
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn run(arguments: &[&str]) -> Ended {
    run_in(&[], arguments).await
}

/// The same, with these variables in its environment.
pub async fn run_in(variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    command.envs(variables.iter().copied());
    let run = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = run.await.unwrap().unwrap();
    Ended {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// Runs a command that calls a service.
pub async fn on(service: &Service, command: &str, more: &[&str]) -> Ended {
    let address = service.address.to_string();
    run(&[&[command, "--addr", &address], more].concat()).await
}

/// The same, with a standard output that nobody reads.
pub async fn unread(service: &Service, name: &str, more: &[&str]) -> Option<i32> {
    let address = service.address.to_string();
    let mut command = command(&[&[name, "--addr", &address], more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let wait = move || child.wait().unwrap().code();
    tokio::task::spawn_blocking(wait).await.unwrap()
}

/// A command that goes on. Killed when dropped.
pub struct Running(Child);

impl Running {
    /// Standard input stays open.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub fn process_id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a power cut would, unless it has ended.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }

    /// Waits for its end; gives its exit code.
    pub async fn code(mut self) -> Option<i32> {
        let wait = move || self.0.wait().unwrap().code();
        tokio::task::spawn_blocking(wait).await.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `bulletin serve` in a process of its own. Killed when dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    /// Where metrics and probes are.
    pub ops: SocketAddr,
    /// The calls to try that it prints.
    pub told: Vec<String>,
    // Open, for it may go on to print.
    _stdout: BufReader<ChildStdout>,
}

impl Program {
    /// On a free port. Returns once it serves.
    pub async fn serve(arguments: &[&str]) -> Self {
        Self::serve_at("127.0.0.1:0", arguments).await
    }

    pub async fn serve_at(address: &str, arguments: &[&str]) -> Self {
        let mut command = command(&["serve", "--listen", address]);
        command.args(arguments);
        command.env("RUST_LOG", "off");
        Self::start(command).await
    }

    /// Logs into a file, as it does unless told otherwise.
    pub async fn serve_logging(arguments: &[&str], log: &str) -> Self {
        let mut command = command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        command.stderr(File::create(log).unwrap());
        Self::start(command).await
    }

    async fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        let start = move || {
            let mut child = command.spawn().unwrap();
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            let address = after(&mut stdout, "serving on ");
            let (told, ops) = until_line(&mut stdout, "metrics and probes on http://");
            Self {
                address: address.split(';').next().unwrap().parse().unwrap(),
                ops: ops.parse().unwrap(),
                told,
                child,
                _stdout: stdout,
            }
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).unwrap();
    }

    /// Clients of it.
    pub fn service(&self, database: &Database) -> Service {
        Service::at(database.clone(), self.address)
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, once it has ended.
    pub async fn ended(mut self) -> Option<i32> {
        let wait = move || self.child.wait().unwrap().code();
        tokio::task::spawn_blocking(wait).await.unwrap()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Its exit code, once it has ended.
    pub fn code(&mut self) -> Option<i32> {
        self.child
            .try_wait()
            .unwrap()
            .and_then(|status| status.code())
    }
}

/// The rest of the first line that begins so.
fn after(stdout: &mut BufReader<ChildStdout>, beginning: &str) -> String {
    until_line(stdout, beginning).1
}

/// The lines before the first that begins so, and its rest.
fn until_line(stdout: &mut BufReader<ChildStdout>, beginning: &str) -> (Vec<String>, String) {
    let mut before = Vec::new();
    for line in stdout.lines().map_while(Result::ok) {
        match line.strip_prefix(beginning) {
            Some(rest) => return (before, rest.to_owned()),
            None => before.push(line),
        }
    }
    panic!("it does not print {beginning:?}")
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

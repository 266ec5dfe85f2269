//! The server process: its settings, when it is ready, how it ended, and how it is stopped.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::account::Account;
use super::binaries::Binaries;
use super::log::Log;
use super::process::{self, poll};
use super::state::StateDirectory;
use super::{Error, PORT};

const READY_TIME_MAX: Duration = Duration::from_secs(30);

/// What is sent to stop it, and how long each is given: a fast shutdown flushes what is cached; an
/// immediate one leaves that to recovery, and itself kills backends that hang after 5 s.
const STOP_SIGNALS: [(Signal, &str, Duration); 3] = [
    (Signal::INT, "SIGINT", Duration::from_secs(20)),
    (Signal::QUIT, "SIGQUIT", Duration::from_secs(6)),
    (Signal::KILL, "SIGKILL", Duration::from_secs(5)),
];

/// Given on the command line, where they win over any file in the data directory; the rest may be
/// tuned there.
const SETTINGS: [&str; 16] = [
    "listen_addresses=",
    "fsync=on",
    "max_connections=100",
    "shared_buffers=128MB",
    // of disks without moving parts; the default's 4 keeps reads from their indexes
    "random_page_cost=1.1",
    // plans here are short: compiling them costs more than it saves
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "cluster_name=bulletin",
    // to standard error, which is the log file
    "log_destination=stderr",
    "logging_collector=off",
    // above error: what a statement got wrong is told to the service, and quotes what it was given
    "log_min_messages=log",
    "log_checkpoints=off",
    // bulletins are confidential before they are published: neither statements nor the values in a
    // DETAIL are logged
    "log_statement=none",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
];

/// A server process. Stopped when dropped.
#[derive(Debug)]
pub(super) struct Server {
    process: Pid,
    ending: Arc<Ending>,
    // those not tried yet
    stop_signals: &'static [(Signal, &'static str, Duration)],
}

/// How the process ended, once it has. While this is `None` its process id is not reused: it is
/// reaped under the lock.
#[derive(Debug, Default)]
struct Ending {
    outcome: Mutex<Option<Result<ExitStatus, io::ErrorKind>>>,
    changed: Condvar,
}

impl Ending {
    fn lock(&self) -> MutexGuard<'_, Option<Result<ExitStatus, io::ErrorKind>>> {
        self.outcome
            .lock()
            .expect("nothing that holds this lock panics")
    }

    /// Whether the process ended in time.
    fn wait(&self, time_max: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), time_max, |outcome| outcome.is_none());
        waited
            .expect("nothing that holds this lock panics")
            .0
            .is_some()
    }
}

impl Server {
    /// Returns once it accepts connections.
    pub(super) fn start(
        state: &StateDirectory,
        binaries: &Binaries,
        account: &Account,
        log: Log,
    ) -> Result<Self, Error> {
        let program = binaries.postgres();
        let mut command = process::command(&program, &state.data(), account, Signal::INT);
        command.arg("-D").arg(state.data());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("port={PORT}")]);
        command.args([
            "-c",
            &format!("unix_socket_directories={}", quoted(&state.socket())),
        ]);
        command.stdout(log.handle()?).stderr(log.handle()?);
        let server = Self::spawn(command).map_err(Error::io("run", &program))?;
        server.wait_until_ready(&state.data(), &log)?;
        Ok(server)
    }

    /// The kernel ends the process with the *thread* that spawned it, which therefore stays to wait
    /// for it. A thread of the caller's (of a runtime's pool, say) may end long before the service
    /// does.
    fn spawn(command: Command) -> io::Result<Self> {
        let ending = Arc::new(Ending::default());
        let (started, start) = sync_channel(1);
        thread::Builder::new()
            .name("private-postgres".to_owned())
            .spawn({
                let ending = Arc::clone(&ending);
                move || guard(command, &started, &ending)
            })?;
        let process = start
            .recv()
            .expect("the guardian always sends how the start went")?;
        Ok(Self {
            process,
            ending,
            stop_signals: &STOP_SIGNALS,
        })
    }

    fn wait_until_ready(&self, data: &Path, log: &Log) -> Result<(), Error> {
        let mut ended = None;
        let settled = poll(READY_TIME_MAX, || {
            ended = *self.ending.lock();
            ended.is_some() || is_ready(data, self.process)
        });
        let (path, tail) = (log.path().to_owned(), || log.tail());
        match ended {
            None if settled => Ok(()),
            None => Err(Error::NotReady {
                waited_s: READY_TIME_MAX.as_secs(),
                log: path,
                tail: tail(),
            }),
            Some(Ok(status)) => Err(Error::EndedWhileStarting {
                status,
                log: path,
                tail: tail(),
            }),
            Some(Err(kind)) => Err(self.unobservable(kind)),
        }
    }

    pub(super) fn process_id(&self) -> u32 {
        self.process.as_raw_nonzero().get().unsigned_abs()
    }

    pub(super) fn exited(&self) -> Result<Option<ExitStatus>, Error> {
        let outcome = *self.ending.lock();
        outcome.transpose().map_err(|kind| self.unobservable(kind))
    }

    /// Asks for a shutdown, then insists; that it had to insist is an error, although the process
    /// is gone.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        let mut waited_s = 0;
        let mut last_signal = "no signal";
        // taken, so that dropping does not start over
        for (signal, name, time_max) in std::mem::take(&mut self.stop_signals) {
            self.send(*signal);
            last_signal = name;
            if self.ending.wait(*time_max) {
                break;
            }
            waited_s += time_max.as_secs();
        }
        if waited_s == 0 {
            return Ok(());
        }
        Err(Error::Killed {
            process_id: self.process_id(),
            waited_s,
            signal: last_signal,
        })
    }

    fn send(&self, signal: Signal) {
        let outcome = self.ending.lock();
        if outcome.is_none() {
            // the wait that follows tells whether it helped
            let _ = kill_process(self.process, signal);
        }
    }

    fn unobservable(&self, kind: io::ErrorKind) -> Error {
        Error::Unobservable {
            process_id: self.process_id(),
            source: kind.into(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nobody is left to tell; stop() reports it
        let _ = self.stop();
    }
}

/// Spawns the process and stays until it ends.
fn guard(mut command: Command, started: &SyncSender<io::Result<Pid>>, ending: &Ending) {
    let spawned = command.spawn();
    // it holds the log open, which only the server needs from here on
    drop(command);
    let (sent, child) = match spawned {
        Ok(child) => (started.send(Ok(Pid::from_child(&child))), Some(child)),
        Err(error) => (started.send(Err(error)), None),
    };
    sent.expect("the receiver waits for this message");
    let Some(mut child) = child else { return };
    wait_for_end(&child);
    let mut outcome = ending.lock();
    *outcome = Some(child.wait().map_err(|error| error.kind()));
    ending.changed.notify_all();
}

/// Leaves the process to be reaped, so that its process id still stands for it.
fn wait_for_end(child: &Child) {
    let process = WaitId::Pid(Pid::from_child(child));
    // any other error comes back from the reaping wait
    while let Err(rustix::io::Errno::INTR) = waitid(
        process.clone(),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    ) {}
}

/// The pid file's first line is the process id, its eighth the state; a look at it costs no
/// connection.
fn is_ready(data: &Path, process: Pid) -> bool {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let mut lines = text.lines().map(str::trim);
    let is_own = lines.next() == Some(&process.as_raw_nonzero().to_string());
    is_own && lines.nth(6) == Some("ready")
}

/// The setting is a list; an element in quotes may hold commas and spaces.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('"', "\"\""))
}

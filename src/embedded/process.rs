//! How PostgreSQL's programs are run: as whom, with which environment, and that they end with this
//! process.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::account::Account;

/// What is kept of the environment: the rest holds the service's secrets, and PG* variables that
/// change settings.
const VARIABLES: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A command that receives `death_signal` when the *thread* that spawned it ends: spawn it from one
/// that stays.
pub(super) fn command(
    program: &Path,
    directory: &Path,
    account: &Account,
    death_signal: Signal,
) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .env_clear()
        .envs(
            VARIABLES
                .iter()
                .filter_map(|name| Some((name, env::var_os(name)?))),
        )
        // messages in English, and on macOS no thread started by looking the locale up
        .env("LC_ALL", "C")
        // ^C in a terminal goes to the whole foreground group: the service drains first, then stops
        // PostgreSQL
        .process_group(0);
    account.apply_to(&mut command);
    end_with_parent(&mut command, death_signal);
    command
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "a child can only ask for the signal itself, between fork and exec"
)]
fn end_with_parent(command: &mut Command, death_signal: Signal) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let ask_for_signal = move || {
        set_parent_process_death_signal(Some(death_signal))?;
        // the parent may have ended before the signal was asked for
        if getppid() != Some(parent) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: the closure makes two
    // plain system calls and builds its errors from numbers, so it neither allocates nor takes a
    // lock.
    unsafe { command.pre_exec(ask_for_signal) };
}

/// Elsewhere a server outlives a killed owner; the next start ends it (see `leftovers`).
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_command: &mut Command, _death_signal: Signal) {}

/// Asks `done` until it holds or the time is up, and returns its last answer.
pub(super) fn poll(time_max: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + time_max;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

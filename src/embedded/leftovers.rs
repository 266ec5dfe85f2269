//! Clears what a killed owner left on a data directory: a server still running, or a pid file that
//! claims one. Only the holder of the state directory's lock may do so.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::Error;
use super::process::poll;

const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
const KILL_TIME_MAX: Duration = Duration::from_secs(5);

/// Ends processes still on the data directory, then removes the pid file, which PostgreSQL itself
/// would believe if its process id meanwhile belonged to another program.
pub(super) fn clear(data: &Path) -> Result<(), Error> {
    end_processes(data)?;
    let pid_file = data.join("postmaster.pid");
    match fs::remove_file(&pid_file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", &pid_file)(error))
        }
        _ => Ok(()),
    }
}

fn end_processes(data: &Path) -> Result<(), Error> {
    let running = processes_on(data);
    if running.is_empty() {
        return Ok(());
    }
    match server_of(data).filter(|server| running.contains(server)) {
        Some(server) => send(&[server], Signal::INT),
        // backends that outlived their server end themselves once their statement is cancelled
        None => send(&running, Signal::INT),
    }
    if poll(SHUTDOWN_TIME_MAX, || processes_on(data).is_empty()) {
        return Ok(());
    }
    send(&processes_on(data), Signal::KILL);
    if poll(KILL_TIME_MAX, || processes_on(data).is_empty()) {
        return Ok(());
    }
    let process_ids: Vec<String> = processes_on(data)
        .iter()
        .map(|process| process.as_raw_nonzero().to_string())
        .collect();
    Err(Error::Leftover {
        data: data.to_owned(),
        process_ids: process_ids.join(", "),
    })
}

fn send(processes: &[Pid], signal: Signal) {
    for process in processes {
        // it may have ended meanwhile; one that may not be signalled is still there at the end of
        // the wait
        let _ = kill_process(*process, signal);
    }
}

/// The process id that the pid file claims: its first line.
fn server_of(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// The server and all its backends work in the data directory, and a program that is not PostgreSQL
/// may too.
#[cfg(target_os = "linux")]
fn processes_on(data: &Path) -> Vec<Pid> {
    use std::os::unix::fs::MetadataExt;

    let identity = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    let Some(wanted) = identity(data) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let process = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            let is_postgres = matches!(name.trim_end(), "postgres" | "postmaster");
            // an ended process that is not reaped yet has no working directory
            let works_there = is_postgres && identity(&entry.path().join("cwd")) == Some(wanted);
            works_there.then_some(process)
        })
        .collect()
}

/// Without /proc only the process of the pid file is looked at: is the data directory in its
/// command line?
#[cfg(not(target_os = "linux"))]
fn processes_on(data: &Path) -> Vec<Pid> {
    let Some(server) = server_of(data) else {
        return Vec::new();
    };
    let process_id = server.as_raw_nonzero().to_string();
    let output = std::process::Command::new("ps")
        .args(["-ww", "-o", "command=", "-p", &process_id])
        .output();
    let command_line = output.map(|output| output.stdout).unwrap_or_default();
    let is_ours = String::from_utf8_lossy(&command_line).contains(&*data.to_string_lossy());
    if is_ours { vec![server] } else { Vec::new() }
}

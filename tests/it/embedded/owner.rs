//! What the tests of the private server share: owners in processes of their own, scratch directories,
//! and psql.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, process};

use bulletin::embedded::{Error, Options, PrivatePostgres};
use rustix::process::{Pid, Signal, geteuid, kill_process};

pub const WAIT_MAX: Duration = Duration::from_secs(30);

/// Of `nobody`, on every system.
pub const ORDINARY_USER_ID: u32 = 65534;

pub enum User {
    /// As this test, with the scratch directory's state.
    Same,
    /// Not root, with the default state directory.
    Ordinary,
}

/// A process that owns a private server.
pub struct Owner {
    pub child: Child,
    pub stdin: ChildStdin,
    // open, for the test harness has a last word to write
    pub _stdout: BufReader<ChildStdout>,
    pub server_id: u32,
    pub is_fresh: bool,
    pub url: String,
}

impl Owner {
    pub fn command(scratch: &Scratch, user: User) -> Command {
        let program = env::current_exe().expect("tests run from a file");
        let mut command = match user {
            User::Ordinary if geteuid().is_root() => {
                let mut command = Command::new("setpriv");
                let id = ORDINARY_USER_ID;
                command.args([format!("--reuid={id}"), format!("--regid={id}")]);
                command
                    .arg("--clear-groups")
                    .arg(copy_of(&program, &scratch.path));
                command
            }
            _ => Command::new(program),
        };
        command
            .args(["--exact", "embedded::owner_process", "--nocapture"])
            .env("BULLETIN_TEST_OWNER", "1")
            .env("XDG_STATE_HOME", scratch.path.join("home"))
            // neither the server nor its URL may follow these
            .env("PGPORT", "6543")
            .env("PGDATA", "/nonexistent")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if matches!(user, User::Same) {
            command.env("BULLETIN_TEST_STATE_DIR", scratch.state());
        }
        command
    }

    /// Returns once its server is ready.
    pub fn spawn(scratch: &Scratch, user: User) -> Self {
        let mut child = Self::command(scratch, user)
            .spawn()
            .expect("this program runs");
        let stdin = child.stdin.take().expect("it is piped");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let line = stdout
            .by_ref()
            .lines()
            .map(|line| line.expect("its output is text"))
            .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
            .expect("it starts its server, or says on standard error why not");
        let mut words = line.split(' ');
        let mut word = || words.next().expect("it writes three words");
        Self {
            is_fresh: word() == "true",
            server_id: word().parse().expect("the second is a process id"),
            url: word().to_owned(),
            child,
            stdin,
            _stdout: stdout,
        }
    }

    pub fn kill(mut self) {
        self.child.kill().expect("it runs until its input ends");
        self.child.wait().expect("it is this test's child");
    }

    pub fn stop(mut self) -> ExitStatus {
        drop(self.stdin);
        self.child.wait().expect("it is this test's child")
    }
}

/// A directory of one test's own, which every user may enter.
pub struct Scratch {
    pub path: PathBuf,
}

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("embedded-{}-{number}", process::id()));
        fs::create_dir(&path).expect("no other process has this id");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it is ours");
        Self {
            path: path.canonicalize().expect("it exists"),
        }
    }

    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    pub fn options(&self) -> Options {
        Options {
            state_dir: Some(self.state()),
            ..Options::default()
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

pub fn start(options: &Options) -> PrivatePostgres {
    PrivatePostgres::start(options).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

pub fn stop(postgres: PrivatePostgres) {
    postgres
        .stop()
        .unwrap_or_else(|error| panic!("{error}: {error:?}"));
}

pub fn refused(options: &Options) -> Error {
    PrivatePostgres::start(options).expect_err("this start must be refused")
}

pub fn exited(postgres: &PrivatePostgres) -> Option<ExitStatus> {
    postgres.exited().expect("it is our child")
}

pub fn query(postgres: &PrivatePostgres, statement: &str) -> String {
    query_url(&postgres.database_url(), statement)
}

pub fn query_url(url: &str, statement: &str) -> String {
    let output = psql(url, statement).output().expect("psql is installed");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statement}: {message}");
    String::from_utf8(output.stdout)
        .expect("the database is UTF-8")
        .trim_end()
        .to_owned()
}

pub fn psql(url: &str, statement: &str) -> Command {
    let mut command = Command::new("psql");
    command.args([
        "--no-psqlrc",
        "--no-align",
        "--tuples-only",
        "--quiet",
        "--command",
        statement,
    ]);
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What the URL's `host` says, decoded.
pub fn socket_directory(url: &str) -> PathBuf {
    let (_, query) = url
        .split_once("?host=")
        .expect("the socket is the first parameter");
    let encoded = query.split('&').next().expect("a split has a first part");
    let mut parts = encoded.split('%');
    let mut decoded = parts
        .next()
        .expect("a split has a first part")
        .as_bytes()
        .to_vec();
    for part in parts {
        decoded.push(u8::from_str_radix(&part[..2], 16).expect("two digits follow a percent sign"));
        decoded.extend(&part.as_bytes()[2..]);
    }
    PathBuf::from(String::from_utf8(decoded).expect("the path is UTF-8"))
}

/// As a server that was killed would have left them, on the data and on the socket.
pub fn write_pid_files(state: &Path, process_id: u32) {
    let (data, socket) = (state.join("data"), state.join("socket"));
    let text = format!(
        "{process_id}\n{}\n1700000000\n5432\n{}\n\n  5432001         1\nready   \n",
        data.display(),
        socket.display()
    );
    for file in [
        data.join("postmaster.pid"),
        socket.join(".s.PGSQL.5432.lock"),
    ] {
        fs::write(&file, &text).expect("it is ours or root's");
        let owner = fs::metadata(&data).expect("start made it");
        chown(&file, Some(owner.uid()), Some(owner.gid())).expect("it is ours or root's");
    }
}

pub fn as_data_owner<'command>(
    command: &'command mut Command,
    state: &Path,
) -> &'command mut Command {
    let owner = fs::metadata(state.join("data")).expect("start made it");
    if geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.current_dir("/")
}

/// Programs that only say their version.
pub fn fake_binaries(directory: &Path, version: &str) -> PathBuf {
    let script = r#"mkdir "$1" && cd "$1" && cat > postgres && cp postgres initdb && chmod 755 *"#;
    let program = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
    run_shell(script, &[directory], program.as_bytes());
    directory.to_owned()
}

/// Where every user may run it.
pub fn copy_of(program: &Path, directory: &Path) -> PathBuf {
    let copy = directory.join("owner");
    run_shell(r#"cp "$1" "$2" && chmod 755 "$2""#, &[program, &copy], b"");
    copy
}

/// Programs are written by another process: one that this process forks meanwhile would hold them
/// open for writing, and then they could not be run.
pub fn run_shell(script: &str, arguments: &[&Path], input: &[u8]) {
    let mut shell = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh is installed");
    let mut stdin = shell.stdin.take().expect("it is piped");
    stdin.write_all(input).expect("the script reads it");
    drop(stdin);
    assert!(
        shell.wait().expect("it is this test's child").success(),
        "{script}"
    );
}

pub fn send(process_id: u32, signal: Signal) {
    kill_process(pid(process_id), signal).expect("it runs");
}

/// An ended child that is not reaped yet still counts.
pub fn is_running(process_id: u32) -> bool {
    rustix::process::test_kill_process(pid(process_id)) != Err(rustix::io::Errno::SRCH)
}

pub fn pid(process_id: u32) -> Pid {
    let number = i32::try_from(process_id).expect("process ids are small");
    Pid::from_raw(number).expect("process ids are positive")
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT_MAX;
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "waited {WAIT_MAX:?} until {what}"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

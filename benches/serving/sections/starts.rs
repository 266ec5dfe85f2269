//! How soon a started service serves, and what it takes while nobody calls.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use super::Stage;
use crate::findings::{Findings, median};
use crate::gauge::{resident_mib, signal};
use crate::servers::{self, Cache};
use crate::service::Service;

const EXISTING_S_MAX: f64 = 0.3;
const FRESH_S_MAX: f64 = 1.5;
const IDLE_MIB_MAX: f64 = 40.0;
/// The dictionary is loaded beside serving.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

pub async fn run(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    eprintln!("starts");
    let parent = stage.database.directory.parent();
    let directory = parent.context("the data has no parent")?.join("start");
    let (mut fresh, mut existing) = (Vec::new(), Vec::new());
    for _ in 0..stage.options.starts() {
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        fresh.push(serving_after(&directory)?);
        existing.push(serving_after(&directory)?);
    }
    fs::remove_dir_all(&directory)?;
    let (fresh, existing) = (median(fresh), median(existing));
    let passes = existing <= EXISTING_S_MAX;
    let what = "serving ≤ 0.3 s after start on an existing private database";
    findings.hold(what, passes, format!("{existing:.2} s"));
    let passes = fresh <= FRESH_S_MAX;
    let what = "serving ≤ 1.5 s after start on a fresh one";
    findings.hold(what, passes, format!("{fresh:.2} s"));
    idle(stage, findings)
}

/// In seconds, until it says so.
fn serving_after(directory: &Path) -> Result<f64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
        .arg(directory.join("state"))
        .env_remove("DATABASE_URL");
    let started = Instant::now();
    let service = Service::of(command, &directory.join("start.log"))?;
    let taken = started.elapsed().as_secs_f64();
    // Killed, it would leave its Postgres behind.
    signal(service.process_id(), Signal::TERM);
    let asked = Instant::now();
    while !has_ended(service.process_id()) {
        if asked.elapsed() > STOPPED_WITHIN {
            bail!("the service does not stop");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(taken)
}

/// Its parent has not asked for its status yet: it is a zombie then.
fn has_ended(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest.trim_start());
    state.is_empty() || state.starts_with('Z')
}

fn idle(stage: &Stage<'_>, findings: &mut Findings) -> Result<()> {
    let database = stage.database;
    let service = servers::service(&database.url, &database.directory, Cache::AsShipped)?;
    std::thread::sleep(SETTLED_AFTER);
    let all = resident_mib(service.process_id());
    let dictionary = dictionary_mib()?;
    let beside = all - dictionary;
    let figures = format!("{beside:.0} MiB, and {dictionary:.0} MiB of dictionary and rules");
    let what = "idle memory ≤ 40 MiB beside the dictionary";
    findings.hold(what, beside <= IDLE_MIB_MAX, figures);
    Ok(())
}

/// What the dictionary and the rules take, in a process that has nothing else.
fn dictionary_mib() -> Result<f64> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).arg("dictionary").output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().context("no size of the dictionary")
}

/// The part of this program that tells it.
pub fn tell_dictionary() {
    let process = std::process::id();
    let before = resident_mib(process);
    bulletin::articles::search::query::load_dictionary();
    bulletin::extract::load_rules();
    println!("{}", resident_mib(process) - before);
}

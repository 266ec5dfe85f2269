//! CPU time that other processes took, from /proc, in nanoseconds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Linux tells times of ended processes in hundredths of a second.
const TICK_NS: u64 = 10_000_000;

/// Of a process with all its threads.
pub fn of_process(process_id: u32) -> Result<u64> {
    let tasks = PathBuf::from(format!("/proc/{process_id}/task"));
    let entries = fs::read_dir(&tasks).with_context(|| format!("{} is gone", tasks.display()))?;
    // A thread that ends meanwhile is left out.
    Ok(entries
        .flatten()
        .filter_map(|task| on_cpu(&task.path()))
        .sum())
}

/// Of a Postgres: its main process, its backends, and those that have ended.
pub fn of_postgres(process_id: u32) -> Result<u64> {
    let mut sum = of_process(process_id)?;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(stat) = Stat::of(&entry.path()) else {
            continue;
        };
        if stat.parent == process_id {
            sum += on_cpu(&entry.path()).unwrap_or(0);
        } else if stat.process == process_id {
            sum += stat.ended_children_ticks * TICK_NS;
        }
    }
    Ok(sum)
}

fn on_cpu(directory: &Path) -> Option<u64> {
    let text = fs::read_to_string(directory.join("schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

struct Stat {
    process: u32,
    parent: u32,
    ended_children_ticks: u64,
}

impl Stat {
    /// The second field is the program's name in brackets, and may hold anything.
    fn of(directory: &Path) -> Option<Self> {
        let process = directory.file_name()?.to_str()?.parse().ok()?;
        let text = fs::read_to_string(directory.join("stat")).ok()?;
        let rest: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |at: usize| rest.get(at)?.parse::<u64>().ok();
        Some(Self {
            process,
            parent: u32::try_from(field(1)?).ok()?,
            ended_children_ticks: field(13)? + field(14)?,
        })
    }
}

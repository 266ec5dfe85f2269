//! CPU and memory that the measured processes take.

use std::fs;

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};

use crate::cpu;

/// The processes a side consists of.
#[derive(Clone, Debug)]
pub struct Gauge {
    program: u32,
    postgres: Option<u32>,
}

/// In nanoseconds of CPU since the processes began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub program_ns: u64,
    pub postgres_ns: u64,
    /// Of this process, which makes the load.
    pub client_ns: u64,
}

impl Gauge {
    /// Of a program and the Postgres it asks, if any.
    pub fn new(program: u32, postgres: Option<u32>) -> Self {
        Self { program, postgres }
    }

    pub fn read(&self) -> Result<Usage> {
        let mut usage = Usage {
            client_ns: cpu::of_process(std::process::id())?,
            ..Usage::default()
        };
        for process in family(self.program)? {
            usage.program_ns += cpu::of_process(process).unwrap_or(0);
        }
        if let Some(postgres) = self.postgres {
            usage.postgres_ns = cpu::of_postgres(postgres)?;
        }
        Ok(usage)
    }

    /// Resident memory of the program, in MiB.
    pub fn resident_mib(&self) -> Result<f64> {
        let processes = family(self.program)?;
        Ok(processes.into_iter().map(resident_mib).sum())
    }
}

impl Usage {
    pub fn since(self, earlier: Self) -> Self {
        // A thread that ended meanwhile takes its time along.
        Self {
            program_ns: self.program_ns.saturating_sub(earlier.program_ns),
            postgres_ns: self.postgres_ns.saturating_sub(earlier.postgres_ns),
            client_ns: self.client_ns.saturating_sub(earlier.client_ns),
        }
    }
}

/// A process and all below it.
pub fn family(process: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let id: Option<u32> = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(id) = id else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if let Some(Ok(parent)) = rest.split_whitespace().nth(1).map(str::parse::<u32>) {
            parents.push((id, parent));
        }
    }
    let mut found = vec![process];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        let children = parents.iter().filter(|(_, its)| *its == parent);
        found.extend(children.map(|(id, _)| *id));
        at += 1;
    }
    Ok(found)
}

pub fn resident_mib(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

pub fn signal(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let Some(process) = process {
        // One that has ended already is as good.
        let _ = kill_process(process, signal);
    }
}

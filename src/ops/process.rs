//! What Linux says of this process. Elsewhere there is nothing to say.

use std::fs;

/// The process, as `/proc` has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    pub cpu_s: f64,
    /// In seconds of 1970.
    pub start_s: f64,
    pub resident_bytes: u64,
    pub threads: u64,
    pub open_fds: u64,
    pub max_fds: u64,
}

impl Process {
    pub fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        // The directory that is read is open meanwhile.
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count().checked_sub(1)?;
        let ticks_per_s = rustix::param::clock_ticks_per_second() as f64;
        let times = Times::parse(&stat, &system)?;
        Some(Self {
            cpu_s: times.cpu as f64 / ticks_per_s,
            start_s: times.boot_s as f64 + times.start as f64 / ticks_per_s,
            resident_bytes: number(&status, "VmRSS:")? * 1024,
            threads: number(&status, "Threads:")?,
            open_fds: u64::try_from(open_fds).ok()?,
            max_fds: number(&limits, "Max open files").unwrap_or(u64::MAX),
        })
    }
}

/// In clock ticks, but for when the system started.
#[derive(Debug, PartialEq)]
struct Times {
    cpu: u64,
    start: u64,
    boot_s: u64,
}

impl Times {
    fn parse(stat: &str, system: &str) -> Option<Self> {
        // The name of the program stands in parentheses, and may have some.
        let (_, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let field = |at: usize| fields.get(at)?.trim().parse::<u64>().ok();
        Some(Self {
            cpu: field(11)? + field(12)?,
            start: field(19)?,
            boot_s: number(system, "btime")?,
        })
    }
}

/// The first number behind a word that begins a line.
fn number(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a) (b) S 1 42 42 0 -1 4194304 1 2 3 4 700 50 6 7 20 0 9 0 12345 1 2";
        let times = Times::parse(stat, "cpu 1 2\nbtime 1700000000\n");
        let expected = Times {
            cpu: 750,
            start: 12_345,
            boot_s: 1_700_000_000,
        };
        assert_eq!(times, Some(expected));
        assert_eq!(Times::parse("42 (a) S 1", ""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_memory_files_and_a_start() {
        let process = Process::read().unwrap();
        assert!(
            process.resident_bytes > 1024 * 1024 && process.start_s > 1.0e9,
            "{process:?}"
        );
        assert!((3..process.max_fds).contains(&process.open_fds) && process.threads > 0);
    }
}

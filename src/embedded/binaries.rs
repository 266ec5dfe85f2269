//! Finds `postgres` and `initdb`. Knows where packages put them, not how they are run.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// The oldest version the service is tested with.
pub(super) const MAJOR_VERSION_MIN: u32 = 14;

/// Parent, and what stands before and after the version in the name: Debian, PGDG's RPMs, Homebrew
/// on both processors.
const INSTALLATIONS: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// The programs of one installed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    directory: PathBuf,
    major_version: u32,
}

impl Binaries {
    /// The first installation that can read the data, or, without data, that is new enough.
    pub(super) fn find(
        explicit: Option<&Path>,
        data_version: Option<u32>,
        data: &Path,
    ) -> Result<Self, Error> {
        let Some(directory) = explicit else {
            let path = env::var_os("PATH").unwrap_or_default();
            return choose(candidates(&path), data_version, data);
        };
        // a relative path would be looked up from the directory the program is started in
        let directory = std::path::absolute(directory).map_err(Error::io("resolve", directory))?;
        match choose(vec![directory.clone()], data_version, data) {
            Err(Error::BinariesMissing) => Err(Error::BinariesUnusable(directory)),
            chosen => chosen,
        }
    }

    pub(super) fn major_version(&self) -> u32 {
        self.major_version
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    /// `None` when the directory lacks a program, or `postgres` does not run or does not say its
    /// version.
    fn probe(directory: PathBuf) -> Option<Self> {
        if !directory.join("initdb").is_file() || !directory.join("postgres").is_file() {
            return None;
        }
        let output = Command::new(directory.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major_version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            directory,
            major_version,
        })
    }
}

fn choose(
    candidates: Vec<PathBuf>,
    data_version: Option<u32>,
    data: &Path,
) -> Result<Binaries, Error> {
    let mut refused = Vec::new();
    for binaries in candidates.into_iter().filter_map(Binaries::probe) {
        let wanted = data_version.unwrap_or(binaries.major_version);
        if binaries.major_version == wanted && wanted >= MAJOR_VERSION_MIN {
            return Ok(binaries);
        }
        refused.push(format!(
            "{} in {}",
            binaries.major_version,
            binaries.directory.display()
        ));
    }
    if refused.is_empty() {
        return Err(Error::BinariesMissing);
    }
    let found = refused.join(", ");
    Err(match data_version {
        Some(data_version) => Error::VersionMismatch {
            data: data.to_owned(),
            data_version,
            found,
        },
        None => Error::BinariesTooOld { found },
    })
}

/// `PATH` in its order, then the known installations, newest first.
fn candidates(path: &OsStr) -> Vec<PathBuf> {
    // a relative entry would run whatever lies in the current directory, perhaps as root
    let mut directories: Vec<PathBuf> = env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .collect();
    let mut installed: Vec<(u32, PathBuf)> = INSTALLATIONS
        .iter()
        .flat_map(|(parent, prefix, suffix)| installations(Path::new(parent), prefix, suffix))
        .collect();
    installed.sort_by(|left, right| right.cmp(left));
    directories.extend(installed.into_iter().map(|(_, directory)| directory));
    directories
}

fn installations(parent: &Path, prefix: &str, suffix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(suffix)))
        })
        .collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)`, and before a release `18beta1`.
fn parse_version(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = version
        .split(|character: char| !character.is_ascii_digit())
        .next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_distributions_write_them() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("postgres (EnterpriseDB) 15.1\n"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn relative_entries_of_path_are_not_searched() {
        let found = candidates(OsStr::new("bin::/opt/one:./two:/opt/three"));
        assert_eq!(
            found[..2],
            [PathBuf::from("/opt/one"), PathBuf::from("/opt/three")]
        );
        assert!(found.iter().all(|directory| directory.is_absolute()));
    }

    #[test]
    fn without_candidates_the_error_says_what_to_install() {
        let error = choose(
            vec![PathBuf::from("/nonexistent")],
            None,
            Path::new("/data"),
        )
        .expect_err("the directory does not exist");
        assert!(
            error.to_string().contains("apt-get install postgresql"),
            "{error}"
        );
    }
}

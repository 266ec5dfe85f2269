//! As which user PostgreSQL runs. It refuses to run as root, so root hands it to an account without
//! rights.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::Error;

/// In order of preference: the account of the distribution's packages, then the one every system
/// has.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// The user PostgreSQL's programs run as.
#[derive(Debug)]
pub(super) enum Account {
    /// The user of this process, who is not root.
    Current,
    /// This process is root and gives its rights up.
    Other {
        name: String,
        user_id: u32,
        group_id: u32,
    },
}

impl Account {
    /// Whoever owns the data, if it exists: a later installed `postgres` account must not lock it
    /// out.
    pub(super) fn choose(data: &Path) -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Current);
        }
        match fs::metadata(data) {
            Ok(metadata) if metadata.uid() != 0 => Ok(Self::Other {
                name: format!("id {}", metadata.uid()),
                user_id: metadata.uid(),
                group_id: metadata.gid(),
            }),
            _ => Self::find_in(Path::new("/etc/passwd")),
        }
    }

    fn find_in(passwd: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(passwd).map_err(Error::io("read", passwd))?;
        NAMES
            .iter()
            .find_map(|name| text.lines().find_map(|line| Self::parse(line, name)))
            .ok_or(Error::AccountMissing)
    }

    /// A line is `name:password:user id:group id:…`.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let mut fields = line
            .strip_prefix(name)?
            .strip_prefix(':')?
            .split(':')
            .skip(1);
        let user_id = fields.next()?.parse().ok()?;
        let group_id = fields.next()?.parse().ok()?;
        Some(Self::Other {
            name: name.to_owned(),
            user_id,
            group_id,
        })
    }

    /// Makes the command run as this account; std also drops root's supplementary groups.
    pub(super) fn apply_to(&self, command: &mut Command) {
        if let Self::Other {
            user_id, group_id, ..
        } = self
        {
            command.uid(*user_id).gid(*group_id);
        }
    }

    /// Hands over a directory this process has just created.
    pub(super) fn take_over(&self, directory: &Path) -> Result<(), Error> {
        let Self::Other {
            user_id, group_id, ..
        } = self
        else {
            return Ok(());
        };
        chown(directory, Some(*user_id), Some(*group_id)).map_err(Error::io("hand over", directory))
    }

    /// PostgreSQL reports an untraversable parent only as a data directory that it cannot access.
    pub(super) fn check_may_enter(&self, directory: &Path) -> Result<(), Error> {
        let Self::Other {
            name,
            user_id,
            group_id,
        } = self
        else {
            return Ok(());
        };
        let mut ancestors: Vec<&Path> = directory.ancestors().collect();
        ancestors.reverse();
        for ancestor in ancestors {
            let metadata = fs::metadata(ancestor).map_err(Error::io("inspect", ancestor))?;
            let execute_bit = if metadata.uid() == *user_id {
                0o100
            } else if metadata.gid() == *group_id {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & execute_bit == 0 {
                return Err(Error::Untraversable {
                    directory: ancestor.to_owned(),
                    user: name.clone(),
                });
            }
        }
        Ok(())
    }
}

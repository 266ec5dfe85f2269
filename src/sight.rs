//! What a caller is shown. Whoever reads says which; nothing guesses it.

use crate::error::{Error, Result};

/// How much of the records there are a read is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// What was published, and stations that are ACTIVE, unless it is deleted. Anything else is not there.
    Public,
    /// Drafts, proposed stations and deleted records too.
    All,
}

impl Sight {
    pub fn is_all(self) -> bool {
        self == Self::All
    }

    /// What is bound to one sight, such as a page token: another sight gives another text.
    pub fn scoped(self, scope: String) -> String {
        match self {
            Self::Public => scope + "\nof readers",
            Self::All => scope,
        }
    }

    /// Refuses what only those may ask for who are shown everything.
    pub fn check_all(self, what: &str) -> Result<()> {
        match self {
            Self::All => Ok(()),
            Self::Public => Err(Error::PermissionDenied {
                what: what.to_owned(),
                role: "editor",
            }),
        }
    }
}

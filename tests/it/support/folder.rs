//! Folders of a test's own.

use std::fs;
use std::path::PathBuf;

use super::Service;

/// A folder of a test's own, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn of(service: &Service) -> Self {
        Self::named(&service.database.name)
    }

    /// Of the test whose database has this name.
    pub fn named(database: &str) -> Self {
        let name = format!("bulletin-{}-{database}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}

//! The service, or another server, in a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Ended when dropped.
pub struct Service {
    child: Child,
    pub address: String,
}

impl Service {
    /// Starts it on a free port; what it logs goes to `log`.
    pub fn start(database_url: &str, log: &Path) -> Result<Self> {
        Self::start_program(Path::new(env!("CARGO_BIN_EXE_bulletin")), database_url, log)
    }

    /// The same with another build of it.
    pub fn start_program(program: &Path, database_url: &str, log: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", database_url);
        Self::of(command, log)
    }

    /// Starts a program that prints `serving on` and its address.
    pub fn of(mut command: Command, log: &Path) -> Result<Self> {
        let mut child = command
            // Several run side by side.
            .env("BULLETIN_OPS_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let output = child.stdout.take().context("its output is not piped")?;
        let mut lines = BufReader::new(output).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let rest = line.strip_prefix("serving on ")?;
            Some(rest.split(';').next()?.trim().to_owned())
        });
        // Somebody must read on, or the next line it prints ends it.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(address) = address else {
            let status = child.wait()?;
            bail!("the server ended ({status}); its log is {}", log.display());
        };
        Ok(Self { child, address })
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It only reads: there is nothing to finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

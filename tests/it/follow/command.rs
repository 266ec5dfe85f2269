//! `bulletin watch`: what it prints, where it goes on, how it ends.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::program::{Running, run};
use crate::support::{Service, until};

/// A file of one test's own, which need not be there.
struct Kept(PathBuf);

impl Kept {
    fn new(service: &Service) -> Self {
        let name = format!(
            "bulletin-watch-{}-{}",
            std::process::id(),
            service.database.name
        );
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // A test that failed early may have made none.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The types of the messages that were printed, one a line.
fn types(stdout: &str) -> Vec<String> {
    let lines = stdout.lines();
    let messages = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    messages
        .map(|message| message["type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_watch_prints_a_snapshot_and_later_goes_on_where_it_ended() {
    let service = Service::seeded().await;
    let (address, kept) = (service.address.to_string(), Kept::new(&service));
    let arguments = [
        "watch",
        "--addr",
        &address,
        "--from",
        "snapshot",
        "--kinds",
        "station",
        "--resume-file",
        kept.path(),
        "--until-checkpoint",
    ];
    let first = run(&arguments).await;
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(
        types(&first.stdout),
        ["STARTED", "SNAPSHOT", "SNAPSHOT_END"]
    );
    let snapshot: Value = serde_json::from_str(first.stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(snapshot["records"].as_array().unwrap().len(), 18);
    let token = service.head().await.token;
    assert_eq!(kept.text(), format!("token {token}\n"));

    service.create_station("late").await.unwrap();
    let second = run(&arguments).await;
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let found = types(&second.stdout);
    assert_eq!(found[..2], ["STARTED", "CHANGES"]);
    assert!(found[2..].iter().all(|kind| kind == "CHECKPOINT"));
    let changes: Value = serde_json::from_str(second.stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(changes["changes"][0]["name"], "stations/late");
    let third = run(&arguments).await;
    assert_eq!(types(&third.stdout), ["STARTED", "CHECKPOINT"]);
}

#[tokio::test]
async fn a_watch_ends_with_a_code_that_says_why() {
    let service = Service::start().await;
    let address = service.address.to_string();
    let refused = run(&["watch", "--addr", &address, "--from", "yesterday"]).await;
    assert_eq!(refused.code, Some(2));
    let allowed = "must be now, snapshot, or a token such as 42-0123456789abcdef";
    assert!(refused.stderr.contains(allowed), "{}", refused.stderr);
    let forked = run(&["watch", "--addr", &address, "--from", "1-0123456789abcdef"]).await;
    assert_eq!(forked.code, Some(1));
    assert!(
        forked.stderr.contains("of another history"),
        "{}",
        forked.stderr
    );
    let misused = run(&["watch", "--addr", &address, "--kinds", "people"]).await;
    assert_eq!(misused.code, Some(2));

    let kept = Kept::new(&service);
    let running = Running::start(&["watch", "--addr", &address, "--resume-file", kept.path()]);
    until("the watch has begun", async || !kept.text().is_empty()).await;
    let id = Pid::from_raw(running.process_id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    assert_eq!(running.code().await, Some(130));
}

//! What happens to a service when its Postgres fails in every way that one does: nothing that was
//! acknowledged is lost, nothing wrong is answered, no error but the documented, and all goes on by itself.

mod readers;
mod stage;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bulletin::pb;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use self::stage::Stage;
use crate::support::private::processes_of;
use crate::support::program::Program;
use crate::support::replication::Node;
use crate::support::{Database, HeadLock, Service, until};

/// Returns once calls are told that the primary is away.
async fn is_lost(service: &Service) {
    until("the primary is taken for lost", async || {
        let head = service.ask(pb::GetHeadRequest {}).await;
        head.is_err_and(|refusal| refusal.reason == "NO_PRIMARY")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_under_load() {
    let mut stage = Stage::set(Node::primary().await).await;
    stage.node.kill().await;
    is_lost(&stage.service).await;
    stage.node.start().await;
    stage.recovers("Postgres killed and started").await;
    stage.conclude().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_shut_down_and_started_under_load() {
    let mut stage = Stage::set(Node::primary().await).await;
    stage.node.stop().await;
    is_lost(&stage.service).await;
    stage.node.start().await;
    stage.recovers("Postgres shut down and started").await;
    stage.conclude().await;
}

/// Every process of a server stands still, as on a machine that is suspended or swaps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_stopped_where_it_is() {
    let stage = Stage::set(Node::primary().await).await;
    let signal = |signal| {
        for id in processes_of(stage.node.process_id()) {
            // A backend may end meanwhile.
            let _ = kill_process(Pid::from_raw(id).unwrap(), signal);
        }
    };
    signal(Signal::STOP);
    is_lost(&stage.service).await;
    signal(Signal::CONT);
    stage.recovers("Postgres stopped and continued").await;
    stage.conclude().await;
}

/// Others have taken every connection that there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_left() {
    let stage = Stage::set(Node::primary().await).await;
    let url = stage.node.database().url;
    let mut first = PgConnection::connect(&url).await.unwrap();
    let mut taken = Vec::new();
    until("none is left, and the service has none", async || {
        // What the service had comes back to whoever asks first.
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity
                   where application_name = 'bulletin'";
        sqlx::query(sql).execute(&mut first).await.unwrap();
        while let Ok(connection) = PgConnection::connect(&url).await {
            taken.push(connection);
        }
        let sql = "select count(*) from pg_stat_activity where application_name = 'bulletin'";
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&mut first).await.unwrap();
        left == 0
    })
    .await;
    is_lost(&stage.service).await;
    for connection in taken {
        connection.close().await.unwrap();
    }
    first.close().await.unwrap();
    stage.recovers("connections given back").await;
    stage.conclude().await;
}

/// Somebody holds the lock that orders writers for longer than they wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_is_held() {
    let mut stage = Stage::set(Node::primary().await).await;
    let mut lock = HeadLock::take(&stage.node.database()).await;
    lock.wait_for_writers(1).await;
    stage.is_refused_a_write("NO_PRIMARY").await;
    lock.release().await;
    stage.recovers("the lock given back").await;
    stage.conclude().await;
}

/// A small file system of its own, for which root is needed.
struct Disk(PathBuf);

impl Disk {
    fn mount() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("bulletin-disk-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128m,mode=711", "tmpfs"]);
        let is_mounted = mount
            .arg(&path)
            .output()
            .is_ok_and(|done| done.status.success());
        let disk = Self(path);
        is_mounted.then_some(disk)
    }

    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        // Until nothing more goes in, which is what is wanted.
        while ballast.write_all(&[0; 64 * 1024]).is_ok() {}
        while ballast.write_all(&[0; 512]).is_ok() {}
    }

    fn clear(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_is_full() {
    let Some(disk) = Disk::mount() else {
        eprintln!("not run: mounting a small file system needs root");
        return;
    };
    let mut stage = Stage::set(Node::primary_at(disk.path()).await).await;
    disk.fill();
    stage.is_refused_a_write("NO_PRIMARY").await;
    disk.clear();
    // It may have given up where it could not even write its log.
    if stage.node.has_ended() {
        stage.node.start().await;
    }
    stage.recovers("room on the disk").await;
    stage.conclude().await;
    drop(disk);
}

/// Calls that the service has taken are answered, and watches end with what they may resume from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_told_to_stop_finishes_what_it_took() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let service = program.service(&database);
    for id in ["east", "west"] {
        service.create_station(id).await.unwrap();
    }
    let mut watch = service
        .changes()
        .watch_changes(pb::WatchChangesRequest::default())
        .await
        .unwrap()
        .into_inner();
    let started = watch.message().await.unwrap().unwrap();

    // Every write waits, so that all of them have been taken when the signal comes.
    let mut lock = HeadLock::take(&database).await;
    let writes = (0..32).map(|place| {
        let service = program.service(&database);
        tokio::spawn(async move { service.create_station(&format!("s-{place}")).await })
    });
    let writes: Vec<_> = writes.collect();
    lock.wait_for_writers(1).await;
    let metric = async || service.head().await.token;
    let before = metric().await;
    let id = program.process_id().try_into().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    let ended = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a watch ends with a status"),
            Err(status) => break status,
        }
    };
    let ended = crate::support::Refusal::of(&ended);
    ended.is(Code::Unavailable, "DRAINING");
    assert_eq!(ended.metadata["token"], started.token.max(before));
    lock.release().await;
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(program.ended().await, Some(0));
}

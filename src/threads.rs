//! Threads beside those that answer calls: for work that takes all it can get, such as an export, and for
//! the committer, whose groups wait for the database again and again (ADR 13, ADR 22).

use std::sync::LazyLock;
use std::{io, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tracing::warn;

/// How much later bulk work runs, as `nice` counts it: what is urgent has nine parts in ten of a processor
/// that both want.
const BULK_NICENESS: i32 = 10;

static BULK: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let threads = thread::available_parallelism().map_or(1, Into::into);
    begun("bulk", threads, BULK_NICENESS)
});

static COMMITTER: LazyLock<Option<Runtime>> = LazyLock::new(|| begun("committer", 1, 0));

/// Runs a task that takes all it can get, where the system lets it run after those that answer calls. What it
/// waits for may be elsewhere.
pub fn bulk<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn(&BULK, task)
}

/// Runs the task that commits. A thread that answers calls looks only now and then for what the database sent,
/// and whoever writes waits for that five times.
pub fn committer<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn(&COMMITTER, task)
}

fn spawn<F>(runtime: &Option<Runtime>, task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match runtime {
        Some(runtime) => runtime.spawn(task),
        None => tokio::spawn(task),
    }
}

fn begun(name: &'static str, threads: usize, niceness: i32) -> Option<Runtime> {
    let runtime = runtime(name, threads, niceness);
    if let Err(error) = &runtime {
        warn!(error = %error, name, "some work has no threads of its own, and shares those of calls");
    }
    runtime.ok()
}

fn runtime(name: &'static str, threads: usize, niceness: i32) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(name)
        .enable_all()
        // Where a thread may not step back it works all the same.
        .on_thread_start(move || {
            let _ = rustix::process::nice(niceness);
        })
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[tokio::test]
    async fn bulk_work_steps_back_and_other_work_does_not() {
        let before = niceness();
        let of_bulk = bulk(async { niceness() }).await.unwrap();
        assert_eq!(of_bulk, (before + BULK_NICENESS).min(19));
        let of_committer = committer(async { niceness() }).await.unwrap();
        assert_eq!(of_committer, before);
        assert_eq!(niceness(), before);
    }
}

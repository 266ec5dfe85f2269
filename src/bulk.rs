//! Where work runs that takes all it can get, such as an export: on threads of its own, which the system
//! lets run after those that answer calls (ADR 22).

use std::sync::LazyLock;
use std::{io, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tracing::warn;

/// How much later, as `nice` counts it: what is urgent has nine parts in ten of a processor that both want.
const NICENESS: i32 = 10;

static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let runtime = runtime();
    if let Err(error) = &runtime {
        warn!(error = %error, "bulk work has no threads of its own, and delays calls");
    }
    runtime.ok()
});

/// Runs a task there. What it waits for may be elsewhere.
pub fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match &*RUNTIME {
        Some(runtime) => runtime.spawn(task),
        None => tokio::spawn(task),
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(thread::available_parallelism().map_or(1, Into::into))
        .thread_name("bulk")
        .enable_all()
        // Where a thread may not step back it works all the same.
        .on_thread_start(|| {
            let _ = rustix::process::nice(NICENESS);
        })
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_threads_step_back_and_others_do_not() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let there = spawn(async move { niceness() }).await.unwrap();
        assert_eq!(there, (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }
}

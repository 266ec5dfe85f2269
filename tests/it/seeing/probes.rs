//! Probes: whether the process should be started again, and whether calls should be sent to it.

use std::net::SocketAddr;

use bulletin::pb;
use rustix::process::Signal;
use tokio::net::TcpListener;

use crate::support::http::get;
use crate::support::program::{Program, Running};
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, TableLock, until};

/// Status and body of a probe; nothing when nobody is there.
async fn probe(ops: SocketAddr, path: &str) -> Option<(u16, String)> {
    let answer = get(ops, path).await.ok()?;
    Some((answer.status, answer.text().trim_end().to_owned()))
}

async fn until_probe(ops: SocketAddr, path: &str, status: u16, body: &str) {
    let expected = Some((status, body.to_owned()));
    until(&format!("{path} answers {status} {body}"), async || {
        probe(ops, path).await == expected
    })
    .await;
}

#[tokio::test]
async fn probes_tell_that_the_service_starts_before_there_is_a_database() {
    // Takes connections and says nothing, as a database behind a broken network.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/none", silent.local_addr().unwrap());
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ops = reserved.local_addr().unwrap();
    drop(reserved);
    let (listen, ops_listen) = ("127.0.0.1:0", ops.to_string());
    let arguments = [
        "serve",
        "--listen",
        listen,
        "--ops-listen",
        &ops_listen,
        "--database-url",
        &url,
    ];
    let _starting = Running::start(&arguments);
    until_probe(ops, "/livez", 200, "starting").await;
    assert_eq!(probe(ops, "/readyz").await, Some((503, "starting".into())));
    assert_eq!(get(ops, "/metrics").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_service_that_drains_lives_and_is_not_ready_and_its_ops_port_goes_last() {
    let database = Database::create().await;
    let mut lock = TableLock::take(&database).await;
    let arguments = [
        "--database-url",
        &database.url,
        "--drain-timeout-ms",
        "60000",
    ];
    let program = Program::serve(&arguments).await;
    let ops = program.ops;
    until_probe(ops, "/readyz", 200, "ok").await;
    assert_eq!(probe(ops, "/livez").await, Some((200, "ok".into())));
    // A call that is under way holds the drain.
    let service = program.service(&database);
    let read = async move { service.ask(pb::ListArticlesRequest::default()).await };
    let read = tokio::spawn(read);
    lock.until_readers(1).await;
    program.signal(Signal::TERM);
    until_probe(ops, "/readyz", 503, "stopping").await;
    assert_eq!(probe(ops, "/livez").await, Some((200, "stopping".into())));
    lock.release().await;
    read.await.unwrap().unwrap();
    until("the ops port is closed", async || {
        probe(ops, "/livez").await.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_service_without_its_database_lives_and_is_not_ready_until_it_is_back() {
    let (proxy, database) = Proxy::before(&Database::create().await);
    let program = Program::serve(&["--database-url", &database.url]).await;
    until_probe(program.ops, "/readyz", 200, "ok").await;
    for fault in [Fault::Down, Fault::BlackHole] {
        proxy.set(fault);
        let gone = "database: no answer to polls";
        until_probe(program.ops, "/readyz", 503, gone).await;
        assert_eq!(probe(program.ops, "/livez").await, Some((200, "ok".into())));
        proxy.set(Fault::None);
        until_probe(program.ops, "/readyz", 200, "ok").await;
    }
}

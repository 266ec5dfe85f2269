//! Connections that are slow, silent, of the wrong kind, or too many: the others go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bulletin::guard::identify::Anybody;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint};

use super::{Mount, Transport, by_tls, read};
use crate::support::certificates::Authority;
use crate::support::program::Program;
use crate::support::{Database, Service, until};

/// A service by TLS for anybody, with the folder its files are in.
async fn by_tls_for_anybody(authority: &Authority) -> (Service, Mount) {
    let mount = Mount::new();
    let transport = by_tls(&mount, authority, None);
    (Service::guarded(transport, Arc::new(Anybody)).await, mount)
}

/// Reads until the other side closes; what came of it.
async fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    const WAIT_MAX: Duration = Duration::from_secs(30);
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(WAIT_MAX, stream.read_to_end(&mut bytes));
    // A reset is an end as well.
    let _ = end.await.expect("the connection is closed");
    bytes
}

#[tokio::test]
async fn handshakes_that_stall_delay_nobody() {
    let authority = Authority::new();
    let (service, _mount) = by_tls_for_anybody(&authority).await;
    let mut stalled = Vec::new();
    for place in 0..50 {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        if place % 2 == 0 {
            // The beginning of a handshake, and no more.
            stream.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
        }
        stalled.push(stream);
    }
    for _ in 0..5 {
        let channel = authority.endpoint(&service, None).connect().await.unwrap();
        read(&channel, &[]).await.unwrap();
    }
    // They were all still there.
    for stream in &stalled {
        let read = stream.try_read(&mut [0]);
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test]
async fn who_stalls_or_says_nothing_is_closed_in_the_end() {
    let (authority, mount) = (Authority::new(), Mount::new());
    let handshake_timeout = Duration::from_millis(50);
    let by_tls = Transport {
        handshake_timeout,
        ..by_tls(&mount, &authority, None)
    };
    let plain = Transport {
        handshake_timeout,
        ..Transport::default()
    };
    for (transport, beginning) in [
        (by_tls.clone(), &[][..]),
        (by_tls, &[22, 3, 1, 2, 0, 1]),
        (plain.clone(), &[]),
        (plain, b"PRI * HTTP/2.0\r\n"),
    ] {
        let service = Service::guarded(transport, Arc::new(Anybody)).await;
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        to_the_end(&mut stream).await;
    }
}

#[tokio::test]
async fn a_connection_that_greeted_is_kept_however_long_it_is_silent() {
    let transport = Transport {
        handshake_timeout: Duration::from_millis(50),
        ..Transport::default()
    };
    let service = Service::guarded(transport, Arc::new(Anybody)).await;
    let (channel, connections) = counted(&service);
    until("a connection has greeted in time", async || {
        read(&channel, &[]).await.is_ok()
    })
    .await;
    let before = connections.load(Ordering::Relaxed);
    // A silent one that came later is closed by then.
    let mut silent = TcpStream::connect(service.address).await.unwrap();
    to_the_end(&mut silent).await;
    read(&channel, &[]).await.unwrap();
    assert_eq!(connections.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn plaintext_to_the_port_of_tls_fails_and_the_service_goes_on() {
    let authority = Authority::new();
    let (service, _mount) = by_tls_for_anybody(&authority).await;
    let refusal = read(&service.channel, &[]).await.unwrap_err();
    assert_eq!(refusal.reason, "", "no service answered: {refusal:?}");
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = to_the_end(&mut stream).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let channel = authority.endpoint(&service, None).connect().await.unwrap();
    read(&channel, &[]).await.unwrap();
}

#[tokio::test]
async fn tls_to_the_plaintext_port_fails_and_the_service_goes_on() {
    let service = Service::start().await;
    let endpoint = Authority::new().endpoint(&service, None);
    assert!(endpoint.connect().await.is_err());
    read(&service.channel, &[]).await.unwrap();
}

#[tokio::test]
async fn a_browser_calls_by_tls_and_http_1() {
    let authority = Authority::new();
    let (service, _mount) = by_tls_for_anybody(&authority).await;
    let mut stream = authority.connect(&service, "http/1.1").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let head = "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\
                connection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[0; 5]).await.unwrap();
    let mut answer = Vec::new();
    // It need not say goodbye.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_the_others_are_not() {
    let transport = Transport {
        connections_max: 2,
        // None is closed for its silence here.
        handshake_timeout: Duration::from_secs(3_600),
        ..Transport::default()
    };
    let service = Service::guarded(transport, Arc::new(Anybody)).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", service.address)).unwrap();
    let connect = async || -> Channel {
        let channel = endpoint.connect().await.unwrap();
        read(&channel, &[]).await.unwrap();
        channel
    };
    let (first, second) = (connect().await, connect().await);
    let mut third = TcpStream::connect(service.address).await.unwrap();
    assert_eq!(to_the_end(&mut third).await, b"");
    read(&first, &[]).await.unwrap();
    read(&second, &[]).await.unwrap();
    drop(first);
    until("the place is free again", async || {
        match endpoint.connect().await {
            Ok(channel) => read(&channel, &[]).await.is_ok(),
            Err(_) => false,
        }
    })
    .await;
    read(&second, &[]).await.unwrap();
}

#[tokio::test]
async fn an_old_connection_is_given_up_without_a_failed_call() {
    let transport = Transport {
        connection_max_age: Some(Duration::from_millis(100)),
        // Those before must end for others to be taken.
        connections_max: 4,
        ..Transport::default()
    };
    let service = Service::guarded(transport, Arc::new(Anybody)).await;
    let (channel, connections) = counted(&service);
    until("the client has made ten connections", async || {
        match read(&channel, &[]).await {
            // Its connection was given up before it was sent, which the client does not try again.
            Err(refusal) if refusal.message == "operation was canceled" => {}
            answered => answered.unwrap(),
        }
        connections.load(Ordering::Relaxed) >= 10
    })
    .await;
}

/// A client of a service, and how many connections it has made.
fn counted(service: &Service) -> (Channel, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let (address, counter) = (service.address, Arc::clone(&count));
    let connector = tower::service_fn(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        async move {
            let stream = TcpStream::connect(address).await?;
            Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(stream))
        }
    });
    let endpoint = Endpoint::from_static("http://service");
    (endpoint.connect_with_connector_lazy(connector), count)
}

/// Too many open files: the service takes whoever waits once it can again.
#[tokio::test]
async fn a_machine_without_files_left_ends_nothing() {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let service = program.service(&database);
    read(&service.channel, &[]).await.unwrap();
    let process = Pid::from_raw(i32::try_from(program.process_id()).unwrap());
    let before = getrlimit(Resource::Nofile);
    let limit = |files| {
        let limits = Rlimit {
            current: files,
            maximum: before.maximum,
        };
        prlimit(process, Resource::Nofile, limits).unwrap();
    };
    // Nothing that is open is closed by it, and nothing more can be opened.
    limit(Some(3));
    let mut waiting = TcpStream::connect(service.address).await.unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    waiting.write_all(preface).await.unwrap();
    for _ in 0..20 {
        read(&service.channel, &[]).await.unwrap();
    }
    let answer = waiting.try_read(&mut [0]);
    assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    limit(before.current);
    let mut settings = [0; 9];
    waiting.read_exact(&mut settings).await.unwrap();
    assert_eq!(
        settings[3], 4,
        "the first frame is the service's settings: {settings:?}"
    );
}

//! Stands between a service and Postgres: cuts connections, at a COMMIT or all of them, slows them down,
//! swallows what they say, and leads them to another server.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Database;
use super::replication::socket_of;

const SOCKET: &str = ".s.PGSQL.5432";

/// What happens to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The next COMMIT is not passed on, and its connection ends.
    BeforeCommit,
    /// The next COMMIT is passed on; once Postgres has replied, its connection ends without the reply.
    AfterCommit,
    /// As the last, and from then on every connection ends.
    AfterCommitForGood,
    /// The next COMMIT is not passed on, and nothing comes back, as from a network that swallows all.
    Swallowed,
    /// Every connection ends.
    Down,
    /// Connections are taken and kept, and nothing passes either way. What was there before is lost for
    /// good, as behind a network that forgot it.
    BlackHole,
    /// Everything passes that much later.
    Slow(Duration),
    /// One message in seven is lost and sent again, one in 49 twice, as TCP does: what follows it waits.
    Lossy,
}

/// When TCP sends again what nobody acknowledged; twice as long the next time.
const SENT_AGAIN_AFTER: Duration = Duration::from_millis(200);
const LOST_ONE_IN: u64 = 7;

/// Gone when dropped.
pub struct Proxy {
    directory: PathBuf,
    line: Arc<Line>,
    task: JoinHandle<()>,
}

struct Line {
    /// Where new connections lead.
    socket: Mutex<PathBuf>,
    fault: watch::Sender<Fault>,
    /// Messages that came while some are lost.
    sent: AtomicU64,
}

impl Proxy {
    /// The proxy, and the database as it is reached through it.
    pub fn before(database: &Database) -> (Self, Database) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let place = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bulletin-proxy-{}-{place}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(SOCKET)).unwrap();
        let line = Arc::new(Line {
            socket: Mutex::new(socket_of(database).join(SOCKET)),
            fault: watch::Sender::new(Fault::None),
            sent: AtomicU64::new(1),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&line)));
        let (url, _) = database.url.split_once("?host=").unwrap();
        let host = directory.to_str().unwrap().replace('/', "%2F");
        let proxied = Database {
            url: format!("{url}?host={host}&sslmode=disable"),
            name: database.name.clone(),
        };
        let proxy = Self {
            directory,
            line,
            task,
        };
        (proxy, proxied)
    }

    pub fn set(&self, fault: Fault) {
        self.line.fault.send_replace(fault);
    }

    /// New connections lead there; those that exist stay where they are.
    pub fn lead_to(&self, database: &Database) {
        *self.line.socket.lock().unwrap() = socket_of(database).join(SOCKET);
    }

    /// Nothing, once the fault that was set has happened.
    pub fn fault(&self) -> Fault {
        *self.line.fault.borrow()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        // Nobody is left to tell.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Line {
    /// The fault that this COMMIT meets; one that lasts for one COMMIT is then over.
    fn take_fault_at_commit(&self) -> Fault {
        let fault = *self.fault.borrow();
        if matches!(
            fault,
            Fault::BeforeCommit | Fault::AfterCommit | Fault::Swallowed
        ) {
            self.fault.send_replace(Fault::None);
        }
        fault
    }

    /// Returns when a message may pass.
    async fn pass(&self) {
        let fault = *self.fault.borrow();
        match fault {
            Fault::BlackHole => std::future::pending().await,
            Fault::Slow(delay) => tokio::time::sleep(delay).await,
            Fault::Lossy => {
                let number = self.sent.fetch_add(1, Ordering::Relaxed);
                let mut wait = Duration::ZERO;
                if number.is_multiple_of(LOST_ONE_IN) {
                    wait += SENT_AGAIN_AFTER;
                }
                if number.is_multiple_of(LOST_ONE_IN * LOST_ONE_IN) {
                    wait += SENT_AGAIN_AFTER * 2;
                }
                tokio::time::sleep(wait).await;
            }
            _ => {}
        }
    }
}

async fn accept(listener: UnixListener, line: Arc<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        let line = Arc::clone(&line);
        tokio::spawn(async move {
            let mut fault = line.fault.subscribe();
            // A connection that breaks is what this is for.
            let _ = tokio::select! {
                outcome = relay(client, &line) => outcome,
                _ = fault.wait_for(|fault| *fault == Fault::Down) => Ok(()),
            };
        });
    }
}

/// Passes messages on until either side ends, or a fault does it.
async fn relay(mut client: UnixStream, line: &Line) -> io::Result<()> {
    line.pass().await;
    let socket = line.socket.lock().unwrap().clone();
    let mut server = UnixStream::connect(&socket).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let fault = tokio::select! {
        fault = pass_requests(&mut from_client, &mut to_server, line) => fault?,
        outcome = pass_answers(&mut from_server, &mut to_client, line) => return outcome,
    };
    match fault {
        Fault::BeforeCommit => {}
        // Until the client has had enough.
        Fault::Swallowed => drop(from_client.read_u8().await?),
        _ => drop(from_server.read_u8().await?),
    }
    if fault == Fault::AfterCommitForGood {
        line.fault.send_replace(Fault::Down);
    }
    Ok(())
}

async fn pass_answers(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    line: &Line,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        line.pass().await;
        to.write_all(&buffer[..length]).await?;
    }
}

/// Passes on what the client says, up to a COMMIT that is to meet a fault.
async fn pass_requests(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    line: &Line,
) -> io::Result<Fault> {
    // The first message has no type.
    let start = read_body(from).await?;
    line.pass().await;
    to.write_all(&start).await?;
    loop {
        let kind = from.read_u8().await?;
        let body = read_body(from).await?;
        // What is said together passes together.
        if matches!(kind, b'S' | b'Q') {
            line.pass().await;
        }
        let is_commit = kind == b'Q' && body[4..].eq_ignore_ascii_case(b"COMMIT\0");
        let fault = match is_commit {
            true => line.take_fault_at_commit(),
            false => Fault::None,
        };
        if matches!(fault, Fault::BeforeCommit | Fault::Down) {
            return Ok(Fault::BeforeCommit);
        }
        if fault == Fault::Swallowed {
            return Ok(fault);
        }
        to.write_u8(kind).await?;
        to.write_all(&body).await?;
        if matches!(fault, Fault::AfterCommit | Fault::AfterCommitForGood) {
            return Ok(fault);
        }
    }
}

/// A message's length, which counts itself, and what follows it.
async fn read_body(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let rest = usize::try_from(length)
        .unwrap()
        .checked_sub(4)
        .ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; 4 + rest];
    body[..4].copy_from_slice(&length.to_be_bytes());
    from.read_exact(&mut body[4..]).await?;
    Ok(body)
}

//! HTTP/1.1 by hand: the ops port as a scraper sees it, and calls by gRPC-Web whose client does not watch
//! the time itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use prost::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// `grpc-status`, from the headers or from the last frame.
    pub fn grpc_status(&self) -> Option<i32> {
        let in_headers = self.headers.get("grpc-status");
        let body = String::from_utf8_lossy(&self.body);
        let in_trailers = || {
            let (_, rest) = body.rsplit_once("grpc-status:")?;
            Some(rest.split("\r\n").next()?.trim().to_owned())
        };
        let status = in_headers.cloned().or_else(in_trailers)?;
        status.parse().ok()
    }
}

/// Sends a request, and reads what comes until the connection ends.
pub async fn send(address: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<Answer> {
    send_to(address, &address.to_string(), head, body).await
}

/// The same, to a host of another name.
pub async fn send_to(
    address: SocketAddr,
    host: &str,
    head: &str,
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("{head}host: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Ok(Answer {
        status: status.parse().unwrap(),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    })
}

/// Asks for a page.
pub async fn get(address: SocketAddr, path: &str) -> std::io::Result<Answer> {
    send(address, &format!("GET {path} HTTP/1.1\r\n"), &[]).await
}

/// Calls a method by gRPC-Web, with the headers given.
pub async fn call_on_the_web(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    message: &impl Message,
) -> Answer {
    let message = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let length = frame.len();
    let mut head = format!(
        "POST {path} HTTP/1.1\r\ncontent-type: application/grpc-web+proto\r\n\
         content-length: {length}\r\n"
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    send(address, &head, &frame).await.unwrap()
}

/// The metrics of a service, as they are just now.
#[derive(Debug)]
pub struct Metrics(pub String);

impl Metrics {
    pub async fn of(ops: SocketAddr) -> Self {
        let answer = get(ops, "/metrics").await.unwrap();
        assert_eq!(answer.status, 200);
        let kind = &answer.headers["content-type"];
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        let page = answer.text().to_owned();
        assert!(page.ends_with("# EOF\n"), "{page}");
        Self(page)
    }

    /// The value of a sample that has all these labels; 0 when there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let samples = self.0.lines().filter(|line| !line.starts_with('#'));
        let mut found = samples.filter(|line| {
            let (sample, _) = line.rsplit_once(' ').unwrap();
            let is_named = sample.split('{').next() == Some(name);
            let has =
                |(label, value): &(&str, &str)| sample.contains(&format!("{label}=\"{value}\""));
            is_named && labels.iter().all(has)
        });
        let value = found.next().map(|line| line.rsplit_once(' ').unwrap().1);
        assert!(found.next().is_none(), "{name} {labels:?} is several");
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// The metrics by name, with their kind, as the page describes them.
    pub fn described(&self) -> BTreeMap<String, String> {
        let types = self
            .0
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        types
            .map(|line| line.split_once(' ').unwrap())
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .collect()
    }
}

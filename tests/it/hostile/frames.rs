//! HTTP/2 by hand: frames that no library would send.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// Reasons that a peer gives.
pub const PROTOCOL_ERROR: u32 = 1;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// The last thing a flood says: whoever answers it lives.
const ARE_YOU_THERE: [u8; 8] = *b"there???";

#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The reason of a RST_STREAM or a GOAWAY.
    pub fn reason(&self) -> Option<u32> {
        let at = match self.kind {
            RST_STREAM => 0,
            GOAWAY => 4,
            _ => return None,
        };
        let bytes = self.payload.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().unwrap()))
    }
}

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header block that needs no table.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            push_length(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// An integer with a prefix of seven bits.
fn push_length(bytes: &mut Vec<u8>, length: usize) {
    if length < 127 {
        return bytes.push(u8::try_from(length).unwrap());
    }
    bytes.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
}

/// What a call of a method begins with.
pub fn call(path: &str) -> Vec<(&str, &str)> {
    vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "bulletin"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
}

/// The start of a call, whose body is to come.
pub fn begin(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &block(&call(path)))
}

/// A message as gRPC frames it.
pub fn message(bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    framed.extend(bytes);
    framed
}

/// How a connection stands after something was done to it.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// It answers what is asked next.
    Lives,
    /// It was ended with this reason.
    Ended(u32),
    /// It was cut.
    Cut,
}

/// A connection of HTTP/2.
pub struct Raw(TcpStream);

impl Raw {
    /// With settings, as pairs of number and value.
    pub async fn open(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        Self::begin(TcpStream::connect(address).await.unwrap(), settings).await
    }

    /// The same from another address of this machine, as from another machine.
    pub async fn open_elsewhere(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        Self::begin(socket.connect(address).await.unwrap(), &[]).await
    }

    async fn begin(mut stream: TcpStream, settings: &[(u16, u32)]) -> Self {
        let mut payload = Vec::new();
        for (number, value) in settings {
            payload.extend(number.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let opening = [PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat();
        stream.write_all(&opening).await.unwrap();
        Self(stream)
    }

    /// One that says nothing.
    pub async fn silent(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame; nothing once the service has ended the connection.
    pub async fn next(&mut self) -> Option<Frame> {
        next(&mut self.0).await
    }

    /// The next frame of these kinds.
    pub async fn next_of(&mut self, kinds: &[u8]) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if kinds.contains(&frame.kind) {
                return Some(frame);
            }
        }
    }

    /// Sends all of it, reading what comes back meanwhile, and asks whether anybody is there.
    pub async fn flood(self, bytes: Vec<u8>) -> Fate {
        let (mut from, mut to) = self.0.into_split();
        let write = tokio::spawn(async move {
            // A connection that is ended while it is flooded is what this is about.
            let _ = to.write_all(&bytes).await;
            let _ = to.write_all(&frame(PING, 0, 0, &ARE_YOU_THERE)).await;
            to
        });
        let mut fate = Fate::Cut;
        while let Some(frame) = next(&mut from).await {
            if frame.kind == GOAWAY {
                fate = frame.reason().map_or(fate, Fate::Ended);
            }
            if frame.kind == PING && frame.payload == ARE_YOU_THERE {
                fate = Fate::Lives;
                break;
            }
        }
        drop(write.await.unwrap());
        fate
    }
}

async fn next(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Frame> {
    let read = async {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await?;
        io::Result::Ok(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    };
    // Ended or reset, it is over.
    read.await.ok()
}

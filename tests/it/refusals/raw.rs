//! What no client that knows the API sends: bytes that are no message, and frames that are no frames.

use bulletin::pb::{self, Article};
use prost::bytes::{Buf as _, BufMut as _};
use tonic::Code::{InvalidArgument, ResourceExhausted, Unimplemented};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::{Request, Status};
use tower::{Service as _, ServiceExt as _};

use super::case::{Case, Sending};
use crate::support::Service;

const CREATE_ARTICLE: &str = "/bulletin.v1.ArticleService/CreateArticle";
const GET_STATION: &str = "/bulletin.v1.StationService/GetStation";
const CREATE_STATISTIC: &str = "/bulletin.v1.StatisticService/CreateStatistic";

/// Sends and takes bytes as they are.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// Sends bytes as the message of a call.
fn message(method: &'static str, bytes: Vec<u8>) -> Sending {
    Box::new(move |service: &Service| {
        let mut client = Grpc::new(service.channel.clone());
        Box::pin(async move {
            client.ready().await.unwrap();
            let path = PathAndQuery::from_static(method);
            client
                .unary(Request::new(bytes), path, Bytes)
                .await
                .map(drop)
        })
    })
}

/// Sends bytes as the whole body of a call, frames and all.
fn body(method: &'static str, bytes: &'static str) -> Sending {
    Box::new(move |service: &Service| {
        let mut channel = service.channel.clone();
        let request = http::Request::post(format!("http://{}{method}", service.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(bytes.to_owned()))
            .unwrap();
        Box::pin(async move {
            let response = channel.ready().await.unwrap().call(request).await.unwrap();
            match Status::from_header_map(response.headers()) {
                Some(status) if status.code() != tonic::Code::Ok => Err(status),
                _ => Ok(()),
            }
        })
    })
}

/// A message whose text `MARK` is made invalid UTF-8.
fn broken_text(message: &impl prost::Message) -> Vec<u8> {
    let mut bytes = message.encode_to_vec();
    let at = bytes
        .windows(4)
        .position(|window| window == b"MARK")
        .unwrap();
    bytes[at] = 0xff;
    bytes
}

fn create(article: Article) -> pb::CreateArticleRequest {
    pb::CreateArticleRequest {
        article_id: "ab".to_owned(),
        article: Some(article),
        validate_only: false,
    }
}

pub fn cases() -> Vec<Case> {
    let mark = || "MARK".to_owned();
    let headline = create(Article {
        headline: mark(),
        ..Default::default()
    });
    let person = create(Article {
        people: vec![pb::Person {
            display_name: mark(),
            ..Default::default()
        }],
        ..Default::default()
    });
    let id = pb::CreateArticleRequest {
        article_id: mark(),
        ..Default::default()
    };
    let decimal = pb::CreateStatisticRequest {
        statistic: Some(pb::Statistic {
            quantity: Some(pb::Quantity {
                value: Some(pb::Decimal { value: mark() }),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let case =
        |name, send, field| Case::sending(name, send, InvalidArgument, "FIELD_INVALID", &[field]);
    let text = |name, method, bytes, field| {
        case(name, message(method, bytes), field).saying("must be valid UTF-8")
    };
    let garbage = |name, bytes: &[u8]| case(name, message(GET_STATION, bytes.to_vec()), "request");
    let frames = |name, bytes| case(name, body(GET_STATION, bytes), "request");
    let unknown = |name, method| {
        Case::sending(
            name,
            message(method, Vec::new()),
            Unimplemented,
            "NOT_BUILT",
            &[],
        )
    };
    let large = message(CREATE_ARTICLE, vec![0; 4 * 1024 * 1024 + 1]);
    vec![
        text(
            "no UTF-8 in a headline",
            CREATE_ARTICLE,
            broken_text(&headline),
            "article.headline",
        ),
        text(
            "no UTF-8 in a list",
            CREATE_ARTICLE,
            broken_text(&person),
            "article.people.display_name",
        ),
        text(
            "no UTF-8 in an id",
            CREATE_ARTICLE,
            broken_text(&id),
            "article_id",
        ),
        text(
            "no UTF-8 in a decimal",
            CREATE_STATISTIC,
            broken_text(&decimal),
            "statistic.quantity.value.value",
        ),
        garbage("garbage", b"\xff\xff\xff\xff\xff\xff"),
        garbage("a tag of zero", b"\x00\x00"),
        garbage("a wire type of seven", b"\x0f"),
        case(
            "a text that ends early",
            message(GET_STATION, b"\x0a\x7f".to_vec()),
            "name",
        ),
        case(
            "a number for a name",
            message(GET_STATION, b"\x08\x01".to_vec()),
            "name",
        ),
        frames("no message at all", ""),
        frames("a frame cut short", "\0\0\0\0\u{5}ab"),
        frames("a header cut short", "\0\0"),
        frames("a flag that is no flag", "G\0\0\0\u{1}a"),
        frames("compressed as nothing agreed", "\u{1}\0\0\0\u{1}a"),
        unknown(
            "a method that does not exist",
            "/bulletin.v1.ArticleService/Nothing",
        ),
        unknown(
            "a service that does not exist",
            "/bulletin.v1.Nothing/Nothing",
        ),
        Case::sending(
            "a message of 4 MiB and 1",
            large,
            ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            &[],
        )
        .saying("4194305"),
    ]
}

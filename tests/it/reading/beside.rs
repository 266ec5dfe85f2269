//! What stands beside the services: health, reflection, gRPC-Web.

use bulletin::pb::{self, Head};
use prost::Message as _;
use prost_types::FileDescriptorProto;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_stream::once;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::Service;

const SERVICES: [&str; 6] = [
    "bulletin.v1.ArticleService",
    "bulletin.v1.ChangeService",
    "bulletin.v1.IngestService",
    "bulletin.v1.StationService",
    "bulletin.v1.StatisticService",
    "bulletin.v1.TransferService",
];

#[tokio::test]
async fn each_service_and_the_server_are_healthy() {
    let service = Service::start().await;
    let mut health = HealthClient::new(service.channel.clone());
    for name in SERVICES.iter().chain(&[""]) {
        let request = HealthCheckRequest {
            service: (*name).to_owned(),
        };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
    let unknown = HealthCheckRequest {
        service: "bulletin.v1.Nothing".to_owned(),
    };
    assert_eq!(
        health.check(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
}

/// Asks one version of reflection for the services, and for the file of a type.
macro_rules! reflected {
    ($version:ident, $service:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let mut client = ServerReflectionClient::new($service.channel.clone());
        let mut ask = async |message| {
            let request = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(message),
            };
            let mut answers = client
                .server_reflection_info(once(request))
                .await
                .unwrap()
                .into_inner();
            answers
                .message()
                .await
                .unwrap()
                .unwrap()
                .message_response
                .unwrap()
        };
        let MessageResponse::ListServicesResponse(list) =
            ask(MessageRequest::ListServices(String::new())).await
        else {
            panic!("a list was asked for");
        };
        let services: Vec<String> = list.service.into_iter().map(|found| found.name).collect();
        let mut files = Vec::new();
        for symbol in [
            "google.rpc.BadRequest",
            "google.rpc.ErrorInfo",
            "bulletin.v1.Article",
        ] {
            let asked = MessageRequest::FileContainingSymbol(symbol.to_owned());
            let MessageResponse::FileDescriptorResponse(found) = ask(asked).await else {
                panic!("{symbol} is not known");
            };
            files.extend(found.file_descriptor_proto);
        }
        (services, files)
    }};
}

fn check_reflected((services, files): (Vec<String>, Vec<Vec<u8>>)) {
    for name in SERVICES {
        assert!(
            services.iter().any(|found| found == name),
            "{name} is not in {services:?}"
        );
    }
    let files = files
        .iter()
        .map(|file| FileDescriptorProto::decode(file.as_slice()).unwrap());
    let messages: Vec<String> = files
        .flat_map(|file| {
            let package = file.package().to_owned();
            let names = file.message_type.into_iter();
            names.map(move |message| format!("{package}.{}", message.name()))
        })
        .collect();
    for name in [
        "google.rpc.BadRequest",
        "google.rpc.ErrorInfo",
        "bulletin.v1.Article",
    ] {
        assert!(
            messages.iter().any(|found| found == name),
            "{name} is not in {messages:?}"
        );
    }
}

#[tokio::test]
async fn both_versions_of_reflection_describe_the_services_and_the_error_details() {
    let service = Service::start().await;
    check_reflected(reflected!(v1, service));
    check_reflected(reflected!(v1alpha, service));
}

/// Sends a body over HTTP/1.1 as a browser does, and reads until the server closes.
async fn post(service: &Service, path: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/grpc-web+proto\r\n\
         x-grpc-web: 1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        service.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let body = answer.split_off(end + 4);
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    (head, if is_chunked { joined(&body) } else { body })
}

/// The chunks of a body, joined.
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    loop {
        let end = body
            .windows(2)
            .position(|window| window == b"\r\n")
            .unwrap();
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return joined;
        }
        joined.extend(&body[end + 2..][..size]);
        body = &body[end + 2 + size + 2..];
    }
}

#[tokio::test]
async fn a_browser_reads_the_head_over_grpc_web() {
    let service = Service::seeded().await;
    let path = "/bulletin.v1.ChangeService/GetHead";
    let (head, body) = post(&service, path, b"\0\0\0\0\0").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("application/grpc-web"), "{head}");
    let length = usize::try_from(u32::from_be_bytes(body[1..5].try_into().unwrap())).unwrap();
    let answer = Head::decode(&body[5..][..length]).unwrap();
    assert_eq!(answer, service.head().await);
    assert!(
        head.contains(&format!("bulletin-token: {}", answer.token)),
        "{head}"
    );
    let trailers = &body[5 + length..];
    assert_eq!(trailers[0], 0x80);
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status:0"));
}

#[tokio::test]
async fn a_browser_is_refused_with_the_same_details() {
    let service = Service::start().await;
    let request = pb::GetStationRequest {
        name: "stations/none".to_owned(),
        consistency: None,
    };
    let message = request.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], length.as_slice(), &message].concat();
    let path = "/bulletin.v1.StationService/GetStation";
    let (head, body) = post(&service, path, &body).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let text = head + &String::from_utf8_lossy(&body);
    assert!(
        text.contains("grpc-status: 5") || text.contains("grpc-status:5"),
        "{text}"
    );
    assert!(text.contains("grpc-status-details-bin"), "{text}");
}

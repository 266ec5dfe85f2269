//! Pages of other origins, as browsers ask for them.

use std::sync::Arc;

use bulletin::guard::identify::Anybody;
use bulletin::pb;

use crate::support::Service;
use crate::support::callers::named_callers;
use crate::support::http::{Answer, call_on_the_web, send};

const DESK: &str = "https://desk.city.example";
const PATH: &str = "/bulletin.v1.StationService/ListStations";

/// What a browser asks before it lets a page of the origin call.
async fn may_call(service: &Service, origin: &str) -> Answer {
    let head = format!(
        "OPTIONS {PATH} HTTP/1.1\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type,grpc-timeout,x-grpc-web\r\n"
    );
    send(service.address, &head, &[]).await.unwrap()
}

async fn call(service: &Service, origin: &str) -> Answer {
    let request = pb::ListStationsRequest::default();
    call_on_the_web(service.address, PATH, &[("origin", origin)], &request).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    let header = answer.headers.get("access-control-allow-origin");
    header.map(String::as_str)
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_read_what_is_answered() {
    let origins = ["http://localhost:8080", DESK];
    let service = Service::for_pages_of(&origins, Arc::new(Anybody)).await;
    for origin in origins {
        let answer = may_call(&service, origin).await;
        assert_eq!((answer.status, allowed(&answer)), (200, Some(origin)));
        assert_eq!(answer.headers["access-control-allow-methods"], "POST");
        let headers = &answer.headers["access-control-allow-headers"];
        for name in [
            "authorization",
            "content-type",
            "grpc-timeout",
            "x-grpc-web",
        ] {
            assert!(headers.split(',').any(|one| one == name), "{headers}");
        }
        let answer = call(&service, origin).await;
        assert_eq!(answer.grpc_status(), Some(0));
        assert_eq!(allowed(&answer), Some(origin));
        let exposed = &answer.headers["access-control-expose-headers"];
        for name in ["bulletin-token", "grpc-status", "grpc-status-details-bin"] {
            assert!(exposed.split(',').any(|one| one == name), "{exposed}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_given_no_leave() {
    let service = Service::for_pages_of(&[DESK], Arc::new(Anybody)).await;
    for origin in ["https://other.example", "http://desk.city.example", "null"] {
        assert_eq!(allowed(&may_call(&service, origin).await), None, "{origin}");
        assert_eq!(allowed(&call(&service, origin).await), None, "{origin}");
    }
    let nowhere = Service::start().await;
    let answer = may_call(&nowhere, DESK).await;
    assert_eq!((answer.status, allowed(&answer)), (400, None));
    assert_eq!(allowed(&call(&nowhere, DESK).await), None);
}

#[tokio::test]
async fn a_page_reads_why_its_call_was_refused() {
    let service = Service::for_pages_of(&[DESK], named_callers()).await;
    // Browsers ask without the page's token.
    assert_eq!(allowed(&may_call(&service, DESK).await), Some(DESK));
    let answer = call(&service, DESK).await;
    assert_eq!(
        answer.grpc_status(),
        Some(tonic::Code::Unauthenticated as i32)
    );
    assert_eq!(allowed(&answer), Some(DESK));
}

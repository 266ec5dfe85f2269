//! Calls and what lies under them are counted where the ops port shows it.

use bulletin::pb;
use tonic::codegen::http::uri::PathAndQuery;

use crate::support::http::{Metrics, get, send};
use crate::support::program::Program;
use crate::support::{Database, Service, until};

const ARTICLES: (&str, &str) = ("service", "bulletin.v1.ArticleService");
const CHANGES: (&str, &str) = ("service", "bulletin.v1.ChangeService");
const WATCH: (&str, &str) = ("method", "WatchChanges");

async fn serve() -> (Program, Service) {
    let database = Database::create().await;
    let program = Program::serve(&["--database-url", &database.url]).await;
    let service = program.service(&database);
    (program, service)
}

#[tokio::test]
async fn a_success_and_a_refusal_are_counted_by_method_and_code() {
    let (program, service) = serve().await;
    service.create_station("one").await.unwrap();
    let missing = pb::GetArticleRequest {
        name: "articles/none".into(),
        ..Default::default()
    };
    for _ in 0..3 {
        service.ask(missing.clone()).await.unwrap_err();
    }
    service.head().await;
    let metrics = Metrics::of(program.ops).await;
    let counted = |labels: &[(&str, &str)]| metrics.value("bulletin_calls_total", labels);
    let get = ("method", "GetArticle");
    // Refused before anything was sent: the status is in the headers.
    assert_eq!(counted(&[ARTICLES, get, ("code", "NOT_FOUND")]), 3.0);
    assert_eq!(counted(&[ARTICLES, get, ("code", "OK")]), 0.0);
    // The status is in the trailers.
    assert_eq!(
        counted(&[CHANGES, ("method", "GetHead"), ("code", "OK")]),
        1.0
    );
    assert_eq!(counted(&[("method", "CreateStation"), ("code", "OK")]), 1.0);
    // A first defect is a rise from 0, which an alert sees.
    let untouched = "method=\"UndeleteArticle\",code=\"INTERNAL\"} 0";
    assert!(metrics.0.contains(untouched), "{}", metrics.0);
    let took = metrics.value("bulletin_call_duration_seconds_count", &[get]);
    let within = metrics.value(
        "bulletin_call_duration_seconds_bucket",
        &[get, ("le", "30.0")],
    );
    assert_eq!((took, within), (3.0, 3.0));
    assert!(metrics.value("bulletin_call_duration_seconds_sum", &[get]) > 0.0);
    assert_eq!(
        metrics.value("bulletin_calls_in_flight", &[ARTICLES, get]),
        0.0
    );
}

#[tokio::test]
async fn a_stream_is_in_flight_until_its_reader_goes() {
    let (program, service) = serve().await;
    let mut watch = service
        .changes()
        .watch_changes(pb::WatchChangesRequest::default())
        .await
        .unwrap()
        .into_inner();
    watch.message().await.unwrap();
    let metrics = Metrics::of(program.ops).await;
    assert_eq!(
        metrics.value("bulletin_calls_in_flight", &[CHANGES, WATCH]),
        1.0
    );
    assert_eq!(metrics.value("bulletin_watchers", &[]), 1.0);
    assert_eq!(
        metrics.value("bulletin_admitted", &[("kind", "watch")]),
        1.0
    );
    drop(watch);
    until("the watch is counted as cancelled", async || {
        let metrics = Metrics::of(program.ops).await;
        let ended = metrics.value(
            "bulletin_calls_total",
            &[CHANGES, WATCH, ("code", "CANCELLED")],
        );
        let rest = metrics.value("bulletin_calls_in_flight", &[CHANGES, WATCH])
            + metrics.value("bulletin_watchers", &[])
            + metrics.value("bulletin_admitted", &[("kind", "watch")]);
        ended == 1.0 && rest == 0.0
    })
    .await;
}

#[tokio::test]
async fn paths_that_are_no_method_share_one_name() {
    let (program, service) = serve().await;
    for name in ["Purge", "x\"} 1"] {
        let path = format!(
            "/bulletin.v1.ArticleService/{}",
            name.replace(['"', '}', ' '], "%")
        );
        let path: PathAndQuery = path.parse().unwrap();
        let mut client = tonic::client::Grpc::new(service.channel.clone());
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<pb::GetHeadRequest, pb::Head>::default();
        let request = tonic::Request::new(pb::GetHeadRequest {});
        let refused = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unimplemented);
    }
    let metrics = Metrics::of(program.ops).await;
    let unknown = [
        ("service", "unknown"),
        ("method", "unknown"),
        ("code", "UNIMPLEMENTED"),
    ];
    assert_eq!(metrics.value("bulletin_calls_total", &unknown), 2.0);
    assert!(!metrics.0.contains("Purge"));
}

#[tokio::test]
async fn what_lies_under_calls_is_measured() {
    let (program, service) = serve().await;
    for id in ["one", "two"] {
        service.create_station(id).await.unwrap();
    }
    let record = [("kind", "record")];
    until("the station comes from memory", async || {
        service.station("stations/one").await;
        Metrics::of(program.ops)
            .await
            .value("bulletin_cache_hits_total", &record)
            > 0.0
    })
    .await;
    let metrics = Metrics::of(program.ops).await;
    let value = |name: &str| metrics.value(name, &[]);
    assert_eq!(value("bulletin_revision"), 2.0);
    assert!(value("bulletin_commit_group_writes_sum") == 2.0);
    assert!(value("bulletin_commit_group_duration_seconds_count") >= 1.0);
    assert_eq!(value("bulletin_writes_waiting"), 0.0);
    assert_eq!(value("bulletin_database_primary_reachable"), 1.0);
    assert!(value("bulletin_tail_poll_age_seconds") < 30.0);
    assert!(metrics.value("bulletin_cache_misses_total", &record) >= 1.0);
    assert!(metrics.value("bulletin_cache_entries", &record) >= 1.0);
    assert!(value("bulletin_cache_bytes") > 0.0);
    let open = |state| {
        let labels = [("pool", "primary"), ("state", state)];
        metrics.value("bulletin_database_connections", &labels)
    };
    assert!(open("idle") + open("in_use") >= 1.0);
    assert!(value("process_resident_memory_bytes") > 1024.0 * 1024.0);
    assert!(value("process_cpu_seconds_total") > 0.0 && value("process_open_fds") > 3.0);
    assert_eq!(value("bulletin_ready"), 1.0);
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(metrics.value("bulletin_build_info", &version), 1.0);
    // What Postgres is reached by is nobody's business here.
    assert!(!metrics.0.contains("postgres"));
}

#[tokio::test]
async fn the_ops_port_has_three_pages_that_can_only_be_read() {
    let (program, _service) = serve().await;
    for path in ["/", "/metrics/", "/debug/pprof", "//livez"] {
        assert_eq!(get(program.ops, path).await.unwrap().status, 404, "{path}");
    }
    for path in ["/metrics", "/livez", "/readyz"] {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-length: 2\r\n");
        let refused = send(program.ops, &head, b"{}").await.unwrap();
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(refused.headers["allow"], "GET, HEAD");
        let head = format!("HEAD {path} HTTP/1.1\r\n");
        let headers = send(program.ops, &head, &[]).await.unwrap();
        assert_eq!((headers.status, headers.body.len()), (200, 0), "{path}");
    }
    let long = "x".repeat(100_000);
    let refused = get(program.ops, &format!("/{long}")).await;
    assert!(refused.is_err() || refused.unwrap().status >= 400);
}

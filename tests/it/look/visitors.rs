//! Who is shown what: tokens, roles, cookies, and places that nobody should come from.

use std::time::{Duration, Instant};

use bulletin::pb;
use tokio::net::TcpListener;

use super::{Html, Shown};
use crate::guard::issuer::{AUDIENCE, ISSUER, Signer, claims, expired, key_set};
use crate::guard::{Mount, policy, request};
use crate::support::Database;
use crate::support::http::{Answer, get, send, send_to};
use crate::support::program::Running;
use crate::support::seeds::TRAFFIC;

/// A service that asks for tokens.
struct Guarded {
    shown: Shown,
    signer: Signer,
    _mount: Mount,
}

impl Guarded {
    async fn start() -> Self {
        let (signer, mount) = (Signer::edwards("d"), Mount::new());
        mount.put(&[("jwks", &key_set(&[&signer])), ("policy", &policy())]);
        let (jwks, policy) = (mount.name("jwks"), mount.name("policy"));
        let options = [
            ["--jwks", &jwks],
            ["--policy", &policy],
            ["--jwt-issuer", ISSUER],
            ["--jwt-audience", AUDIENCE],
        ];
        Self {
            shown: Shown::seeded(&options.concat()).await,
            signer,
            _mount: mount,
        }
    }

    fn token(&self, subject: &str) -> String {
        self.signer.token(&claims(subject))
    }

    async fn ask(&self, head: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!("{head}content-length: {length}\r\n");
        send(self.shown.ops(), &head, body.as_bytes())
            .await
            .unwrap()
    }

    /// A page, with these headers.
    async fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\n{headers}"), "")
            .await
    }

    async fn as_role(&self, path: &str, role: &str) -> Answer {
        let token = self.token(role);
        self.get(path, &format!("authorization: Bearer {token}\r\n"))
            .await
    }

    async fn enter(&self, token: &str, headers: &str) -> Answer {
        let head = format!(
            "POST /look/enter HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n{headers}"
        );
        self.ask(&head, &format!("token={token}&to=/look/{TRAFFIC}"))
            .await
    }
}

/// Name and value of the cookie that an answer sets, and the rest.
fn cookie(answer: &Answer) -> (String, String) {
    let set = &answer.headers["set-cookie"];
    let (pair, rest) = set.split_once("; ").unwrap();
    (pair.to_owned(), rest.to_owned())
}

#[tokio::test]
async fn nobody_is_shown_anything_without_a_token_that_is_believed() {
    let guarded = Guarded::start().await;
    let stranger = Signer::edwards("d").token(&claims("admin"));
    let ended = guarded.signer.token(&expired("admin"));
    let headers = [
        String::new(),
        format!("authorization: Bearer {stranger}\r\n"),
        format!("authorization: Bearer {ended}\r\n"),
        "authorization: Basic YTpi\r\n".to_owned(),
        "cookie: bulletin-look=nothing\r\n".to_owned(),
        format!("cookie: bulletin-look={}\r\n", guarded.token("admin")),
    ];
    for headers in &headers {
        for path in ["/look", &format!("/look/{TRAFFIC}"), "/look?q=%E6%9E%AA"] {
            let answer = guarded.get(path, headers).await;
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            let page = Html::of(answer, 401);
            page.has(&[
                "no credentials that are accepted",
                "<form class=\"entrance\"",
            ]);
            page.lacks(&["宁波", "article/"]);
        }
    }
    // Known, and without a role.
    let answer = guarded.as_role("/look", "somebody").await;
    Html::of(answer, 403).has(&["needs the role reader"]);
    let style = guarded.get("/look/style.css", "").await;
    assert_eq!(
        (style.status, style.headers["content-type"].as_str()),
        (200, "text/css; charset=utf-8")
    );
}

#[tokio::test]
async fn drafts_are_there_for_editors_and_who_wrote_for_admins() {
    let guarded = Guarded::start().await;
    let authorization = format!("Bearer {}", guarded.token("editor"));
    let message = pb::CreateArticleRequest {
        article_id: "a-draft".to_owned(),
        article: Some(pb::Article {
            headline: "尚未发布".to_owned(),
            source_text: "尚未发布。\n".to_owned(),
            ..pb::Article::default()
        }),
        validate_only: false,
    };
    let mut articles = guarded.shown.service.articles();
    articles
        .create_article(request(message, &[&authorization]))
        .await
        .unwrap();

    let draft = "/look/articles/a-draft";
    for path in [draft, "/look/articles/a-draft/versions"] {
        let refused = Html::of(guarded.as_role(path, "reader").await, 404);
        refused.has(&["articles/a-draft", "does not exist"]);
        refused.lacks(&["尚未发布"]);
    }
    Html::of(guarded.as_role("/look", "reader").await, 200).lacks(&["a-draft", "尚未发布"]);
    for role in ["editor", "admin"] {
        Html::of(guarded.as_role("/look", role).await, 200).has(&["尚未发布", "DRAFT"]);
        Html::of(guarded.as_role(draft, role).await, 200).has(&["尚未发布", "DRAFT"]);
    }
    let versions = "/look/articles/a-draft/versions";
    Html::of(guarded.as_role(versions, "admin").await, 200).has(&["by editor"]);
    Html::of(guarded.as_role(versions, "editor").await, 200).lacks(&["by editor"]);
}

#[tokio::test]
async fn a_token_is_given_once_and_a_cookie_stands_for_it_until_it_is_taken_back() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader");
    let entered = guarded.enter(&token, "").await;
    assert_eq!(
        (entered.status, entered.headers["location"].as_str()),
        (303, "/look/articles/traffic-police-tieqi-grid-reform")
    );
    let (pair, attributes) = cookie(&entered);
    assert_eq!(attributes, "Path=/look; HttpOnly; SameSite=Strict");
    // It is not the token, which would let its bearer call elsewhere.
    assert!(!pair.contains(&token[..20]), "{pair}");
    let cookies = format!("cookie: other=1; {pair}\r\n");
    let page = Html::of(
        guarded.get(&format!("/look/{TRAFFIC}"), &cookies).await,
        200,
    );
    page.has(&["Forget my token", "statistic-t05"]);

    let head = format!("POST /look/leave HTTP/1.1\r\n{cookies}");
    let left = guarded.ask(&head, "").await;
    assert_eq!(
        (left.status, cookie(&left).0.as_str()),
        (303, "bulletin-look=")
    );
    assert_eq!(guarded.get("/look", &cookies).await.status, 401);

    // What is not believed is not kept, and where it leads is here.
    for token in [
        "",
        "nonsense",
        &Signer::edwards("d").token(&claims("reader")),
        "a%0Ab",
    ] {
        let refused = guarded.enter(token, "").await;
        assert!(!refused.headers.contains_key("set-cookie"));
        Html::of(refused, 401);
    }
    let head = "POST /look/enter HTTP/1.1\r\n";
    for to in ["//evil.example", "https://evil.example", "/metrics", ""] {
        let entered = guarded.ask(head, &format!("token={token}&to={to}")).await;
        assert_eq!(
            (entered.status, entered.headers["location"].as_str()),
            (303, "/look"),
            "{to}"
        );
    }
    let long = "a".repeat(40_000);
    assert_eq!(guarded.enter(&long, "").await.status, 413);
}

#[tokio::test]
async fn a_page_of_somebody_else_can_neither_send_the_form_nor_read() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader");
    for (origin, status) in [
        ("http://evil.example", 403),
        ("null", 403),
        (&format!("http://{}", guarded.shown.ops()), 303),
    ] {
        let entered = guarded
            .enter(&token, &format!("origin: {origin}\r\n"))
            .await;
        assert_eq!(entered.status, status, "{origin}");
    }
    // A name of somebody else's that leads here.
    let shown = Shown::seeded(&[]).await;
    let ops = shown.ops();
    let local = format!("localhost:{}", ops.port());
    for (host, status) in [
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        (&local, 200),
    ] {
        let answer = send_to(ops, host, "GET /look HTTP/1.1\r\n", &[])
            .await
            .unwrap();
        let page = Html::of(answer, status);
        if status == 403 {
            page.lacks(&["articles/"]);
        }
        let metrics = send_to(ops, host, "GET /metrics HTTP/1.1\r\n", &[])
            .await
            .unwrap();
        assert_eq!(metrics.status, 200);
    }
    for (method, path, allowed) in [
        ("POST", "/look", "GET, HEAD"),
        ("DELETE", "/look/articles/a", "GET, HEAD"),
        ("GET", "/look/enter", "POST"),
        ("GET", "/look/leave", "POST"),
    ] {
        let answer = send(ops, &format!("{method} {path} HTTP/1.1\r\n"), &[])
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.headers["allow"].as_str()),
            (405, allowed),
            "{method} {path}"
        );
    }
}

/// The pages hold nothing open: neither does the service begin later for them, nor does it end later.
#[tokio::test]
async fn pages_wait_for_the_service_and_do_not_hold_it() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/none", silent.local_addr().unwrap());
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ops = reserved.local_addr().unwrap();
    drop(reserved);
    let ops_listen = ops.to_string();
    let head = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ops-page",
        "--ops-listen",
        &ops_listen,
    ];
    let _starting = Running::start(&[&head[..], &["--database-url", &url]].concat());
    crate::support::until("the ops port answers", async || {
        get(ops, "/livez").await.is_ok()
    })
    .await;
    let answer = get(ops, "/look").await.unwrap();
    Html::of(answer, 503).has(&["the service is starting"]);

    let shown = Shown::on(Database::create().await, &["--drain-timeout-ms", "20000"]).await;
    shown.page("/look").await;
    let began = Instant::now();
    shown.program.stop();
    assert_eq!(shown.program.ended().await, Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

/// A visitor's calls are calls: they are counted, and bounded.
#[tokio::test]
async fn what_a_page_reads_is_counted_as_calls() {
    let shown = Shown::seeded(&[]).await;
    shown.page(&format!("/look/{TRAFFIC}")).await;
    let metrics = crate::support::http::Metrics::of(shown.ops()).await;
    for method in ["GetArticle", "ListStatistics"] {
        let labels = [("method", method), ("code", "OK")];
        let calls = metrics.value("bulletin_calls_total", &labels);
        assert!(calls >= 1.0, "{method}: {}", metrics.0);
    }
}

//! Pages for a browser on the ops port: what they show, to whom, and that they show what the API does.

mod articles;
mod changes;
mod visitors;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use regex::Regex;

use crate::support::http::{Answer, get};
use crate::support::program::{Program, run};
use crate::support::{Database, Service};

/// A service that shows pages, in a process of its own.
struct Shown {
    program: Program,
    database: Database,
    service: Service,
}

impl Shown {
    /// On an empty database.
    async fn start(options: &[&str]) -> Self {
        let database = Database::create().await;
        Self::on(database, options).await
    }

    /// With the seed page.
    async fn seeded(options: &[&str]) -> Self {
        let database = Database::create().await;
        let seeded = run(&["seed", "--database-url", &database.url]).await;
        assert_eq!(seeded.code, Some(0), "{seeded:?}");
        Self::on(database, options).await
    }

    async fn on(database: Database, options: &[&str]) -> Self {
        let head = ["--database-url", database.url.as_str(), "--ops-page"];
        let program = Program::serve(&[&head, options].concat()).await;
        Self {
            service: program.service(&database),
            program,
            database,
        }
    }

    fn ops(&self) -> SocketAddr {
        self.program.ops
    }

    async fn get(&self, path: &str) -> Answer {
        get(self.ops(), path).await.unwrap()
    }

    /// A page that is there.
    async fn page(&self, path: &str) -> Html {
        Html::of(self.get(path).await, 200)
    }

    async fn refused(&self, path: &str, status: u16) -> Html {
        Html::of(self.get(path).await, status)
    }
}

/// A page as it came.
struct Html(String);

impl Html {
    #[track_caller]
    fn of(answer: Answer, status: u16) -> Self {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        let policy = &answer.headers["content-security-policy"];
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("script"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        Self(answer.text().to_owned())
    }

    #[track_caller]
    fn has(&self, parts: &[&str]) {
        let mut rest = self.0.as_str();
        for part in parts {
            let at = rest.find(part);
            let at = at.unwrap_or_else(|| panic!("no {part:?} in {rest}"));
            rest = &rest[at + part.len()..];
        }
    }

    #[track_caller]
    fn lacks(&self, parts: &[&str]) {
        for part in parts {
            assert!(!self.0.contains(part), "{part:?} in {}", self.0);
        }
    }

    /// What a reader sees between two texts of the source.
    fn text_between(&self, from: &str, to: &str) -> String {
        let (_, rest) = self.0.split_once(from).unwrap();
        let (part, _) = rest.split_once(to).unwrap();
        text(part)
    }

    /// The ids of all elements; no two have the same.
    fn ids(&self) -> BTreeSet<&str> {
        let found: Vec<&str> = captures(" id=\"([^\"]*)\"", &self.0);
        let ids: BTreeSet<&str> = found.iter().copied().collect();
        assert_eq!(ids.len(), found.len(), "{found:?}");
        ids
    }

    fn links(&self) -> Vec<&str> {
        captures(" href=\"([^\"]*)\"", &self.0)
    }

    /// The marked words, in their order: the label of each, and the words.
    fn marks(&self) -> Vec<(Vec<String>, String)> {
        let marks =
            "<a href=\"#[^\"]*\" title=\"([^\"]*)\"[^>]*><mark class=\"[^\"]*\">([^<]*)</mark>";
        let marks = Regex::new(marks).unwrap();
        let found = marks.captures_iter(&self.0).map(|found| {
            let labels = unescape(&found[1]).lines().map(str::to_owned).collect();
            (labels, unescape(&found[2]))
        });
        found.collect()
    }

    /// The words that are marked as those of a record, joined, by the first word of the label.
    fn marked(&self) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for (labels, words) in self.marks() {
            for label in labels {
                let id = label.split(' ').next().unwrap().to_owned();
                found.entry(id).or_default().push_str(&words);
            }
        }
        found
    }

    /// What stands at the place of a record.
    fn at(&self, id: &str) -> Option<String> {
        let (_, rest) = self.0.split_once(&format!("id=\"{id}\">"))?;
        let (part, _) = rest.split_once("</mark>")?;
        Some(text(part))
    }

    /// The row of a record.
    fn row(&self, id: &str) -> String {
        self.text_between(&format!("<tr id=\"{id}\">"), "</tr>")
    }
}

fn captures<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text);
    found.map(|found| found.get(1).unwrap().as_str()).collect()
}

/// The text of some HTML.
fn text(html: &str) -> String {
    let tags = Regex::new("<[^>]*>").unwrap();
    unescape(&tags.replace_all(html, ""))
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}

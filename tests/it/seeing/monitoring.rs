//! Documents, dashboard and alerts speak of metrics that there are, and of all of them.

use std::collections::{BTreeMap, BTreeSet};

use bulletin::pb;
use regex::Regex;
use serde_json::Value;

use crate::guard::Mount;
use crate::support::Database;
use crate::support::certificates::Authority;
use crate::support::http::Metrics;
use crate::support::program::Program;

const METRICS: &str = include_str!("../../../docs/metrics.md");
const OPERATIONS: &str = include_str!("../../../docs/operations.md");
const ALERTS: &str = include_str!("../../../deploy/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/monitoring/dashboard.json");

/// The metrics of a service that was called a little, by the names that samples have.
async fn real() -> (Metrics, BTreeMap<String, String>) {
    let database = Database::create().await;
    let (mount, authority) = (Mount::new(), Authority::new());
    mount.put_certificate(&authority.issue(&["localhost"]));
    let (certificate, key) = (mount.name("tls.crt"), mount.name("tls.key"));
    let (url, standby) = (&database.url, database.url.as_str());
    let databases = ["--database-url", url, "--database-replica-urls", standby];
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let program = Program::serve(&[databases, tls].concat()).await;
    let mut service = program.service(&database);
    service.channel = authority.endpoint(&service, None).connect_lazy();
    service.create_station("one").await.unwrap();
    service.station("stations/one").await;
    service
        .ask(pb::ListStationsRequest::default())
        .await
        .unwrap();
    let metrics = Metrics::of(program.ops).await;
    let described = metrics.described().into_iter();
    let named = described.map(|(name, kind)| match kind.as_str() {
        "counter" => (format!("{name}_total"), kind),
        "info" => (format!("{name}_info"), kind),
        _ => (name, kind),
    });
    let named = named.collect();
    (metrics, named)
}

/// Rows of the document's tables, cell by cell.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[tokio::test]
async fn the_document_lists_every_metric_with_its_labels_and_no_other() {
    let (metrics, real) = real().await;
    let (tables, _) = METRICS.split_once("## ").unwrap();
    let rows = rows(tables);
    let documented: BTreeMap<String, String> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned()))
        .collect();
    assert_eq!(documented, real);
    let sample = Regex::new(r#"^([a-z_]+)\{(.*)\} "#).unwrap();
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in metrics.0.lines().filter(|line| !line.starts_with('#')) {
        let Some(parts) = sample.captures(line) else {
            continue;
        };
        let name = parts.get(1).unwrap().as_str();
        let of_histogram = ["_bucket", "_sum", "_count"].iter();
        let plain = of_histogram.fold(name, |name, suffix| name.trim_end_matches(suffix));
        let name = if real.contains_key(name) { name } else { plain };
        let labels = label.captures_iter(parts.get(2).unwrap().as_str());
        let labels = labels.map(|label| label.get(1).unwrap().as_str());
        seen.entry(name)
            .or_default()
            .extend(labels.filter(|label| *label != "le"));
    }
    for row in &rows {
        let labels: BTreeSet<&str> = row[2]
            .split(", ")
            .filter(|label| !label.is_empty())
            .collect();
        let name = row[0].trim_matches('`');
        assert_eq!(
            labels,
            seen.get(name).cloned().unwrap_or_default(),
            "{name}"
        );
    }
}

#[test]
fn the_document_lists_the_keys_of_the_line_of_a_call() {
    let (_, section) = METRICS.split_once("## The line of a call").unwrap();
    let documented: BTreeSet<&str> = rows(section)
        .iter()
        .map(|row| row[0].trim_matches('`'))
        .collect();
    let source = include_str!("../../../src/seeing/lines.rs");
    let (_, line) = source.split_once("target: \"bulletin::calls\",").unwrap();
    let (line, _) = line.split_once("$($what)*").unwrap();
    let keys = line
        .split(",\n")
        .map(|part| part.split('=').next().unwrap().trim());
    let keys: BTreeSet<&str> = keys.filter(|key| !key.is_empty()).collect();
    assert_eq!(documented, keys);
}

/// Names of metrics in an expression.
fn named(expression: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:bulletin|process)_[a-z_]+\b").unwrap();
    let names = name.find_iter(expression);
    names.map(|name| name.as_str().to_owned()).collect()
}

#[track_caller]
fn uses_only(real: &BTreeMap<String, String>, expression: &str) {
    let names = named(expression);
    assert!(!names.is_empty(), "{expression} is about nothing");
    for name in names {
        let is_part = ["_bucket", "_sum", "_count"].iter().any(|suffix| {
            let plain = name.strip_suffix(suffix);
            plain
                .and_then(|plain| real.get(plain))
                .is_some_and(|kind| kind == "histogram")
        });
        let kind = real.get(&name).map(String::as_str);
        let is_whole = kind.is_some_and(|kind| kind != "histogram");
        assert!(is_part || is_whole, "{name} in {expression} is no metric");
    }
    let count = |of: char| expression.chars().filter(|c| *c == of).count();
    assert_eq!(count('('), count(')'), "{expression}");
    assert_eq!(count('{'), count('}'), "{expression}");
}

#[tokio::test]
async fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let (_, real) = real().await;
    let mut alerts = 0;
    for alert in ALERTS.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        let field = |field: &str| {
            let lines = alert.lines().map(str::trim);
            let mut values = lines.filter_map(|line| line.strip_prefix(&format!("{field}: ")));
            values
                .next()
                .unwrap_or_else(|| panic!("{name} has no {field}"))
                .to_owned()
        };
        uses_only(&real, &field("expr"));
        assert!(
            ["critical", "warning"].contains(&field("severity").as_str()),
            "{name}"
        );
        assert!(
            !field("summary").is_empty() && field("action").ends_with('.'),
            "{name}"
        );
        let section = format!("\n### {name}\n");
        assert!(
            OPERATIONS.contains(&section),
            "docs/operations.md has no section {name}"
        );
        alerts += 1;
    }
    assert!(alerts > 10);
    let sections = OPERATIONS.matches("\n### Bulletin").count();
    assert_eq!(sections, alerts, "a section is about no alert");

    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let expressions: Vec<&str> = targets
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    for expression in &expressions {
        uses_only(&real, expression);
    }
    // Whoever is called at night sees there what the alert is about.
    let shown: BTreeSet<String> = expressions
        .iter()
        .flat_map(|expression| named(expression))
        .collect();
    let shown_plainly = |name: &String| {
        let of_histogram = ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}"));
        shown.contains(name) || of_histogram.iter().any(|name| shown.contains(name))
    };
    let missing: Vec<&String> = real.keys().filter(|name| !shown_plainly(name)).collect();
    let beside = ["process_max_fds", "process_start_time_seconds"];
    assert_eq!(missing, beside, "the dashboard does not show them");
}

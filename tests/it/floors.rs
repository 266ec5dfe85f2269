//! The house: imports go down a floor, never sideways between resources, and each library stays on
//! the floors that own it. `ARCHITECTURE.md` says why.

use std::fs;
use std::path::{Path, PathBuf};

const RESOURCES: [&str; 4] = ["articles", "stations", "statistics", "changes"];

/// The floor of each file, by its path below `src`, most particular first.
const FLOORS: [(&str, u8); 50] = [
    ("pb.rs", 0),
    ("names.rs", 0),
    ("error.rs", 0),
    ("sight.rs", 0),
    ("articles/service.rs", 4),
    ("stations/service.rs", 4),
    ("statistics/service.rs", 4),
    ("changes/service.rs", 4),
    ("articles/search/service.rs", 4),
    ("articles/search/store.rs", 3),
    ("articles/store.rs", 3),
    ("stations/store.rs", 3),
    ("statistics/store.rs", 3),
    ("statistics/figures.rs", 3),
    ("articles/write", 3),
    ("stations/write.rs", 3),
    ("statistics/write.rs", 3),
    ("references.rs", 2),
    ("corrections.rs", 2),
    ("changes/chain.rs", 1),
    ("changes/write.rs", 1),
    ("changes/view.rs", 1),
    ("changes", 2),
    ("listing.rs", 2),
    ("listing", 2),
    ("filter/sql.rs", 2),
    ("filter", 1),
    ("articles", 1),
    ("stations", 1),
    ("statistics", 1),
    ("db", 2),
    ("cache", 2),
    ("reading.rs", 2),
    ("records.rs", 2),
    ("route.rs", 2),
    ("route", 2),
    ("paging.rs", 2),
    ("tables.rs", 2),
    ("threads.rs", 2),
    ("context.rs", 3),
    ("edge", 4),
    ("guard", 4),
    ("seeing", 4),
    ("honours.rs", 4),
    ("resolution.rs", 4),
    ("transfer", 4),
    ("watch", 4),
    ("extract", 1),
    ("ingest", 4),
    ("", 255),
];

/// Files that compose everything.
const TOP: [&str; 11] = [
    "main.rs",
    "lib.rs",
    "cli",
    "server.rs",
    "config",
    "telemetry.rs",
    "telemetry",
    "ops",
    "look",
    "embedded",
    "seed.rs",
];

/// Pure files that stand by themselves.
const PURE: [&str; 16] = [
    "columns.rs",
    "dates.rs",
    "decimal.rs",
    "fold.rs",
    "fragments.rs",
    "marks.rs",
    "mask.rs",
    "page.rs",
    "record.rs",
    "record",
    "rules.rs",
    "span.rs",
    "tally.rs",
    "token.rs",
    "visibility.rs",
    "changes/chain.rs",
];

fn floor(path: &str) -> u8 {
    let is_at = |place: &str| path == place || path.starts_with(&format!("{place}/"));
    if TOP.iter().any(|place| is_at(place)) {
        return 5;
    }
    if PURE.iter().any(|place| is_at(place)) {
        return 1;
    }
    let found = FLOORS
        .iter()
        .find(|(place, _)| place.is_empty() || is_at(place));
    found.map_or(255, |(_, floor)| *floor)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: without comments, and without its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files that `crate::a::b` may mean.
fn imported(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let path: String = part
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
            .collect();
        let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        found.push(parts.join("/"));
    }
    found
}

/// What is wrong with a file of this floor and text; the rule that the test of the tree and the test
/// of the rule share.
fn faults(path: &str, text: &str, existing: &[String]) -> Vec<String> {
    let own = floor(path);
    let code = code(text);
    let mut faults = Vec::new();
    if own == 255 {
        faults.push(format!("{path}: is on no floor; give it one here"));
    }
    let names = |library: &str| {
        code.contains(&format!("{library}::")) || code.contains(&format!("use {library};"))
    };
    if own < 4 && (names("tonic") || names("tonic_types") || names("tower")) {
        faults.push(format!("{path}: only floors 4 and 5 know tonic"));
    }
    if names("sqlx") && !matches!(own, 2 | 3) {
        faults.push(format!("{path}: only floors 2 and 3 know sqlx"));
    }
    if own <= 1 && (code.contains("async ") || names("tokio") || names("std::fs")) {
        faults.push(format!("{path}: floors 0 and 1 do no IO"));
    }
    let resource = |path: &str| {
        RESOURCES[..3]
            .iter()
            .find(|name| path.starts_with(**name))
            .copied()
    };
    for import in imported(&code) {
        let target = target_of(&import, existing);
        let Some(target) = target else { continue };
        if floor(&target) > own {
            faults.push(format!(
                "{path}: imports {import}, which is on a floor above"
            ));
        }
        if let (Some(from), Some(to)) = (resource(path), resource(&target))
            && from != to
        {
            faults.push(format!("{path}: imports {import}, sideways"));
        }
    }
    faults
}

/// The file a path of modules and items leads into.
fn target_of(import: &str, existing: &[String]) -> Option<String> {
    let mut parts: Vec<&str> = import.split('/').collect();
    while !parts.is_empty() {
        let path = parts.join("/");
        for candidate in [format!("{path}.rs"), format!("{path}/mod.rs")] {
            if existing.contains(&candidate) {
                return Some(candidate);
            }
        }
        parts.pop();
    }
    None
}

fn tree() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let file = |path: &PathBuf| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(file).collect()
}

#[test]
fn every_file_keeps_to_its_floor() {
    let tree = tree();
    let existing: Vec<String> = tree.iter().map(|(path, _)| path.clone()).collect();
    let faults: Vec<String> = tree
        .iter()
        .flat_map(|(path, text)| faults(path, text, &existing))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_broken_floor_is_found() {
    let existing = [
        "articles/service.rs",
        "articles/store.rs",
        "stations/store.rs",
        "db/mod.rs",
    ];
    let existing: Vec<String> = existing.iter().map(ToString::to_string).collect();
    let broken = [
        ("articles/store.rs", "use tonic::Status;"),
        ("articles/service.rs", "use sqlx::PgPool;"),
        ("articles/draft.rs", "use sqlx::PgPool;"),
        ("articles/draft.rs", "use crate::db::Db;"),
        (
            "articles/store.rs",
            "use crate::articles::service::Articles;",
        ),
        ("articles/store.rs", "use crate::stations::store::get;"),
        ("span.rs", "pub async fn prove() {}"),
        ("elsewhere.rs", ""),
    ];
    for (path, text) in broken {
        assert_eq!(faults(path, text, &existing).len(), 1, "{path}: {text}");
    }
    let sound = [
        ("articles/store.rs", "use crate::db::Db;\nuse sqlx::PgPool;"),
        (
            "articles/service.rs",
            "use tonic::Status;\nuse crate::articles::store;",
        ),
    ];
    for (path, text) in sound {
        assert!(faults(path, text, &existing).is_empty(), "{path}: {text}");
    }
}

#[test]
fn no_file_has_more_than_one_subject() {
    const LINES_MAX: usize = 425;
    let long: Vec<String> = tree()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

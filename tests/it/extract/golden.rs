//! `tests/data/bulletins`: short bulletins, one a construction, each with what is read of it beside it.
//! `scripts/golden --bless` writes the golden files anew; read the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use bulletin::extract::extract;
use bulletin::page::Page;
use bulletin::statistics::draft::StatisticDraft;

use super::render::render;

const BLESS: &str = "BULLETIN_BLESS";

fn bulletins() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bulletins");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_bulletin_is_read_as_its_golden_file_says() {
    let files = bulletins();
    assert!(files.len() >= 40, "{} bulletins", files.len());
    let mut different = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let read = render(&extract(&Page::new(&text)));
        let golden = file.with_extension("golden");
        if std::env::var_os(BLESS).is_some() {
            fs::write(&golden, read).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if read != expected {
            different.push(format!(
                "{}\n{}",
                golden.display(),
                difference(&expected, &read)
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{}\nscripts/golden --bless takes what is read now",
        different.join("\n")
    );
}

#[test]
fn every_statistic_that_is_read_may_be_written() {
    let mut written = 0;
    for file in bulletins() {
        let page = Page::new(&fs::read_to_string(&file).unwrap());
        for records in extract(&page).articles {
            for statistic in records.statistics {
                let name = statistic.name.clone();
                let article = &records.article;
                let draft =
                    StatisticDraft::prove("statistic", statistic, article, Some(&page), None);
                draft.unwrap_or_else(|error| panic!("{} {name}: {error}", file.display()));
                written += 1;
            }
        }
    }
    assert!(written >= 200, "{written} statistics");
}

/// The lines that only one of them has.
fn difference(expected: &str, read: &str) -> String {
    let lacks = |other: &str, line: &str| !other.lines().any(|other| other == line);
    let gone = expected
        .lines()
        .filter(|line| lacks(read, line))
        .map(|line| format!("  - {line}"));
    let new = read
        .lines()
        .filter(|line| lacks(expected, line))
        .map(|line| format!("  + {line}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

//! What is true of any line that is given to an import: it is refused with its number, or is a record
//! that is written as the same line again, and that proves to be the same twice.

use bulletin::articles::draft::ArticleDraft;
use bulletin::changes::view::View;
use bulletin::cli::json;
use bulletin::error::{Error, Violation};
use bulletin::page::Page;
use bulletin::pb::record::Record as AnyRecord;
use bulletin::pb::{Article, Record};
use bulletin::seed;
use bulletin::statistics::draft::StatisticDraft;
use bulletin::transfer::chunk::{Chunk, Mode};
use bulletin::transfer::proof::{self, Draft, Prover, article_of};
use prost::Message as _;

use super::refused::{is_plain, is_told};

const NUMBER: usize = 7;

/// Panics when the line breaks a property.
pub fn hold(line: &str) {
    match seed::parse_line(NUMBER, line) {
        Err(Error::Invalid(violations)) => {
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert_eq!(violations[0].field, format!("line {NUMBER}"));
            is_plain(&violations[0]);
        }
        Err(error) => panic!("{line:?} ends in {error:?}"),
        Ok(record) => {
            is_read_back(&record);
            is_proven(record);
        }
    }
}

fn is_read_back(record: &Record) {
    let line = json::line(seed::MESSAGE, record).unwrap();
    let line = String::from_utf8(line).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?}");
    let again = seed::parse_line(NUMBER, &line);
    let again = again.unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!(again, *record, "{line}");
    let bytes = record.encode_to_vec();
    assert_eq!(Record::decode(&bytes[..]).as_ref(), Ok(record));
}

/// As a chunk of its own, with nothing kept that it could be proven against.
fn is_proven(record: Record) {
    let chunk = Chunk::new(vec![record], Mode::Upsert, "");
    let mut prover = Prover::of(View::default());
    for (place, item) in chunk.items.iter().enumerate() {
        // A page that is not kept.
        if let Some(sha256) = prover.lacks(item) {
            prover.take_pages(&View::default(), [&sha256]);
        }
        match prover.prove(item, place).map(|proof| proof.outcome) {
            Some(Ok(draft)) => is_proven_again(draft),
            Some(Err(violations)) => refused(violations),
            None => {}
        }
        if let Some(AnyRecord::Statistic(statistic)) = &item.given {
            // Of an article that names nobody, and has a page that is the quote.
            let quote = statistic.span.as_ref().map_or("", |span| &span.quote);
            let page = Page::new(quote);
            let article = Article {
                name: article_of(&statistic.name).to_owned(),
                source: Some(page.source()),
                ..Default::default()
            };
            let proven = proof::statistic("statistic", statistic, &article, Some(&page));
            match proven {
                Ok(proven) => {
                    let again = StatisticDraft::prove_imported(
                        "statistic",
                        proven.clone(),
                        &article,
                        Some(&page),
                    );
                    assert_eq!(again.unwrap().into_statistic(), proven);
                }
                Err(error) => is_told(error),
            }
        }
    }
}

fn is_proven_again(draft: Draft) {
    match draft {
        Draft::Source | Draft::Statistic(_) => {}
        Draft::Station(station) => {
            assert_eq!(proof::station("station", &station).ok(), Some(station));
        }
        Draft::Article(article) => {
            let again = ArticleDraft::prove_imported("article", article.clone(), None);
            assert_eq!(again.unwrap().into_article(), article);
        }
    }
}

fn refused(violations: Vec<Violation>) {
    assert!(!violations.is_empty());
    is_told(Error::Invalid(violations));
}

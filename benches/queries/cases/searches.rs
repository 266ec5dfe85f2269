//! Searches for words of exact frequency.

use bulletin::pb::SearchArticlesRequest;

use super::Case;
use crate::bars::Bar;
use crate::call::Call;
use crate::city::words::{MARKED, PHRASE};
use crate::raw::Raw;

/// The statements of a search, as text.
struct SearchStatements {
    /// The one that the service runs.
    same: Option<Raw>,
    /// One that ranks every match.
    all_ranked: Option<Raw>,
}

/// The one place that knows how search is done: nothing, as long as it is not served.
fn search_statements(_query: &str) -> SearchStatements {
    SearchStatements {
        same: None,
        all_ranked: None,
    }
}

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, marked) in MARKED.iter().enumerate() {
        let bar = if at == 0 { Bar::CommonWord } else { Bar::Word };
        let name = format!("search a word of {} of articles", marked.label);
        cases.push(search(name, marked.word, bar));
    }
    let two = format!("{} {}", MARKED[0].word, MARKED[1].word);
    cases.push(search(
        "search two words of 50 %".to_owned(),
        &two,
        Bar::TwoWords,
    ));
    let mixed = format!("{} {}", MARKED[0].word, MARKED[3].word);
    cases.push(search(
        "search a word of 50 % with one of 0.1 %".to_owned(),
        &mixed,
        Bar::TwoWords,
    ));
    let phrase = format!("\"{}\"", PHRASE.concat());
    cases.push(search(
        "search a phrase of 1 %".to_owned(),
        &phrase,
        Bar::TwoWords,
    ));
    let all_ranked = search_statements(MARKED[0].word).all_ranked;
    cases.extend(all_ranked.map(|statement| Case {
        name: "rank all matches of a word of 50 %".to_owned(),
        call: None,
        raw: Some(statement),
        bar: Bar::AllRanked,
    }));
    cases
}

fn search(name: String, query: &str, bar: Bar) -> Case {
    Case {
        name,
        call: Some(Call::Search(SearchArticlesRequest {
            query: query.to_owned(),
            ..SearchArticlesRequest::default()
        })),
        raw: search_statements(query).same,
        bar,
    }
}

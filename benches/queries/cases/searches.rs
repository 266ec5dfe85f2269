//! Searches for words of exact frequency.

use anyhow::Result;
use bulletin::articles::search::query::Query;
use bulletin::pb::SearchArticlesRequest;

use super::Case;
use crate::bars::Bar;
use crate::call::Call;
use crate::city::words::{MARKED, PHRASE};
use crate::raw::Raw;

/// What every search would cost that ranks all it finds.
fn all_ranked(query: &str) -> Result<Raw> {
    let query = Query::parse(query)?.find_tsquery();
    Ok(Raw::Sql(format!(
        "select name, ts_rank(search, query, 1) as score
         from articles, cast('{}' as tsquery) as query
         where search @@ query and state = 'PUBLISHED' and not is_deleted
         order by score desc, name limit 50",
        query.replace('\'', "''")
    )))
}

pub fn all() -> Result<Vec<Case>> {
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
    cases.push(Case {
        name: "rank all matches of a word of 50 %".to_owned(),
        call: None,
        raw: Some(all_ranked(MARKED[0].word)?),
        bar: Bar::AllRanked,
    });
    Ok(cases)
}

fn search(name: String, query: &str, bar: Bar) -> Case {
    Case {
        name,
        call: Some(Call::Search(SearchArticlesRequest {
            query: query.to_owned(),
            ..SearchArticlesRequest::default()
        })),
        raw: Some(Raw::Search(query.to_owned())),
        bar,
    }
}
